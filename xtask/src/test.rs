//! `cargo xtask test`: runs every test that this machine can run, and reports what could not run and why.

mod compiler;
mod libtest;
mod outside;
mod vulkan;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::docs::{book, pages};
use crate::run::{self, Result};
use crate::tidy;
use libtest::Tally;

/// A named step of the test suite.
type Step = (&'static str, fn(&mut SuiteReport) -> Result<()>);

/// All steps, roughly fastest first. The suite stops at the first failure.
const STEPS: &[Step] = &[
    ("C compiler", |_| compiler::check()),
    ("format", |_| run::run(run::cargo().args(["fmt", "--all", "--check"]))),
    ("lints", |_| run::run(run::cargo().args("clippy --workspace --all-targets -- -D warnings".split(' ')))),
    ("library without features", |_| {
        run::run(run::cargo().args("clippy --package tape --no-default-features -- -D warnings".split(' ')))
    }),
    ("docs", |_| run::run(run::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))),
    ("library with the GPU", |_| {
        // The whole workspace at once, so that dependencies are not compiled again with other features.
        let words = "clippy --workspace --features tape-cli/gpu,tape-benches/gpu --all-targets -- -D warnings";
        run::run(run::cargo().args(words.split(' ')))
    }),
    ("Vulkan driver and layers", |report| {
        report.not_run.extend(vulkan::prepare());
        Ok(())
    }),
    // All test programs run even if one fails, so that the final counts are complete.
    ("tests", |report| cargo_test(run::cargo().args(["test", "--workspace", "--no-fail-fast"]), report)),
    ("a crate outside the workspace", outside::outside),
    ("plans on a device", |report| cargo_test(run::cargo().args(DEVICE_TESTS.split(' ')), report)),
    ("tidy", |_| tidy::tidy()),
    ("book", |_| book::build().map(|_| ())),
    ("commands of README and docs", pages_commands),
];

/// Tests of the `gpu` feature, which is not a default feature.
const DEVICE_TESTS: &str =
    "test --workspace --features tape-cli/gpu,tape-benches/gpu --lib --test device --test messages";

/// The final report.
#[derive(Debug, Default)]
struct SuiteReport {
    steps: Vec<(&'static str, &'static str, Duration)>,
    passed: usize,
    failed: usize,
    skipped: usize,
    failures: Vec<String>,
    not_run: Vec<String>,
}

/// Runs the test suite.
pub(crate) fn test() -> Result<()> {
    let mut report = run_steps(STEPS);
    if !run::root().join("../shared").is_dir() {
        report.not_run.insert(0, "../shared is missing: tests with its reference results and data are ignored".into());
    }
    println!("\n{}", report.text());
    if report.failures.is_empty() { Ok(()) } else { Err("the suite failed".into()) }
}

fn run_steps(steps: &[Step]) -> SuiteReport {
    let mut report = SuiteReport::default();
    for (name, step) in steps {
        if !report.failures.is_empty() {
            report.steps.push((name, "not reached", Duration::ZERO));
            continue;
        }
        println!("\n== {name}");
        let start = Instant::now();
        let failed_before = report.failed;
        let outcome = step(&mut report);
        if let Err(error) = &outcome {
            // A step without test cases counts as one failed case.
            report.failed = report.failed.max(failed_before + 1);
            report.failures.push(format!("{name}: {error}"));
        }
        report.steps.push((name, if outcome.is_ok() { "ok" } else { "FAILED" }, start.elapsed()));
    }
    report
}

/// Runs `cargo test`, prints its output as it comes, and counts the results.
fn cargo_test(command: &mut Command, report: &mut SuiteReport) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| run::not_started(command, &error))?;
    let mut tally = Tally::default();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).split(b'\n')) {
        // Read as bytes, because a test may print invalid UTF-8.
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        tally.line(&line);
    }
    let status = child.wait()?;
    report.passed += tally.passed;
    report.failed += tally.failed;
    report.skipped += tally.ignored;
    report.not_run.extend(tally.ignored_names);
    if !status.success() {
        return Err(format!("{}: {status}", run::shown(command)).into());
    }
    if tally.passed == 0 {
        return Err(format!("{}: no test passed", run::shown(command)).into());
    }
    Ok(())
}

fn pages_commands(report: &mut SuiteReport) -> Result<()> {
    let outcome = pages::run_pages(&[])?;
    println!("\n{outcome}");
    report.passed += outcome.passed;
    report.failed += outcome.failures.len();
    report.not_run.extend(outcome.not_run);
    if outcome.failures.is_empty() { Ok(()) } else { Err(outcome.failures.join("\n").into()) }
}

impl SuiteReport {
    fn text(&self) -> String {
        let mut lines = vec!["What ran".to_owned()];
        for (name, outcome, time) in &self.steps {
            lines.push(format!("  {outcome:<12} {name:<26} {:>7.1} s", time.as_secs_f64()));
        }
        for (title, items) in [("What failed", &self.failures), ("What did not run, and why", &self.not_run)] {
            if !items.is_empty() {
                lines.push(title.to_owned());
                lines.extend(items.iter().map(|item| format!("  {}", item.replace('\n', "\n  "))));
            }
        }
        lines.push("Test cases, each command of the README and of docs counted as one:".to_owned());
        lines.push(format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_stops_at_the_first_failure_and_says_so() {
        let steps: &[Step] = &[
            ("good", |report| {
                report.passed += 3;
                report.skipped += 1;
                report.not_run.push("golden: no data".into());
                Ok(())
            }),
            ("bad", |_| Err("it broke".into())),
            ("never", |_| panic!("a step ran after a failure")),
        ];
        let report = run_steps(steps);
        let text = report.text();
        assert!(text.contains("What failed\n  bad: it broke\n"), "{text}");
        assert!(text.contains("not reached  never"), "{text}");
        assert!(text.contains("What did not run, and why\n  golden: no data\n"), "{text}");
        assert!(text.ends_with("\n3 passed, 1 failed, 1 skipped"), "{text}");
    }

    #[test]
    fn a_step_with_counted_failures_is_not_counted_again() {
        let steps: &[Step] = &[("tests", |report| {
            report.failed += 2;
            Err("two".into())
        })];
        assert_eq!(run_steps(steps).failed, 2);
    }

    #[test]
    fn a_suite_without_a_passed_test_fails() {
        let mut report = SuiteReport::default();
        let print = |text: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "printf '%s\\n' \"$1\"", "sh", text]);
            shell
        };
        let good = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured";
        cargo_test(&mut print(good), &mut report).expect("two passed");
        assert_eq!(report.passed, 2);
        let empty = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured";
        assert!(cargo_test(&mut print(empty), &mut report).is_err());
        assert!(cargo_test(Command::new("sh").args(["-c", "exit 101"]), &mut report).is_err());
    }
}
