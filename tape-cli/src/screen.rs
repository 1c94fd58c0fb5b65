//! Formats output for the terminal.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};

pub(crate) use tape::shown::{bytes, count, counted};

/// Standard output. A closed pipe (`tape … | head`) is returned as an error and does not panic.
pub(crate) struct Screen {
    out: BufWriter<Stdout>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self { out: BufWriter::new(io::stdout()) }
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, line: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    /// Prints a name and a value, in two columns.
    pub(crate) fn row(&mut self, name: &str, value: impl fmt::Display) -> io::Result<()> {
        self.line(format_args!("{name:<10} {value}"))
    }
}

/// Formats a duration in seconds below two minutes, then in minutes, then in hours.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a run, never below zero")]
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match whole {
        0..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        let shown = [0.0, 0.2, 119.0, 125.5, 3600.0, 7200.0, 90_061.0].map(duration);
        assert_eq!(shown, ["0 s", "1 s", "119 s", "2 min 6 s", "60 min 0 s", "2 h 0 min", "25 h 1 min"]);
    }
}
