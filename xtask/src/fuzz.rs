//! `cargo xtask fuzz`: coverage-guided fuzzing of everything that reads files.
//!
//! libFuzzer is linked into each target of `fuzz/`. Coverage is instrumented with flags of the stable compiler, without
//! a sanitizer. Inputs with new coverage are saved in `target/fuzz/corpus`. The seeds are in `fuzz/corpus`, and inputs
//! of earlier findings in `fuzz/regressions`, which the tests of tape-io and tape also read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Result, cargo, not_started, read, root, run, target_directory};

/// Each target, with its share of the time and its maximum input length.
const TARGETS: [(&str, u64, u32); 9] = [
    ("survey", 4, 8192),
    ("footer", 2, 4096),
    ("page_index", 1, 1024),
    ("pages", 2, 1024),
    ("runs", 1, 256),
    ("spill", 1, 4096),
    ("condition", 1, 1024),
    ("manifest", 1, 4096),
    ("receipt", 1, 2048),
];
/// Compiler flags for coverage, as in `cargo fuzz`.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Total duration in seconds, shared among the targets
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Fuzz only this target: survey, footer, page_index, pages, runs, spill, condition, manifest or receipt
    #[arg(long, value_name = "NAME", value_parser = TARGETS.map(|(name, ..)| name))]
    target: Option<String>,
    /// Regenerate the seeds in `fuzz/corpus` first
    #[arg(long)]
    seeds: bool,
}

/// The outcome of fuzzing one target.
#[derive(Debug, Default, PartialEq, Eq)]
struct TargetOutcome {
    executions: u64,
    /// Number of code edges covered.
    coverage: u64,
    corpus: u64,
    /// True if an input was a finding.
    finding: bool,
}

pub(crate) fn fuzz(args: &Args) -> Result<()> {
    let built = build()?;
    if args.seeds {
        run(Command::new(built.join("runs")).env("TAPE_FUZZ_SEEDS", "1"))?;
    }
    let asked = |name: &str| args.target.as_deref().is_none_or(|only| only == name);
    let targets: Vec<_> = TARGETS.into_iter().filter(|(name, ..)| asked(name)).collect();
    let shares: u64 = targets.iter().map(|(_, share, _)| share).sum();
    println!(
        "{:<8} {:>8} {:>12} {:>10} {:>9} {:>7}",
        "target", "seconds", "executions", "per second", "coverage", "corpus"
    );
    let mut findings = vec![];
    for (name, share, longest) in targets {
        let seconds = (args.seconds * share / shares).max(1);
        let start = Instant::now();
        let (outcome, said) = one(&built, name, seconds, longest)?;
        let took = start.elapsed().max(Duration::from_secs(1)).as_secs();
        let TargetOutcome { executions, coverage, corpus, finding } = outcome;
        println!("{name:<8} {took:>8} {executions:>12} {:>10} {coverage:>9} {corpus:>7}", executions / took);
        if finding {
            findings.push(format!("{name}:\n{}", shown(&said)));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    let folder = findings_folder()?;
    Err(format!(
        "{}\nThe inputs are in {}: move each to fuzz/regressions/TARGET, where tests read it, and fix the bug",
        findings.join("\n"),
        folder.display()
    )
    .into())
}

/// Builds all targets, and returns their folder.
fn build() -> Result<PathBuf> {
    let host = read(Command::new("rustc").arg("-vV"))?;
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("the output of rustc has no host")?.to_owned();
    let target = target_directory()?.join("fuzz");
    let manifest = root().join("fuzz/Cargo.toml");
    // With --target, build scripts and macros are not instrumented.
    let mut command = cargo();
    command.args(["build", "--release", "--quiet", "--target", &host]).arg("--manifest-path").arg(manifest);
    run(command.arg("--target-dir").arg(&target).env("RUSTFLAGS", FLAGS))?;
    Ok(target.join(host).join("release"))
}

fn findings_folder() -> Result<PathBuf> {
    Ok(target_directory()?.join("fuzz/findings"))
}

/// Fuzzes one target. Returns its outcome and its output.
fn one(built: &Path, name: &str, seconds: u64, longest: u32) -> Result<(TargetOutcome, String)> {
    let found = target_directory()?.join("fuzz/corpus").join(name);
    let findings = findings_folder()?;
    let mut folders = vec![found.clone()];
    folders.extend(["corpus", "regressions"].map(|kind| root().join("fuzz").join(kind).join(name)));
    for folder in [&found, &findings] {
        fs::create_dir_all(folder)?;
    }
    // New inputs are saved in the first of the folders.
    folders.retain(|folder| folder.is_dir());
    let mut command = Command::new(built.join(name));
    command.args(&folders).args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={longest}"),
        format!("-artifact_prefix={}/{name}-", findings.display()),
        "-rss_limit_mb=2048".to_owned(),
        "-timeout=20".to_owned(),
        "-print_final_stats=1".to_owned(),
    ]);
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&command, &error))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut outcome = TargetOutcome::parse(&said);
    outcome.finding = !output.status.success();
    Ok((outcome, said))
}

