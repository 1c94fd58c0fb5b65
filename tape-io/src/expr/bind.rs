//! Resolves the columns and types of a SQL syntax tree.

use sqlparser::ast::{BinaryOperator, Expr, Ident, Spanned, TypedString, UnaryOperator, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

use super::Expression;
use super::derived::Derived;
use super::error::{Fault, PredicateError};
use super::typed::{Arithmetic, Comparison, Literal, Members, Node, Set, Typed, common, number, time};
use super::types::{Column, Type};

type Bound = Result<Typed, PredicateError>;

/// The state of binding an expression.
pub(super) struct Binder<'a> {
    pub(super) text: &'a str,
    pub(super) columns: &'a [Column],
    /// Derived columns, each computed from `columns` or from earlier derived columns.
    pub(super) derived: &'a [Derived],
    /// Indices of the columns that the expression uses, each once.
    pub(super) used: Vec<usize>,
    /// Number of expressions around the current one.
    pub(super) depth: usize,
    /// Number of expressions bound so far.
    pub(super) bound: usize,
}

/// Maximum nesting of operators, because evaluation recurses as deeply. A chain of ANDs or ORs counts as one operator.
const MOST_DEEP: usize = 64;
/// Maximum total number of expressions. Those of a derived column count wherever it is used, also in other derived
/// columns.
const MOST_BOUND: usize = 100_000;

