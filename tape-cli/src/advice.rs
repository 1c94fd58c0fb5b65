//! Adds to the library's messages the flags and verbs that fix the problem. The library does not know the command line.

use std::error::Error as StdError;

use tape::core::{ColumnError, Role};
use tape::frames::FrameError;
use tape::job::JobError;
use tape::simulate::SimulateError;
use tape::{Error, exec, io};

/// Returns the flag that names the column of a role.
pub(crate) const fn column_flag(role: Role) -> &'static str {
    match role {
        Role::Id => "--id",
        Role::Time => "--time",
        Role::Flux => "--flux",
        Role::Error => "--err",
        Role::Band => "--band",
    }
}

/// Returns the message of an error, with the flags that fix it.
pub(crate) fn with_advice(error: &Error) -> String {
    joined(error.to_string(), advice(error))
}

/// Returns the message of an error of `tape simulate`, with the flags that fix it.
pub(crate) fn with_simulation_advice(error: &SimulateError) -> String {
    joined(error.to_string(), on_simulation(error).map(str::to_owned))
}

/// Returns a warning, with the verb or flag that fixes its cause.
pub(crate) fn on_warning(warning: String) -> String {
    let is_about = |role: &Role| warning.contains(&format!("name the {role} column"));
    let of_role = Role::ALL.into_iter().find(is_about).map(|role| format!("({})", column_flag(role)));
    let advice = warning.ends_with(exec::WRITE_SORTED).then(|| "(`tape repartition`)".to_owned());
    let of_quality = warning.ends_with("or accept such epochs").then(|| "(--quality, --no-quality)".to_owned());
    let of_rows = warning.contains("exclude such rows with the condition").then(|| "(--where)".to_owned());
    joined(warning, advice.or(of_role).or(of_quality).or(of_rows))
}

fn joined(message: String, advice: Option<String>) -> String {
    advice.map_or(message.clone(), |advice| format!("{message} {advice}"))
}

