//! Regions of the sky.

mod healpix;

use std::fmt;

use crate::error::Error;
use crate::sphere::{SkyPoint, distance};

/// A region of the sky.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    /// A cone around a position.
    Cone {
        /// The center, degrees.
        around: SkyPoint,
        /// The radius, degrees.
        radius: f64,
    },
    /// A range of right ascensions, going east from the first, and a range of declinations, in degrees.
    Box {
        /// The first and the last right ascension.
        ra: [f64; 2],
        /// The smallest and the largest declination.
        dec: [f64; 2],
    },
    /// HEALPix pixels in the nested scheme: order and number. Only for HATS catalogues.
    Pixels(Vec<(u8, u64)>),
}

/// The columns of sky positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkyColumns {
    /// The right ascension, degrees.
    pub ra: Option<String>,
    /// The declination, degrees.
    pub dec: Option<String>,
    /// The HEALPix number, with its order.
    pub healpix: Option<(String, u8)>,
}

/// Common names of position columns.
const PAIRS: [[&str; 2]; 8] = [
    ["ra", "dec"],
    ["objra", "objdec"],
    ["ramean", "decmean"],
    ["rastack", "decstack"],
    ["coord_ra", "coord_dec"],
    ["right_ascension", "declination"],
    ["raj2000", "dej2000"],
    ["ra_deg", "dec_deg"],
];

