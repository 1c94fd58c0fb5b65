//! The files of a crate, and the uses between them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::sources::File;
use super::scan::{self, CodePath, Names, Scanned};
use crate::tidy::tokens::{self, Token};

/// A file of a crate, without test code.
#[derive(Debug)]
pub(super) struct Module<'a> {
    /// Path relative to `src`.
    pub(super) path: &'a str,
    /// Module path, empty for the root.
    module: Vec<&'a str>,
    pub(super) tokens: Vec<Token<'a>>,
}

impl Module<'_> {
    /// Returns the file or folder directly under `src` that contains the module, or `None` for the root.
    pub(super) fn top(&self) -> Option<&str> {
        self.module.first().copied()
    }
}

/// A use of one file by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) line: usize,
}

/// The files of a crate, and the uses between them.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) modules: Vec<Module<'a>>,
    pub(super) uses: Vec<Use>,
}

impl<'a> Graph<'a> {
    /// Reads the crate whose sources are under `src`, such as `tape-io/src`. Skips programs in `src/bin`, which are
    /// crates of their own.
    pub(super) fn read(files: &'a [File], src: &str) -> Self {
        let (mut modules, mut of_tests) = (vec![], vec![]);
        for file in files {
            let path = file.path.strip_prefix(src).and_then(|rest| rest.strip_prefix('/'));
            let Some(path) = path.filter(|path| !path.starts_with("bin/") && !is_test_file(path)) else { continue };
            let module = module_path(path);
            let (tokens, tests) = tokens::without_tests(&tokens::tokens(&file.text));
            of_tests.extend(tests.into_iter().map(|name| [module.as_slice(), &[name]].concat()));
            modules.push(Module { path, module, tokens });
        }
        modules.retain(|module| !of_tests.iter().any(|test| module.module.starts_with(test)));
        let scanned: Vec<Scanned<'a>> = modules.iter().map(|module| scan::scan(&module.tokens)).collect();
        let uses = Resolver::new(&modules, &scanned).uses();
        Self { modules, uses }
    }

    /// Returns the top-level modules, except the root.
    pub(super) fn tops(&self) -> BTreeSet<&str> {
        self.modules.iter().filter_map(Module::top).collect()
    }

    /// Returns the dependencies between top-level modules. The root may use everything and is not included.
    pub(super) fn top_dependencies(&self) -> BTreeSet<(&str, &str)> {
        let top = |file: usize| self.modules[file].top();
        let pairs = self.uses.iter().filter_map(|one| Some((top(one.from)?, top(one.to).unwrap_or("lib"))));
        pairs.filter(|(from, to)| from != to).collect()
    }
}

/// Returns true for files that contain only tests, judged by their name.
fn is_test_file(path: &str) -> bool {
    path.ends_with("tests.rs") || path.split('/').any(|folder| folder == "tests")
}

fn module_path(path: &str) -> Vec<&str> {
    let mut module: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    if module == ["lib"] || module == ["main"] || module.last() == Some(&"mod") {
        module.pop();
    }
    module
}

/// Finds the file that defines an item, including through re-exports.
struct Resolver<'a, 'b> {
    modules: &'b [Module<'a>],
    scanned: &'b [Scanned<'a>],
    /// The file and names of each module, by module path.
    scopes: BTreeMap<Vec<&'a str>, (usize, Vec<&'b Names<'a>>)>,
}

/// Limit on chains of re-exports, to stop at circular ones.
const LONGEST_CHAIN: usize = 16;

