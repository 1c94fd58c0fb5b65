//! Text to a tree of SQL. Only what can be an expression over one row reaches the parser.

use sqlparser::ast::Expr;
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::error::{Fault, PredicateError};
use super::function;

/// Letters of an expression: a list of some ten thousand ids.
const MOST_BYTES: usize = 1 << 20;
/// Signs and words beside numbers, texts and commas. A chain of so many operators is a tree as deep, which must not overflow
/// the stack; lists may be longer.
const MOST_WORDS: usize = 500;
/// Expressions in expressions, by parentheses and signs.
const MOST_NESTED: usize = 40;
/// Bytes of stack for the parser; only what is used takes memory.
const STACK: usize = 16 << 20;

/// The SQL that is understood: identifiers as surveys have them (`#id`), and no dialect's own syntax.
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

/// The tree of an expression.
pub(super) fn parse(text: &str) -> Result<Expr, PredicateError> {
    if text.len() > MOST_BYTES {
        // Shown nowhere: nobody reads a message of a megabyte.
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
    let reason = format!("it goes on with {} where it could end", next.token);
    Err(Fault::Syntax { reason }.at(text, next.span))
}

/// Does `work` on a thread with a stack for [`MOST_NESTED`] levels of a parser that is not optimised: with the two mebibytes that
/// threads have by default, it overflows in programs built for debugging.
fn on_deep_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("tape-parser".to_owned()).stack_size(STACK);
        match builder.spawn_scoped(scope, &work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Without a thread, the stack that there is has to do.
            Err(_) => work(),
        }
    })
}

/// That there is nothing but words, numbers, texts and the signs of expressions, and not too many of them.
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
            // The sign of a number in a list.
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
            let what = "the number of its words and signs, beside numbers, texts and commas,";
            return Err(Fault::TooLarge { what, most: MOST_WORDS }.of(text));
        }
    }
    Ok(())
}

/// Words that begin something that is no expression over one row.
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

/// That a word before a parenthesis is a function that there is, or a word of the language.
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
            Fault::TooLarge { what: "the depth of its parentheses and signs", most: MOST_NESTED }.of(text)
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => match located(&message) {
            Some((words, location)) => syntax(text, words.to_owned(), location),
            None => syntax(text, message, end(text)),
        },
    }
}

/// The parser's words, and the place that it gives at their end.
fn located(message: &str) -> Option<(&str, Location)> {
    let (words, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some((words, Location { line: line.parse().ok()?, column: column.trim().parse().ok()? }))
}

/// Behind the last letter.
fn end(text: &str) -> Location {
    let last = text.lines().last().unwrap_or_default();
    Location { line: text.lines().count().max(1) as u64, column: last.chars().count() as u64 + 1 }
}

fn syntax(text: &str, reason: String, start: Location) -> PredicateError {
    let reason = reason.replace("Expected: ", "expected ").replace("found: ", "found ").replace("EOF", "the end");
    let end = Location { line: start.line, column: start.column + 1 };
    Fault::Syntax { reason }.at(text, Span { start, end })
}
