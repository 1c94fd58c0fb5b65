//! The Python environments of peers: made from PyPI on first use, and kept beside the surveys.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::script::Script;
use crate::run::{self, Result};

/// All of them; scripts that need the same share one.
#[derive(Debug)]
pub(super) struct Environments {
    folder: PathBuf,
    /// What makes them.
    python: PathBuf,
    /// By requirements: the Python of each, or why there is none.
    made: HashMap<String, std::result::Result<PathBuf, String>>,
}

impl Environments {
    /// Those in a folder, made by a Python.
    pub(super) fn new(folder: PathBuf, python: PathBuf) -> Self {
        Self { folder, python, made: HashMap::new() }
    }

    /// The Python that runs a script, or in one line why there is none: that is not found out twice.
    pub(super) fn python(&mut self, script: &Script) -> std::result::Result<PathBuf, String> {
        let requirements = script.dependencies.join("\n") + "\n";
        let constraints = script.constraints.join("\n") + "\n";
        let key = format!("{requirements}--constraint\n{constraints}");
        let (folder, python) = (&self.folder, &self.python);
        let make = || make(folder, python, &key, &requirements, &constraints).map_err(|error| last_line(&*error));
        self.made.entry(key.clone()).or_insert_with(make).clone()
    }
}

/// The last line of what went wrong, which for pip and Python is the one that says it.
pub(super) fn last_line(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no reason given").to_owned()
}

fn make(folder: &Path, python: &Path, key: &str, requirements: &str, constraints: &str) -> Result<PathBuf> {
    let version = run::read(Command::new(python).arg("--version"))?;
    let mut hasher = DefaultHasher::new();
    (key, &version).hash(&mut hasher);
    let environment = folder.join(format!("{:016x}", hasher.finish()));
    let own_python = environment.join("bin/python");
    // Written last, and with what is in it: one that is half made is made again.
    let (stamp, content) = (environment.join(".complete"), format!("{version}\n{key}"));
    if fs::read_to_string(&stamp).is_ok_and(|made| made == content) {
        return Ok(own_python);
    }
    println!("making {}: {}", environment.display(), requirements.trim().replace('\n', ", "));
    let failed = |error: std::io::Error| format!("{}: {error}", environment.display());
    if environment.exists() {
        fs::remove_dir_all(&environment).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    run::read(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    let list = |name: &str, text: &str| -> Result<PathBuf> {
        let path = environment.join(name);
        fs::write(&path, text).map_err(failed)?;
        Ok(path)
    };
    let mut pip = Command::new(&own_python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.arg("--requirement").arg(list("requirements.txt", requirements)?);
    pip.arg("--constraint").arg(list("constraints.txt", constraints)?);
    run::read(&mut pip)?;
    fs::write(stamp, content).map_err(failed)?;
    Ok(own_python)
}

#[cfg(test)]
mod tests {
    use super::super::super::fake;
    use super::*;

    fn script(dependencies: &[&str]) -> Script {
        Script {
            name: "a".into(),
            path: "a.py".into(),
            dependencies: dependencies.iter().map(|&package| package.into()).collect(),
            constraints: vec!["b==2".into()],
            rows: vec![],
        }
    }

    #[test]
    fn an_environment_is_made_once_shared_and_made_again_if_half_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let python = fake::python(folder.path(), "echo \"$@\" >> $(dirname $0)/../../log");
        let environments = || Environments::new(folder.path().join("peers"), python.clone());
        let mut first = environments();
        let made = first.python(&script(&["a==1"])).expect("pip says nothing");
        assert!(made.is_file());
        assert_eq!(first.python(&script(&["a==1"])), Ok(made.clone()));
        assert_eq!(environments().python(&script(&["a==1"])), Ok(made.clone()));
        assert_ne!(environments().python(&script(&["a==2"])), Ok(made.clone()));
        let environment = made.parent().and_then(Path::parent).expect("it lies in one");
        assert_eq!(fs::read_to_string(environment.join("constraints.txt")).expect("for pip"), "b==2\n");
        fs::remove_file(environment.join(".complete")).expect("it is there");
        environments().python(&script(&["a==1"])).expect("half made");
        let log = fs::read_to_string(folder.path().join("peers/log")).expect("it was written");
        assert_eq!(log.matches("pip install").count(), 3, "{log}");
    }

    #[test]
    fn what_pip_says_last_is_why_there_is_no_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        let python =
            fake::python(folder.path(), "echo >> $(dirname $0)/../../log; echo one >&2; echo no luck >&2; exit 1");
        let mut environments = Environments::new(folder.path().join("peers"), python);
        assert_eq!(environments.python(&script(&["a==1"])), Err("no luck".into()));
        assert_eq!(environments.python(&script(&["a==1"])), Err("no luck".into()));
        assert_eq!(fs::read_to_string(folder.path().join("peers/log")).expect("it was written"), "\n");
        let mut without = Environments::new(folder.path().into(), "/no/such/python3".into());
        assert!(
            without.python(&script(&[])).expect_err("no Python").starts_with("python3 --version could not be started")
        );
    }
}
