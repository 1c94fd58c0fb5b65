//! Checks the wording of comments, strings and documents.

use std::path::Path;

use super::sources::File;
use super::tokens::{Token, tokens_and_comments};
use super::{Finding, Workspace, failures};
use crate::run::Result;

/// Words in sequence, and what to write instead. The words are separate strings, so that this table passes the check.
type Rule = (&'static [&'static str], &'static str);

/// Phrases to avoid in comments, strings and documents.
const PHRASES: [Rule; 5] = [
    (&["of", "which"], "start a new sentence, or write 'whose' or 'with'"),
    (&["so", "many"], "name the number, as in '`n` rows'"),
    (&["for", "want", "of"], "write 'because … is missing' or 'without'"),
    (&["put", "away"], "write 'spilled' or 'stored'"),
    (&["what", "is", "left"], "write 'the remaining …'"),
];

/// First words to avoid in a doc comment.
const OPENINGS: [Rule; 14] = [
    (&["What"], "name the thing, or begin with a verb, as in 'Returns …'"),
    (&["That"], "begin with a verb, as in 'Checks that …'"),
    (&["Whether"], "write 'Returns true if …', or 'True if …' for a field"),
    (&["The", "same"], "write 'Like [`other`], but …'"),
    (&["So", "many"], "write 'Number of …'"),
    (&["Of"], "begin with the subject"),
    (&["Who"], "name the thing, as in 'The thread that …'"),
    (&["Its"], "name the thing, as in 'Name of the column'"),
    (&["None"], "write 'Returns `None` if …'"),
    (&["How"], "name the thing, as in 'Number of …' or 'The way in which …'"),
    (&["As"], "write 'Like [`other`]' or 'See [`other`]'"),
    (&["If"], "write 'True if …' or 'Returns … if …'"),
    (&["Where"], "name the thing, as in 'Path of …' or 'Position of …'"),
    (&["One"], "begin with a noun or a verb, as in 'A row of …' or 'Returns one …'"),
];

/// Documents in the root of the workspace.
const PAGES: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Reads the documents of the workspace.
pub(super) fn pages(root: &Path) -> Result<Vec<File>> {
    let mut pages = super::sources::files(root, &[&root.join("docs")], "md")?;
    for page in PAGES.map(|page| root.join(page)) {
        if page.is_file() {
            pages.push(File::read(root, &page)?);
        }
    }
    Ok(pages)
}

/// Checks the wording of all sources and documents.
pub(super) fn words(workspace: &Workspace) -> Vec<Finding> {
    let sources = workspace.sources.iter().map(|file| (file, passages(&file.text)));
    let page = |file: &File| vec![Passage { line: 1, text: file.text.clone(), is_doc: false }];
    let pages = workspace.pages.iter().map(|file| (file, page(file)));
    let found = sources.chain(pages).flat_map(|(file, passages)| {
        let hits = passages.into_iter().flat_map(|passage| passage.hits());
        hits.map(|(line, hit)| format!("{}:{line}: {hit}", file.path)).collect::<Vec<_>>()
    });
    failures(found)
}

/// A string, a comment, or comments on consecutive lines.
struct Passage {
    line: usize,
    text: String,
    is_doc: bool,
}

/// Reads the comments and strings of a Rust file.
fn passages(source: &str) -> Vec<Passage> {
    let (tokens, comments) = tokens_and_comments(source);
    let string = |token: &Token<'_>| {
        // An escaped line break would join the words around it.
        let text = token.string()?.replace("\\n", "  ");
        Some(Passage { line: token.line, text, is_doc: false })
    };
    let mut passages: Vec<Passage> = tokens.iter().filter_map(string).collect();
    let mut last = ("", 0);
    for comment in comments {
        let sign = ["///", "//!", "//", "/*"].into_iter().find(|sign| comment.text.starts_with(sign)).unwrap_or("");
        let text = &comment.text[sign.len()..];
        match passages.last_mut() {
            Some(passage) if last == (sign, comment.line - 1) => {
                passage.text.push('\n');
                passage.text.push_str(text);
            }
            _ => {
                let is_doc = matches!(sign, "///" | "//!");
                passages.push(Passage { line: comment.line, text: text.to_owned(), is_doc });
            }
        }
        last = (sign, comment.line);
    }
    passages
}

impl Passage {
    /// Returns the line and the description of each hit.
    fn hits(&self) -> Vec<(usize, String)> {
        let words = words_of(&self.text);
        let describe = |word: &Word<'_>, (phrase, instead): &Rule, place: &str| {
            (self.line + word.line, format!("'{}'{place}: {instead}", phrase.join(" ")))
        };
        let mut hits = vec![];
        for (at, word) in words.iter().enumerate() {
            let found = PHRASES.iter().filter(|(phrase, _)| starts_with(&words[at..], phrase));
            hits.extend(found.map(|rule| describe(word, rule, "")));
        }
        if self.is_doc {
            let found = OPENINGS.iter().filter(|(opening, _)| starts_with(&words, opening));
            hits.extend(found.map(|rule| describe(&words[0], rule, " begins a doc comment")));
        }
        hits
    }
}

