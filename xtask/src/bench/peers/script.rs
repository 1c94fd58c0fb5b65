//! The scripts of `benches/peers`, and the metadata at their start.
//!
//! The metadata is a comment block according to PEP 723 (inline script metadata). It declares the dependencies of the
//! script and, under `tool.tape-bench`, the rows of the table that the script measures. The folder is the only list of
//! peers.
//! of the table that it answers. The folder is the list of peers: there is no other.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::workload::{Layout, Size};
use crate::run::Result;

/// A computation for each id and band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Task {
    /// Stetson's J.
    StetsonJ,
    /// The mean, the standard deviation, the weighted mean and the number of epochs.
    Moments,
    /// The indices of variability of the light-curve package.
    Indices,
    /// TAPE's structure function, with one row per bin.
    StructureFunction,
    /// The period at the highest peak of the Lomb–Scargle periodogram.
    LombScargle,
}

/// Parameters of a task for the benchmarked programs.
struct TaskSpec {
    /// Name in scripts and tables.
    name: &'static str,
    /// Statistics for `tape batch --stat`. Our tables always include the number of epochs.
    statistics: &'static str,
    /// Columns to compare, starting with the key.
    columns: &'static str,
    /// Largest difference of a peer's values from ours, relative, or absolute below 1.
    tolerance: &'static str,
}

/// Tolerance for sums in a different order, which differ by about 1e-15. The square root in Stetson's J amplifies this
/// to 1e-10 for epochs whose distance from the mean is close to their error.
const IN_ANOTHER_ORDER: &str = "1e-9";

const STETSON_J: TaskSpec =
    TaskSpec { name: "stetson_j", statistics: "stetson_j", columns: "id,band,stetson_j", tolerance: IN_ANOTHER_ORDER };

const MOMENTS: TaskSpec = TaskSpec {
    name: "moments",
    statistics: "mean,standard_deviation,weighted_mean",
    columns: "id,band,n_obs,mean,standard_deviation,weighted_mean",
    tolerance: IN_ANOTHER_ORDER,
};

/// 43 indices. `peak_to_peak_var` is computed by ours but not compared, because the package implements it in Python.
const INDICES: TaskSpec = TaskSpec {
    name: "indices",
    statistics: "amplitude,anderson_darling_normal,beyond_1_std,beyond_2_std,cusum,duration,eta,eta_e,excess_variance,\
                 inter_percentile_range_25,inter_percentile_range_10,kurtosis,linear_fit,linear_trend,\
                 magnitude_percentage_ratio_40_5,maximum_slope,maximum_time_interval,mean,mean_variance,median,\
                 median_absolute_deviation,median_buffer_range_percentage_10,minimum_time_interval,observation_count,\
                 otsu_split,peak_to_peak_var,percent_amplitude,percent_difference_magnitude_percentile_5,reduced_chi2,\
                 roms,skew,standard_deviation,stetson_k,time_mean,time_standard_deviation,weighted_mean",
    columns: "id,band,amplitude,anderson_darling_normal,beyond_1_std,beyond_2_std,cusum,duration,eta,eta_e,excess_variance,\
              inter_percentile_range_25,inter_percentile_range_10,kurtosis,linear_fit_slope,linear_fit_slope_sigma,\
              linear_fit_reduced_chi2,linear_trend,linear_trend_sigma,linear_trend_noise,\
              magnitude_percentage_ratio_40_5,maximum_slope,maximum_time_interval,mean,mean_variance,median,\
              median_absolute_deviation,median_buffer_range_percentage_10,minimum_time_interval,observation_count,\
              otsu_mean_diff,otsu_std_lower,otsu_std_upper,otsu_lower_to_all_ratio,percent_amplitude,\
              percent_difference_magnitude_percentile_5,reduced_chi2,roms,skew,standard_deviation,stetson_k,time_mean,\
              time_standard_deviation,weighted_mean",
    tolerance: IN_ANOTHER_ORDER,
};

const STRUCTURE_FUNCTION: TaskSpec = TaskSpec {
    name: "structure_function",
    statistics: "structure_function",
    columns: "id,band,bin,dt,sf2",
    tolerance: IN_ANOTHER_ORDER,
};

