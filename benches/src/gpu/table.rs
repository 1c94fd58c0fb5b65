//! Prints the measurements as a table and as JSON.

use std::fmt::{self, Display};

use serde_json::{Value, json};

use super::{EPOCHS, Report};

/// Converts a rate to units of 10⁹ per second.
fn giga(rate: f64) -> f64 {
    rate / 1e9
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { adapter, cores, rates, plans } = self;
        writeln!(
            f,
            "{}, {}, {}; compared with {cores} threads of the CPU",
            adapter.name, adapter.backend, adapter.driver
        )?;
        if adapter.software {
            writeln!(f, "This is a software adapter: results are compared, but the times are MEANINGLESS.")?;
        }
        writeln!(f, "\ntransfers                            10⁹ bytes/s")?;
        for (what, rate) in [
            ("copy within memory (read + write)", 2.0 * rates.copy),
            ("upload, already packed", rates.upload),
            ("upload, packed on one thread", rates.pack_and_upload),
            ("read back", rates.read),
        ] {
            writeln!(f, "  {what:<38} {:>8.2}", giga(rate))?;
        }
        writeln!(f, "  a call with almost no data             {:>8.1} µs", 1e6 * rates.call)?;
        writeln!(f, "\nkernels over {EPOCHS} epochs, resident       10⁹/s   part of the copy bandwidth")?;
        for (name, rate) in &rates.resident {
            writeln!(f, "  {name:<30} epochs {:>9.3} {:>10.0} %", giga(*rate), 100.0 * rates.part_of_copy(*rate))?;
        }
        writeln!(f, "  lomb_scargle      epochs × frequencies {:>8.3}", giga(rates.periodogram))?;
        writeln!(f, "  structure_function     pairs of epochs {:>8.3}", giga(rates.pairs))?;
        writeln!(f, "\nplans, in memory      light curves   10⁶ epochs/s: device      CPU   times   left to the CPU")?;
        for plan in plans {
            let [device, cpu] = plan.rates().map(|rate| rate / 1e6);
            let (gain, left) = (plan.cpu / plan.device, 100.0 * plan.left_to_cpu);
            writeln!(
                f,
                "  {:<20} {:>11} {device:>22.2} {cpu:>8.2} {gain:>7.2} {left:>13.2} %",
                plan.label, plan.light_curves
            )?;
        }
        Ok(())
    }
}

impl Report {
    /// Returns all figures as JSON.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let Self { adapter, cores, rates, plans } = self;
        let plans = plans.iter().map(|plan| {
            json!({
                "statistics": plan.label,
                "light_curves": plan.light_curves,
                "epochs": EPOCHS,
                "device_s": plan.device,
                "cpu_s": plan.cpu,
                "left_to_cpu": plan.left_to_cpu,
            })
        });
        json!({
            "device": adapter.name,
            "backend": adapter.backend,
            "driver": adapter.driver,
            "software": adapter.software,
            "cores": cores,
            "copy_bytes_per_s": rates.copy,
            "upload_bytes_per_s": rates.upload,
            "pack_and_upload_bytes_per_s": rates.pack_and_upload,
            "read_bytes_per_s": rates.read,
            "call_s": rates.call,
            "resident_epochs_per_s": rates.resident.iter().map(|(name, rate)| json!({ "statistic": name, "rate": rate })).collect::<Vec<_>>(),
            "lomb_scargle_products_per_s": rates.periodogram,
            "structure_function_pairs_per_s": rates.pairs,
            "plans": plans.collect::<Vec<_>>(),
        })
    }
}