/// A word of a text.
struct Word<'a> {
    text: &'a str,
    /// Line within the text, starting at 0.
    line: usize,
    /// True if only white space or a line continuation separates it from the word before.
    follows: bool,
}

fn words_of(text: &str) -> Vec<Word<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '’');
    let (mut words, mut rest, mut line) = (vec![], text, 0);
    while let Some(start) = rest.find(is_word) {
        let gap = &rest[..start];
        line += gap.matches('\n').count();
        let length = rest[start..].find(|c| !is_word(c)).unwrap_or(rest.len() - start);
        let follows = gap.chars().all(|c| c.is_whitespace() || c == '\\');
        words.push(Word { text: &rest[start..start + length], line, follows });
        rest = &rest[start + length..];
    }
    words
}

fn starts_with(words: &[Word<'_>], phrase: &[&str]) -> bool {
    let is_same = |at: usize| {
        let Word { text, follows, .. } = &words[at];
        (at == 0 || *follows) && text.eq_ignore_ascii_case(phrase[at])
    };
    words.len() >= phrase.len() && (0..phrase.len()).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let mut workspace = Workspace::with_packages(&[]);
        let file = File { path: path.to_owned(), text: text.to_owned() };
        if path.ends_with(".md") { &mut workspace.pages } else { &mut workspace.sources }.push(file);
        let message = |finding| match finding {
            Finding::Failure(text) | Finding::Note(text) => text,
        };
        words(&workspace).into_iter().map(message).collect()
    }

    #[test]
    fn every_phrase_is_found_in_comments_strings_and_pages() {
        let phrases = [&["of", "which"][..], &["so", "many"], &["for", "want", "of"], &["put", "away"]];
        let phrases = [&phrases[..], &[&["what", "is", "left"]]].concat();
        assert_eq!(PHRASES.map(|(phrase, _)| phrase), phrases[..]);
        for phrase in phrases {
            let (text, wrapped) = (phrase.join(" "), phrase.join("\n/// "));
            let broken = [
                ("a.rs", format!("fn f() {{}}\n// Rows {text}.\n"), 2),
                ("a.rs", format!("/* Rows\n{text} */"), 2),
                ("a.rs", format!("/// Rows,\n/// {wrapped}\nfn f() {{}}"), 2),
                ("a.rs", format!("f(\"no rows\\n{text} \\\n they are\");"), 1),
                ("a.rs", format!("f(r#\"\nrows {text}\"#);"), 2),
                ("docs/a.md", format!("# Rows\n\nRows {}", phrase.join("\n")), 3),
                ("README.md", format!("{}{}", text[..1].to_uppercase(), &text[1..]), 1),
            ];
            for (path, source, line) in broken {
                let found = found(path, &source);
                assert!(found.len() == 1 && found[0].starts_with(&format!("{path}:{line}: '{text}': ")), "{found:?}");
            }
        }
    }

    #[test]
    fn every_opening_is_found_in_doc_comments() {
        let openings = [
            "What", "That", "Whether", "The_same", "So_many", "Of", "Who", "Its", "None", "How", "As", "If", "Where",
            "One",
        ];
        let openings = openings.map(|opening| opening.replace('_', " "));
        assert_eq!(OPENINGS.map(|(opening, _)| opening.join(" ")), openings);
        for opening in openings {
            for (sign, words) in [("///", opening.clone()), ("//!", format!("`{opening}`"))] {
                let found = found("a.rs", &format!("fn f() {{}}\n\n    {sign} {words} rows\n    {sign} are read."));
                let expected = format!("a.rs:3: '{opening}' begins a doc comment: ");
                assert!(found.iter().any(|hit| hit.starts_with(&expected)), "{found:?}");
            }
        }
    }

    #[test]
    fn plain_text_has_no_hits() {
        let source = "
            //! Reads rows. What follows is not at the beginning.
            //!
            //! One file has many rows.

            /// Returns a part of the file, which is read, and so much of it that many rows fit.
            // Whether this is read is decided later.
            fn f(so: u8, many: u8) -> put::away { g(\"none of the rows: which file?\", 'a', Step::put_away) }

            /// One-line summary, and the samestuff.
            const A: &str = \"put_away\";
        ";
        assert_eq!(found("a.rs", source), [""; 0]);
        assert_eq!(found("docs/a.md", "# Whether\n\nWhat of it. Which?\n\n`so` many"), [""; 0]);
    }
}
