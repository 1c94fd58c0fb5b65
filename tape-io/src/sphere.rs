//! Points on the sphere, and the angle between them.

/// A place on the sphere, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkyPoint {
    /// Right ascension, or any other longitude.
    pub ra: f64,
    /// Declination, or any other latitude.
    pub dec: f64,
}

/// The angle between two places, degrees: Vincenty's formula (1975, doi:10.1179/sre.1975.23.176.88) for a sphere, which is exact
/// for small angles and for those near 180 degrees too.
pub(crate) fn distance(a: SkyPoint, b: SkyPoint) -> f64 {
    let [a_ra, a_dec, b_ra, b_dec] = [a.ra, a.dec, b.ra, b.dec].map(f64::to_radians);
    let (sin_a, cos_a) = a_dec.sin_cos();
    let (sin_b, cos_b) = b_dec.sin_cos();
    let (sin, cos) = (b_ra - a_ra).sin_cos();
    let across = (cos_b * sin).hypot(cos_a * sin_b - sin_a * cos_b * cos);
    across.atan2(sin_a * sin_b + cos_a * cos_b * cos).to_degrees()
}
