//! Checks dependencies between crates.

use super::{Finding, Workspace, failures};

/// The crates of the middle layer.
const PILLARS: [&str; 4] = ["tape-io", "tape-exec", "tape-gpu", "tape-analysis"];
/// The crates of the lowest layer, which depend on no crate of the workspace.
const FOUNDATION: [&str; 2] = ["tape-core", "tape-pool"];
/// Crates that tape-core must not depend on.
const NOT_IN_CORE: [&str; 3] = ["rayon", "parquet", "wgpu"];
/// Major version of Arrow that the Python bridge and the cluster engines also use.
const ARROW_MAJOR: &str = "59";

/// Checks that crates of the middle layer do not depend on each other, and that only tape combines several of them.
pub(super) fn pillars(workspace: &Workspace) -> Vec<Finding> {
    let mut broken = vec![];
    for member in workspace.metadata.members() {
        let below = workspace.metadata.members_below(member);
        let name = member.name.as_str();
        if PILLARS.contains(&name) {
            broken.extend(below.iter().filter(|b| !FOUNDATION.contains(b)).map(|b| format!("{name} depends on {b}")));
        } else if FOUNDATION.contains(&name) || name == "xtask" {
            broken.extend(
                below.iter().map(|b| format!("{name} depends on {b}; it must not depend on crates of the workspace")),
            );
        } else if name != "tape" {
            let pillars: Vec<&str> = below.into_iter().filter(|b| PILLARS.contains(b)).collect();
            if pillars.len() > 1 {
                broken.push(format!("{name} combines {}; only tape may do so", pillars.join(" and ")));
            }
        }
    }
    failures(broken)
}

/// Checks that tape-core has no I/O, threads or GPU, even indirectly.
pub(super) fn core(workspace: &Workspace) -> Vec<Finding> {
    let tree = workspace.metadata.tree("tape-core");
    failures(NOT_IN_CORE.iter().filter(|n| tree.contains(**n)).map(|n| format!("tape-core depends on {n}")))
}

/// Functions and traits that use rayon's global pool: parallel iterators, and functions without a pool.
const GLOBAL_POOL: [&str; 9] =
    ["prelude", "iter", "slice", "join", "scope", "spawn", "broadcast", "in_place_scope", "ThreadPoolBuilder"];

/// Checks that only tape-pool starts pools and uses rayon's parallel iterators. Elsewhere they would start the global
/// pool, which `TAPE_NUM_THREADS` does not limit, and for which a child process after `fork` would wait forever. The
/// floor of the benchmarks has its own pool.
pub(super) fn pools(workspace: &Workspace) -> Vec<Finding> {
    let is_code = |path: &str| path.contains("/src/") && !path.contains("/tests/") && !path.ends_with("tests.rs");
    let elsewhere = |path: &str| !["tape-pool/", "benches/", "xtask/"].iter().any(|folder| path.starts_with(folder));
    let mut broken = vec![];
    for file in workspace.sources.iter().filter(|file| is_code(&file.path) && elsewhere(&file.path)) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let code = line.split("//").next().unwrap_or("");
            let uses = code.match_indices("rayon::").flat_map(|(at, name)| names(&code[at + name.len()..]));
            let used = uses.filter(|name| GLOBAL_POOL.contains(name));
            broken.extend(used.map(|name| format!("{}:{number}: rayon::{name}", file.path)));
        }
    }
    failures(broken)
}

/// Returns the names after a path: one name, or several in braces.
fn names(path: &str) -> Vec<&str> {
    let end = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    match path.strip_prefix('{') {
        None => vec![&path[..end(path)]],
        Some(list) => {
            let list = list.split('}').next().unwrap_or(list);
            list.split(',').map(str::trim).map(|name| &name[..end(name)]).collect()
        }
    }
}

/// Checks that a build without the `gpu` feature has no GPU code.
pub(super) fn no_gpu(workspace: &Workspace) -> Vec<Finding> {
    let tree = workspace.metadata.tree("tape-cli");
    failures(tree.contains("wgpu").then(|| "tape-cli depends on wgpu with default features".to_owned()))
}

/// Checks that there is one version of `arrow` and of `parquet`, because types of different versions are different
/// types.
pub(super) fn one_arrow(workspace: &Workspace) -> Vec<Finding> {
    let mut broken = vec![];
    for name in ["arrow", "parquet"] {
        let of_name = workspace.metadata.packages.iter().filter(|package| package.name == name);
        let versions: Vec<&str> = of_name.map(|package| package.version.as_str()).collect();
        let pinned = versions.iter().all(|version| version.split('.').next() == Some(ARROW_MAJOR));
        if versions.len() != 1 || !pinned {
            broken.push(format!("{name}: {versions:?}, expected one version {ARROW_MAJOR}"));
        }
    }
    failures(broken)
}