impl Binder<'_> {
    /// Binds another expression over the same columns. Errors point into its own text.
    pub(super) fn nested(&mut self, expression: &Expression) -> Bound {
        let used = std::mem::take(&mut self.used);
        let Self { columns, derived, depth, bound, .. } = *self;
        let mut binder: Binder<'_> = Binder { text: &expression.text, columns, derived, used, depth, bound };
        let typed = binder.bind(&expression.parsed);
        (self.used, self.bound) = (binder.used, binder.bound);
        typed
    }

    /// Binds the derived column called `name`, if there is one.
    fn derived(&mut self, name: &str) -> Option<Bound> {
        let place = self.derived.iter().position(|derived| derived.name() == name)?;
        let all = self.derived;
        self.derived = &all[..place];
        let bound = all[place].bind(self);
        self.derived = all;
        Some(bound)
    }

    pub(super) fn bind(&mut self, expr: &Expr) -> Bound {
        if self.depth == MOST_DEEP {
            let what = "the nesting depth of its operators";
            return Err(Fault::TooLarge { what, most: MOST_DEEP }.of(self.text));
        }
        self.bound += 1;
        if self.bound > MOST_BOUND {
            return Err(Fault::TooLarge { what: "the number of its parts", most: MOST_BOUND }.of(self.text));
        }
        self.depth += 1;
        let bound = self.bind_one(expr);
        self.depth -= 1;
        bound
    }

    fn bind_one(&mut self, expr: &Expr) -> Bound {
        match expr {
            Expr::Nested(inner) => self.bind(inner),
            Expr::Identifier(ident) => self.column(std::slice::from_ref(ident), expr.span()),
            Expr::CompoundIdentifier(parts) => self.column(parts, expr.span()),
            Expr::Value(value) => self.literal(value),
            Expr::TypedString(typed) => self.typed_string(typed, expr.span()),
            Expr::UnaryOp { op, expr: of } => self.unary(*op, of),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => self.chain(expr, op),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Between { expr: of, negated, low, high } => {
                let from = self.compare(of, Comparison::GreaterOrEqual, low)?;
                let to = self.compare(of, Comparison::LessOrEqual, high)?;
                Ok(not_if(*negated, Typed::condition(Node::And(vec![from, to]))))
            }
            Expr::InList { expr: of, list, negated } => Ok(not_if(*negated, self.within(of, list)?)),
            Expr::Like { negated, any: false, expr: of, pattern, escape_char: None } => {
                Ok(not_if(*negated, self.like(of, pattern, false)?))
            }
            Expr::ILike { negated, any: false, expr: of, pattern, escape_char: None } => {
                Ok(not_if(*negated, self.like(of, pattern, true)?))
            }
            Expr::IsNull(of) | Expr::IsNotNull(of) => {
                let of = Box::new(self.bind(of)?);
                Ok(not_if(matches!(expr, Expr::IsNotNull(_)), Typed::condition(Node::IsNull(of))))
            }
            Expr::IsUnknown(of) => self.is(of, None, false),
            Expr::IsNotUnknown(of) => self.is(of, None, true),
            Expr::IsTrue(of) => self.is(of, Some(true), false),
            Expr::IsNotTrue(of) => self.is(of, Some(true), true),
            Expr::IsFalse(of) => self.is(of, Some(false), false),
            Expr::IsNotFalse(of) => self.is(of, Some(false), true),
            Expr::Function(_) | Expr::Ceil { .. } | Expr::Floor { .. } => self.call(expr),
            other => Err(self.unsupported(format!("'{other}'"), other.span())),
        }
    }

    /// Binds `IS TRUE`, `IS FALSE` or `IS UNKNOWN`.
    fn is(&mut self, of: &Expr, wanted: Option<bool>, negated: bool) -> Bound {
        let of = Box::new(self.condition(of, "IS")?);
        let node = match wanted {
            Some(wanted) => Node::Is(of, wanted),
            None => Node::IsNull(of),
        };
        Ok(not_if(negated, Typed::condition(node)))
    }

    pub(super) fn unsupported(&self, what: String, span: Span) -> PredicateError {
        Fault::Unsupported { what }.at(self.text, span)
    }

    /// Binds a column. If no column has exactly this name and it is not quoted, case is ignored.
    fn column(&mut self, parts: &[Ident], span: Span) -> Bound {
        let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        let quoted = parts.iter().any(|part| part.quote_style.is_some());
        if let Some(bound) = self.derived(&name) {
            return bound;
        }
        let found = self.columns.iter().position(|column| column.name == name);
        let place = match found {
            Some(place) => place,
            None => self.column_in_any_case(&name, quoted).map_err(|fault| fault.at(self.text, span))?,
        };
        let kind = self.columns[place].kind.clone().map_err(|actual| {
            let name = self.columns[place].name.clone();
            Fault::ColumnType { name, actual }.at(self.text, span)
        })?;
        let slot = self.used.iter().position(|&used| used == place).unwrap_or_else(|| {
            self.used.push(place);
            self.used.len() - 1
        });
        Ok(Typed::new(kind, Node::Column(slot)))
    }

    fn column_in_any_case(&self, name: &str, quoted: bool) -> Result<usize, Fault> {
        let alike = |column: &Column| !quoted && column.name.to_lowercase() == name.to_lowercase();
        let places: Vec<_> = (0..self.columns.len()).filter(|&place| alike(&self.columns[place])).collect();
        let derived = self.derived.iter().map(|derived| derived.name().to_owned());
        let names = || self.columns.iter().map(|column| column.name.clone()).chain(derived).collect::<Vec<_>>();
        match places[..] {
            [place] => Ok(place),
            [] => {
                let available = names();
                let nearest = tape_core::nearest(name, &available).map(str::to_owned);
                Err(Fault::NoColumn { name: name.to_owned(), nearest, available })
            }
            _ => {
                let candidates = places.iter().map(|&place| self.columns[place].name.clone()).collect();
                Err(Fault::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    fn literal(&self, value: &ValueWithSpan) -> Bound {
        Ok(match &value.value {
            Value::Number(text, _) => number(text).ok_or_else(|| {
                Fault::Syntax { reason: format!("'{text}' is not a number") }.at(self.text, value.span)
            })?,
            Value::SingleQuotedString(text) => Typed::literal(Type::Text, Literal::Text(text.clone())),
            Value::Boolean(value) => Typed::literal(Type::Boolean, Literal::Boolean(*value)),
            Value::Null => Typed::literal(Type::Null, Literal::Null),
            other => return Err(self.unsupported(format!("{other}"), value.span)),
        })
    }

    /// Binds `DATE '…'` and `TIMESTAMP '…'`.
    fn typed_string(&self, typed: &TypedString, span: Span) -> Bound {
        let kind = typed.data_type.to_string();
        match &typed.value.value {
            Value::SingleQuotedString(text) if matches!(kind.as_str(), "DATE" | "TIMESTAMP") => self.time(text, span),
            _ => Err(self.unsupported(format!("'{typed}'"), span)),
        }
    }

    fn time(&self, text: &str, span: Span) -> Bound {
        time(text).ok_or_else(|| Fault::NotATime { text: text.to_owned() }.at(self.text, span))
    }

    fn unary(&mut self, op: UnaryOperator, of: &Expr) -> Bound {
        match op {
            UnaryOperator::Not => Ok(Typed::condition(Node::Not(Box::new(self.condition(of, "NOT")?)))),
            UnaryOperator::Minus => Ok(self.number(of, "-")?.negated()),
            UnaryOperator::Plus => self.number(of, "+"),
            other => Err(self.unsupported(format!("'{other}'"), of.span())),
        }
    }

    /// Flattens a chain of ANDs, or of ORs, into one node.
    fn chain(&mut self, expr: &Expr, wanted: &BinaryOperator) -> Bound {
        let mut all = vec![];
        let mut next = expr;
        // The operators associate to the left.
        while let Expr::BinaryOp { left, op, right } = next
            && op == wanted
        {
            all.push(&**right);
            next = left;
        }
        all.push(next);
        let name = wanted.to_string();
        let all = all.into_iter().rev().map(|side| self.condition(side, &name)).collect::<Result<_, _>>()?;
        Ok(Typed::condition(if *wanted == BinaryOperator::And { Node::And(all) } else { Node::Or(all) }))
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Bound {
        let arithmetic = match op {
            BinaryOperator::Eq => return self.compare(left, Comparison::Equal, right),
            BinaryOperator::NotEq => return self.compare(left, Comparison::NotEqual, right),
            BinaryOperator::Lt => return self.compare(left, Comparison::Less, right),
            BinaryOperator::LtEq => return self.compare(left, Comparison::LessOrEqual, right),
            BinaryOperator::Gt => return self.compare(left, Comparison::Greater, right),
            BinaryOperator::GtEq => return self.compare(left, Comparison::GreaterOrEqual, right),
            BinaryOperator::Plus => Arithmetic::Add,
            BinaryOperator::Minus => Arithmetic::Subtract,
            BinaryOperator::Multiply => Arithmetic::Multiply,
            BinaryOperator::Divide => Arithmetic::Divide,
            BinaryOperator::Modulo => Arithmetic::Remainder,
            other => return Err(self.unsupported(format!("'{other}'"), right.span())),
        };
        let name = op.to_string();
        let (left, right) = (self.number(left, &name)?, self.number(right, &name)?);
        let shared = common(&left, &right).unwrap_or(Type::Float);
        let kind = if shared.is_whole() && arithmetic != Arithmetic::Divide { shared } else { Type::Float };
        let sides = Box::new([left.cast(kind), right.cast(kind)]);
        Ok(Typed::new(kind, Node::Arithmetic(arithmetic, sides)))
    }

    fn compare(&mut self, left: &Expr, comparison: Comparison, right: &Expr) -> Bound {
        let (mut one, mut other) = (self.bind(left)?, self.bind(right)?);
        let kind = self.alike((&mut one, left), (&mut other, right))?;
        Ok(Typed::condition(Node::Compare(comparison, Box::new([one.cast(kind), other.cast(kind)]))))
    }

    /// Returns the type in which two operands are compared.
    fn alike(&self, one: (&mut Typed, &Expr), other: (&mut Typed, &Expr)) -> Result<Type, PredicateError> {
        let ((one, left), (other, right)) = (one, other);
        // A text literal that is compared with a time is a time.
        if let (Type::Time, Node::Literal(Literal::Text(text))) = (one.kind, &other.node) {
            *other = self.time(text, right.span())?;
        } else if let (Node::Literal(Literal::Text(text)), Type::Time) = (&one.node, other.kind) {
            *one = self.time(text, left.span())?;
        }
        common(one, other).ok_or_else(|| {
            // Point at the literal: it is more likely wrong than the column.
            let wrong = if matches!(one.node, Node::Literal(_)) { left } else { right };
            Fault::NotComparable { left: one.kind, right: other.kind }.at(self.text, wrong.span())
        })
    }

    fn within(&mut self, of: &Expr, list: &[Expr]) -> Bound {
        let mut value = self.bind(of)?;
        let mut members = vec![];
        for expr in list {
            let mut member = self.bind(expr)?;
            let kind = self.alike((&mut value, of), (&mut member, expr))?;
            members.push(member.cast(kind));
        }
        if let Some((kind, set)) = as_set(&members) {
            return Ok(Typed::condition(Node::In(Box::new(value.cast(kind)), set)));
        }
        let equal = |member: Typed| {
            let sides = Box::new([value.clone().cast(member.kind), member]);
            Typed::condition(Node::Compare(Comparison::Equal, sides))
        };
        Ok(Typed::condition(Node::Or(members.into_iter().map(equal).collect())))
    }

    fn like(&mut self, of: &Expr, pattern: &Expr, fold_case: bool) -> Bound {
        let mut side = |expr: &Expr| self.of_type(expr, "LIKE", "text", |kind| kind == Type::Text, Type::Text);
        let of = Box::new([side(of)?, side(pattern)?]);
        Ok(Typed::condition(Node::Like { of, fold_case }))
    }

    /// Binds a condition, an operand of `place`.
    pub(super) fn condition(&mut self, expr: &Expr, place: &str) -> Bound {
        self.of_type(expr, place, "a condition", |kind| kind == Type::Boolean, Type::Boolean)
    }

    /// Binds a number, an operand of `place`.
    pub(super) fn number(&mut self, expr: &Expr, place: &str) -> Bound {
        self.of_type(expr, place, "a number", Type::is_number, Type::Float)
    }

    /// Binds an expression whose type `fits`. NULL fits always, and is converted to the type `null`.
    fn of_type(
        &mut self,
        expr: &Expr,
        place: &str,
        wanted: &'static str,
        fits: impl Fn(Type) -> bool,
        null: Type,
    ) -> Bound {
        let typed = self.bind(expr)?;
        match typed.kind {
            Type::Null => Ok(typed.cast(null)),
            kind if fits(kind) => Ok(typed),
            actual => {
                let fault = Fault::WrongType { place: place.to_owned(), wanted, actual };
                Err(fault.at(self.text, expr.span()))
            }
        }
    }
}

fn not_if(negated: bool, condition: Typed) -> Typed {
    if negated { Typed::condition(Node::Not(Box::new(condition))) } else { condition }
}

/// Returns the members of an `IN` list and their type, or `None` unless all are constants of one type.
fn as_set(list: &[Typed]) -> Option<(Type, Set)> {
    let is_null = |member: &Typed| member.node == Node::Literal(Literal::Null);
    let kind = list.iter().find(|member| !is_null(member))?.kind;
    let mut set = Set { members: no_members(kind)?, null: list.iter().any(is_null) };
    for member in list.iter().filter(|member| !is_null(member)) {
        match (&mut set.members, &member.node) {
            _ if member.kind != kind => return None,
            (Members::Integers(all), Node::Literal(Literal::Integer(value))) => all.push(*value),
            (Members::Decimals(all), Node::Literal(Literal::Decimal(value))) => all.push(*value),
            // Both zeros are equal.
            (Members::Floats(all), Node::Literal(Literal::Float { value, .. })) => all.push(*value + 0.0),
            (Members::Texts(all), Node::Literal(Literal::Text(value))) => all.push(value.clone()),
            _ => return None,
        }
    }
    match &mut set.members {
        Members::Integers(all) => sort(all, Ord::cmp),
        Members::Decimals(all) => sort(all, Ord::cmp),
        Members::Floats(all) => sort(all, f64::total_cmp),
        Members::Texts(all) => sort(all, Ord::cmp),
    }
    Some((kind, set))
}

fn sort<T: PartialEq>(all: &mut Vec<T>, order: impl Fn(&T, &T) -> std::cmp::Ordering) {
    all.sort_by(order);
    all.dedup();
}

const fn no_members(kind: Type) -> Option<Members> {
    Some(match kind {
        Type::Integer => Members::Integers(vec![]),
        Type::Decimal(_) | Type::Time => Members::Decimals(vec![]),
        Type::Float => Members::Floats(vec![]),
        Type::Text => Members::Texts(vec![]),
        Type::Null | Type::Boolean => return None,
    })
}