impl TargetOutcome {
    /// Parses libFuzzer's output: lines of progress, and statistics at the end.
    fn parse(said: &str) -> Self {
        let mut outcome = Self::default();
        for line in said.lines() {
            if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
                outcome.executions = count.trim().parse().unwrap_or(0);
            }
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                let number = || words.clone().next().and_then(|next| next.split('/').next()?.parse().ok());
                match word {
                    "cov:" => outcome.coverage = number().unwrap_or(outcome.coverage),
                    "corp:" => outcome.corpus = number().unwrap_or(outcome.corpus),
                    _ => {}
                }
            }
        }
        outcome
    }
}

/// Extracts a finding from a target's output: the panic or the size limit, and the path of the input.
fn shown(said: &str) -> String {
    let mut lines = vec![];
    let mut rest = said.lines();
    while let Some(line) = rest.next() {
        if line.contains("panicked at") {
            lines.extend([Some(line), rest.next()].into_iter().flatten());
        } else if ["memory allocation", "SUMMARY:", "ERROR:", "Test unit written"]
            .iter()
            .any(|word| line.contains(word))
        {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "INFO: seed corpus: files: 3 min: 1b max: 5b total: 9b rss: 40Mb\n\
                        #4\tINITED cov: 120 ft: 121 corp: 3/9b exec/s: 0 rss: 42Mb\n\
                        #1048576\tpulse  cov: 345 ft: 700 corp: 41/3210b lim: 256 exec/s: 99 rss: 61Mb\n\
                        stat::number_of_executed_units: 1234567\n";

    #[test]
    fn the_output_of_a_target_is_parsed() {
        let expected = TargetOutcome { executions: 1_234_567, coverage: 345, corpus: 41, finding: false };
        assert_eq!(TargetOutcome::parse(SAID), expected);
        assert_eq!(TargetOutcome::parse("no such thing"), TargetOutcome::default());
        let said = format!("{SAID}thread 'x' panicked at a.rs:3:1:\nno\nstack\nSUMMARY: libFuzzer: deadly signal\n");
        assert_eq!(shown(&said), "thread 'x' panicked at a.rs:3:1:\nno\nSUMMARY: libFuzzer: deadly signal");
    }

    #[cfg(unix)]
    #[test]
    fn a_target_that_fails_is_a_finding() {
        use std::os::unix::fs::PermissionsExt;

        let folder = std::env::temp_dir().join(format!("xtask-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        for (name, code) in [("calm", 0), ("crashes", 77)] {
            let path = folder.join(name);
            fs::write(&path, format!("#!/bin/sh\necho '#9 DONE cov: 5 corp: 1/1b' >&2\nexit {code}\n"))
                .expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
            let (outcome, said) = one(&folder, name, 1, 16).expect("the target starts");
            assert_eq!((outcome.coverage, outcome.finding), (5, code != 0), "{said}");
        }
        fs::remove_dir_all(folder).expect("ours");
    }
}
