//! Decides whether a device is faster than the CPU, from measurements that are stored.
//!
//! [`calibrate`] measures a device and one core of the CPU on generated light curves. [`Calibration::store`] saves the
//! result for later runs, and [`Batch::estimate`](crate::Batch::estimate) computes an [`Estimate`] for a survey from
//! it. It is rough by design: the cost of a light curve beyond its number of epochs, such as the number of frequencies
//! to search, is the same on both sides.

mod measure;
mod stored;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tape_core::{Statistic, count};

pub use measure::calibrate;
pub use stored::calibrations;

/// Rates of a device and of one core of the CPU, per second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Name of the device.
    pub device: String,
    /// Driver and its version. Another version counts as another device.
    pub driver: String,
    /// True for a software renderer.
    pub software: bool,
    /// Upload rate in bytes per second, including packing, by one thread.
    pub upload: f64,
    /// Read-back rate in bytes per second.
    pub read: f64,
    /// Duration of an empty call in seconds.
    pub call: f64,
    /// Rates of each kernel, and of the CPU for the same statistic.
    pub kernels: BTreeMap<String, Speed>,
}

/// Rates of a statistic, in epochs per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Rate on the device, with the columns already in its memory.
    pub device: f64,
    /// Rate on one core of the CPU.
    pub core: f64,
}

/// Expected times of a run with and without a device, for the statistics that have kernels. Reading the survey takes
/// the same time for both, and is not included.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Bytes sent to the device.
    pub bytes_up: f64,
    /// Bytes read back.
    pub bytes_down: f64,
    /// Time in kernels, in seconds.
    pub kernels: f64,
    /// Total time of the device in seconds: transfers, calls and kernels.
    pub device: f64,
    /// Time of the CPU with all cores, in seconds.
    pub cpu: f64,
    /// True for a software renderer.
    pub software: bool,
}

/// Assumed epochs per light curve, because only the number of rows is known.
const EPOCHS: f64 = 16.0;

/// Number of rows per call to a device.
pub(crate) const CHUNK_ROWS: usize = 256 * 1024;

/// Returns the name of a statistic's kernel in calibrations.
fn key(statistic: &Statistic) -> Option<&'static str> {
    let pairs = match statistic {
        Statistic::Rows(many) => many.pairwise().map(|pairwise| pairwise.kernel().name),
        _ => None,
    };
    let kernel = statistic.kernel().map(|kernel| kernel.name);
    kernel.or_else(|| statistic.spectral().map(|spectral| spectral.kernel().name)).or(pairs)
}

impl Calibration {
    /// Estimates the times of a run over `rows` rows on `workers` cores. Returns `None` if no statistic has a
    /// calibrated kernel.
    #[must_use]
    pub fn estimate(&self, statistics: &[Statistic], rows: u64, workers: usize) -> Option<Estimate> {
        let speeds: Vec<(&Statistic, Speed)> =
            statistics.iter().filter_map(|one| Some((one, *self.kernels.get(key(one)?)?))).collect();
        if speeds.is_empty() {
            return None;
        }
        let rows = count(usize::try_from(rows).unwrap_or(usize::MAX));
        let inputs = speeds.iter().fold(tape_core::Inputs::NONE, |all, (one, _)| all.and(one.info().inputs));
        let columns = 1 + usize::from(inputs.error) + 3 * usize::from(inputs.time);
        let bytes_up = 4.0 * count(columns) * rows;
        let numbers: usize = speeds.iter().map(|(one, _)| one.info().outputs.len() + 1).sum();
        let bytes_down = 4.0 * count(numbers) * rows / EPOCHS;
        let kernels: f64 = speeds.iter().map(|(_, speed)| rows / speed.device).sum();
        let calls = (rows / count(CHUNK_ROWS)).ceil() * count(speeds.len() + 1);
        // Workers pack chunks in parallel, and the device takes them one by one.
        let moving = bytes_up / self.upload / count(workers.max(1)) + bytes_down / self.read + calls * self.call;
        let cpu = speeds.iter().map(|(_, speed)| rows / speed.core).sum::<f64>() / count(workers.max(1));
        Some(Estimate { bytes_up, bytes_down, kernels, device: moving + kernels, cpu, software: self.software })
    }
}

impl Estimate {
    /// Returns true if the device should be used. It must be clearly faster, because its share of a run is less
    /// certain. Software renderers use the same cores as the CPU, and are never faster.
    #[must_use]
    pub fn favours_device(&self) -> bool {
        !self.software && self.device < 0.7 * self.cpu
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mega = |bytes: f64| bytes / 1e6;
        write!(
            f,
            "{:.1} MB up, {:.1} MB down; {:.3} s ({:.3} s in kernels), compared with {:.3} s of the CPU",
            mega(self.bytes_up),
            mega(self.bytes_down),
            self.device,
            self.kernels,
            self.cpu
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibration(device: f64, core: f64) -> Calibration {
        Calibration {
            device: "a device".to_owned(),
            driver: "1.0".to_owned(),
            software: false,
            upload: 1e9,
            read: 1e9,
            call: 1e-5,
            kernels: [("stetson_j".to_owned(), Speed { device, core })].into(),
        }
    }

    fn named(names: &[&str]) -> Vec<Statistic> {
        crate::statistics_named(names).expect("they exist")
    }

    #[test]
    fn an_estimate_adds_up() {
        let all = named(&["stetson_j", "eta"]);
        let estimate = calibration(1e9, 1e7).estimate(&all, 262_144 * 10, 4).expect("stetson_j is known");
        let rows = 2_621_440.0;
        assert_eq!(estimate.bytes_up, 8.0 * rows);
        assert_eq!(estimate.bytes_down, 8.0 * rows / 16.0);
        let moving = 8.0 * rows / 4e9 + 0.5 * rows / 1e9 + 20.0 * 1e-5;
        assert!((estimate.device - moving - rows / 1e9).abs() < 1e-12, "{estimate:?}");
        assert!((estimate.cpu - rows / 4e7).abs() < 1e-12, "{estimate:?}");
        assert!(estimate.favours_device());
    }

    #[test]
    fn a_slow_device_and_software_are_not_favoured() {
        let all = named(&["stetson_j"]);
        let slow = calibration(1e7, 1e7).estimate(&all, 1_000_000, 4).expect("it is known");
        assert!(!slow.favours_device());
        let software = Calibration { software: true, ..calibration(1e12, 1e6) };
        assert!(!software.estimate(&all, 1_000_000, 4).expect("it is known").favours_device());
    }

    #[test]
    fn without_a_kernel_there_is_no_estimate() {
        assert_eq!(calibration(1e9, 1e7).estimate(&named(&["eta"]), 1000, 4), None);
    }
}