impl Region {
    /// Checks that the region is valid.
    ///
    /// # Errors
    /// Returns [`Error::NoRegion`] with the reason if it is not.
    pub fn check(&self) -> Result<(), Error> {
        let latitude = |dec: f64| (-90.0..=90.0).contains(&dec);
        let wrong = |reason: &str| Err(Error::NoRegion { region: self.to_string(), reason: reason.to_owned() });
        match self {
            Self::Cone { around, radius } if !around.ra.is_finite() || !latitude(around.dec) || !radius.is_finite() => {
                wrong("the right ascension must be finite, and the declination from -90 to 90")
            }
            Self::Cone { radius, .. } if *radius < 0.0 => wrong("the radius must not be negative"),
            Self::Box { ra, dec } if ra.iter().any(|ra| !ra.is_finite()) || !dec.iter().all(|dec| latitude(*dec)) => {
                wrong("the right ascension must be finite, and the declination from -90 to 90")
            }
            Self::Box { dec: [first, last], .. } if first > last => wrong("the smaller declination must come first"),
            Self::Pixels(pixels) => match pixels.iter().find(|(order, pixel)| !is_pixel(*order, *pixel)) {
                Some((order, pixel)) => wrong(&format!("there is no pixel {pixel} of order {order}")),
                None if pixels.is_empty() => wrong("name at least one pixel"),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Returns true if a pixel may overlap with the region.
    pub(crate) fn touches(&self, order: u8, pixel: u64) -> bool {
        let (middle, reach) = healpix::circle(order, pixel);
        match self {
            Self::Cone { around, radius } => distance(*around, middle) <= radius + reach,
            Self::Box { ra, dec } => {
                let in_dec = middle.dec + reach >= dec[0] && middle.dec - reach <= dec[1];
                in_dec && near_in_ra(middle, reach, *ra)
            }
            Self::Pixels(pixels) => pixels.iter().any(|&(other, number)| {
                let common = order.min(other);
                pixel >> (2 * (order - common)) == number >> (2 * (other - common))
            }),
        }
    }

    /// Returns the condition that selects rows in the region, or `None` if the columns it needs are unknown.
    pub(crate) fn condition(&self, columns: &SkyColumns) -> Option<String> {
        let place = || Some((quoted(columns.ra.as_deref()?), quoted(columns.dec.as_deref()?)));
        match self {
            Self::Cone { around: SkyPoint { ra: at_ra, dec: at_dec }, radius } => {
                let (ra, dec) = place()?;
                // The range of declinations lets statistics exclude most row groups.
                let (low, high) = (at_dec - radius, at_dec + radius);
                let near = format!("angular_distance({ra}, {dec}, {at_ra}, {at_dec}) <= {radius}");
                Some(format!("{dec} BETWEEN {low} AND {high} AND {near}"))
            }
            Self::Box { ra: [first, last], dec: [low, high] } => {
                let (ra, dec) = place()?;
                let between = format!("{dec} BETWEEN {low} AND {high}");
                if last - first >= 360.0 {
                    return Some(between);
                }
                let [first, last] = [first, last].map(|ra| ra.rem_euclid(360.0));
                let within = if first <= last {
                    format!("{ra} BETWEEN {first} AND {last}")
                } else {
                    format!("({ra} >= {first} OR {ra} <= {last})")
                };
                Some(format!("{between} AND {within}"))
            }
            Self::Pixels(pixels) => {
                let (column, depth) = columns.healpix.as_ref()?;
                let column = quoted(column);
                let range = |&(order, pixel): &(u8, u64)| {
                    let shift = 2 * u32::from(depth.saturating_sub(order));
                    format!("{column} BETWEEN {} AND {}", pixel << shift, ((pixel + 1) << shift) - 1)
                };
                let ranges: Vec<String> = pixels.iter().map(range).collect();
                Some(format!("({})", ranges.join(" OR ")))
            }
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cone { around, radius } => write!(f, "within {radius}° of ({}°, {}°)", around.ra, around.dec),
            Self::Box { ra, dec } => {
                write!(f, "from {}° to {}° in right ascension, {}° to {}° in declination", ra[0], ra[1], dec[0], dec[1])
            }
            Self::Pixels(pixels) => {
                let names: Vec<String> = pixels.iter().map(|(order, pixel)| format!("{order}/{pixel}")).collect();
                write!(f, "pixels {}", names.join(", "))
            }
        }
    }
}

impl SkyColumns {
    /// Finds the position columns by their common names.
    pub(crate) fn among(available: &[String]) -> Self {
        let named = |name: &str| available.iter().find(|column| column.eq_ignore_ascii_case(name)).cloned();
        let pair = PAIRS.iter().find_map(|[ra, dec]| Some((named(ra)?, named(dec)?)));
        let (ra, dec) = pair.unzip();
        Self { ra, dec, healpix: None }
    }

    /// Fills missing columns from `other`.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { ra: self.ra.or(other.ra), dec: self.dec.or(other.dec), healpix: self.healpix.or(other.healpix) }
    }
}

/// Returns true if a circle may overlap with a range of right ascensions, going east from the first.
fn near_in_ra(middle: SkyPoint, reach: f64, [first, last]: [f64; 2]) -> bool {
    if middle.dec.abs() + reach >= 90.0 {
        return true;
    }
    let half = (reach.to_radians().sin() / middle.dec.to_radians().cos()).clamp(-1.0, 1.0).asin().to_degrees();
    let width = (last - first).rem_euclid(360.0);
    last - first >= 360.0 || (middle.ra + half - first).rem_euclid(360.0) <= width + 2.0 * half
}

const fn is_pixel(order: u8, pixel: u64) -> bool {
    order <= 29 && pixel < 12 << (2 * order)
}

/// Quotes a column name for a condition. Dots separate the names of nested columns.
fn quoted(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_accurate_where_simple_formulas_fail() {
        let at = |ra, dec| SkyPoint { ra, dec };
        for (a, b, angle) in [
            (at(0.0, 0.0), at(90.0, 0.0), 90.0),
            (at(10.0, 89.0), at(190.0, 89.0), 2.0),
            (at(359.9999, 0.0), at(0.0001, 0.0), 2e-4),
            (at(0.0, 0.0), at(180.0, 0.0), 180.0),
            (at(0.0, 30.0), at(0.0, 30.0 + 1e-9), 1e-9),
        ] {
            assert!((distance(a, b) - angle).abs() < 1e-12 + angle * 1e-6, "{a:?} {b:?}: {}", distance(a, b));
        }
    }

    #[test]
    fn a_box_may_cross_zero_right_ascension() {
        let over = Region::Box { ra: [350.0, 10.0], dec: [-5.0, 5.0] };
        let within = |ra, dec| {
            (0..12 * 256).any(|pixel| {
                over.touches(4, pixel) && distance(healpix::circle(4, pixel).0, SkyPoint { ra, dec }) < 3.0
            })
        };
        assert!(within(355.0, 0.0) && within(5.0, 3.0) && !within(180.0, 0.0) && !within(0.0, 40.0));
        let columns = SkyColumns { ra: Some("ra".to_owned()), dec: Some("dec".to_owned()), healpix: None };
        let condition = over.condition(&columns).expect("a box has a condition");
        assert!(condition.contains("(\"ra\" >= 350 OR \"ra\" <= 10)"), "{condition}");
    }

    #[test]
    fn pixels_contain_each_other_across_orders() {
        let region = Region::Pixels(vec![(3, 294)]);
        assert!(region.touches(3, 294) && region.touches(2, 73) && region.touches(5, 294 << 4 | 7));
        assert!(!region.touches(3, 295) && !region.touches(4, 295 << 2));
    }

    #[test]
    fn invalid_regions_are_refused() {
        let cone = |dec, radius| Region::Cone { around: SkyPoint { ra: 0.0, dec }, radius };
        let wrong = [
            cone(91.0, 1.0),
            cone(0.0, -1.0),
            cone(0.0, f64::NAN),
            Region::Box { ra: [0.0, 1.0], dec: [2.0, 1.0] },
            Region::Pixels(vec![]),
            Region::Pixels(vec![(30, 1)]),
            Region::Pixels(vec![(0, 12)]),
        ];
        assert!(wrong.iter().all(|region| region.check().is_err()));
        assert!(cone(90.0, 0.0).check().is_ok());
    }
}
