//! The vector instructions a kernel runs on, chosen at run time: the only module with `unsafe`.
//!
//! A [`Kernel`] is written once, over any [`Lanes`]. [`Level::run`] compiles it once for each instruction set and enters
//! the copy that the machine can execute. Every level does the same operations in the same order and none fuses a
//! multiplication with an addition, so that all of them, on all machines, return the same bits.
//!
//! On aarch64 the portable level is already NEON, which belongs to the baseline there.

use std::fmt;

/// The number of floats in one value of [`Lanes::Vector`], the same at every level.
pub(crate) const LANES: usize = 8;

/// Arithmetic on [`LANES`] floats at once.
pub(crate) trait Lanes {
    /// The floats.
    type Vector: Copy;

    fn splat(value: f64) -> Self::Vector;
    fn load(from: &[f64; LANES]) -> Self::Vector;
    /// The first [`LANES`] of `from`, or if there are fewer all of them and then `rest`.
    fn load_or(from: &[f64], rest: f64) -> Self::Vector;
    fn store(value: Self::Vector, to: &mut [f64; LANES]);
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The square root of the absolute value, with the sign of `a`.
    fn signed_sqrt(a: Self::Vector) -> Self::Vector;
    /// The sum over the lanes, in pairs: first those 4 apart, then 2, then 1.
    fn sum(a: Self::Vector) -> f64;
}

/// Work that is compiled for every level.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// Does it. To be marked `#[inline(always)]`, with all that it calls: only what is inlined is compiled for the level.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// A set of vector instructions that this machine has.
///
/// A value is the proof that the instructions are there: only [`Level::best`] and [`Level::available`] make one.
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

    /// The fastest level of this machine.
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

    /// All levels of this machine, the portable one first.
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
            // SAFETY: a level of this kind is only made where `has_avx512` holds.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { x86::avx512(kernel) },
            // SAFETY: a level of this kind is only made where `has_avx2` holds.
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

/// Arrays, left to the compiler to put into the vectors of the baseline.
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
    fn signed_sqrt(a: Self::Vector) -> Self::Vector {
        a.map(|a| a.abs().sqrt().copysign(a))
    }

    #[inline(always)]
    fn sum(a: Self::Vector) -> f64 {
        let by_four: [f64; 4] = std::array::from_fn(|lane| a[lane] + a[lane + 4]);
        (by_four[0] + by_four[2]) + (by_four[1] + by_four[3])
    }
}

