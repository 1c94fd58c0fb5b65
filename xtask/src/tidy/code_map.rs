//! The code map in ARCHITECTURE.md, held against the files that it names.

use std::path::{Path, PathBuf};

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

/// What the code map of `text` names and `root` does not have. Under a heading or after a mention of a member, paths may be
/// written from its folder or from its `src`.
fn missing(text: &str, root: &Path, members: &[&Path]) -> Vec<String> {
    let lines = section(text);
    if lines.is_empty() {
        return vec!["ARCHITECTURE.md has no section called Code map".into()];
    }
    let mut member: Option<PathBuf> = None;
    let mut missing = vec![];
    for path in lines.iter().flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let here = root.join(path.trim_end_matches('/'));
        if members.contains(&here.as_path()) {
            member = Some(here);
        } else if is_path(path) {
            let folders = member.iter().flat_map(|m| [m.join(path), m.join("src").join(path)]);
            if !here.exists() && !folders.into_iter().any(|path| path.exists()) {
                missing.push(format!("ARCHITECTURE.md names `{path}`, which does not exist"));
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
### `tape-core/`
- `src/lib.rs`, `id.rs` and `lost.rs`
### Elsewhere
`xtask/src/gone.rs`
## Invariants
Not here: `gone/after.rs`.
";

    #[test]
    fn what_does_not_exist_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        let member = root.path().join("tape-core");
        std::fs::create_dir_all(member.join("src")).expect("can be made");
        for path in ["Cargo.toml", "tape-core/src/lib.rs", "tape-core/src/id.rs"] {
            std::fs::write(root.path().join(path), "").expect("can be written");
        }
        let names = |path| format!("ARCHITECTURE.md names `{path}`, which does not exist");
        assert_eq!(missing(TEXT, root.path(), &[&member]), [names("lost.rs"), names("xtask/src/gone.rs")]);
    }

    #[test]
    fn an_architecture_without_a_code_map_fails() {
        assert_eq!(missing("# Architecture\n## Entry points\n", Path::new("/"), &[]).len(), 1);
    }
}
