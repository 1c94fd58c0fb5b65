//! Run-time selection of vector instructions. This is the only module with `unsafe` code.
//!
//! A [`Kernel`] is written once, generic over [`Lanes`]. [`Level::run`] compiles it once for each instruction set and
//! calls the copy that the machine can execute. Every level performs the same operations in the same order, and none
//! fuses a multiplication with an addition, so that all levels return the same bits on all machines.
//!
//! On aarch64, the portable level compiles to NEON, which is part of the baseline there.

use std::fmt;

#[cfg(target_arch = "x86_64")]
mod x86;

/// Number of floats in one [`Lanes::Vector`], the same at every level.
pub(crate) const LANES: usize = 8;

/// Arithmetic on [`LANES`] floats at once.
pub(crate) trait Lanes {
    /// A vector of [`LANES`] floats.
    type Vector: Copy;

    fn splat(value: f64) -> Self::Vector;
    fn load(from: &[f64; LANES]) -> Self::Vector;
    /// Loads the first [`LANES`] floats of `from`. If there are fewer, the remaining lanes are `rest`.
    fn load_or(from: &[f64], rest: f64) -> Self::Vector;
    fn store(value: Self::Vector, to: &mut [f64; LANES]);
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn abs(a: Self::Vector) -> Self::Vector;
    /// Returns the smaller value in each lane, or `b` if either is NaN.
    fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Returns one bit for each lane, the first lane in the lowest bit: 1 if `a < b`, 0 otherwise or if either is NaN.
    fn less(a: Self::Vector, b: Self::Vector) -> u8;
    /// Returns one bit for each lane, the first lane in the lowest bit: 1 if `a == b`, 0 otherwise or if either is NaN.
    fn equal(a: Self::Vector, b: Self::Vector) -> u8;
    /// Returns the square root of the absolute value, with the sign of `a`.
    fn signed_sqrt(a: Self::Vector) -> Self::Vector;
    /// Sums the lanes pairwise: first lanes that are 4 apart, then 2, then 1.
    fn sum(a: Self::Vector) -> f64;
}

/// A computation that is compiled for every level.
pub(crate) trait Kernel {
    /// The result of the kernel.
    type Output;

    /// Runs the kernel. Mark it and every function it calls `#[inline(always)]`, because only inlined code is compiled
    /// for the level.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// A set of vector instructions that this machine has.
///
/// A value proves that the instructions are available: only [`Level::best`] and [`Level::available`] create one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Level {
    /// The baseline of the architecture.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Returns the fastest level of this machine.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Kind::Avx512);
            }
            if has_avx2() {
                return Self(Kind::Avx2);
            }
        }
        Self::PORTABLE
    }

    /// Returns all levels of this machine, the portable one first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [
            Some(Self::PORTABLE),
            #[cfg(target_arch = "x86_64")]
            has_avx2().then_some(Self(Kind::Avx2)),
            #[cfg(target_arch = "x86_64")]
            has_avx512().then_some(Self(Kind::Avx512)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Runs `kernel` with the instructions of this level.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: a level of this kind is created only if `has_avx512` holds.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { x86::avx512(kernel) },
            // SAFETY: a level of this kind is created only if `has_avx2` holds.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::avx2(kernel) },
            Kind::Portable => kernel.run::<Portable>(),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            Kind::Portable => "portable",
        })
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2() && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

/// Returns one bit for each lane: 1 if `holds` is true for it.
#[inline(always)]
fn mask(holds: impl Fn(usize) -> bool) -> u8 {
    (0..LANES).fold(0, |mask, lane| mask | u8::from(holds(lane)) << lane)
}

/// Vectors as arrays, which the compiler maps to the vector instructions of the baseline.
struct Portable;

impl Lanes for Portable {
    type Vector = [f64; LANES];

    #[inline(always)]
    fn splat(value: f64) -> Self::Vector {
        [value; LANES]
    }

    #[inline(always)]
    fn load(from: &[f64; LANES]) -> Self::Vector {
        *from
    }

    #[inline(always)]
    fn load_or(from: &[f64], rest: f64) -> Self::Vector {
        let mut vector = [rest; LANES];
        for (to, from) in vector.iter_mut().zip(from) {
            *to = *from;
        }
        vector
    }

    #[inline(always)]
    fn store(value: Self::Vector, to: &mut [f64; LANES]) {
        *to = value;
    }

    #[inline(always)]
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] - b[lane])
    }

    #[inline(always)]
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] / b[lane])
    }

    #[inline(always)]
    fn abs(a: Self::Vector) -> Self::Vector {
        a.map(f64::abs)
    }

    #[inline(always)]
    fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn less(a: Self::Vector, b: Self::Vector) -> u8 {
        mask(|lane| a[lane] < b[lane])
    }

    #[inline(always)]
    fn equal(a: Self::Vector, b: Self::Vector) -> u8 {
        mask(|lane| a[lane] == b[lane])
    }

    #[inline(always)]
    fn signed_sqrt(a: Self::Vector) -> Self::Vector {
        a.map(|a| a.abs().sqrt().copysign(a))
    }

    #[inline(always)]
    fn sum(a: Self::Vector) -> f64 {
        let by_four: [f64; 4] = std::array::from_fn(|lane| a[lane] + a[lane + 4]);
        (by_four[0] + by_four[2]) + (by_four[1] + by_four[3])
    }
}
