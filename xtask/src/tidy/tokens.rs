//! Tokenizes Rust source. Character literals are dropped, and comments and test code are kept apart.

/// A word, a symbol, `::`, or a string literal, which includes its quotes but not its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Line number, starting at 1.
    pub(super) line: usize,
}

impl Token<'_> {
    /// Returns the content of a string literal as written, without its quotes.
    pub(super) fn string(&self) -> Option<&str> {
        self.text.strip_prefix('"')?.strip_suffix('"')
    }

    /// Returns true for words (identifiers, keywords and numbers), and false for symbols.
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(is_word_character)
    }
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Splits source into tokens, including test code.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    tokens_and_comments(source).0
}

/// Splits source into tokens, including test code, and comments, including their slashes.
pub(super) fn tokens_and_comments(source: &str) -> (Vec<Token<'_>>, Vec<Token<'_>>) {
    let (mut found, mut comments) = (vec![], vec![]);
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") || rest.starts_with("/*") => {
                let line_end = rest.find('\n').unwrap_or(rest.len());
                let length = if rest.starts_with("//") { line_end } else { block_comment(rest) };
                comments.push(Token { text: &rest[..length], line });
                length
            }
            '"' => string(rest, 0, line, &mut found),
            '\'' => quote(rest), // The quote before a lifetime is dropped too.
            _ if is_word_character(first) => {
                let word = rest.find(|c| !is_word_character(c)).unwrap_or(rest.len());
                let prefix = matches!(&rest[..word], "r" | "b" | "br" | "c" | "cr");
                match rest[word..].chars().next() {
                    Some('"' | '#') if prefix && rest[..word].contains('r') => raw(rest, word, line, &mut found),
                    Some('"') if prefix => string(rest, word, line, &mut found),
                    Some('\'') if &rest[..word] == "b" => word + quote(&rest[word..]),
                    _ => {
                        found.push(Token { text: &rest[..word], line });
                        word
                    }
                }
            }
            _ if first.is_whitespace() => first.len_utf8(),
            _ => {
                let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
                found.push(Token { text: &rest[..length], line });
                length
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    (found, comments)
}

/// Returns the length of a block comment, which may be nested.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Reads a string literal with escapes as one token. Returns its length.
fn string<'a>(text: &'a str, prefix: usize, line: usize, found: &mut Vec<Token<'a>>) -> usize {
    let mut escaped = false;
    let ends = |(_, c): &(usize, char)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    };
    let end = text[prefix + 1..].char_indices().find(ends).map_or(text.len(), |(at, _)| prefix + at + 2);
    found.push(Token { text: &text[prefix..end], line });
    end
}

/// Returns the length of a character literal, or of the quote before a lifetime.
fn quote(text: &str) -> usize {
    let mut inside = text[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => text[3..].find('\'').map_or(text.len(), |at| at + 4),
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 1,
    }
}

/// Reads a raw string or raw identifier as one token. Returns its length.
fn raw<'a>(text: &'a str, prefix: usize, line: usize, found: &mut Vec<Token<'a>>) -> usize {
    let hashes = text[prefix..].chars().take_while(|&c| c == '#').count();
    let inside = prefix + hashes;
    if text[inside..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let closed = text[inside + 1..].find(&end).map_or(text.len(), |at| inside + at + 2);
        found.push(Token { text: &text[inside..closed], line });
        return text.len().min(closed + hashes);
    }
    let word = text[inside..].find(|c| !is_word_character(c)).unwrap_or(text.len() - inside);
    found.push(Token { text: &text[inside..inside + word], line });
    inside + word
}

/// Drops test-only items. Returns the remaining tokens, and the modules declared only for tests (`mod tests;`).
pub(super) fn without_tests<'a>(all: &[Token<'a>]) -> (Vec<Token<'a>>, Vec<&'a str>) {
    let (mut kept, mut modules) = (vec![], vec![]);
    let mut at = 0;
    while at < all.len() {
        let is_attribute = all[at].text == "#" && all.get(at + 1).is_some_and(|next| next.text == "[");
        let end = if is_attribute { group_end(all, at + 1) } else { at + 1 };
        if !(is_attribute && is_test_only(&all[at + 2..end - 1])) {
            kept.extend(&all[at..end]);
            at = end;
            continue;
        }
        let item_end = item_end(all, end);
        if let [.., keyword, name, semicolon] = &all[end..item_end]
            && (keyword.text, semicolon.text) == ("mod", ";")
        {
            modules.push(name.text);
        }
        at = item_end;
    }
    (kept, modules)
}

/// Returns true if an attribute is `cfg(test)` or `cfg(all(test, …))`.
fn is_test_only(attribute: &[Token<'_>]) -> bool {
    let words: Vec<&str> = attribute.iter().filter(|token| token.is_word()).map(|token| token.text).collect();
    words.first() == Some(&"cfg") && words.contains(&"test") && !words.contains(&"any") && !words.contains(&"not")
}

/// Returns the index after the bracket that closes the one at `open`.
pub(super) fn group_end(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Returns the index after an item, statement or field that starts at `start`: after its semicolon or body.
pub(super) fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let is_use = tokens[start..].iter().take_while(|token| token.text != "{").any(|token| token.text == "use");
    let mut at = start;
    while at < tokens.len() {
        match tokens[at].text {
            "{" if !is_use => return group_end(tokens, at),
            "(" | "[" | "{" => at = group_end(tokens, at),
            ")" | "]" | "}" => return at,
            ";" => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_kept_apart_and_characters_are_dropped() {
        let source =
            "a // b\n/* c /* d */ e */ f 'g' '\\'' 'h: \"i \\\" j\" r#\"k \" l\"# b\"m\" r#type b'n' '\\u{41}' o::p";
        assert_eq!(texts(source), ["a", "f", "h", ":", "\"i \\\" j\"", "\"k \" l\"", "\"m\"", "type", "o", "::", "p"]);
        let comment = |text, line| Token { text, line };
        let expected = [comment("// b", 1), comment("/* c /* d */ e */", 2)];
        assert_eq!(tokens_and_comments(source).1, expected);
    }

    #[test]
    fn lines_are_counted_in_comments_and_strings() {
        let found = tokens("a\n/*\n\n*/ \"\n\" b");
        assert_eq!(found.last(), Some(&Token { text: "b", line: 5 }));
    }

    #[test]
    fn test_code_is_dropped_and_other_code_is_not() {
        let source = "
            use a::b; #[cfg(test)] use c::{d, e}; #[cfg(not(test))] fn f() {}
            #[cfg(all(test, unix))] mod g; #[cfg(any(fuzzing, test))] mod h;
            #[cfg(test)] #[path = \"x.rs\"] mod i;
            #[cfg(test)] mod j { use k; } fn l() { #[cfg(test)] m(n); o() }
        ";
        let all = tokens(source);
        let (kept, modules) = without_tests(&all);
        assert_eq!(modules, ["g", "i"]);
        let dropped = |word: &&str| !kept.iter().any(|token| token.text == *word);
        let words = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"];
        assert_eq!(
            words.iter().copied().filter(dropped).collect::<Vec<_>>(),
            ["c", "d", "e", "g", "i", "j", "k", "m", "n"]
        );
    }
}
