//! Bounds on the values of an expression, given the possible values of its columns.
//!
//! Bounds are conservative: every value that a row can have lies within them. Rows in which a condition cannot be true
//! therefore need not be read.

use std::cmp::Ordering;

use super::function::Function;
use super::range::{Possible, Range};
use super::typed::{Comparison, Literal, Node, Typed, float, scale_of, scaled};
use super::types::Type;

pub(super) fn may_be_true(condition: &Typed, columns: &[Possible]) -> bool {
    possible(condition, columns).truths().0
}

fn possible(typed: &Typed, columns: &[Possible]) -> Possible {
    let of = |typed: &Typed| possible(typed, columns);
    match &typed.node {
        Node::Column(slot) => columns.get(*slot).cloned().unwrap_or(Possible::ANY),
        Node::Literal(literal) => constant(literal),
        Node::Cast(inner) => {
            let before = of(inner);
            Possible::of(before.null, converted(&before.range, inner.kind, typed.kind))
        }
        Node::Negate(inner) => {
            let before = of(inner);
            or_any(before.null, before.range.negated())
        }
        Node::Arithmetic(operator, sides) => {
            let (left, right) = (of(&sides[0]), of(&sides[1]));
            or_any(left.null || right.null, Range::combined(*operator, &left.range, &right.range))
        }
        Node::Compare(comparison, sides) => compared(*comparison, &of(&sides[0]), &of(&sides[1])),
        Node::And(all) => {
            all.iter().map(of).reduce(|a, b| negated(&either(&negated(&a), &negated(&b)))).unwrap_or(Possible::ANY)
        }
        Node::Or(all) => all.iter().map(of).reduce(|a, b| either(&a, &b)).unwrap_or(Possible::ANY),
        Node::Not(inner) => negated(&of(inner)),
        Node::In(inner, set) => {
            let before = of(inner);
            let (met, nothing_else) = before.range.meets(set);
            let may_miss = before.range != Range::Nothing && !nothing_else;
            Possible::truth(met, may_miss && !set.null, before.null || (may_miss && set.null))
        }
        Node::IsNull(inner) => {
            let before = of(inner);
            Possible::truth(before.null, before.range != Range::Nothing, false)
        }
        Node::Is(inner, wanted) => {
            let before = of(inner);
            let (yes, no) = before.truths();
            let (is, is_not) = if *wanted { (yes, no) } else { (no, yes) };
            Possible::truth(is, is_not || before.null, false)
        }
        Node::Like { of: sides, .. } => {
            let (text, pattern) = (of(&sides[0]), of(&sides[1]));
            let some = text.range != Range::Nothing && pattern.range != Range::Nothing;
            Possible::truth(some, some, text.null || pattern.null)
        }
        Node::Call(function, arguments) => called(*function, arguments, of),
        // The function returns NaN instead of NULL. Its range is unknown.
        Node::Apply(..) => Possible::of(false, Range::Any),
    }
}

fn or_any(null: bool, range: Option<Range>) -> Possible {
    range.map_or(Possible::ANY, |range| Possible::of(null, range))
}

fn constant(literal: &Literal) -> Possible {
    let range = match literal {
        Literal::Null => return Possible::NULL,
        Literal::Boolean(value) => Range::Booleans { yes: *value, no: !value },
        Literal::Integer(value) => Range::Integers(*value, *value),
        Literal::Decimal(value) => Range::Decimals(*value, *value),
        Literal::Float { value, .. } => Range::Floats { numbers: Some((*value, *value)), nan: false },
        Literal::Text(text) => Range::Texts(Some(text.as_bytes().to_vec()), Some(text.as_bytes().to_vec())),
    };
    Possible::of(false, range)
}

