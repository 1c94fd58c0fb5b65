//! Parses regions of the sky from arguments.

use tape::io::{Region, SkyPoint};

/// Parses a position and a radius with its unit.
pub(super) fn cone(text: &str) -> Result<Region, String> {
    let wrong = || "write degrees and a radius with its unit, as in 348.75,0.5,30arcmin".to_owned();
    let [ra, dec, radius] = text.split(',').map(str::trim).collect::<Vec<_>>()[..] else { return Err(wrong()) };
    let unit = radius.trim_start_matches(|c: char| c.is_ascii_digit() || ".eE+-".contains(c));
    let per_degree = match unit.trim() {
        "deg" | "°" => 1.0,
        "arcmin" => 60.0,
        "arcsec" => 3600.0,
        _ => return Err(format!("a radius is in deg, arcmin or arcsec: {}", wrong())),
    };
    let radius = radius[..radius.len() - unit.len()].trim();
    let number = |text: &str| text.parse::<f64>().map_err(|_| wrong());
    let around = SkyPoint { ra: number(ra)?, dec: number(dec)? };
    checked(Region::Cone { around, radius: number(radius)? / per_degree })
}

/// Parses two right ascensions and two declinations.
pub(super) fn between(text: &str) -> Result<Region, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    let wrong = || "write four numbers of degrees, as in 350,10,-1.5,1.5".to_owned();
    let [first, last, low, high] = numbers.map_err(|_| wrong())?[..] else { return Err(wrong()) };
    checked(Region::Box { ra: [first, last], dec: [low, high] })
}

/// Parses HEALPix pixels.
pub(super) fn pixels(text: &str) -> Result<Region, String> {
    let pixel = |part: &str| {
        let (order, number) = part.trim().split_once('/')?;
        Some((order.parse().ok()?, number.parse().ok()?))
    };
    let all: Option<Vec<(u8, u64)>> = text.split(',').map(pixel).collect();
    checked(Region::Pixels(all.ok_or_else(|| "write orders and numbers, as in 3/294,4/1196".to_owned())?))
}

fn checked(region: Region) -> Result<Region, String> {
    region.check().map_err(|error| error.to_string())?;
    Ok(region)
}
