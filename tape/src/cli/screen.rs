//! What is printed, and how numbers look in it.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};

/// Standard output. A reader that has gone away, as `head` does, is an error to pass on, not a panic.
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

    /// Prints a name and what belongs to it, in two columns.
    pub(crate) fn row(&mut self, name: &str, value: impl fmt::Display) -> io::Result<()> {
        self.line(format_args!("{name:<10} {value}"))
    }
}

/// A count with its thousands apart.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun, in the plural but for one.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(n))
}

/// Bytes, in powers of 1024.
pub(crate) fn bytes(n: u64) -> String {
    bytesize::ByteSize::b(n).display().iec().to_string()
}

/// A time in words: seconds below two minutes, then minutes, then hours.
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

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1000), "1,000");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
    }
}
