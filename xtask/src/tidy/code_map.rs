//! Checks that files in the code map of ARCHITECTURE.md exist.

use std::path::Path;

use super::metadata::{Metadata, Package};
use super::{Finding, failures};

/// Checks every path in the code map. Without ARCHITECTURE.md there is no code map.
pub(super) fn code_map(metadata: &Metadata) -> Vec<Finding> {
    let root = &metadata.workspace_root;
    let Ok(text) = std::fs::read_to_string(root.join("ARCHITECTURE.md")) else {
        return vec![Finding::Note("ARCHITECTURE.md does not exist".into())];
    };
    let members: Vec<&Path> = metadata.members().map(Package::folder).collect();
    failures(missing(&text, root, &members))
}

/// Lists paths in the code map of `text` that do not exist under `root`. Under a heading that starts with the name of a
/// member, paths may be relative to its folder or its `src`, and after a folder was mentioned, to that folder.
fn missing(text: &str, root: &Path, members: &[&Path]) -> Vec<String> {
    let lines = section(text);
    if lines.is_empty() {
        return vec!["ARCHITECTURE.md has no section 'Code map'".into()];
    }
    let mut bases = vec![root.to_path_buf()];
    let mut missing = vec![];
    for line in lines {
        if let Some(heading) = line.strip_prefix('#') {
            let heading = heading.trim_start_matches('#').trim_start();
            let name = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
            let member = root.join(heading.trim_start_matches('`').split(name).next().unwrap_or(""));
            bases.truncate(1);
            if members.contains(&member.as_path()) {
                bases.extend([member.join("src"), member]);
            }
        }
        for path in line.split('`').skip(1).step_by(2).filter(|path| is_path(path)) {
            match bases.iter().map(|base| base.join(path)).find(|path| path.exists()) {
                Some(found) if found.is_dir() => bases.push(found),
                Some(_) => {}
                None => missing.push(format!("ARCHITECTURE.md names `{path}`, which does not exist")),
            }
        }
    }
    missing
}

/// Returns the lines of the section called "code map", up to the next heading of the same or a higher level.
fn section(text: &str) -> Vec<&str> {
    let level = |line: &str| line.chars().take_while(|&c| c == '#').count();
    let mut lines = text.lines().skip_while(|line| level(line) == 0 || !line.to_lowercase().contains("code map"));
    let Some(heading) = lines.next() else { return vec![] };
    lines.take_while(|line| level(line) == 0 || level(line) > level(heading)).collect()
}

/// Returns true if text in backticks is a path, and not code, a pattern or a name.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let extension = word.rsplit_once('.').map(|(_, extension)| extension);
    plain && (word.contains('/') || matches!(extension, Some("rs" | "md" | "toml" | "wgsl" | "py" | "sh")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
# Architecture
Not here: `gone/before.rs`.
## Code map
`Cargo.toml`, code such as `Vec::new()` or `a.b`, and patterns: `tape/*.rs`.
### tape-core: the vocabulary
- `src/lib.rs`, `id.rs` and `lost.rs`; `deep/` with `down.rs`
### `tape-core` once more
`id.rs`, but `down.rs` was not said to be deep
### Elsewhere
`xtask/src/gone.rs`, `id.rs`
## Invariants
Not here: `gone/after.rs`.
";

    #[test]
    fn paths_that_do_not_exist_are_found() {
        let root = tempfile::tempdir().expect("a folder");
        let member = root.path().join("tape-core");
        std::fs::create_dir_all(member.join("src/deep")).expect("can be made");
        for path in ["Cargo.toml", "tape-core/src/lib.rs", "tape-core/src/id.rs", "tape-core/src/deep/down.rs"] {
            std::fs::write(root.path().join(path), "").expect("can be written");
        }
        let names = |path| format!("ARCHITECTURE.md names `{path}`, which does not exist");
        let expected = ["lost.rs", "down.rs", "xtask/src/gone.rs", "id.rs"].map(names);
        assert_eq!(missing(TEXT, root.path(), &[&member]), expected);
    }

    #[test]
    fn an_architecture_without_a_code_map_fails() {
        assert_eq!(missing("# Architecture\n## Entry points\n", Path::new("/"), &[]).len(), 1);
    }
}
