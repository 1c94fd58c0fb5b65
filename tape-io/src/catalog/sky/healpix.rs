//! Positions of HEALPix pixels in the nested scheme: Górski et al. 2005, ApJ 622, 759, doi:10.1086/427976, section 5.
//!
//! Partitions are selected by a circle around each pixel, which needs only the pixel's center and corners. Rows are
//! then selected by their own positions. The crates that implement all of HEALPix bring sixty dependencies.

use crate::sphere::{SkyPoint, distance};

/// The ring, in units of a quarter of the sphere, in which the southernmost corner of each base pixel lies.
const RING: [f64; 12] = [2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0];
/// The longitude of the center of each base pixel, in units of 45 degrees.
const LONGITUDE: [f64; 12] = [1.0, 3.0, 5.0, 7.0, 0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0];
/// Margin for curved sides: no point of a pixel is further from the center than the furthest corner by this factor.
const BEND: f64 = 1.1;

/// Returns a circle that contains a pixel: its center, and its radius in degrees.
pub(super) fn circle(order: u8, pixel: u64) -> (SkyPoint, f64) {
    let middle = point(order, pixel, 0.5, 0.5);
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)];
    let radius = corners.map(|(x, y)| distance(middle, point(order, pixel, x, y))).into_iter().fold(0.0, f64::max);
    (middle, radius * BEND)
}

/// Returns the point of a pixel at fractions from 0 to 1 along its two sides.
#[expect(clippy::cast_precision_loss, reason = "numbers of 29 bits")]
fn point(order: u8, pixel: u64, along_x: f64, along_y: f64) -> SkyPoint {
    let side = (1_u64 << order) as f64;
    let base = usize::try_from(pixel >> (2 * u32::from(order))).unwrap_or(0).min(11);
    let within = pixel & ((1_u64 << (2 * u32::from(order))) - 1);
    let (x, y) = ((even_bits(within) as f64 + along_x) / side, (even_bits(within >> 1) as f64 + along_y) / side);
    let ring = RING[base] - x - y;
    // The width of a ring, which shrinks near the poles, in units of 90 degrees of longitude, and the sine of its
    // latitude.
    let (width, sine) = if ring < 1.0 {
        (ring, 1.0 - ring * ring / 3.0)
    } else if ring > 3.0 {
        let below = 4.0 - ring;
        (below, below * below / 3.0 - 1.0)
    } else {
        (1.0, (2.0 - ring) * 2.0 / 3.0)
    };
    let turn = LONGITUDE[base] + if width > 0.0 { (x - y) / width } else { 0.0 };
    SkyPoint { ra: (turn * 45.0).rem_euclid(360.0), dec: sine.clamp(-1.0, 1.0).asin().to_degrees() }
}

/// Returns the bits at even positions, packed together.
fn even_bits(number: u64) -> u64 {
    (0..32).fold(0, |found, bit| found | (number >> (2 * bit) & 1) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centers_agree_with_the_literature() {
        // The twelve base pixels: four around each pole, at the latitude whose sine is 2/3, and four on the equator.
        let north = (2.0_f64 / 3.0).asin().to_degrees();
        for (pixel, ra, dec) in
            [(0, 45.0, north), (3, 315.0, north), (4, 0.0, 0.0), (6, 180.0, 0.0), (9, 135.0, -north)]
        {
            let place = point(0, pixel, 0.5, 0.5);
            assert!((place.ra - ra).abs() < 1e-12 && (place.dec - dec).abs() < 1e-12, "{pixel}: {place:?}");
        }
        // Corners: the poles, and where three base pixels meet.
        assert!((point(0, 0, 1.0, 1.0).dec - 90.0).abs() < 1e-12);
        assert!((point(0, 8, 0.0, 0.0).dec + 90.0).abs() < 1e-12);
        // From healpix_to_lonlat of the Python package cdshealpix 0.8.
        for (order, pixel, ra, dec) in [
            (3, 294, 343.125, 0.0),
            (4, 1196, 326.25, 2.388_015_463_268_777),
            (7, 12_345, 44.612_068_965_517_246, 46.571_847_413_449_596),
            (2, 90, 56.25, 0.0),
            (5, 12_287, 315.0, -1.193_748_437_141_078_5),
        ] {
            let place = point(order, pixel, 0.5, 0.5);
            assert!((place.ra - ra).abs() < 1e-12 && (place.dec - dec).abs() < 1e-12, "{order} {pixel}: {place:?}");
        }
    }

    #[test]
    fn a_circle_contains_its_pixel_and_is_not_much_larger() {
        for order in 0..5 {
            let all = 12 << (2 * order);
            for pixel in 0..all {
                let (middle, radius) = circle(order, pixel);
                for (x, y) in [(0.0, 0.3), (0.5, 0.0), (1.0, 0.7), (0.2, 1.0), (0.9, 0.9), (1.0, 1.0), (0.0, 1.0)] {
                    assert!(distance(middle, point(order, pixel, x, y)) <= radius, "{order} {pixel} {x} {y}");
                }
                assert!(radius < 70.0 / f64::from(1 << order), "{order} {pixel}: {radius}");
            }
        }
    }
}