#[cfg(test)]
mod tests {
    use super::super::sources::File;
    use super::*;

    type Package<'a> = (&'a str, &'a str, &'a str, bool, &'a [&'a str]);

    /// Returns a valid workspace, with one package replaced or added.
    fn workspace<'a>(change: Package<'a>) -> Workspace {
        let mut packages: Vec<Package<'a>> = vec![
            ("tape", "0.1.0", "MIT", true, &["tape-core", "tape-io", "tape-exec", "tape-analysis"]),
            ("tape-cli", "0.1.0", "MIT", true, &["tape", "clap"]),
            ("tape-core", "0.1.0", "MIT", true, &["arrow"]),
            ("tape-io", "0.1.0", "MIT", true, &["tape-core", "parquet"]),
            ("tape-exec", "0.1.0", "MIT", true, &["tape-core", "tape-pool", "rayon"]),
            ("tape-pool", "0.1.0", "MIT", true, &["rayon"]),
            ("tape-analysis", "0.1.0", "MIT", true, &["tape-core"]),
            ("tape-gpu", "0.1.0", "MIT", true, &["tape-core", "wgpu"]),
            ("tape-benches", "0.1.0", "MIT", true, &["tape-analysis", "tape-core"]),
            ("arrow", "59.3.2", "MIT", false, &[]),
            ("parquet", "59.3.2", "MIT", false, &["arrow"]),
            ("rayon", "1.12.0", "MIT", false, &[]),
            ("wgpu", "30.0.0", "MIT", false, &[]),
        ];
        packages.retain(|package| (package.0, package.1) != (change.0, change.1));
        packages.push(change);
        Workspace::with_packages(&packages)
    }

    const UNCHANGED: Package<'_> = ("rayon", "1.12.0", "MIT", false, &[]);

    #[test]
    fn a_valid_workspace_has_no_findings() {
        let workspace = workspace(UNCHANGED);
        for check in [pillars, core, no_gpu, one_arrow] {
            assert_eq!(check(&workspace), []);
        }
    }

    #[test]
    fn uses_of_the_global_pool_are_found_outside_of_tape_pool() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let uses =
            "use rayon::{Scope, join};\n// rayon::spawn is talk\nfn f() { rayon::spawn(g) }\nuse rayon::prelude::*;\n";
        let sources = vec![
            file("tape-io/src/a.rs", uses),
            file("tape-pool/src/b.rs", uses),
            file("tape-exec/src/pool/tests.rs", uses),
            file("tape-exec/src/c.rs", "use rayon::{Scope, ThreadPool};\npub use rayon;\n"),
        ];
        let workspace = Workspace { sources, ..workspace(UNCHANGED) };
        let found = [(1, "join"), (3, "spawn"), (4, "prelude")];
        let found = found.map(|(line, name)| format!("tape-io/src/a.rs:{line}: rayon::{name}"));
        assert_eq!(pools(&workspace), failures(found));
    }

    #[test]
    fn dependencies_between_pillars_are_found() {
        let workspace = workspace(("tape-io", "0.1.0", "MIT", true, &["tape-core", "tape-exec"]));
        assert_eq!(pillars(&workspace), failures(["tape-io depends on tape-exec".to_owned()]));
    }

    #[test]
    fn a_second_crate_that_combines_pillars_is_found() {
        let workspace = workspace(("tape-benches", "0.1.0", "MIT", true, &["tape-analysis", "tape-io"]));
        assert_eq!(
            pillars(&workspace),
            failures(["tape-benches combines tape-analysis and tape-io; only tape may do so".to_owned()])
        );
    }

    #[test]
    fn a_dependency_of_the_foundation_is_found() {
        let upwards = workspace(("tape-core", "0.1.0", "MIT", true, &["tape-io"]));
        assert_eq!(pillars(&upwards).len(), 1);
        assert_eq!(core(&upwards), failures(["tape-core depends on parquet".to_owned()]));
        let by_another = workspace(("arrow", "59.3.2", "MIT", false, &["rayon"]));
        assert_eq!(core(&by_another), failures(["tape-core depends on rayon".to_owned()]));
    }

    #[test]
    fn an_indirect_dependency_on_wgpu_is_found() {
        assert_eq!(no_gpu(&workspace(("tape", "0.1.0", "MIT", true, &["tape-gpu"]))).len(), 1);
    }

    #[test]
    fn other_versions_of_arrow_are_found() {
        assert_eq!(one_arrow(&workspace(("arrow", "60.1.0", "MIT", false, &[]))).len(), 1, "a second one");
        assert_eq!(
            one_arrow(&Workspace::with_packages(&[("parquet", "60.1.0", "MIT", false, &[])])).len(),
            2,
            "another, and none"
        );
    }
}
