//! Parses text into a SQL syntax tree. Tokens that cannot be part of an expression over one row are refused before
//! parsing.

use sqlparser::ast::Expr;
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::error::{Fault, PredicateError};
use super::function;

/// Maximum length of an expression in bytes, enough for a list of some ten thousand ids.
const MOST_BYTES: usize = 1 << 20;
/// Maximum number of words and operators, not counting numbers, texts and commas, so that lists may be longer. A chain
/// of n operators is a tree of depth n, which must not overflow the stack.
const MOST_WORDS: usize = 500;
/// Maximum nesting of expressions, by parentheses and unary operators.
const MOST_NESTED: usize = 40;
/// Stack size of the parser's thread in bytes. Only the part that is used takes memory.
const STACK: usize = 16 << 20;

/// The SQL dialect: standard syntax, with the identifiers of surveys such as `#id`.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, letter: char) -> bool {
        letter.is_alphabetic() || matches!(letter, '_' | '#' | '@')
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        letter.is_alphanumeric() || matches!(letter, '_' | '#' | '@' | '$')
    }
}

/// Parses an expression.
pub(super) fn parse(text: &str) -> Result<Expr, PredicateError> {
    if text.len() > MOST_BYTES {
        // Without the text: a message of a megabyte is unreadable.
        return Err(Fault::TooLarge { what: "the number of its bytes", most: MOST_BYTES }.of(""));
    }
    let tokens = Tokenizer::new(&Plain, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| syntax(text, error.message, error.location))?;
    check(text, &tokens)?;
    let parse = || {
        let parser = Parser::new(&Plain).with_recursion_limit(MOST_NESTED);
        let mut parser = parser.with_tokens_with_locations(tokens.clone());
        parser.parse_expr().map(|parsed| (parsed, parser.peek_token()))
    };
    let (parsed, next) = on_deep_stack(parse).map_err(|error| refused(text, error))?;
    if next.token == Token::EOF {
        return Ok(parsed);
    }
    let reason = format!("unexpected {} after the end", next.token);
    Err(Fault::Syntax { reason }.at(text, next.span))
}

/// Runs `work` on a thread whose stack is large enough for [`MOST_NESTED`] levels of an unoptimized parser, which
/// overflows the default stack of 2 MiB in debug builds.
fn on_deep_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("tape-parser".to_owned()).stack_size(STACK);
        match builder.spawn_scoped(scope, &work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // If no thread can be started, use the current stack.
            Err(_) => work(),
        }
    })
}

/// Checks that there are only tokens of expressions, and not too many.
fn check(text: &str, tokens: &[TokenWithSpan]) -> Result<(), PredicateError> {
    let told: Vec<_> = tokens.iter().filter(|token| !is_space(&token.token)).collect();
    if told.iter().all(|token| token.token == Token::EOF) {
        return Err(Fault::Empty.of(text));
    }
    let mut words = 0;
    for (i, token) in told.iter().enumerate() {
        let next = told.get(i + 1).map(|next| &next.token);
        let after_comma = i > 0 && told[i - 1].token == Token::Comma;
        match &token.token {
            Token::Number(..) | Token::SingleQuotedString(_) | Token::Comma | Token::EOF => continue,
            // The sign of a negative number in a list.
            Token::Minus if after_comma && matches!(next, Some(Token::Number(..))) => continue,
            Token::Word(word) if next == Some(&Token::LParen) && word.quote_style.is_none() => {
                check_call(text, token, &word.value, word.keyword)?;
            }
            Token::Word(word) if word.quote_style.is_none() && NEVER.contains(&word.keyword) => {
                let what = format!("{} (a column of that name needs double quotes)", word.value.to_uppercase());
                return Err(Fault::Unsupported { what }.at(text, token.span));
            }
            Token::Word(_) | Token::LParen | Token::RParen | Token::Period => {}
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod => {}
            Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => {}
            other => return Err(Fault::Unsupported { what: format!("'{other}'") }.at(text, token.span)),
        }
        words += 1;
        if words > MOST_WORDS {
            let what = "the number of its words and operators";
            return Err(Fault::TooLarge { what, most: MOST_WORDS }.of(text));
        }
    }
    Ok(())
}

/// Keywords that are not part of an expression over one row.
const NEVER: [Keyword; 10] = [
    Keyword::SELECT,
    Keyword::WITH,
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::CASE,
    Keyword::EXISTS,
    Keyword::INTERVAL,
    Keyword::OVER,
    Keyword::COLLATE,
    Keyword::ESCAPE,
];

/// Checks that a word before a parenthesis is a known function or an operator.
fn check_call(text: &str, token: &TokenWithSpan, name: &str, keyword: Keyword) -> Result<(), PredicateError> {
    if matches!(keyword, Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::IN | Keyword::BETWEEN)
        || matches!(keyword, Keyword::LIKE | Keyword::ILIKE)
        || function::named(name).is_some()
    {
        return Ok(());
    }
    let available = function::names();
    let nearest = tape_core::nearest(name, &available).map(str::to_owned);
    Err(Fault::NoFunction { name: name.to_owned(), nearest, available }.at(text, token.span))
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

fn refused(text: &str, error: ParserError) -> PredicateError {
    match error {
        ParserError::RecursionLimitExceeded => {
            Fault::TooLarge { what: "the nesting depth of its parentheses and signs", most: MOST_NESTED }.of(text)
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => match located(&message) {
            Some((words, location)) => syntax(text, words.to_owned(), location),
            None => syntax(text, message, end(text)),
        },
    }
}

/// Splits the parser's message into text and the location at its end.
fn located(message: &str) -> Option<(&str, Location)> {
    let (words, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some((words, Location { line: line.parse().ok()?, column: column.trim().parse().ok()? }))
}

/// Returns the location after the last character.
fn end(text: &str) -> Location {
    let last = text.lines().last().unwrap_or_default();
    Location { line: text.lines().count().max(1) as u64, column: last.chars().count() as u64 + 1 }
}

fn syntax(text: &str, reason: String, start: Location) -> PredicateError {
    let reason = reason.replace("Expected: ", "expected ").replace("found: ", "found ").replace("EOF", "the end");
    let end = Location { line: start.line, column: start.column + 1 };
    Fault::Syntax { reason }.at(text, Span { start, end })
}