/// The vectors of x86-64.
///
/// Every `unsafe` block of this module rests on the same two facts. The types are private to it, and its only functions
/// that use them, [`avx512`] and [`avx2`], demand the instructions of their callers; so whatever runs, runs where they
/// exist. And loads and stores need no alignment, and stay in the array of [`LANES`] floats that they are given.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Kernel, LANES, Lanes};

    #[target_feature(enable = "avx2,avx512f,avx512dq")]
    pub(super) fn avx512<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    /// The sum of four lanes: those 2 apart, then those 1 apart.
    #[inline(always)]
    fn sum4(a: __m256d) -> f64 {
        // SAFETY: called by the two levels below, which both have AVX2.
        unsafe {
            let pair = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd::<1>(a));
            _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)))
        }
    }

    struct Avx512;

    impl Lanes for Avx512 {
        type Vector = __m512d;

        #[inline(always)]
        fn splat(value: f64) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_set1_pd(value) }
        }

        #[inline(always)]
        fn load(from: &[f64; LANES]) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_loadu_pd(from.as_ptr()) }
        }

        #[inline(always)]
        fn load_or(from: &[f64], rest: f64) -> __m512d {
            let mask = if from.len() < LANES { (1 << from.len()) - 1 } else { u8::MAX };
            // SAFETY: as the module says; lanes beyond the end of `from` are masked, and not read.
            unsafe { _mm512_mask_loadu_pd(_mm512_set1_pd(rest), mask, from.as_ptr()) }
        }

        #[inline(always)]
        fn store(value: __m512d, to: &mut [f64; LANES]) {
            // SAFETY: as the module says.
            unsafe { _mm512_storeu_pd(to.as_mut_ptr(), value) }
        }

        #[inline(always)]
        fn add(a: __m512d, b: __m512d) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_add_pd(a, b) }
        }

        #[inline(always)]
        fn sub(a: __m512d, b: __m512d) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_sub_pd(a, b) }
        }

        #[inline(always)]
        fn mul(a: __m512d, b: __m512d) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_mul_pd(a, b) }
        }

        #[inline(always)]
        fn div(a: __m512d, b: __m512d) -> __m512d {
            // SAFETY: as the module says.
            unsafe { _mm512_div_pd(a, b) }
        }

        #[inline(always)]
        fn signed_sqrt(a: __m512d) -> __m512d {
            // SAFETY: as the module says.
            unsafe {
                let sign = _mm512_and_pd(_mm512_set1_pd(-0.0), a);
                _mm512_or_pd(_mm512_sqrt_pd(_mm512_xor_pd(sign, a)), sign)
            }
        }

        #[inline(always)]
        fn sum(a: __m512d) -> f64 {
            // SAFETY: as the module says.
            sum4(unsafe { _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd::<1>(a)) })
        }
    }

    struct Avx2;

    impl Lanes for Avx2 {
        type Vector = (__m256d, __m256d);

        #[inline(always)]
        fn splat(value: f64) -> Self::Vector {
            // SAFETY: as the module says.
            let vector = unsafe { _mm256_set1_pd(value) };
            (vector, vector)
        }

        #[inline(always)]
        fn load(from: &[f64; LANES]) -> Self::Vector {
            // SAFETY: as the module says; the second half starts at the fifth of eight floats.
            unsafe { (_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))) }
        }

        #[inline(always)]
        fn load_or(from: &[f64], rest: f64) -> Self::Vector {
            let (low, high) = from.split_at(from.len().min(LANES / 2));
            (load4_or(low, rest), load4_or(high, rest))
        }

        #[inline(always)]
        fn store(value: Self::Vector, to: &mut [f64; LANES]) {
            // SAFETY: as the module says; the second half starts at the fifth of eight floats.
            unsafe {
                _mm256_storeu_pd(to.as_mut_ptr(), value.0);
                _mm256_storeu_pd(to.as_mut_ptr().add(4), value.1);
            }
        }

        #[inline(always)]
        fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
            // SAFETY: as the module says.
            unsafe { (_mm256_add_pd(a.0, b.0), _mm256_add_pd(a.1, b.1)) }
        }

        #[inline(always)]
        fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
            // SAFETY: as the module says.
            unsafe { (_mm256_sub_pd(a.0, b.0), _mm256_sub_pd(a.1, b.1)) }
        }

        #[inline(always)]
        fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
            // SAFETY: as the module says.
            unsafe { (_mm256_mul_pd(a.0, b.0), _mm256_mul_pd(a.1, b.1)) }
        }

        #[inline(always)]
        fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
            // SAFETY: as the module says.
            unsafe { (_mm256_div_pd(a.0, b.0), _mm256_div_pd(a.1, b.1)) }
        }

        #[inline(always)]
        fn signed_sqrt(a: Self::Vector) -> Self::Vector {
            (signed_sqrt4(a.0), signed_sqrt4(a.1))
        }

        #[inline(always)]
        fn sum(a: Self::Vector) -> f64 {
            // SAFETY: as the module says.
            sum4(unsafe { _mm256_add_pd(a.0, a.1) })
        }
    }

    /// The first 4 of `from`, or if there are fewer all of them and then `rest`.
    #[inline(always)]
    fn load4_or(from: &[f64], rest: f64) -> __m256d {
        const MASKS: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
        let masks = &MASKS[4 - from.len().min(4)..][..4];
        // SAFETY: called by `Avx2` alone; `masks` has four elements, and lanes beyond the end of `from` are masked, and not
        // read.
        unsafe {
            let mask = _mm256_loadu_si256(masks.as_ptr().cast());
            let values = _mm256_maskload_pd(from.as_ptr(), mask);
            _mm256_blendv_pd(_mm256_set1_pd(rest), values, _mm256_castsi256_pd(mask))
        }
    }

    #[inline(always)]
    fn signed_sqrt4(a: __m256d) -> __m256d {
        // SAFETY: called by `Avx2` alone.
        unsafe {
            let sign = _mm256_and_pd(_mm256_set1_pd(-0.0), a);
            _mm256_or_pd(_mm256_sqrt_pd(_mm256_xor_pd(sign, a)), sign)
        }
    }
}