/// Converts a range to another type. Conversions are monotonic, so converting the ends is enough.
fn converted(range: &Range, from: Type, to: Type) -> Range {
    let floats = |min, max| Range::Floats { numbers: Some((min, max)), nan: false };
    match (range, to) {
        (Range::Nothing, _) => Range::Nothing,
        (&Range::Integers(min, max), Type::Float) => floats(float(min.into(), 0), float(max.into(), 0)),
        (&Range::Integers(min, max), Type::Decimal(scale)) => {
            Range::Decimals(scaled(min.into(), scale), scaled(max.into(), scale))
        }
        (&Range::Decimals(min, max), Type::Float) => floats(float(min, scale_of(from)), float(max, scale_of(from))),
        (&Range::Decimals(min, max), Type::Decimal(scale)) => {
            let more = scale - scale_of(from);
            Range::Decimals(scaled(min, more), scaled(max, more))
        }
        _ => Range::Any,
    }
}

fn compared(comparison: Comparison, left: &Possible, right: &Possible) -> Possible {
    let null = left.null || right.null;
    let (yes, no) = match (&left.range, &right.range) {
        (Range::Nothing, _) | (_, Range::Nothing) => (false, false),
        (Range::Integers(a, b), Range::Integers(c, d)) => {
            holds(comparison, [Some(a), Some(b), Some(c), Some(d)], false)
        }
        (Range::Decimals(a, b), Range::Decimals(c, d)) => {
            holds(comparison, [Some(a), Some(b), Some(c), Some(d)], false)
        }
        (Range::Texts(a, b), Range::Texts(c, d)) => {
            holds(comparison, [a.as_ref(), b.as_ref(), c.as_ref(), d.as_ref()], false)
        }
        (Range::Floats { numbers: one, nan: x }, Range::Floats { numbers: other, nan: y }) => match (one, other) {
            (Some((a, b)), Some((c, d))) => holds(comparison, [Some(a), Some(b), Some(c), Some(d)], *x || *y),
            _ => (comparison.holds(None), !comparison.holds(None)),
        },
        _ => (true, true),
    };
    Possible::truth(yes, no, null)
}

/// Returns whether a comparison may be true, and whether it may be false, for a value in `[a, b]` and a value in `[c,
/// d]`. If `unordered` is true, one of them may be NaN.
fn holds<T: PartialOrd>(comparison: Comparison, [a, b, c, d]: [Option<&T>; 4], unordered: bool) -> (bool, bool) {
    // An unknown end may be anything.
    let may = |one: Option<&T>, other: Option<&T>, order: Ordering| match (one, other) {
        (Some(one), Some(other)) => one.partial_cmp(other).is_none_or(|is| is == order),
        _ => true,
    };
    let not_above = may(a, d, Ordering::Less) || may(a, d, Ordering::Equal);
    let not_below = may(c, b, Ordering::Less) || may(c, b, Ordering::Equal);
    let orders = [
        (may(a, d, Ordering::Less), Some(Ordering::Less)),
        (may(b, c, Ordering::Greater), Some(Ordering::Greater)),
        (not_above && not_below, Some(Ordering::Equal)),
        (unordered, None),
    ];
    let any = |wanted: bool| orders.iter().any(|(may, order)| *may && comparison.holds(*order) == wanted);
    (any(true), any(false))
}

fn either(a: &Possible, b: &Possible) -> Possible {
    let ((a_yes, a_no), (b_yes, b_no)) = (a.truths(), b.truths());
    let null = (a.null && (b.null || b_no)) || (b.null && a_no);
    Possible::truth(a_yes || b_yes, a_no && b_no, null)
}

fn negated(condition: &Possible) -> Possible {
    let (yes, no) = condition.truths();
    Possible::truth(no, yes, condition.null)
}

fn called(function: Function, arguments: &[Typed], of: impl Fn(&Typed) -> Possible) -> Possible {
    if function == Function::Coalesce {
        return Possible::of(arguments.iter().all(|argument| of(argument).null), Range::Any);
    }
    if matches!(function, Function::AngularDistance | Function::Power) {
        return Possible::ANY;
    }
    let before = arguments.first().map_or(Possible::ANY, of);
    let Range::Floats { numbers, nan } = before.range else { return Possible::ANY };
    match function {
        Function::IsNan => Possible::truth(nan, numbers.is_some(), before.null),
        Function::IsFinite => {
            let infinite = numbers.is_some_and(|(min, max)| min.is_infinite() || max.is_infinite());
            Possible::truth(numbers.is_some(), nan || infinite, before.null)
        }
        _ => Possible::of(before.null, Range::Any),
    }
}
