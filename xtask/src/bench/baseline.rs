//! Lists what became slower since an earlier report.

use std::fmt::Write;

use super::figures::{Report, Spread};

/// Lists figures that are worse than in `baseline` by more than the noise.
pub(super) fn compare(report: &Report, baseline: &Report) -> String {
    let mut text = format!("\nagainst commit {}\n", baseline.machine.commit);
    if report.machine.cpu != baseline.machine.cpu {
        _ = writeln!(text, "  measured on another machine ({}): compare ratios, not times", baseline.machine.cpu);
    }
    let mut worse = vec![];
    for row in &report.rows {
        let name = row.title();
        let Some(before) = baseline.rows.iter().find(|before| before.is_like(row)) else {
            _ = writeln!(text, "  {name}: not in the baseline");
            continue;
        };
        let figures = [
            ("CPU s", row.cpu_s, before.cpu_s),
            ("wall s", row.wall_s, before.wall_s),
            ("peak MB", row.peak_mb, before.peak_mb),
        ];
        worse.extend(figures.into_iter().filter_map(|(unit, now, then)| worsening(&name, unit, now, then)));
    }
    for kernel in &report.kernels {
        let like = baseline.kernels.iter().find(|b| (&b.statistic, b.epochs) == (&kernel.statistic, kernel.epochs));
        let name = format!("{} kernel, {} epochs", kernel.statistic, kernel.epochs);
        let before = like.map(|before| inverse(before.kernel));
        worse.extend(before.and_then(|then| worsening(&name, "ns per epoch", inverse(kernel.kernel), then)));
    }
    for line in &worse {
        _ = writeln!(text, "  SLOWER  {line}");
    }
    if worse.is_empty() {
        text += "  nothing became slower\n";
    }
    text
}

/// Converts epochs per second to nanoseconds per epoch.
fn inverse(rate: Spread) -> Spread {
    Spread { min: 1e9 / rate.max, median: 1e9 / rate.median, max: 1e9 / rate.min }
}

/// Describes a figure that is worse: each median lies outside of the range of the other runs, in the slow direction.
fn worsening(name: &str, unit: &str, now: Spread, then: Spread) -> Option<String> {
    let is_worse = now.median > then.max && now.min > then.median;
    let percent = (now.median / then.median - 1.0) * 100.0;
    is_worse.then(|| format!("{name}: {:.3} {unit}, was {:.3} ({percent:+.0} %)", now.median, then.median))
}

#[cfg(test)]
mod tests {
    use super::super::figures::Measured;
    use super::super::kernels::Kernel;
    use super::super::machine::Machine;
    use super::super::process::Usage;
    use super::super::workload::{Compression, Size};
    use super::*;

    fn report(cpu_s: &[f64], epochs_per_s: f64) -> Report {
        let usage = |&cpu_s: &f64| Usage { cpu_s, wall_s: 1.0, peak_mb: 10.0 };
        let runs: Vec<Usage> = cpu_s.iter().map(usage).collect();
        let rate = Spread { min: epochs_per_s * 0.99, median: epochs_per_s, max: epochs_per_s * 1.01 };
        Report {
            machine: Machine::now().expect("machine information"),
            rows: vec![Measured::new("map", Size::Medium, Compression::Zstd, 1000, &runs)],
            kernels: vec![Kernel { statistic: "stetson_j".into(), epochs: 150, kernel: rate, scalar: rate }],
            growth: vec![],
            peers: None,
        }
    }

    #[test]
    fn only_slowdowns_beyond_the_noise_are_listed() {
        let baseline = report(&[1.0, 1.1, 1.3], 1e8);
        assert!(compare(&report(&[1.05, 1.2, 1.5], 0.995e8), &baseline).ends_with("nothing became slower\n"));
        assert!(compare(&report(&[0.5, 0.6, 0.7], 2e8), &baseline).ends_with("nothing became slower\n"));
        let text = compare(&report(&[1.2, 1.4, 1.5], 0.5e8), &baseline);
        assert!(text.contains("SLOWER  map (medium, zstd): 1.400 CPU s, was 1.100 (+27 %)"), "{text}");
        assert!(text.contains("SLOWER  stetson_j kernel, 150 epochs: 20.000 ns per epoch, was 10.000"), "{text}");
    }

    #[test]
    fn a_report_can_be_read_back_and_new_rows_are_listed() {
        let now = report(&[1.0], 1e8);
        let text = serde_json::to_string(&now).expect("plain numbers");
        let mut before: Report = serde_json::from_str(&text).expect("a valid report");
        assert_eq!(before.rows[0].cpu_s, now.rows[0].cpu_s);
        before.rows.clear();
        assert!(compare(&now, &before).contains("map (medium, zstd): not in the baseline"));
    }
}
