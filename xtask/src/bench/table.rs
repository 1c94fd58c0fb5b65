//! Prints a report as text.

use std::fmt::Write;

use super::figures::{Measured, Report, Spread, TargetResult};
use super::scale::Growth;

/// Prints the header, a table for each survey, the kernels, and the targets.
pub(super) fn table(report: &Report) -> String {
    let mut text = header(report);
    for survey in report.rows.chunk_by(|a, b| (a.size, a.compression) == (b.size, b.compression)) {
        survey_table(&mut text, survey);
    }
    if !report.kernels.is_empty() {
        text += "\nkernels, million epochs per second and core\n";
    }
    for kernel in &report.kernels {
        let name = format!("{}, {} epochs", kernel.statistic, kernel.epochs);
        let scale = |spread| cell(spread, 1e-6, 1);
        line(&mut text, &[&name, &scale(kernel.kernel), "plain loop", &scale(kernel.scalar)]);
        _ = writeln!(text, "  {:.2} times the plain loop", kernel.gain());
    }
    growth_table(&mut text, &report.growth);
    let rows = report.rows.iter().flat_map(|row| {
        let name = row.title();
        row.targets.iter().map(move |target| (name.clone(), target.clone()))
    });
    let kernels = report.kernels.iter().map(|kernel| (format!("{} epochs", kernel.epochs), kernel.target()));
    let growth = report.growth.iter().map(|growth| (growth.row.clone(), growth.target()));
    text += "\ntargets\n";
    for (name, judged) in rows.chain(kernels).chain(growth) {
        target_line(&mut text, &name, &judged);
    }
    text
}

/// Prints the machine, commit and load.
pub(super) fn header(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "\n{}, {} cores, {}\n{}, commit {}, load average {:.2} before the start\nMedian of the runs, with minimum and maximum\n",
        machine.cpu, machine.cores, machine.kernel, machine.rustc, machine.commit, machine.load_average
    )
}

fn survey_table(text: &mut String, rows: &[Measured]) {
    let first = &rows[0];
    _ = writeln!(text, "\n{} survey, {}: {} rows", first.size.name(), first.compression.name(), first.survey_rows);
    line(text, &["", "CPU s", "wall s", "peak MB", "million rows/s"]);
    for row in rows {
        let cells = [
            cell(row.cpu_s, 1.0, 3),
            cell(row.wall_s, 1.0, 3),
            cell(row.peak_mb, 1.0, 0),
            cell(row.rows_per_s, 1e-6, 1),
        ];
        line(text, &[&row.row, &cells[0], &cells[1], &cells[2], &cells[3]]);
    }
}

fn growth_table(text: &mut String, growth: &[Growth]) {
    let Some(Growth { sizes, .. }) = growth.first() else { return };
    let names: Vec<&str> = sizes.iter().map(|size| size.name()).collect();
    let last = names[names.len() - 2..].join(" to ");
    _ = writeln!(
        text,
        "\ngrowth: exponent n, where time is proportional to rows^n. Times include the startup of the process, mostly in\n\
         the smallest survey, so the last step is more reliable than the fit over all sizes"
    );
    let heads = ["CPU, all", &format!("CPU, {last}"), "wall, all", &format!("wall, {last}")].map(str::to_owned);
    line(text, &["", &format!("M rows/s: {}", names.join(", ")), &heads[0], &heads[1], &heads[2], &heads[3]]);
    for of in growth {
        let rates: Vec<String> = of.rows_per_s.iter().map(|rate| format!("{:.1}", rate / 1e6)).collect();
        let cells = [of.cpu.all, of.cpu.last, of.wall.all, of.wall.last].map(|exponent| format!("{exponent:.3}"));
        line(text, &[&of.row, &rates.join(", "), &cells[0], &cells[1], &cells[2], &cells[3]]);
    }
}

/// Formats a spread, scaled to other units.
pub(super) fn cell(spread: Spread, scale: f64, digits: usize) -> String {
    let Spread { min, median, max } = spread;
    format!("{:.digits$} ({:.digits$}-{:.digits$})", median * scale, min * scale, max * scale)
}

fn line(text: &mut String, cells: &[&str]) {
    for (i, cell) in cells.iter().enumerate() {
        _ = if i == 0 { write!(text, "  {cell:<22}") } else { write!(text, " {cell:>24}") };
    }
    text.push('\n');
}

/// Prints one line for a target.
pub(super) fn target_line(text: &mut String, name: &str, judged: &TargetResult) {
    let verdict = if judged.met { "met" } else { "MISSED" };
    _ = writeln!(text, "  {verdict:<7} {name}: {} {:.2}, {}", judged.what, judged.value, judged.target);
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::super::process::Usage;
    use super::super::workload::{Compression, Size};
    use super::*;

    #[test]
    fn growth_is_printed_with_rates_and_targets() {
        let measured = |size, rows, wall_s| {
            let usage = Usage { cpu_s: 2.0 * wall_s, wall_s, peak_mb: 10.0 };
            Measured::new("merge", size, Compression::None, rows, &[usage])
        };
        let rows = vec![
            measured(Size::Million, 1_000_000, 0.1),
            measured(Size::TenMillion, 10_000_000, 1.0),
            measured(Size::HundredMillion, 100_000_000, 20.0),
        ];
        let growth = vec![Growth::fit("merge", &rows.iter().collect::<Vec<_>>()).expect("three sizes")];
        let machine = Machine::now().expect("machine information");
        let text = table(&Report { machine, rows, kernels: vec![], growth, peers: None });
        let line = |start: &str| text.lines().rfind(|line| line.trim_start().starts_with(start));
        let cells: Vec<&str> = line("merge").expect("it is there").split_whitespace().collect();
        assert_eq!(cells, ["merge", "10.0,", "10.0,", "5.0", "1.151", "1.301", "1.151", "1.301"], "{text}");
        assert!(text.contains("wall, 10m to 100m"), "{text}");
        assert!(text.contains("MISSED  merge: growth, the largest exponent 1.30, at most 1.05"), "{text}");
    }
}
