//! Shell scripts that replace the benchmarked programs in tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{self, Usage};
use super::programs::Programs;
use crate::run::Result;

/// Creates an executable script called `name` in `folder`.
pub(crate) fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, script).expect("a writable folder");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions can be set");
    path
}

/// Adds 100 ms to the reported time, without spending them.
pub(super) const WORK: &str = "took=$((took+100)); echo $took > $(dirname $0)/took";

/// Runs a fake program and returns the usage that it reports.
fn told(command: &mut Command) -> Result<Usage> {
    let took = Path::new(command.get_program()).with_file_name("took");
    fs::write(&took, "0")?;
    let usage = process::measure(command)?;
    let seconds = fs::read_to_string(took)?.trim().parse::<f64>()? / 1e3;
    Ok(Usage { cpu_s: seconds, wall_s: seconds, ..usage })
}

/// Creates all programs. `batch` is the script for `tape batch`, with the plan in `$plan` and the path of the result in
/// `$out`.
pub(super) fn programs(folder: &Path, batch: &str) -> Programs {
    // The arguments of batch start with: batch PATH --stat NAME --plan PLAN --workers N --overwrite -o OUT.
    let simulate = "[ $1 = simulate ] && mkdir $2 && exec touch $2/part-0.parquet";
    let convert = "[ $1 = convert ] && mkdir $3 && exec touch $3/part-0.parquet";
    let tape = format!("#!/bin/sh\n{simulate}\n{convert}\nplan=$6\nout=${{11}}\n{batch}\n");
    program(folder, "tape", &tape);
    program(folder, "tape-floor", &format!("#!/bin/sh\n{WORK}\necho 3000\n"));
    // Fails unless all results are equal. The first two arguments are the tolerance, and two more may select columns.
    let compare = "#!/bin/sh\nshift 2\n[ $1 != --columns ] || shift 2\nfirst=$1\nfor other; do cmp $first $other >&2 || exit 1; done\n";
    program(folder, "tape-compare", compare);
    let kernels = r#"[{"statistic": "x", "epochs": 1, "kernel_epochs_per_s": [2], "scalar_epochs_per_s": [1]}]"#;
    program(folder, "tape-kernels", &format!("#!/bin/sh\necho '{kernels}'\n"));
    program(folder, "tape-warm", "#!/bin/sh\n");
    Programs { measure: told, ..Programs::in_folder(folder).expect("all programs exist") }
}

/// Creates a Python whose environments are copies of itself. `pip` is the script for pip, and other scripts run in sh.
pub(super) fn python(folder: &Path, pip: &str) -> PathBuf {
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n'--version ') echo Python 3;;\n\
         '-m venv') mkdir -p \"$3/bin\" && cp \"$0\" \"$3/bin/python\";;\n\
         '-m pip') {pip}\n;;\n*) exec sh \"$@\";;\nesac\n"
    );
    program(folder, "python3", &script)
}
