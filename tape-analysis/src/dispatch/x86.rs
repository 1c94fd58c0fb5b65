//! Vectors of x86-64.
//!
//! Every `unsafe` block in this module is sound for the same two reasons. First, the vector types are private, and the
//! only functions that use them, [`avx512`] and [`avx2`], require their callers to check for the instructions. Second,
//! loads and stores need no alignment and stay within the array of [`LANES`] floats that they are given.

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

/// Sums four lanes: first lanes that are 2 apart, then 1.
#[inline(always)]
fn sum4(a: __m256d) -> f64 {
    // SAFETY: called only by the two levels below, which both have AVX2.
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
        // SAFETY: see the module documentation.
        unsafe { _mm512_set1_pd(value) }
    }

    #[inline(always)]
    fn load(from: &[f64; LANES]) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_loadu_pd(from.as_ptr()) }
    }

    #[inline(always)]
    fn load_or(from: &[f64], rest: f64) -> __m512d {
        let mask = if from.len() < LANES { (1 << from.len()) - 1 } else { u8::MAX };
        // SAFETY: see the module documentation; lanes beyond the end of `from` are masked and not read.
        unsafe { _mm512_mask_loadu_pd(_mm512_set1_pd(rest), mask, from.as_ptr()) }
    }

    #[inline(always)]
    fn store(value: __m512d, to: &mut [f64; LANES]) {
        // SAFETY: see the module documentation.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn add(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_add_pd(a, b) }
    }

    #[inline(always)]
    fn sub(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_sub_pd(a, b) }
    }

    #[inline(always)]
    fn mul(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_mul_pd(a, b) }
    }

    #[inline(always)]
    fn div(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_div_pd(a, b) }
    }

    #[inline(always)]
    fn abs(a: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_andnot_pd(_mm512_set1_pd(-0.0), a) }
    }

    #[inline(always)]
    fn min(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe { _mm512_min_pd(a, b) }
    }

    #[inline(always)]
    fn less(a: __m512d, b: __m512d) -> u8 {
        // SAFETY: see the module documentation.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn equal(a: __m512d, b: __m512d) -> u8 {
        // SAFETY: see the module documentation.
        unsafe { _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(a, b) }
    }

    #[inline(always)]
    fn signed_sqrt(a: __m512d) -> __m512d {
        // SAFETY: see the module documentation.
        unsafe {
            let sign = _mm512_and_pd(_mm512_set1_pd(-0.0), a);
            _mm512_or_pd(_mm512_sqrt_pd(_mm512_xor_pd(sign, a)), sign)
        }
    }

    #[inline(always)]
    fn sum(a: __m512d) -> f64 {
        // SAFETY: see the module documentation.
        sum4(unsafe { _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd::<1>(a)) })
    }
}

struct Avx2;

impl Lanes for Avx2 {
    type Vector = (__m256d, __m256d);

    #[inline(always)]
    fn splat(value: f64) -> Self::Vector {
        // SAFETY: see the module documentation.
        let vector = unsafe { _mm256_set1_pd(value) };
        (vector, vector)
    }

    #[inline(always)]
    fn load(from: &[f64; LANES]) -> Self::Vector {
        // SAFETY: see the module documentation; the second half starts at the fifth of eight floats.
        unsafe { (_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))) }
    }

    #[inline(always)]
    fn load_or(from: &[f64], rest: f64) -> Self::Vector {
        let (low, high) = from.split_at(from.len().min(LANES / 2));
        (load4_or(low, rest), load4_or(high, rest))
    }

    #[inline(always)]
    fn store(value: Self::Vector, to: &mut [f64; LANES]) {
        // SAFETY: see the module documentation; the second half starts at the fifth of eight floats.
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), value.0);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), value.1);
        }
    }

    #[inline(always)]
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe { (_mm256_add_pd(a.0, b.0), _mm256_add_pd(a.1, b.1)) }
    }

    #[inline(always)]
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe { (_mm256_sub_pd(a.0, b.0), _mm256_sub_pd(a.1, b.1)) }
    }

    #[inline(always)]
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe { (_mm256_mul_pd(a.0, b.0), _mm256_mul_pd(a.1, b.1)) }
    }

    #[inline(always)]
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe { (_mm256_div_pd(a.0, b.0), _mm256_div_pd(a.1, b.1)) }
    }

    #[inline(always)]
    fn abs(a: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe {
            let sign = _mm256_set1_pd(-0.0);
            (_mm256_andnot_pd(sign, a.0), _mm256_andnot_pd(sign, a.1))
        }
    }

    #[inline(always)]
    fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: see the module documentation.
        unsafe { (_mm256_min_pd(a.0, b.0), _mm256_min_pd(a.1, b.1)) }
    }

    #[inline(always)]
    fn less(a: Self::Vector, b: Self::Vector) -> u8 {
        // SAFETY: see the module documentation.
        unsafe { mask8(_mm256_cmp_pd::<_CMP_LT_OQ>(a.0, b.0), _mm256_cmp_pd::<_CMP_LT_OQ>(a.1, b.1)) }
    }

    #[inline(always)]
    fn equal(a: Self::Vector, b: Self::Vector) -> u8 {
        // SAFETY: see the module documentation.
        unsafe { mask8(_mm256_cmp_pd::<_CMP_EQ_OQ>(a.0, b.0), _mm256_cmp_pd::<_CMP_EQ_OQ>(a.1, b.1)) }
    }

    #[inline(always)]
    fn signed_sqrt(a: Self::Vector) -> Self::Vector {
        (signed_sqrt4(a.0), signed_sqrt4(a.1))
    }

    #[inline(always)]
    fn sum(a: Self::Vector) -> f64 {
        // SAFETY: see the module documentation.
        sum4(unsafe { _mm256_add_pd(a.0, a.1) })
    }
}

/// Loads the first 4 floats of `from`. If there are fewer, the remaining lanes are `rest`.
#[inline(always)]
fn load4_or(from: &[f64], rest: f64) -> __m256d {
    const MASKS: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
    let masks = &MASKS[4 - from.len().min(4)..][..4];
    // SAFETY: called only by `Avx2`; `masks` has four elements, and lanes beyond the end of `from` are masked and not read.
    unsafe {
        let mask = _mm256_loadu_si256(masks.as_ptr().cast());
        let values = _mm256_maskload_pd(from.as_ptr(), mask);
        _mm256_blendv_pd(_mm256_set1_pd(rest), values, _mm256_castsi256_pd(mask))
    }
}

/// Returns the sign bits of eight lanes.
#[inline(always)]
fn mask8(low: __m256d, high: __m256d) -> u8 {
    // SAFETY: called only by `Avx2`.
    let bits = unsafe { _mm256_movemask_pd(low) | _mm256_movemask_pd(high) << 4 };
    bits.to_le_bytes()[0]
}

#[inline(always)]
fn signed_sqrt4(a: __m256d) -> __m256d {
    // SAFETY: called only by `Avx2`.
    unsafe {
        let sign = _mm256_and_pd(_mm256_set1_pd(-0.0), a);
        _mm256_or_pd(_mm256_sqrt_pd(_mm256_xor_pd(sign, a)), sign)
    }
}