/// About 50,000 frequencies for the ten years of a simulated survey, five per width of a peak. Both sides refine the
/// peak, which is flat at its top, so the period has half as many digits as the power.
const LOMB_SCARGLE: TaskSpec = TaskSpec {
    name: "lomb_scargle",
    statistics: "lomb_scargle:minimum_period=0.365",
    columns: "id,band,lomb_scargle_minimum_period0.365_period,lomb_scargle_minimum_period0.365_power",
    tolerance: "1e-5",
};

impl Task {
    /// All tasks.
    pub(super) const ALL: [Self; 5] =
        [Self::StetsonJ, Self::Moments, Self::Indices, Self::StructureFunction, Self::LombScargle];

    const fn spec(self) -> &'static TaskSpec {
        match self {
            Self::StetsonJ => &STETSON_J,
            Self::Moments => &MOMENTS,
            Self::Indices => &INDICES,
            Self::StructureFunction => &STRUCTURE_FUNCTION,
            Self::LombScargle => &LOMB_SCARGLE,
        }
    }

    /// Returns the name in scripts and tables.
    pub(in super::super) const fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the statistics for `tape batch --stat`. Our tables always include the number of epochs.
    pub(super) const fn statistics(self) -> &'static str {
        self.spec().statistics
    }

    /// Returns the columns to compare, starting with the key.
    pub(super) const fn columns(self) -> &'static str {
        self.spec().columns
    }

    /// Returns the largest difference of a peer's values from ours, relative, or absolute below 1.
    pub(super) const fn tolerance(self) -> &'static str {
        self.spec().tolerance
    }

    /// Returns the layouts to measure. A task that takes longer than reading is measured on only one.
    pub(super) const fn layouts(self) -> &'static [Layout] {
        match self {
            Self::StetsonJ => &[Layout::Sorted, Layout::Shuffled, Layout::Nested],
            Self::Moments => &[Layout::Sorted, Layout::Shuffled],
            Self::Indices | Self::StructureFunction | Self::LombScargle => &[Layout::Sorted],
        }
    }

    /// Returns the survey on which the targets are judged.
    const fn judged_on(self) -> Size {
        match self {
            Self::StetsonJ | Self::Moments | Self::Indices => Size::Medium,
            Self::StructureFunction | Self::LombScargle => Size::Thousand,
        }
    }

    /// Returns true if the task is measured on a survey. Slow tasks are measured on a thousand light curves, where the
    /// others would be too short to time. The fluxes of S82 are magnitudes with repeated times, for which
    /// implementations of the indices differ.
    pub(super) fn is_on(self, size: Size) -> bool {
        let on_a_thousand = self.judged_on() == Size::Thousand;
        (size == Size::Thousand) == on_a_thousand && !(size == Size::S82 && self == Self::Indices)
    }
}

/// A script with one or more rows.
#[derive(Debug)]
pub(super) struct Script {
    /// File name without extension.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Packages to install with pip, with exact versions.
    pub(super) dependencies: Vec<String>,
    /// Exact versions of indirect dependencies.
    pub(super) constraints: Vec<String>,
    pub(super) rows: Vec<PeerRow>,
}

/// A row of the table that a script measures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PeerRow {
    /// Name in the table, which is passed to the script.
    pub(super) name: String,
    tasks: Vec<Task>,
    layouts: Vec<Layout>,
    /// Surveys on which the row finishes in reasonable time. All if not given.
    sizes: Option<Vec<Size>>,
    /// False for rows that only read, and have no results to compare.
    #[serde(default = "yes")]
    pub(super) answers: bool,
    #[serde(default)]
    targets: Vec<PeerTarget>,
}

/// Minimum ratio of a row's CPU time to ours, on the survey where its task is judged.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerTarget {
    task: Task,
    layout: Layout,
    least: f64,
}

const fn yes() -> bool {
    true
}

