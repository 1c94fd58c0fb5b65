//! Stand-ins for the programs that a bench starts: shell scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{self, Usage};
use super::programs::Programs;
use crate::run::Result;

/// An executable script called `name` in `folder`.
pub(crate) fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, script).expect("the folder can be written to");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    path
}

/// Says that it took 100 ms more, without taking them.
pub(super) const WORK: &str = "took=$((took+100)); echo $took > $(dirname $0)/took";

/// Runs a stand-in; what that took is what it says of itself.
fn told(command: &mut Command) -> Result<Usage> {
    let took = Path::new(command.get_program()).with_file_name("took");
    fs::write(&took, "0")?;
    let usage = process::measure(command)?;
    let seconds = fs::read_to_string(took)?.trim().parse::<f64>()? / 1e3;
    Ok(Usage { cpu_s: seconds, wall_s: seconds, ..usage })
}

/// All programs, with `batch` for what `tape batch` does, given the plan as `$plan` and the result's path as `$out`.
pub(super) fn programs(folder: &Path, batch: &str) -> Programs {
    // The arguments of batch begin: batch PATH --stat NAME --plan PLAN --workers N --overwrite -o OUT.
    let simulate = "[ $1 = simulate ] && mkdir $2 && exec touch $2/part-0.parquet";
    let convert = "[ $1 = convert ] && mkdir $3 && exec touch $3/part-0.parquet";
    let tape = format!("#!/bin/sh\n{simulate}\n{convert}\nplan=$6\nout=${{11}}\n{batch}\n");
    program(folder, "tape", &tape);
    program(folder, "tape-floor", &format!("#!/bin/sh\n{WORK}\necho 3000\n"));
    // Fails unless all results are the same; its first two arguments are the tolerance, and two more may be columns.
    let compare = "#!/bin/sh\nshift 2\n[ $1 != --columns ] || shift 2\nfirst=$1\nfor other; do cmp $first $other >&2 || exit 1; done\n";
    program(folder, "tape-compare", compare);
    let kernels = r#"[{"statistic": "x", "epochs": 1, "kernel_epochs_per_s": [2], "scalar_epochs_per_s": [1]}]"#;
    program(folder, "tape-kernels", &format!("#!/bin/sh\necho '{kernels}'\n"));
    program(folder, "tape-warm", "#!/bin/sh\n");
    Programs { measure: told, ..Programs::of(folder).expect("all were made") }
}

/// A Python that makes environments of itself, in which `pip` stands for pip, and runs scripts as shell scripts.
pub(super) fn python(folder: &Path, pip: &str) -> PathBuf {
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n'--version ') echo Python 3;;\n\
         '-m venv') mkdir -p \"$3/bin\" && cp \"$0\" \"$3/bin/python\";;\n\
         '-m pip') {pip}\n;;\n*) exec sh \"$@\";;\nesac\n"
    );
    program(folder, "python3", &script)
}
