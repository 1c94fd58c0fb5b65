//! Prints the comparison with peers, for terminals and for Markdown.

use std::fmt::Write;

use super::super::figures::{Measured, Report, Spread};
use super::super::table::{cell, header, target_line};
use super::{PeerComparison, Peers, Untimed};

/// The format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Plain,
    Markdown,
}

const HEAD: [&str; 8] = ["", "CPU s", "wall s", "peak MB", "million rows/s", "first s", "CPU, times ours", ""];

/// Prints the header, a table for each survey, task and layout, the skipped peers, and the targets.
pub(super) fn table(report: &Report, form: Format) -> String {
    let mut text = header(report);
    let none = Peers::default();
    let peers = report.peers.as_ref().unwrap_or(&none);
    text += "Ours as whole processes on two threads; peers warm, on two threads, up to a result in memory\n";
    text += "first s: from the start to the first result, with imports, compiling and clusters\n";
    _ = writeln!(text, "peers: {}", peers.versions.join(", "));
    for rows in report.rows.chunk_by(|a, b| a.survey_and_task() == b.survey_and_task()) {
        let Some(beside) = &rows[0].beside else { continue };
        let name =
            [rows[0].size.name(), rows[0].compression.name(), beside.task.name(), beside.layout.name()].join(", ");
        _ = writeln!(text, "\n{name}: {} rows\n", rows[0].survey_rows);
        lines(&mut text, rows, form);
    }
    paragraph(&mut text, "not timed", &untimed(&peers.untimed));
    paragraph(&mut text, &format!("{} peers skipped", peers.skipped.len()), &peers.skipped);
    text += "\ntargets\n";
    for row in &report.rows {
        row.targets.iter().for_each(|judged| target_line(&mut text, &row.title(), judged));
    }
    for name in &peers.unjudged {
        _ = writeln!(text, "  UNKNOWN {name}: there is no ratio");
    }
    text
}

fn paragraph(text: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        _ = writeln!(text, "\n{title}\n  {}", lines.join("\n  "));
    }
}

fn lines(text: &mut String, rows: &[Measured], form: Format) {
    let cells: Vec<[String; 8]> = [HEAD.map(str::to_owned)].into_iter().chain(rows.iter().filter_map(cells)).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for (i, row) in cells.iter().enumerate() {
        let padded = row.iter().enumerate().map(|(column, cell)| match (column, width(column)) {
            (0 | 7, width) => format!("{cell:<width$}"),
            (_, width) => format!("{cell:>width$}"),
        });
        let padded: Vec<String> = padded.collect();
        _ = match form {
            Format::Plain => writeln!(text, "  {}", padded.join("  ").trim_end()),
            Format::Markdown => writeln!(text, "| {} |", padded.join(" | ")),
        };
        if i == 0 && form == Format::Markdown {
            *text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
        }
    }
}

/// Returns the cells of a row, with figures of three digits.
fn cells(row: &Measured) -> Option<[String; 8]> {
    let PeerComparison { runs, first_s, difference, ratio, answers, .. } = row.beside.as_ref()?;
    let remark = match difference {
        Some(difference) => format!("ANSWERS DIFFER: {difference}"),
        None if !answers => "no answers".to_owned(),
        None => String::new(),
    };
    let few = if *runs < 3 { format!(" [{runs} run{}]", if *runs == 1 { "" } else { "s" }) } else { String::new() };
    Some([
        row.row.clone() + &few,
        spread(row.cpu_s),
        spread(row.wall_s),
        format!("{:.0}", row.peak_mb.median),
        format!("{:.1}", row.rows_per_s.median / 1e6),
        format!("{first_s:.1}"),
        ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
        remark,
    ])
}

fn spread(spread: Spread) -> String {
    cell(spread, 1.0, if spread.median < 10.0 { 3 } else { 1 })
}

impl Measured {
    fn survey_and_task(&self) -> impl PartialEq {
        let what = self.beside.as_ref().map(|beside| (beside.task, beside.layout));
        (self.size, self.compression, what)
    }
}

/// Returns a line for each survey, task, layout and reason, with the rows that it applies to.
fn untimed(all: &[Untimed]) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = vec![];
    for Untimed { row, size, task, layout, why } in all {
        let line = format!("{}, {}, {}: {why}: ", size.name(), task.name(), layout.name());
        match lines.iter_mut().find(|(other, _)| *other == line) {
            Some((_, rows)) => rows.push(row),
            None => lines.push((line, vec![row])),
        }
    }
    lines.into_iter().map(|(line, rows)| line + &rows.join("; ")).collect()
}