impl PeerRow {
    /// Returns true if the row supports this combination.
    pub(super) fn answers_to(&self, size: Size, task: Task, layout: Layout) -> bool {
        let is_size = self.sizes.as_ref().is_none_or(|sizes| sizes.contains(&size));
        is_size && self.tasks.contains(&task) && self.layouts.contains(&layout)
    }

    /// Returns the minimum ratio of the row's CPU time to ours, if there is a target.
    pub(super) fn least(&self, size: Size, task: Task, layout: Layout) -> Option<f64> {
        let is_this = |target: &&PeerTarget| size == task.judged_on() && (target.task, target.layout) == (task, layout);
        self.targets.iter().find(is_this).map(|target| target.least)
    }
}

#[derive(Deserialize)]
struct ScriptMetadata {
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
    rows: Vec<PeerRow>,
}

/// Reads the scripts of a folder, sorted by name. Skips shared modules, whose names start with an underscore.
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
    let block = block(text).ok_or("it has no metadata block '# /// script' … '# ///'")?;
    let ScriptMetadata { dependencies, tool: Tools { tape_bench: Declared { constraints, rows } } } =
        toml::from_str(&block)?;
    if let Some(loose) = dependencies.iter().chain(&constraints).find(|package| !package.contains("==")) {
        return Err(format!("'{loose}' is not pinned: write {loose}==…, so that figures stay comparable").into());
    }
    for row in &rows {
        let unanswered = |target: &&PeerTarget| !row.answers_to(target.task.judged_on(), target.task, target.layout);
        if let Some(target) = row.targets.iter().find(unanswered) {
            let (task, layout) = (target.task.name(), target.layout.name());
            return Err(
                format!("row '{}' has a target for {task}, {layout}, which it does not measure", row.name).into()
            );
        }
    }
    Ok(Script { name, path, dependencies, constraints, rows })
}

/// Returns the lines between `# /// script` and `# ///`, without comment signs.
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
    fn a_row_supports_what_it_declares() {
        let script = parsed(&format!("{HEAD}# sizes = [\"medium\"]\n# ///\nprint(1)\n")).expect("a valid script");
        let row = &script.rows[0];
        assert!(row.answers_to(Size::Medium, Task::Moments, Layout::Sorted) && row.answers);
        assert!(!row.answers_to(Size::Large, Task::Moments, Layout::Sorted));
        assert!(!row.answers_to(Size::Medium, Task::StetsonJ, Layout::Sorted));
        assert!(!row.answers_to(Size::Medium, Task::Moments, Layout::Shuffled));
    }

    #[test]
    fn unpinned_packages_and_unknown_fields_are_rejected() {
        let refused = |text: &str, why: &str| {
            let error = parsed(text).expect_err("an invalid script").to_string();
            assert!(error.contains(why), "{error}");
        };
        refused("print(1)\n", "it has no metadata block");
        refused(HEAD, "it has no metadata block");
        refused(&format!("{}# ///\n", HEAD.replace("==1", ">=1")), "'a>=1' is not pinned");
        refused(&format!("{HEAD}# colour = \"red\"\n# ///\n"), "unknown field `colour`");
        let target = "# targets = [{ task = \"moments\", layout = \"shuffled\", least = 1.0 }]\n# ///\n";
        refused(&format!("{HEAD}{target}"), "row 'A' has a target for moments, shuffled, which it does not measure");
    }

    #[test]
    fn targets_are_for_the_medium_survey() {
        let target = "# targets = [{ task = \"moments\", layout = \"sorted\", least = 2.5 }]\n# ///\n";
        let script = parsed(&format!("{HEAD}{target}")).expect("a valid script");
        let least = |size| script.rows[0].least(size, Task::Moments, Layout::Sorted);
        assert_eq!((least(Size::Medium), least(Size::Large)), (Some(2.5), None));
    }

    #[test]
    fn our_peers_have_distinct_names() {
        let scripts = scripts(&run::root().join("benches/peers")).expect("valid scripts");
        let mut names: Vec<&str> =
            scripts.iter().flat_map(|script| &script.rows).map(|row| row.name.as_str()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(all > 0 && names.len() == all, "{names:?}");
    }
}
