//! The code map in ARCHITECTURE.md, held against the files that it names.

use std::path::Path;

use super::metadata::{Metadata, Package};
use super::{Finding, failures};

/// Every path in the code map exists. A house without ARCHITECTURE.md has no code map yet.
pub(super) fn code_map(metadata: &Metadata) -> Vec<Finding> {
    let root = &metadata.workspace_root;
    let Ok(text) = std::fs::read_to_string(root.join("ARCHITECTURE.md")) else {
        return vec![Finding::Note("there is no ARCHITECTURE.md".into())];
    };
    let members: Vec<&Path> = metadata.members().map(Package::folder).collect();
    failures(missing(&text, root, &members))
}

/// What the code map of `text` names and `root` does not have. Under a heading that begins with a member, paths may be
/// written from its folder or from its `src`, and after a mention of a folder from there.
fn missing(text: &str, root: &Path, members: &[&Path]) -> Vec<String> {
    let lines = section(text);
    if lines.is_empty() {
        return vec!["ARCHITECTURE.md has no section called Code map".into()];
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

/// The lines under the heading that says "code map", up to the next heading that is not below it.
fn section(text: &str) -> Vec<&str> {
    let level = |line: &str| line.chars().take_while(|&c| c == '#').count();
    let mut lines = text.lines().skip_while(|line| level(line) == 0 || !line.to_lowercase().contains("code map"));
    let Some(heading) = lines.next() else { return vec![] };
    lines.take_while(|line| level(line) == 0 || level(line) > level(heading)).collect()
}

/// Whether something in backticks is a path rather than code, a pattern or a name.
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
    fn what_does_not_exist_is_named() {
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
