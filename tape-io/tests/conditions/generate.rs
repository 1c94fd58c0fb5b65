//! Generates random conditions over the columns of the tables.

use proptest::prelude::*;

use crate::naive::Expr;

/// Generates conditions, nested a few levels deep.
pub(crate) fn conditions() -> impl Strategy<Value = Expr> {
    let sign = || prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let boxed = |strategy: BoxedStrategy<Expr>| strategy.prop_map(Box::new);
    let (number, exact, text) = (numbers(), exact().boxed(), texts().boxed());
    let literals = |of: BoxedStrategy<Expr>| prop::collection::vec(prop_oneof![9 => of, 1 => Just(Expr::Null)], 1..5);
    let leaf = prop_oneof![
        6 => (sign(), boxed(number.clone()), boxed(number.clone())).prop_map(|(s, a, b)| Expr::Compare(s, a, b)),
        2 => (sign(), boxed(exact.clone()), boxed(exact.clone())).prop_map(|(s, a, b)| Expr::Compare(s, a, b)),
        2 => (sign(), boxed(text.clone()), boxed(text.clone())).prop_map(|(s, a, b)| Expr::Compare(s, a, b)),
        1 => (sign(), boxed(time()), boxed(time())).prop_map(|(s, a, b)| Expr::Compare(s, a, b)),
        2 => (any::<bool>(), boxed(number.clone()), boxed(number.clone()), boxed(number.clone()))
            .prop_map(|(not, a, low, high)| Expr::Between(not, a, low, high)),
        2 => (any::<bool>(), boxed(number.clone()), literals(constant().boxed()))
            .prop_map(|(not, a, all)| Expr::In(not, a, all)),
        1 => (any::<bool>(), boxed(exact.clone()), prop::collection::vec(exact, 1..4))
            .prop_map(|(not, a, all)| Expr::In(not, a, all)),
        1 => (any::<bool>(), boxed(text.clone()), literals(text.clone())).prop_map(|(not, a, all)| Expr::In(not, a, all)),
        1 => (boxed(text.clone()), "[ab_%Ä]{0,3}").prop_map(|(a, pattern)| Expr::Like(a, pattern)),
        1 => (any::<bool>(), boxed(prop_oneof![number.clone(), text].boxed())).prop_map(|(not, a)| Expr::IsNull(not, a)),
        1 => boxed(number.clone()).prop_map(Expr::IsNan),
        1 => boxed(number).prop_map(Expr::IsFinite),
        1 => Just(Expr::Column(7)),
        1 => any::<bool>().prop_map(Expr::Truth),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.clone().prop_map(|a| Expr::Not(Box::new(a))),
            (any::<bool>(), inner.clone()).prop_map(|(not, a)| Expr::IsNull(not, Box::new(a))),
            (any::<bool>(), any::<bool>(), inner.clone()).prop_map(|(not, is, a)| Expr::Is(not, is, Box::new(a))),
            (prop::sample::select(vec!["=", "<>"]), inner.clone(), inner).prop_map(|(s, a, b)| Expr::Compare(
                s,
                Box::new(a),
                Box::new(b)
            )),
        ]
    })
}

/// Generates numeric expressions.
fn numbers() -> BoxedStrategy<Expr> {
    let point = (-300..300, 1..4_u32).prop_map(|(digits, scale)| Expr::Point(digits, scale));
    let leaf = prop_oneof![5 => (0..5_usize).prop_map(Expr::Column), 3 => constant(), 1 => point];
    let numbers = leaf.prop_recursive(2, 6, 2, |inner| {
        let sign = prop::sample::select(vec!['+', '-', '*', '/', '%']);
        prop_oneof![
            4 => (sign, inner.clone(), inner.clone())
                .prop_map(|(sign, a, b)| Expr::Arithmetic(sign, Box::new(a), Box::new(b))),
            1 => inner.clone().prop_map(|a| Expr::Negate(Box::new(a))),
            1 => inner.clone().prop_map(|a| Expr::Abs(Box::new(a))),
            1 => inner.prop_map(|a| Expr::Coalesce(vec![Expr::Column(2), a, Expr::Column(3)])),
        ]
    });
    numbers.boxed()
}

fn constant() -> impl Strategy<Value = Expr> {
    let edge = prop::sample::select(vec![i64::MAX, i64::MIN, 1 << 53]);
    prop_oneof![8 => (-20..20_i64).prop_map(Expr::Whole), 1 => edge.prop_map(Expr::Whole)]
}

/// Generates integers, decimals and decimal literals, which are compared exactly.
fn exact() -> impl Strategy<Value = Expr> {
    prop_oneof![
        4 => Just(Expr::Column(4)),
        2 => (-300..300, 1..4_u32).prop_map(|(digits, scale)| Expr::Point(digits, scale)),
        2 => constant(),
        1 => Just(Expr::Column(0)),
        1 => Just(Expr::Column(1)),
    ]
}

fn texts() -> impl Strategy<Value = Expr> {
    prop_oneof![
        Just(Expr::Column(5)),
        Just(Expr::Column(6)),
        prop::sample::select(vec!["", "a", "ab", "b'", "Äb", "c"]).prop_map(|text| Expr::Text(text.to_owned())),
    ]
}

fn time() -> BoxedStrategy<Expr> {
    prop_oneof![Just(Expr::Column(8)), (-3..3_i64).prop_map(Expr::Time)].boxed()
}
