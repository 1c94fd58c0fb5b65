//! Checks how the modules of each crate depend on each other.

mod duplicates;
mod graph;
mod scan;

use std::collections::BTreeSet;

use super::metadata::Package;
use super::{Finding, Workspace, failures};
use graph::{Graph, cycles};

/// Limits of a crate. Lower a limit when the crate improves, and only raise one with a reason in the commit.
#[derive(Debug, PartialEq, Eq)]
struct Bounds {
    /// Number of files and folders directly under `src`, except `lib.rs` and `main.rs`.
    modules: usize,
    /// Number of pairs of modules in which the first uses the second.
    dependencies: usize,
    /// Number of modules in cycles.
    in_cycles: usize,
}

const BOUNDS: &[(&str, Bounds)] = &[
    ("benches", Bounds { modules: 5, dependencies: 7, in_cycles: 0 }),
    ("tape", Bounds { modules: 13, dependencies: 29, in_cycles: 0 }),
    ("tape-analysis", Bounds { modules: 16, dependencies: 31, in_cycles: 5 }),
    ("tape-cli", Bounds { modules: 29, dependencies: 77, in_cycles: 0 }),
    ("tape-core", Bounds { modules: 30, dependencies: 80, in_cycles: 5 }),
    ("tape-exec", Bounds { modules: 7, dependencies: 19, in_cycles: 0 }),
    ("tape-gpu", Bounds { modules: 17, dependencies: 45, in_cycles: 2 }),
    ("tape-io", Bounds { modules: 12, dependencies: 36, in_cycles: 0 }),
    ("tape-pool", Bounds { modules: 1, dependencies: 1, in_cycles: 0 }),
    ("xtask", Bounds { modules: 8, dependencies: 9, in_cycles: 0 }),
];

/// The folders of a crate. Each uses only earlier ones.
struct Folders {
    /// Path of the sources.
    src: &'static str,
    order: &'static [&'static str],
    /// Files directly under `src` that every folder may use, or that may use every folder.
    exempt: &'static [&'static str],
    /// Folders, with names that their code must not contain.
    forbidden: &'static [(&'static str, &'static [&'static str])],
}

const TAPE_IO: Folders = Folders {
    src: "tape-io/src",
    order: &["file", "catalog", "expr", "decode", "survey", "spill", "scan", "write"],
    exempt: &["error", "fault", "fuzzing", "sphere"],
    forbidden: &[("expr", &["Survey", "Source"]), ("decode", &["Survey", "Source"])],
};

/// Checks each crate against its limits, and reports its present numbers.
pub(super) fn bounds(workspace: &Workspace) -> Vec<Finding> {
    workspace.metadata.members().flat_map(|member| bounds_of(workspace, member, BOUNDS)).collect()
}

/// Finds types and files of a crate that have the same name.
pub(super) fn duplicates(workspace: &Workspace) -> Vec<Finding> {
    let found = workspace.metadata.members().flat_map(|member| {
        let src = format!("{}/src", folder_of(workspace, member));
        let duplicates = duplicates::duplicates(&Graph::read(&workspace.sources, &src));
        duplicates.into_iter().map(|duplicate| format!("{src}: {duplicate}")).collect::<Vec<_>>()
    });
    found.map(Finding::Note).collect()
}

/// Returns the folder of a member, relative to the workspace.
fn folder_of(workspace: &Workspace, member: &Package) -> String {
    let folder = member.folder().strip_prefix(&workspace.metadata.workspace_root).unwrap_or(member.folder());
    folder.to_string_lossy().replace('\\', "/")
}

fn bounds_of(workspace: &Workspace, member: &Package, bounds: &[(&str, Bounds)]) -> Vec<Finding> {
    let folder = folder_of(workspace, member);
    let graph = Graph::read(&workspace.sources, &format!("{folder}/src"));
    let dependencies = graph.top_dependencies();
    let cycles = cycles(&dependencies);
    let counted = Bounds {
        modules: graph.tops().len(),
        dependencies: dependencies.len(),
        in_cycles: cycles.iter().map(Vec::len).sum(),
    };
    let Some((_, most)) = bounds.iter().find(|(name, _)| *name == folder) else {
        return failures([format!("{folder} is missing in the table of limits: {counted:?}")]);
    };
    let cycles = match cycles.iter().map(|cycle| cycle.join(" ↔ ")).collect::<Vec<_>>().join("; ") {
        none if none.is_empty() => "no cycles".to_owned(),
        some => format!("cycles: {some}"),
    };
    let Bounds { modules, dependencies, in_cycles } = &counted;
    let mut findings =
        vec![Finding::Note(format!("{folder}: {modules} modules, {dependencies} dependencies, {cycles}"))];
    for (what, counted, most) in [
        ("modules directly under src", *modules, most.modules),
        ("dependencies between modules", *dependencies, most.dependencies),
        ("modules in cycles", *in_cycles, most.in_cycles),
    ] {
        if counted > most {
            findings.push(Finding::Failure(format!("{folder}: {counted} {what}; the limit is {most}")));
        }
    }
    findings
}

