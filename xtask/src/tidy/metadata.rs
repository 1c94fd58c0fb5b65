//! The parts of `cargo metadata` that the checks need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The workspace and all its dependencies.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: Vec<String>,
    pub(crate) workspace_root: PathBuf,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) manifest_path: PathBuf,
    /// Dependencies declared in the manifest, including optional ones and those of other platforms.
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    #[serde(flatten)]
    kind: Kind,
}

/// Kind of a dependency: `dev`, `build`, or `None` for a normal one.
#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// Dependencies with the default features of all members.
#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

impl Metadata {
    /// Returns the crates of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Returns the crates of the workspace that `member` declares as normal dependencies.
    pub(crate) fn members_below(&self, member: &Package) -> BTreeSet<&str> {
        let declared = |name: &str| member.dependencies.iter().any(|d| d.name == name && d.kind.kind.is_none());
        self.members().map(|other| other.name.as_str()).filter(|name| declared(name)).collect()
    }

    /// Returns the names of all packages that `member` depends on with default features, by normal dependencies.
    pub(crate) fn tree(&self, member: &str) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut met = BTreeSet::new();
        let mut open: Vec<&str> = self.members().filter(|p| p.name == member).map(|p| p.id.as_str()).collect();
        while let Some(id) = open.pop() {
            if !met.insert(id) {
                continue;
            }
            names.extend(self.packages.iter().filter(|package| package.id == id).map(|package| package.name.as_str()));
            let edges = self.resolve.nodes.iter().filter(|node| node.id == id).flat_map(|node| &node.deps);
            let normal = edges.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            open.extend(normal.map(|edge| edge.pkg.as_str()));
        }
        names.remove(member);
        names
    }
}

impl Package {
    /// Returns the folder of the package.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    impl Metadata {
        /// Creates packages `(name, version, licence, is a member, normal dependencies)` in cargo's format.
        pub(crate) fn with_packages(packages: &[(&str, &str, &str, bool, &[&str])]) -> Self {
            let id = |name: &str, version: &str| format!("{name}@{version}");
            let id_of = |name: &str| packages.iter().find(|p| p.0 == name).map(|p| id(p.0, p.1));
            let package = |p: &(&str, &str, &str, bool, &[&str])| {
                let dependencies: Vec<_> = p.4.iter().map(|name| json!({"name": name, "kind": null})).collect();
                json!({"id": id(p.0, p.1), "name": p.0, "version": p.1, "license": p.2,
                    "manifest_path": format!("/workspace/{}/Cargo.toml", p.0), "dependencies": dependencies})
            };
            let node = |p: &(&str, &str, &str, bool, &[&str])| {
                let edge = |name| json!({"pkg": name, "dep_kinds": [{"kind": null, "target": null}]});
                json!({"id": id(p.0, p.1), "deps": p.4.iter().filter_map(|name| id_of(name)).map(edge).collect::<Vec<_>>()})
            };
            let text = json!({
                "packages": packages.iter().map(package).collect::<Vec<_>>(),
                "workspace_members": packages.iter().filter(|p| p.3).map(|p| id(p.0, p.1)).collect::<Vec<_>>(),
                "workspace_root": "/workspace",
                "resolve": {"nodes": packages.iter().map(node).collect::<Vec<_>>()},
            });
            serde_json::from_value(text).expect("cargo's format")
        }
    }

    #[test]
    fn the_tree_is_followed_to_its_leaves() {
        let metadata = Metadata::with_packages(&[
            ("top", "1.0.0", "MIT", true, &["middle"]),
            ("middle", "1.0.0", "MIT", false, &["leaf"]),
            ("leaf", "1.0.0", "MIT", false, &["middle"]),
            ("apart", "1.0.0", "MIT", false, &[]),
        ]);
        assert_eq!(metadata.tree("top"), BTreeSet::from(["middle", "leaf"]));
    }

    #[test]
    fn only_normal_dependencies_count() {
        let mut metadata =
            Metadata::with_packages(&[("top", "1.0.0", "MIT", true, &["low"]), ("low", "1.0.0", "MIT", true, &[])]);
        assert_eq!(metadata.members_below(&metadata.packages[0]), BTreeSet::from(["low"]));
        metadata.packages[0].dependencies[0].kind.kind = Some("dev".into());
        metadata.resolve.nodes[0].deps[0].dep_kinds[0].kind = Some("dev".into());
        assert!(metadata.members_below(&metadata.packages[0]).is_empty());
        assert!(metadata.tree("top").is_empty());
    }
}
