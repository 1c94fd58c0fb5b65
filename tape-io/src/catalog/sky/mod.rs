//! Parts of the sky.

mod healpix;

use std::fmt;

use crate::error::Error;
use crate::sphere::{SkyPoint, distance};

/// A part of the sky.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    /// All that is within a radius of a place, both in degrees.
    Cone {
        /// The place.
        around: SkyPoint,
        /// The radius, degrees.
        radius: f64,
    },
    /// All between two right ascensions, going east from the first, and two declinations, in degrees.
    Box {
        /// The first and the last right ascension.
        ra: [f64; 2],
        /// The smallest and the largest declination.
        dec: [f64; 2],
    },
    /// HEALPix pixels of the nested scheme: order and number. Only of HATS catalogues.
    Pixels(Vec<(u8, u64)>),
}

/// The columns of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkyColumns {
    /// The right ascension, degrees.
    pub ra: Option<String>,
    /// The declination, degrees.
    pub dec: Option<String>,
    /// The HEALPix number, and its order.
    pub healpix: Option<(String, u8)>,
}

/// What columns of places are commonly called.
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
    /// That it is one.
    ///
    /// # Errors
    /// [`Error::NoRegion`], with what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let latitude = |dec: f64| (-90.0..=90.0).contains(&dec);
        let wrong = |reason: &str| Err(Error::NoRegion { region: self.to_string(), reason: reason.to_owned() });
        match self {
            Self::Cone { around, radius } if !around.ra.is_finite() || !latitude(around.dec) || !radius.is_finite() => {
                wrong("a right ascension is a number, and a declination is from -90 to 90")
            }
            Self::Cone { radius, .. } if *radius < 0.0 => wrong("a radius is not below zero"),
            Self::Box { ra, dec } if ra.iter().any(|ra| !ra.is_finite()) || !dec.iter().all(|dec| latitude(*dec)) => {
                wrong("a right ascension is a number, and a declination is from -90 to 90")
            }
            Self::Box { dec: [first, last], .. } if first > last => wrong("the smaller declination comes first"),
            Self::Pixels(pixels) => match pixels.iter().find(|(order, pixel)| !is_pixel(*order, *pixel)) {
                Some((order, pixel)) => wrong(&format!("there is no pixel {pixel} of order {order}")),
                None if pixels.is_empty() => wrong("name at least one pixel"),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether anything in a pixel may be in it.
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

    /// The condition on rows that lie in it, if the columns that tell are known.
    pub(crate) fn condition(&self, columns: &SkyColumns) -> Option<String> {
        let place = || Some((quoted(columns.ra.as_deref()?), quoted(columns.dec.as_deref()?)));
        match self {
            Self::Cone { around: SkyPoint { ra: at_ra, dec: at_dec }, radius } => {
                let (ra, dec) = place()?;
                // Declinations alone tell of most row groups that they are elsewhere.
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
    /// The columns among these that are called as those of a place commonly are.
    pub(crate) fn among(available: &[String]) -> Self {
        let named = |name: &str| available.iter().find(|column| column.eq_ignore_ascii_case(name)).cloned();
        let pair = PAIRS.iter().find_map(|[ra, dec]| Some((named(ra)?, named(dec)?)));
        let (ra, dec) = pair.unzip();
        Self { ra, dec, healpix: None }
    }

    /// These, and where one is missing that of another.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { ra: self.ra.or(other.ra), dec: self.dec.or(other.dec), healpix: self.healpix.or(other.healpix) }
    }
}

/// Whether a circle may reach right ascensions between two, going east from the first.
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

/// A column, as conditions name it; dots part what it lies in.
fn quoted(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_right_where_formulas_go_wrong() {
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
    fn a_box_may_go_over_the_seam() {
        let over = Region::Box { ra: [350.0, 10.0], dec: [-5.0, 5.0] };
        let within = |ra, dec| {
            (0..12 * 256).any(|pixel| {
                over.touches(4, pixel) && distance(healpix::circle(4, pixel).0, SkyPoint { ra, dec }) < 3.0
            })
        };
        assert!(within(355.0, 0.0) && within(5.0, 3.0) && !within(180.0, 0.0) && !within(0.0, 40.0));
        let columns = SkyColumns { ra: Some("ra".to_owned()), dec: Some("dec".to_owned()), healpix: None };
        let condition = over.condition(&columns).expect("it has one");
        assert!(condition.contains("(\"ra\" >= 350 OR \"ra\" <= 10)"), "{condition}");
    }

    #[test]
    fn pixels_are_in_each_other() {
        let region = Region::Pixels(vec![(3, 294)]);
        assert!(region.touches(3, 294) && region.touches(2, 73) && region.touches(5, 294 << 4 | 7));
        assert!(!region.touches(3, 295) && !region.touches(4, 295 << 2));
    }

    #[test]
    fn what_is_no_region_is_refused() {
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