/// Checks the order of tape-io's folders.
pub(super) fn folders(workspace: &Workspace) -> Vec<Finding> {
    TAPE_IO.check(&Graph::read(&workspace.sources, TAPE_IO.src))
}

/// The library crates.
const LIBRARIES: [&str; 7] = ["tape", "tape-analysis", "tape-core", "tape-exec", "tape-gpu", "tape-io", "tape-pool"];

/// Finds strings of libraries that name a flag or subcommand of the command-line program, which Python does not have.
pub(super) fn messages(workspace: &Workspace) -> Vec<Finding> {
    let mut found = vec![];
    for src in LIBRARIES.map(|library| format!("{library}/src")) {
        for module in Graph::read(&workspace.sources, &src).modules {
            let strings = module.tokens.iter().filter_map(|token| Some((token.line, token.string()?)));
            let named = strings.filter(|(_, text)| names_the_command(text));
            found.extend(named.map(|(line, text)| format!("{src}/{}:{line}: {text}", module.path)));
        }
    }
    failures(found)
}

fn names_the_command(text: &str) -> bool {
    let is_flag = |at: usize| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '-') && text[at + 2..].starts_with(char::is_alphabetic)
    };
    text.contains("`tape ") || text.match_indices("--").any(|(at, _)| is_flag(at))
}

impl Folders {
    fn check(&self, graph: &Graph<'_>) -> Vec<Finding> {
        failures([self.strangers(graph), self.against(graph), self.cycles(graph), self.names(graph)].concat())
    }

    /// Finds modules outside of the known folders and files.
    fn strangers(&self, graph: &Graph<'_>) -> Vec<String> {
        let known = |top: &&str| self.order.contains(top) || self.exempt.contains(top);
        let strangers = graph.tops().into_iter().filter(|top| !known(top));
        strangers.map(|top| format!("{}/{top}: move it to one of {}", self.src, self.order.join(", "))).collect()
    }

    /// Finds uses of a later folder by an earlier one.
    fn against(&self, graph: &Graph<'_>) -> Vec<String> {
        let place = |file: usize| match graph.modules[file].top() {
            Some(top) => self.order.iter().position(|folder| *folder == top),
            // The root may use everything, so nothing may use items of the root.
            None => Some(self.order.len()),
        };
        let broken = graph.uses.iter().filter(|one| place(one.from) < place(one.to) && place(one.from).is_some());
        let text = |one: &graph::Use| {
            let (from, to) = (&graph.modules[one.from], &graph.modules[one.to]);
            let order = self.order.join(", ");
            format!(
                "{}/{}:{} uses {}: a folder may only use earlier ones: {order}",
                self.src, from.path, one.line, to.path
            )
        };
        broken.map(text).collect()
    }

    /// Finds cycles of files in different folders.
    fn cycles(&self, graph: &Graph<'_>) -> Vec<String> {
        let uses: BTreeSet<_> = graph.uses.iter().filter(|one| graph.modules[one.from].top().is_some()).collect();
        let cycles = cycles(&uses.into_iter().map(|one| (one.from, one.to)).collect());
        let tops = |cycle: &[usize]| cycle.iter().map(|file| graph.modules[*file].top()).collect::<BTreeSet<_>>().len();
        let path = |file: &usize| graph.modules[*file].path;
        let across = cycles.iter().filter(|cycle| tops(cycle) > 1);
        across
            .map(|cycle| {
                format!("{}: files in a cycle: {}", self.src, cycle.iter().map(path).collect::<Vec<_>>().join(", "))
            })
            .collect()
    }

