//! Counts test cases in the output of `cargo test`.

/// Totals over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Test cases that passed.
    pub(crate) passed: usize,
    /// Test cases that failed.
    pub(crate) failed: usize,
    /// Test cases that were ignored.
    pub(crate) ignored: usize,
    /// Names of the ignored cases, with the reason if there is one.
    pub(crate) ignored_names: Vec<String>,
}

impl Tally {
    /// Counts one line of output.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            self.ignored += count(counts, "ignored");
        } else if let Some((name, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
            && let Some(reason) = outcome.strip_prefix("ignored")
        {
            // Some harnesses pad names with spaces.
            self.ignored_names.push(format!("{}{}", name.trim_end(), reason.replacen(", ", ": ", 1)));
        }
    }
}

/// Returns the number before `word` in `ok. 3 passed; 0 failed; 1 ignored; …`.
fn count(counts: &str, word: &str) -> usize {
    let of_word = |part: &str| {
        let mut words = part.split_whitespace().rev();
        (words.next() == Some(word)).then(|| words.next()?.parse().ok()).flatten()
    };
    counts.split(';').find_map(of_word).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_programs_are_added_up_and_the_ignored_named() {
        let output = "
running 3 tests
test group::tests::sorted ... ok
test golden_s82     ... ignored, ../shared is missing
test broken ... FAILED

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

test src/lib.rs - Rows (line 12) ... ignored
test src/lib.rs - Chunk (line 3) - compile fail ... ok
test result: ok. 41 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1.20s; merged doctests";
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.line(line));
        let ignored_names = vec!["golden_s82: ../shared is missing".into(), "src/lib.rs - Rows (line 12)".into()];
        assert_eq!(tally, Tally { passed: 42, failed: 1, ignored: 2, ignored_names });
    }
}
