//! The scripts of `benches/peers`, and what each says of itself in the comment block at its head.
//!
//! The block is that of PEP 723, inline script metadata: what the script depends on, and under `tool.tape-bench` the rows
//! of the table that it answers. The folder is the list of peers: there is no other.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::workload::{Layout, Size};
use crate::run::Result;

/// What is computed for each id and band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Task {
    /// Stetson's J.
    StetsonJ,
    /// The mean, the standard deviation, the weighted mean and the number of epochs.
    Moments,
}

impl Task {
    /// All.
    pub(super) const ALL: [Self; 2] = [Self::StetsonJ, Self::Moments];

    /// As scripts and tables have it.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::StetsonJ => "stetson_j",
            Self::Moments => "moments",
        }
    }

    /// As `tape batch --stat` has it; the number of epochs stands in every table of ours.
    pub(super) const fn statistics(self) -> &'static str {
        match self {
            Self::StetsonJ => "stetson_j",
            Self::Moments => "mean,standard_deviation,weighted_mean",
        }
    }

    /// The columns that are compared.
    pub(super) const fn columns(self) -> &'static str {
        match self {
            Self::StetsonJ => "id,band,stetson_j",
            Self::Moments => "id,band,n_obs,mean,standard_deviation,weighted_mean",
        }
    }
}

/// A script, which may answer more than one row.
#[derive(Debug)]
pub(super) struct Script {
    /// The file's name without its ending.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// What pip installs: names with exact versions.
    pub(super) dependencies: Vec<String>,
    /// The versions of what those depend on.
    pub(super) constraints: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One way to answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Row {
    /// What the table calls it, and the script is told.
    pub(super) name: String,
    tasks: Vec<Task>,
    layouts: Vec<Layout>,
    /// The surveys that it can be asked for in reasonable time; all without it.
    sizes: Option<Vec<Size>>,
    /// Whether it has answers to compare: merely reading has none.
    #[serde(default = "yes")]
    pub(super) answers: bool,
    #[serde(default)]
    targets: Vec<Target>,
}

/// How much more CPU time than ours a row must take on the medium survey.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    task: Task,
    layout: Layout,
    least: f64,
}

const fn yes() -> bool {
    true
}

impl Row {
    /// Whether it answers this.
    pub(super) fn answers_to(&self, size: Size, task: Task, layout: Layout) -> bool {
        let is_size = self.sizes.as_ref().is_none_or(|sizes| sizes.contains(&size));
        is_size && self.tasks.contains(&task) && self.layouts.contains(&layout)
    }

    /// The least ratio of its CPU time to ours that we promise.
    pub(super) fn least(&self, size: Size, task: Task, layout: Layout) -> Option<f64> {
        let is_this = |target: &&Target| size == Size::Medium && (target.task, target.layout) == (task, layout);
        self.targets.iter().find(is_this).map(|target| target.least)
    }
}

#[derive(Deserialize)]
struct Metadata {
    dependencies: Vec<String>,
    tool: Tools,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Tools {
    tape_bench: Declared,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(default)]
    constraints: Vec<String>,
    rows: Vec<Row>,
}

/// The scripts of a folder, in order of name, but for those that others share, whose names begin with an underscore.
pub(super) fn scripts(folder: &Path) -> Result<Vec<Script>> {
    let named = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut scripts = vec![];
    for entry in fs::read_dir(folder).map_err(named)? {
        let path = entry.map_err(named)?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "py") && !name.starts_with('_') {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let script = parse(name, path.clone(), &text);
            scripts.push(script.map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scripts)
}

fn parse(name: String, path: PathBuf, text: &str) -> Result<Script> {
    let block = block(text).ok_or("it has no block '# /// script' … '# ///', which says what it needs and answers")?;
    let Metadata { dependencies, tool: Tools { tape_bench: Declared { constraints, rows } } } = toml::from_str(&block)?;
    if let Some(loose) = dependencies.iter().chain(&constraints).find(|package| !package.contains("==")) {
        return Err(format!("'{loose}' names no exact version: write {loose}==…, or figures change unseen").into());
    }
    for row in &rows {
        let unanswered = |target: &&Target| !row.answers_to(Size::Medium, target.task, target.layout);
        if let Some(target) = row.targets.iter().find(unanswered) {
            let (task, layout) = (target.task.name(), target.layout.name());
            return Err(
                format!("row '{}' has a target for {task}, {layout}, which it does not answer", row.name).into()
            );
        }
    }
    Ok(Script { name, path, dependencies, constraints, rows })
}

/// The lines between `# /// script` and `# ///`, without the comment signs.
fn block(text: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| *line != "# /// script");
    lines.next()?;
    let mut block = String::new();
    for line in lines {
        if line == "# ///" {
            return Some(block);
        }
        let content = line.strip_prefix('#')?;
        block += content.strip_prefix(' ').unwrap_or(content);
        block.push('\n');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;

    const HEAD: &str = "# /// script\n# dependencies = [\"a==1\"]\n#\n# [[tool.tape-bench.rows]]\n# name = \"A\"\n\
                        # tasks = [\"moments\"]\n# layouts = [\"sorted\"]\n";

    fn parsed(text: &str) -> Result<Script> {
        parse("a".into(), "a.py".into(), text)
    }

    #[test]
    fn a_row_answers_what_it_declares() {
        let script = parsed(&format!("{HEAD}# sizes = [\"medium\"]\n# ///\nprint(1)\n")).expect("it is one");
        let row = &script.rows[0];
        assert!(row.answers_to(Size::Medium, Task::Moments, Layout::Sorted) && row.answers);
        assert!(!row.answers_to(Size::Large, Task::Moments, Layout::Sorted));
        assert!(!row.answers_to(Size::Medium, Task::StetsonJ, Layout::Sorted));
        assert!(!row.answers_to(Size::Medium, Task::Moments, Layout::Shuffled));
    }

    #[test]
    fn what_is_not_pinned_or_not_known_is_refused() {
        let refused = |text: &str, why: &str| {
            let error = parsed(text).expect_err("it is refused").to_string();
            assert!(error.contains(why), "{error}");
        };
        refused("print(1)\n", "it has no block");
        refused(HEAD, "it has no block");
        refused(&format!("{}# ///\n", HEAD.replace("==1", ">=1")), "'a>=1' names no exact version");
        refused(&format!("{HEAD}# colour = \"red\"\n# ///\n"), "unknown field `colour`");
        let target = "# targets = [{ task = \"moments\", layout = \"shuffled\", least = 1.0 }]\n# ///\n";
        refused(&format!("{HEAD}{target}"), "row 'A' has a target for moments, shuffled, which it does not answer");
    }

    #[test]
    fn targets_are_for_the_medium_survey() {
        let target = "# targets = [{ task = \"moments\", layout = \"sorted\", least = 2.5 }]\n# ///\n";
        let script = parsed(&format!("{HEAD}{target}")).expect("it is one");
        let least = |size| script.rows[0].least(size, Task::Moments, Layout::Sorted);
        assert_eq!((least(Size::Medium), least(Size::Large)), (Some(2.5), None));
    }

    #[test]
    fn our_peers_are_scripts_with_names_of_their_own() {
        let scripts = scripts(&run::root().join("benches/peers")).expect("all are understood");
        let mut names: Vec<&str> =
            scripts.iter().flat_map(|script| &script.rows).map(|row| row.name.as_str()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(all > 0 && names.len() == all, "{names:?}");
    }
}