    /// Finds names that the code of a folder must not contain.
    fn names(&self, graph: &Graph<'_>) -> Vec<String> {
        let mut found = vec![];
        for module in &graph.modules {
            for (folder, names) in self.forbidden.iter().filter(|(folder, _)| module.top() == Some(folder)) {
                let named = module.tokens.iter().filter(|token| names.contains(&token.text));
                found.extend(named.map(|token| {
                    format!(
                        "{}/{}:{} mentions {}, which {folder} must not use",
                        self.src, module.path, token.line, token.text
                    )
                }));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::sources::File;
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Vec<File> {
        let file = |(path, text): &(&str, &str)| File { path: format!("tape-io/src/{path}"), text: (*text).to_owned() };
        texts.iter().map(file).collect()
    }

    /// Returns the findings for a valid crate with one more file.
    fn found(path: &str, text: &str) -> Vec<Finding> {
        let files = files(&[
            ("lib.rs", "pub use survey::Survey; pub use error::Error; struct Root;"),
            ("error.rs", "use crate::expr::Fault; pub enum Error {}"),
            ("fuzzing.rs", "use crate::write::write;"),
            ("file.rs", "use crate::Error; // use crate::scan::rows;"),
            ("expr.rs", "pub struct Fault;"),
            ("decode.rs", "use crate::file::open; #[cfg(test)] mod tests { use crate::survey::Survey; }"),
            ("survey.rs", "use crate::{decode::page, Error}; pub struct Survey;"),
            ("scan.rs", "use crate::Survey; use super::file::open;"),
            ("write.rs", "use crate::scan::rows; /* Survey */"),
            (path, text),
        ]);
        TAPE_IO.check(&Graph::read(&files, "tape-io/src"))
    }

    fn failure(text: &str) -> Vec<Finding> {
        failures([text.to_owned()])
    }

    #[test]
    fn a_valid_crate_has_no_findings() {
        assert_eq!(found("spill.rs", "use crate::survey::Survey;"), []);
    }

    #[test]
    fn a_use_of_a_later_folder_is_found_even_through_a_re_export() {
        let order = "a folder may only use earlier ones: file, catalog, expr, decode, survey, spill, scan, write";
        let text = |path: &str, to: &str| failure(&format!("tape-io/src/{path}:1 uses {to}: {order}"));
        assert_eq!(found("catalog/hats.rs", "use crate::scan::rows;"), text("catalog/hats.rs", "scan.rs"));
        assert_eq!(found("catalog/hats.rs", "fn f() { crate::Survey::open() }"), text("catalog/hats.rs", "survey.rs"));
        assert_eq!(found("catalog/hats.rs", "use super::super::Root;"), text("catalog/hats.rs", "lib.rs"));
    }

    #[test]
    fn a_module_outside_the_folders_is_found() {
        let order = "file, catalog, expr, decode, survey, spill, scan, write";
        assert_eq!(found("rle.rs", ""), failure(&format!("tape-io/src/rle: move it to one of {order}")));
    }

    #[test]
    fn a_cycle_of_files_in_several_folders_is_found() {
        let cycle = "tape-io/src: files in a cycle: error.rs, expr.rs, expr/fault.rs";
        let mut texts = files(&[
            ("error.rs", "use crate::expr::Fault;"),
            ("expr.rs", "pub use fault::Fault; pub struct Other;"),
            ("expr/fault.rs", "use crate::expr::Other; pub struct Fault;"),
        ]);
        assert_eq!(TAPE_IO.check(&Graph::read(&texts, "tape-io/src")), [], "within one folder");
        texts[1].text += "use crate::error::Error;";
        assert_eq!(TAPE_IO.check(&Graph::read(&texts, "tape-io/src")), failure(cycle));
    }

    #[test]
    fn forbidden_names_in_folders_are_found() {
        let text = "// A Survey.\nfn open(survey: &Survey) -> &'static str { \"Source\" }";
        let expected = "tape-io/src/decode/page.rs:2 mentions Survey, which decode must not use";
        assert_eq!(found("decode/page.rs", text), failure(expected));
        assert_eq!(found("spill.rs", text), []);
    }

    #[test]
    fn messages_that_name_flags_or_commands_are_found() {
        let sources = files(&[
            ("error.rs", "#[error(\"no {id}: name it \\\n with --id\")] struct A; // --id"),
            ("open.rs", "f(r#\"run `tape plan` first\"#); g(\"a -- b --- c---d\"); #[cfg(test)] mod t { h(\"--i\"); }"),
            ("open_tests.rs", "f(\"--id\")"),
        ]);
        let found = messages(&Workspace { sources, ..Workspace::with_packages(&[]) });
        let expected = ["error.rs:1: no {id}: name it \\\n with --id", "open.rs:1: run `tape plan` first"];
        assert_eq!(found, failures(expected.map(|text| format!("tape-io/src/{text}"))));
    }

    /// Checks a crate of three modules, with a cycle of two.
    fn bounded(most: &[(&str, Bounds)]) -> Vec<Finding> {
        let sources = files(&[
            ("lib.rs", "mod a; mod b; use a::A; use b::B;"),
            ("a.rs", "use crate::b::B; use crate::c::C;"),
            ("b/mod.rs", "struct B; use d::D;"),
            ("b/d.rs", "use crate::a::A;"),
            ("c.rs", ""),
        ]);
        let workspace = Workspace { sources, ..Workspace::with_packages(&[("tape-io", "0.1.0", "MIT", true, &[])]) };
        workspace.metadata.members().flat_map(|member| bounds_of(&workspace, member, most)).collect()
    }

    #[test]
    fn a_crate_beyond_its_limits_is_found() {
        let note = Finding::Note("tape-io: 3 modules, 3 dependencies, cycles: a ↔ b".to_owned());
        let most = |modules, dependencies, in_cycles| Bounds { modules, dependencies, in_cycles };
        assert_eq!(bounded(&[("tape-io", most(3, 3, 2))]), [note]);
        let failures = |most| bounded(&[("tape-io", most)]).into_iter().skip(1).collect::<Vec<_>>();
        assert_eq!(failures(most(2, 3, 2)), failure("tape-io: 3 modules directly under src; the limit is 2"));
        assert_eq!(failures(most(3, 2, 2)), failure("tape-io: 3 dependencies between modules; the limit is 2"));
        assert_eq!(failures(most(3, 3, 0)), failure("tape-io: 2 modules in cycles; the limit is 0"));
        assert_eq!(bounded(&[]).len(), 1, "a crate without limits");
    }
}