impl<'a, 'b> Resolver<'a, 'b> {
    fn new(modules: &'b [Module<'a>], scanned: &'b [Scanned<'a>]) -> Self {
        let mut scopes: BTreeMap<_, (usize, Vec<_>)> = BTreeMap::new();
        for (file, (module, scanned)) in modules.iter().zip(scanned).enumerate() {
            for (inside, names) in &scanned.names {
                let path = [module.module.as_slice(), inside].concat();
                scopes.entry(path).or_insert((file, vec![])).1.push(names);
            }
        }
        Self { modules, scanned, scopes }
    }

    fn uses(&self) -> Vec<Use> {
        let mut uses = vec![];
        for (from, (module, scanned)) in self.modules.iter().zip(self.scanned).enumerate() {
            for mention in &scanned.mentions {
                let scope = [module.module.as_slice(), &mention.inside].concat();
                let to = self.absolute(&scope, &mention.path, 0).and_then(|path| self.file(&path, 0));
                uses.extend(to.filter(|to| *to != from).map(|to| Use { from, to, line: mention.line }));
            }
        }
        uses
    }

    fn imported(&self, scope: &[&'a str], name: &str) -> Option<&'b CodePath<'a>> {
        self.scopes.get(scope)?.1.iter().find_map(|names| names.imported.get(name))
    }

    /// Resolves a path in `scope` to a path from the crate's root. Returns `None` for items of other crates.
    fn absolute(&self, scope: &[&'a str], path: &[&'a str], chain: usize) -> Option<CodePath<'a>> {
        let (first, rest) = path.split_first()?;
        match *first {
            "crate" => Some(rest.to_vec()),
            "self" => Some([scope, rest].concat()),
            "super" => {
                let mut above = [&scope[..scope.len().checked_sub(1)?], rest].concat();
                while let Some(at) = above.iter().position(|part| *part == "super") {
                    above.drain(at.checked_sub(1)?..=at);
                }
                Some(above)
            }
            name if self.scopes.contains_key(&[scope, &[name]].concat()) => Some([scope, path].concat()),
            name => {
                let target = self.imported(scope, name).filter(|target| target[0] != name && chain < LONGEST_CHAIN)?;
                Some([self.absolute(scope, target, chain + 1)?.as_slice(), rest].concat())
            }
        }
    }

    /// Returns the file that defines the item at `path`, or `None` for a re-export of another crate.
    fn file(&self, path: &[&'a str], chain: usize) -> Option<usize> {
        let mut scope: Vec<&str> = vec![];
        for (at, name) in path.iter().enumerate() {
            let inner = [scope.as_slice(), &[*name]].concat();
            if self.scopes.contains_key(&inner) {
                scope = inner;
                continue;
            }
            if chain == LONGEST_CHAIN {
                break;
            }
            if let Some(target) = self.imported(&scope, name) {
                let target = self.absolute(&scope, target, chain)?;
                return self.file(&[target.as_slice(), &path[at + 1..]].concat(), chain + 1);
            }
            if let Some(target) = self.by_glob(&scope, name, chain) {
                return self.file(&[target.as_slice(), &path[at..]].concat(), chain + 1);
            }
            break;
        }
        self.scopes.get(&scope).map(|(file, _)| *file)
    }

    /// Finds the module from which `use module::*` imports `name` into `scope`.
    fn by_glob(&self, scope: &[&'a str], name: &'a str, chain: usize) -> Option<CodePath<'a>> {
        let names = &self.scopes.get(scope)?.1;
        if chain == LONGEST_CHAIN || names.iter().any(|names| names.defined.contains(name)) {
            return None;
        }
        let targets = names.iter().flat_map(|names| &names.globs).filter_map(|glob| self.absolute(scope, glob, 0));
        let mut targets = targets.filter(|target| target != scope);
        targets.find(|target| {
            let has = |names: &&Names<'_>| names.defined.contains(name) || names.imported.contains_key(name);
            self.scopes.contains_key(&[target.as_slice(), &[name]].concat())
                || self.scopes.get(target).is_some_and(|(_, names)| names.iter().any(has))
                || self.by_glob(target, name, chain + 1).is_some()
        })
    }
}

