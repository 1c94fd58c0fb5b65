//! The expression tree after columns and types are resolved.

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;

use super::derived;
use super::function::Function;
use super::types::{DIGITS, Type};

/// An expression with the type of its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Typed {
    pub(super) kind: Type,
    pub(super) node: Node,
}

/// A node of the tree. Operands already have the types that the operator takes, by a [`Node::Cast`] where necessary.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A column, as an index into the columns that the expression needs.
    Column(usize),
    Literal(Literal),
    /// A conversion to the type of the node.
    Cast(Box<Typed>),
    Negate(Box<Typed>),
    /// An operator on two numbers of the same type.
    Arithmetic(Arithmetic, Box<[Typed; 2]>),
    /// A comparison of two values of the same type.
    Compare(Comparison, Box<[Typed; 2]>),
    And(Vec<Typed>),
    Or(Vec<Typed>),
    Not(Box<Typed>),
    In(Box<Typed>, Set),
    IsNull(Box<Typed>),
    /// `IS TRUE` or `IS FALSE`, which is never NULL.
    Is(Box<Typed>, bool),
    Like {
        of: Box<[Typed; 2]>,
        fold_case: bool,
    },
    Call(Function, Vec<Typed>),
    /// A function of floats from [`derived`], which has no name in SQL.
    Apply(derived::Function, Vec<Typed>),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    /// An unscaled decimal, with the scale of its type. For a time, nanoseconds since 1970.
    Decimal(i128),
    /// A float, with the unscaled decimal and its scale as they were written, unless there are too many digits.
    Float {
        value: f64,
        exact: Option<(i128, i8)>,
    },
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Division, for floats only.
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The constants of an `IN` list, sorted and without duplicates.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set {
    pub(super) members: Members,
    /// True if NULL is among them: the result for a value that is not found is then NULL.
    pub(super) null: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Members {
    Integers(Vec<i64>),
    Decimals(Vec<i128>),
    Floats(Vec<f64>),
    Texts(Vec<String>),
}

impl Typed {
    pub(super) const fn new(kind: Type, node: Node) -> Self {
        Self { kind, node }
    }

    pub(super) const fn literal(kind: Type, literal: Literal) -> Self {
        Self { kind, node: Node::Literal(literal) }
    }

    /// Creates a boolean expression.
    pub(super) const fn condition(node: Node) -> Self {
        Self { kind: Type::Boolean, node }
    }

    /// Converts the expression to a type that [`common`] returned.
    pub(super) fn cast(self, to: Type) -> Self {
        if self.kind == to {
            return self;
        }
        let folded = match &self.node {
            Node::Literal(literal) => fold(literal, self.kind, to),
            _ => None,
        };
        match folded {
            Some(literal) => Self::literal(to, literal),
            None => Self { kind: to, node: Node::Cast(Box::new(self)) },
        }
    }

    /// Negates the expression.
    pub(super) fn negated(self) -> Self {
        let kind = self.kind;
        match self.node {
            Node::Literal(Literal::Integer(value)) if value != i64::MIN => {
                Self::literal(kind, Literal::Integer(-value))
            }
            // 2^63 overflows an integer, but -2^63 does not.
            Node::Literal(Literal::Decimal(value)) if kind == Type::Decimal(0) => whole(-value),
            Node::Literal(Literal::Float { value, exact }) => {
                let exact = exact.map(|(digits, scale)| (-digits, scale));
                Self::literal(kind, Literal::Float { value: -value, exact })
            }
            _ => Self { kind, node: Node::Negate(Box::new(self)) },
        }
    }
}

/// Creates a literal of the smallest type that an integer fits.
pub(super) fn whole(value: i128) -> Typed {
    match i64::try_from(value) {
        Ok(value) => Typed::literal(Type::Integer, Literal::Integer(value)),
        Err(_) => Typed::literal(Type::Decimal(0), Literal::Decimal(value)),
    }
}

/// Parses a number.
pub(super) fn number(text: &str) -> Option<Typed> {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let digits = before.len() + after.len();
    let exact = if digits <= usize::from(DIGITS) { format!("{before}{after}").parse::<i128>().ok() } else { None };
    if let (Some(value), false) = (exact, text.contains('.')) {
        return Some(whole(value));
    }
    let exact = exact.zip(i8::try_from(after.len()).ok());
    Some(Typed::literal(Type::Float, Literal::Float { value: text.parse().ok()?, exact }))
}

/// Parses a time.
pub(super) fn time(text: &str) -> Option<Typed> {
    let nanoseconds = string_to_timestamp_nanos(text).ok()?;
    Some(Typed::literal(Type::Time, Literal::Decimal(nanoseconds.into())))
}

/// Returns the type in which two values can be compared, if any.
pub(super) fn common(left: &Typed, right: &Typed) -> Option<Type> {
    use Type::{Decimal, Float, Integer, Null};
    let exact = |side: &Typed| match side.node {
        Node::Literal(Literal::Float { exact: Some((_, scale)), .. }) => Some(scale),
        _ => None,
    };
    Some(match (left.kind, right.kind) {
        (one, other) if one == other => one,
        (Null, kind) | (kind, Null) => kind,
        (Integer, Decimal(scale)) | (Decimal(scale), Integer) => Decimal(scale),
        (Decimal(one), Decimal(other)) => Decimal(one.max(other)),
        // Compared with a decimal, the literal 0.1 is the decimal 0.1, not the nearest float.
        (Decimal(scale), Float) => exact(right).map_or(Float, |other| Decimal(scale.max(other))),
        (Float, Decimal(scale)) => exact(left).map_or(Float, |other| Decimal(scale.max(other))),
        (Integer, Float) | (Float, Integer) => Float,
        _ => return None,
    })
}

fn fold(literal: &Literal, from: Type, to: Type) -> Option<Literal> {
    Some(match (literal, to) {
        (Literal::Null, _) => Literal::Null,
        (Literal::Integer(value), Type::Decimal(scale)) => Literal::Decimal(scaled((*value).into(), scale)),
        (Literal::Integer(value), Type::Float) => Literal::Float { value: float(i128::from(*value), 0), exact: None },
        (Literal::Decimal(value), Type::Decimal(scale)) => Literal::Decimal(scaled(*value, scale - scale_of(from))),
        (Literal::Decimal(value), Type::Float) => Literal::Float { value: float(*value, scale_of(from)), exact: None },
        (Literal::Float { exact: Some((digits, own)), .. }, Type::Decimal(scale)) => {
            Literal::Decimal(scaled(*digits, scale - own))
        }
        _ => return None,
    })
}

/// Returns the number of digits after the decimal point.
pub(super) const fn scale_of(kind: Type) -> i8 {
    if let Type::Decimal(scale) = kind { scale } else { 0 }
}

/// Adds `more` digits after the decimal point. Saturates on overflow: the result is then still larger than any value
/// that it is compared with.
pub(super) fn scaled(value: i128, more: i8) -> i128 {
    value.saturating_mul(10_i128.saturating_pow(more.unsigned_abs().into()))
}

/// Returns the float nearest to a decimal.
#[expect(clippy::cast_precision_loss, reason = "rounds to the nearest float on purpose")]
pub(super) fn float(value: i128, scale: i8) -> f64 {
    value as f64 / 10_f64.powi(scale.into())
}

impl Comparison {
    /// Returns true if the comparison holds for values in this order, which is `None` if one of them is NaN.
    pub(super) fn holds(self, order: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            Self::Equal => order == Some(Equal),
            Self::NotEqual => order != Some(Equal),
            Self::Less => order == Some(Less),
            Self::LessOrEqual => matches!(order, Some(Less | Equal)),
            Self::Greater => order == Some(Greater),
            Self::GreaterOrEqual => matches!(order, Some(Greater | Equal)),
        }
    }
}
