//! Checks the links of documents, and that the book's contents are complete.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::sources::File;
use super::{Finding, Workspace, failures};

/// Contents of the book.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Checks that links lead to files and headings that exist, that pages of the book link to nothing outside of it, and
/// that its contents name every page once.
pub(super) fn links(workspace: &Workspace) -> Vec<Finding> {
    let pages = &workspace.pages;
    let exists = |path: &Path| workspace.metadata.workspace_root.join(path).exists();
    let broken = pages.iter().flat_map(|page| broken(page, pages, &exists));
    failures(broken.chain(contents(pages)))
}

/// Returns the broken links of a page.
fn broken<'a>(
    page: &'a File,
    pages: &'a [File],
    exists: &'a impl Fn(&Path) -> bool,
) -> impl Iterator<Item = String> + 'a {
    targets(&page.text).into_iter().filter_map(move |(line, target)| {
        if target.contains("://") {
            return None;
        }
        let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        let path = if file.is_empty() { PathBuf::from(&page.path) } else { normal(&folder.join(file)) };
        let heading_exists = || {
            let other = pages.iter().find(|other| Path::new(&other.path) == path);
            other.is_none_or(|other| headings(&other.text).contains(heading))
        };
        let complaint = match () {
            () if !exists(&path) => "does not exist",
            () if folder == Path::new("docs") && !path.starts_with("docs") => "is not part of the book",
            () if !heading.is_empty() && !heading_exists() => "has no such heading",
            () => return None,
        };
        Some(format!("{}:{line}: {target} {complaint}", page.path))
    })
}

/// Returns the pages that the contents of the book lack or repeat.
fn contents(pages: &[File]) -> Vec<String> {
    let Some(summary) = pages.iter().find(|page| page.path == SUMMARY) else { return vec![] };
    let named: Vec<String> = targets(&summary.text).into_iter().map(|(_, target)| format!("docs/{target}")).collect();
    let of_the_book = pages.iter().filter(|page| page.path.starts_with("docs/") && page.path != SUMMARY);
    let count = |page: &&File| (page.path.clone(), named.iter().filter(|name| **name == page.path).count());
    let wrong = of_the_book.map(|page| count(&page)).filter(|(_, count)| *count != 1);
    wrong.map(|(path, count)| format!("{SUMMARY} names {path} {count} times instead of once")).collect()
}

/// Returns the line and the target of each link and picture outside of code.
fn targets(markdown: &str) -> Vec<(usize, String)> {
    let mut found = vec![];
    for (line, text) in prose(markdown) {
        let text = without_code(text);
        let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
        found.extend(ends.filter_map(|rest| Some((line, rest.split_once(')')?.0.to_owned()))));
    }
    found
}

/// Returns the lines outside of fenced blocks, with their numbers, starting at 1.
fn prose(markdown: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    (1..).zip(markdown.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    })
}

/// Removes code between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Returns the anchors of the headings, as GitHub and mdBook derive them.
fn headings(markdown: &str) -> BTreeSet<String> {
    let titles =
        prose(markdown).filter_map(|(_, line)| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')));
    let anchor = |title: &str| {
        let kept = title.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(anchor).collect()
}

/// Resolves `..` in a path.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn complaints(pages: &[File]) -> Vec<String> {
        let exists = |path: &Path| pages.iter().any(|page| Path::new(&page.path) == path) || path == Path::new("a.rs");
        let broken = pages.iter().flat_map(|page| broken(page, pages, &exists)).collect::<Vec<_>>();
        [broken, contents(pages)].concat()
    }

    #[test]
    fn good_links_are_accepted() {
        let a = "# A page, with `code`\n[b](b.md#second-part) [web](https://example.org) [here](#a-page-with-code)\n\
                 ```text\n[no](no.md)\n```\n`[no](no.md)`";
        let pages =
            [page("docs/a.md", a), page("docs/b.md", "## Second part"), page("README.md", "[a](docs/a.md) [c](a.rs)")];
        assert_eq!(complaints(&pages), [""; 0]);
    }

    #[test]
    fn broken_links_are_found() {
        let a = "text\n[x](no.md) ![p](p.svg)\n[y](b.md#third) [z](../a.rs)";
        let expected = [
            "docs/a.md:2: no.md does not exist",
            "docs/a.md:2: p.svg does not exist",
            "docs/a.md:3: b.md#third has no such heading",
            "docs/a.md:3: ../a.rs is not part of the book",
        ];
        assert_eq!(complaints(&[page("docs/a.md", a), page("docs/b.md", "# B")]), expected);
    }

    #[test]
    fn a_page_that_the_contents_lack_or_repeat_is_found() {
        let pages = [
            page(SUMMARY, "- [B](b.md)\n- [C](c.md)\n- [C](c.md)"),
            page("docs/a.md", ""),
            page("docs/b.md", ""),
            page("docs/c.md", ""),
        ];
        let expected = [
            "docs/SUMMARY.md names docs/a.md 0 times instead of once",
            "docs/SUMMARY.md names docs/c.md 2 times instead of once",
        ];
        assert_eq!(complaints(&pages), expected);
    }
}
