//! The Python environments of peers. They are installed from PyPI on first use, and cached next to the surveys.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::script::Script;
use crate::run::{self, Result};

/// All environments. Scripts with the same requirements share one.
#[derive(Debug)]
pub(super) struct Environments {
    folder: PathBuf,
    /// The Python that creates environments.
    python: PathBuf,
    /// For each set of requirements, the Python of the environment, or the error.
    made: HashMap<String, std::result::Result<PathBuf, String>>,
}

impl Environments {
    /// Creates environments in `folder` with `python`.
    pub(super) fn new(folder: PathBuf, python: PathBuf) -> Self {
        Self { folder, python, made: HashMap::new() }
    }

    /// Returns the Python that runs a script, or a one-line error. Both are cached.
    pub(super) fn python(&mut self, script: &Script) -> std::result::Result<PathBuf, String> {
        let requirements = script.dependencies.join("\n") + "\n";
        let constraints = script.constraints.join("\n") + "\n";
        let key = format!("{requirements}--constraint\n{constraints}");
        let (folder, python) = (&self.folder, &self.python);
        let make = || make(folder, python, &key, &requirements, &constraints).map_err(|error| last_line(&*error));
        self.made.entry(key.clone()).or_insert_with(make).clone()
    }
}

/// Returns the last line of an error, which contains the reason for pip and Python.
pub(super) fn last_line(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no message").to_owned()
}

fn make(folder: &Path, python: &Path, key: &str, requirements: &str, constraints: &str) -> Result<PathBuf> {
    let version = run::read(Command::new(python).arg("--version"))?;
    let mut hasher = DefaultHasher::new();
    (key, &version).hash(&mut hasher);
    let environment = folder.join(format!("{:016x}", hasher.finish()));
    let own_python = environment.join("bin/python");
    // The stamp is written last and holds the requirements, so that incomplete environments are created again.
    let (stamp, content) = (environment.join(".complete"), format!("{version}\n{key}"));
    if fs::read_to_string(&stamp).is_ok_and(|made| made == content) {
        return Ok(own_python);
    }
    println!("creating {}: {}", environment.display(), requirements.trim().replace('\n', ", "));
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
    fn an_environment_is_created_once_and_again_if_incomplete() {
        let folder = tempfile::tempdir().expect("a folder");
        let python = fake::python(folder.path(), "echo \"$@\" >> $(dirname $0)/../../log");
        let environments = || Environments::new(folder.path().join("peers"), python.clone());
        let mut first = environments();
        let made = first.python(&script(&["a==1"])).expect("pip succeeds");
        assert!(made.is_file());
        assert_eq!(first.python(&script(&["a==1"])), Ok(made.clone()));
        assert_eq!(environments().python(&script(&["a==1"])), Ok(made.clone()));
        assert_ne!(environments().python(&script(&["a==2"])), Ok(made.clone()));
        let environment = made.parent().and_then(Path::parent).expect("a parent folder");
        assert_eq!(fs::read_to_string(environment.join("constraints.txt")).expect("a constraints file"), "b==2\n");
        fs::remove_file(environment.join(".complete")).expect("it is there");
        environments().python(&script(&["a==1"])).expect("created again");
        let log = fs::read_to_string(folder.path().join("peers/log")).expect("it was written");
        assert_eq!(log.matches("pip install").count(), 3, "{log}");
    }

    #[test]
    fn the_last_line_of_pip_is_the_error() {
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