fn advice(error: &Error) -> Option<String> {
    let fixed = match error {
        Error::Io(error) => return on_io(error),
        Error::Exec(error) => return on_exec(error),
        Error::Job(error) => return on_job(error),
        Error::Frame(FrameError::Taken { .. }) => "(--overwrite)",
        Error::Frame(FrameError::NotSaved { folder }) => {
            return Some(format!("with `tape batch --keep {}`", folder.display()));
        }
        #[cfg(feature = "gpu")]
        Error::Gpu(tape::gpu::Error::NoAdapter) => "(--device cpu)",
        #[cfg(feature = "gpu")]
        Error::Calibration { .. } => "(`tape devices --calibrate`)",
        Error::BandsTogether { .. } => "(--where)",
        Error::NoQuality { .. } => "with --where",
        Error::Quantity { actual: tape::core::Quantity::Magnitude, .. } => "(--to-flux ZP, or --quantity)",
        Error::Quantity { actual: tape::core::Quantity::Flux, .. } => "(--to-mag ZP, or --quantity)",
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn on_io(error: &io::Error) -> Option<String> {
    let fixed = match error {
        io::Error::Column { source: ColumnError::Missing { role, .. }, .. } | io::Error::ColumnType { role, .. } => {
            return Some(format!("with {}", column_flag(*role)));
        }
        io::Error::Column { source: ColumnError::Ambiguous { .. }, .. } => "with --flux",
        io::Error::Exists { .. } => "(--overwrite)",
        io::Error::Spill { .. } => "(--spill-dir, --memory)",
        io::Error::KeyTwice { .. } | io::Error::KeyType { .. } | io::Error::NoKeyColumn { .. } => "with --object-id",
        io::Error::NoGroup { table: false, .. } => "(name the table with --objects)",
        io::Error::GroupOfObject { .. } => "with --join",
        io::Error::NoTable { kind: tape::core::TableKind::Objects, .. } => "with --objects",
        io::Error::NoTable { kind: tape::core::TableKind::Exposures, .. } => "with --exposures and --on",
        io::Error::NoPlaces { what, .. } if what.contains("RA/Dec") => "with --ra and --dec",
        io::Error::BaseVaries { .. } => "(--base)",
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn on_exec(error: &exec::Error) -> Option<String> {
    let fixed = match error {
        exec::Error::CutLightCurve { .. } => "(--plan stitch, auto or map-unchecked)",
        exec::Error::IllegalPlan { instead, .. } if instead.contains("shuffle") => "(--plan shuffle or auto)",
        exec::Error::IllegalPlan { .. } => "(--plan auto)",
        exec::Error::NoBands { .. } => "with --band",
        exec::Error::BandNotAsked { .. } => "(--band-to-calc)",
        exec::Error::TooLittleMemory { .. } => "(--memory, --workers)",
        exec::Error::DoesNotFit { .. } => "(--memory, --workers, --on-error skip)",
        exec::Error::OutOfOrder { .. } => "(--plan shuffle)",
        exec::Error::NoSpill => "(--spill-dir, --memory)",
        exec::Error::Spill(source) | exec::Error::Source(source) | exec::Error::Sink(source) => {
            return on_source(source.as_ref());
        }
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// Looks for an error of this workspace inside an error of a run.
fn on_source(source: &(dyn StdError + Send + Sync + 'static)) -> Option<String> {
    let of_io = || source.downcast_ref::<io::Error>().and_then(on_io);
    source.downcast_ref::<Error>().and_then(advice).or_else(of_io)
}

fn on_job(error: &JobError) -> Option<String> {
    let text = match error {
        JobError::NoJob { folder } => format!("with `tape plan SURVEY -o {}`", folder.display()),
        JobError::Taken { job: true, .. } => "(`tape batch --resume`)".to_owned(),
        JobError::NotDone { folder, .. } => {
            format!("(`tape run-task {0} K`, or all with `tape batch --resume {0}`)", folder.display())
        }
        JobError::Damaged { folder, task, .. } | JobError::Rows { folder, task, done: true, .. } => {
            format!("with `tape run-task {} {task}`", folder.display())
        }
        _ => return None,
    };
    Some(text)
}

fn on_simulation(error: &SimulateError) -> Option<&'static str> {
    Some(match error {
        SimulateError::NoObjects => "with --objects",
        SimulateError::BadEpochs { .. } => "with --epochs",
        SimulateError::NoBands | SimulateError::BadBand { .. } | SimulateError::TooManyBands { .. } => "with --bands",
        SimulateError::NoFiles | SimulateError::TooManyFiles { .. } | SimulateError::TooManyNights { .. } => {
            "with --files"
        }
        SimulateError::EmptyRowGroups => "with --row-group-rows",
        SimulateError::OutputExists { .. } => "(--overwrite)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    #[test]
    fn flags_and_verbs_of_advice_exist() {
        let cli = Cli::command();
        let flags = cli.get_subcommands().flat_map(|verb| verb.get_arguments().filter_map(clap::Arg::get_long));
        let flags: BTreeSet<&str> = flags.collect();
        let code = include_str!("advice.rs").split("#[cfg(test)]\nmod tests").next().expect("there is code");
        let words = |before: &str| -> Vec<&str> {
            let end = |text: &'static str| text.split(|c: char| c != '-' && !c.is_ascii_lowercase()).next();
            code.split(before).skip(1).filter_map(end).filter(|word| !word.is_empty()).collect()
        };
        assert!(words("--").len() > 20 && words("`tape ").len() > 5, "advice is read");
        let missing: Vec<_> = words("--").into_iter().filter(|flag| !flags.contains(flag)).collect();
        assert!(missing.is_empty(), "no verb has {missing:?}");
        let missing: Vec<_> = words("`tape ").into_iter().filter(|verb| cli.find_subcommand(verb).is_none()).collect();
        assert!(missing.is_empty(), "no verb is called {missing:?}");
    }

    #[test]
    fn an_error_that_comes_through_a_run_has_its_advice() {
        let inner = io::Error::Exists { path: "a.csv".into() };
        let outer = exec::Error::Sink(Box::new(Error::Exec(exec::Error::Source(Box::new(inner)))));
        assert!(with_advice(&outer.into()).ends_with("or allow it to be replaced (--overwrite)"));
    }

    #[test]
    fn a_message_that_needs_no_flag_stays_as_it_is() {
        let error = Error::from(io::Error::NoInput);
        assert_eq!(with_advice(&error), error.to_string());
        assert_eq!(on_warning("no epoch is in band u".to_owned()), "no epoch is in band u");
        assert!(on_warning(format!("shuffled: {}", exec::WRITE_SORTED)).ends_with("(`tape repartition`)"));
    }
}