/// Groups nodes that reach each other, in order. Groups of a single node are skipped.
pub(super) fn cycles<N: Copy + Ord>(edges: &BTreeSet<(N, N)>) -> Vec<Vec<N>> {
    let nodes: BTreeSet<N> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let reach = |start: N| {
        let (mut met, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(node) = open.pop() {
            open.extend(edges.iter().filter(|(from, to)| *from == node && met.insert(*to)).map(|(_, to)| *to));
        }
        met
    };
    let reached: BTreeMap<N, BTreeSet<N>> = nodes.iter().map(|node| (*node, reach(*node))).collect();
    let both = |a: &N, b: &N| reached[a].contains(b) && reached[b].contains(a);
    let group = |node: &N| -> Vec<N> { nodes.iter().copied().filter(|other| both(node, other)).collect() };
    let groups: BTreeSet<Vec<N>> = nodes.iter().map(group).filter(|group| group.len() > 1).collect();
    groups.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists the uses between the files of a crate, as `from > to`.
    fn uses(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> =
            files.iter().map(|(path, text)| File { path: format!("a/src/{path}"), text: (*text).to_owned() }).collect();
        let graph = Graph::read(&files, "a/src");
        let name = |file: usize| graph.modules[file].path.trim_end_matches(".rs");
        let mut uses: Vec<_> = graph.uses.iter().map(|one| format!("{} > {}", name(one.from), name(one.to))).collect();
        uses.sort();
        uses.dedup();
        uses
    }

    #[test]
    fn paths_resolve_to_the_files_of_their_items() {
        let found = uses(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::c::D; fn f() { super::b::g() }"),
            ("b/mod.rs", "mod c; fn g() { c::h(); std::mem::take(x) }"),
            ("b/c.rs", "use super::g; use super::super::a::f; use serde::a;"),
        ]);
        assert_eq!(found, ["a > b/c", "a > b/mod", "b/c > a", "b/c > b/mod", "b/mod > b/c"]);
    }

    #[test]
    fn re_exports_are_followed() {
        let found = uses(&[
            ("lib.rs", "pub use b::D; pub use serde as s; pub mod prelude { pub use crate::b::*; }"),
            ("a.rs", "use crate::D; use crate::s::E; use crate::prelude::F; use crate::b; fn f() { b::D::new() }"),
            ("b/mod.rs", "pub use c::*; pub use c::D as _;"),
            ("b/c.rs", "pub struct D; pub use d::F;"),
            ("b/c/d.rs", "pub struct F;"),
        ]);
        assert_eq!(
            found,
            ["a > b/c", "a > b/c/d", "a > b/mod", "b/c > b/c/d", "b/mod > b/c", "lib > b/c", "lib > b/mod"]
        );
    }

    #[test]
    fn circular_re_exports_terminate() {
        assert_eq!(
            uses(&[("lib.rs", "use a::X;"), ("a.rs", "pub use super::b::X;"), ("b.rs", "pub use super::a::X;")]).len(),
            3
        );
        assert!(uses(&[("lib.rs", "use arrow; fn f() { arrow::g() }")]).is_empty());
    }

    #[test]
    fn tests_do_not_count() {
        let files = [
            ("lib.rs", ""),
            ("a.rs", "#[cfg(test)] mod checks; #[cfg(test)] mod more { use crate::b::C; }"),
            ("a/checks.rs", "use crate::b::C;"),
            ("a/tests.rs", "use crate::b::C;"),
            ("a/more_tests.rs", "use crate::b::C;"),
            ("b.rs", "struct C;"),
            ("bin/d.rs", "use crate::b::C;"),
        ];
        assert!(uses(&files).is_empty());
    }

    #[test]
    fn nodes_that_reach_each_other_are_cycles() {
        let edges = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (6, 7), (7, 6)];
        assert_eq!(cycles(&edges.into_iter().collect()), [vec![1, 2, 3], vec![6, 7]]);
        assert!(cycles(&BTreeSet::from([(1, 2), (1, 3), (2, 3)])).is_empty());
    }
}
