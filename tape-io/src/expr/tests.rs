//! Tests of expressions: their values, and the messages for invalid ones.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{Float64Type, Int32Type};

use super::*;

const NAN: f64 = f64::NAN;

/// Returns three rows of columns of every type.
fn table() -> Vec<(&'static str, ArrayRef)> {
    let bands: DictionaryArray<Int32Type> = [Some("g"), None, Some("r'")].into_iter().collect();
    let fluxes = Float64Array::from(vec![Some(-1.5), Some(NAN), None]);
    vec![
        ("flux", Arc::new(fluxes)),
        ("single", Arc::new(Float32Array::from(vec![0.1, 0.0, -0.0]))),
        ("n", Arc::new(Int64Array::from(vec![Some(i64::MAX), Some(-7), None]))),
        ("unsigned", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 9_007_199_254_740_993]))),
        ("band", Arc::new(bands)),
        ("name", Arc::new(StringArray::from(vec![Some("ab"), Some("Äpfel%"), None]))),
        ("good", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        (
            "price",
            Arc::new(Decimal128Array::from(vec![10, 25, -30]).with_precision_and_scale(9, 2).expect("valid decimals")),
        ),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_600_000_000_000_001, -1]))),
        ("day", Arc::new(Date32Array::from(vec![0, 18_628, -1]))),
        ("lightcurve.mjd", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("odd name", Arc::new(Int64Array::from(vec![4, 5, 6]))),
        ("#id", Arc::new(Int64Array::from(vec![7, 8, 9]))),
        ("Same", Arc::new(Int64Array::from(vec![0, 0, 1]))),
        ("SAME", Arc::new(Int64Array::from(vec![1, 0, 0]))),
    ]
}

fn columns() -> Vec<Column> {
    let kind = |array: &ArrayRef| Type::of(array.data_type()).ok_or_else(|| array.data_type().to_string());
    let mut all: Vec<_> =
        table().iter().map(|(name, array)| Column { name: (*name).to_owned(), kind: kind(array) }).collect();
    all.push(Column { name: "matrix".to_owned(), kind: Err("a list".to_owned()) });
    all
}

fn bound(text: &str) -> Result<Bound, PredicateError> {
    Expression::parse(text)?.bind(&columns())
}

fn values(text: &str) -> ArrayRef {
    let bound = bound(text).unwrap_or_else(|error| panic!("{error}"));
    let table = table();
    let columns: Vec<ArrayRef> = bound.columns().iter().map(|&place| Arc::clone(&table[place].1)).collect();
    bound.evaluate(&columns, 3).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the value of a condition in the three rows: `t`, `f`, or `?` for NULL.
fn truth(text: &str) -> String {
    let values = values(text);
    values.as_boolean().iter().map(|value| value.map_or('?', |value| if value { 't' } else { 'f' })).collect()
}

#[test]
fn conditions_follow_three_valued_logic() {
    for (text, wanted) in [
        // NaN is not equal to anything.
        ("flux > 0", "ff?"),
        ("NOT flux > 0", "tt?"),
        ("flux = flux", "tf?"),
        ("flux <> flux", "ft?"),
        ("flux IN (-1.5, 2)", "tf?"),
        ("flux NOT IN (-1.5, NULL)", "f??"),
        ("isnan(flux)", "ft?"),
        ("isfinite(flux)", "tf?"),
        ("single = 0", "ftt"),
        ("single IN (0)", "ftt"),
        ("single < 0 OR 1 / single < 0", "fft"),
        // The single-precision 0.1 differs from the double-precision 0.1.
        ("single = 0.1", "fff"),
        ("abs(single - 0.1) < 1e-7", "tff"),
        ("flux IS NULL", "fft"),
        ("flux IS NOT NULL", "ttf"),
        ("good", "tf?"),
        ("good IS TRUE", "tff"),
        ("good IS NOT FALSE", "tft"),
        ("good IS UNKNOWN", "fft"),
        ("good = (n > 0)", "tt?"),
        ("good OR flux IS NULL", "tft"),
        ("good AND NULL", "?f?"),
        ("NOT good OR TRUE", "ttt"),
        ("n BETWEEN -7 AND 9e18", "ft?"),
        ("n NOT BETWEEN -7 AND 5", "tf?"),
        ("n IN (-7, NULL, 9223372036854775807)", "tt?"),
        ("n = NULL", "???"),
        ("n + 1 IS NULL", "tft"),
        ("-n < 0", "tf?"),
        ("n % 0 IS NULL", "ttt"),
        ("n % 5 = -2", "ft?"),
        ("n / 2 = -3.5", "ft?"),
        // Exact where floats would round.
        ("unsigned = 18446744073709551615", "tff"),
        ("unsigned % 1000 = 993", "fft"),
        ("unsigned > n", "tt?"),
        ("unsigned IN (0, 9007199254740993)", "ftt"),
        ("unsigned IN (0, 9007199254740992)", "ftf"),
        ("price = 0.1", "tff"),
        ("price IN (0.25, -0.3)", "ftt"),
        ("price > 0.105", "ftf"),
        ("price * 2 < 0.3", "tft"),
        ("band = 'g'", "t?f"),
        ("band IN ('r''', 'z')", "f?t"),
        ("band LIKE 'r%'", "f?t"),
        ("band < name", "f??"),
        ("coalesce(band, name, '-') = 'Äpfel%'", "ftf"),
        ("coalesce(flux, n, 3) = 3", "fft"),
        ("name ILIKE '_PFEL\\%'", "ft?"),
        ("name NOT LIKE '%b'", "ft?"),
        ("at >= '1970-01-01'", "ttf"),
        ("at = TIMESTAMP '2020-09-13 12:26:40.000001'", "ftf"),
        ("day > DATE '1970-01-01'", "ftf"),
        ("at BETWEEN day AND '2020-12-31'", "tft"),
        ("lightcurve.mjd = 2", "ftf"),
        ("\"lightcurve.mjd\" + \"odd name\" = 7", "ftf"),
        ("#id > 7 and FLUX is not null", "ftf"),
        ("\"SAME\" = 1", "tff"),
        ("1 < 2", "ttt"),
        ("TRUE OR TRUE AND FALSE", "ttt"),
        ("NOT FALSE AND FALSE", "fff"),
        ("1 + 2 * 3 = 7 AND 7 - 2 - 1 = 4 AND -2 * -3 = 6", "ttt"),
        ("NOT 1 + 1 BETWEEN 1 AND 2 OR 1 > 2", "fff"),
        ("+5 = 5.0 -- a comment", "ttt"),
        ("floor(flux) = -2 AND ceil(flux) = -1", "tf?"),
        ("sqrt(4) = 2 AND log10(100) = 2 AND ln(1) = 0 AND exp(0) = 1", "ttt"),
    ] {
        assert_eq!(truth(text), wanted, "{text}");
    }
}

#[test]
fn expressions_have_the_expected_types() {
    let magnitudes = values("-2.5 * log10(-flux * 100) + 23.9");
    let magnitude = magnitudes.as_primitive::<Float64Type>().value(0);
    assert!((magnitude - (23.9 - 2.5 * 150_f64.log10())).abs() < 1e-12, "{magnitude}");
    assert_eq!(bound("n + 1").map(|bound| bound.kind()), Ok(Type::Integer));
    assert_eq!(bound("n / 1").map(|bound| bound.kind()), Ok(Type::Float));
    assert_eq!(bound("coalesce(name, band)").map(|bound| bound.kind()), Ok(Type::Text));
    assert_eq!(bound("flux > n AND n > 0").map(|bound| bound.columns().to_vec()), Ok(vec![0, 2]));
}

/// Returns the first line of the message, and the underlined word.
fn refusal(text: &str) -> (String, String) {
    let error = Expression::parse(text).and_then(|parsed| parsed.bind_condition(&columns())).expect_err(text);
    let shown = error.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let Some(place) = error.place else {
        assert_eq!(lines.len(), 1, "{shown}");
        return (shown, String::new());
    };
    assert_eq!(lines.len(), 3, "{shown}");
    let marked = lines[2].chars().position(|letter| letter == '^').expect("a line under the word");
    assert_eq!(marked, place.column + 2, "{shown}");
    let word = lines[1].chars().skip(marked).take(lines[2].chars().filter(|&letter| letter == '^').count());
    (lines[0].to_owned(), word.collect())
}

#[test]
fn messages_point_at_the_word_at_fault() {
    for (text, message, word) in [
        ("flux > 0 AND flx < 5", "no column is called 'flx' (did you mean 'flux'?)", "flx"),
        ("flux > 0 AND\n  eror < 5", "no column is called 'eror'", "eror"),
        ("\"Flux\" > 0", "did you mean 'flux'", "\"Flux\""),
        ("lightcurve.mdj > 0", "did you mean 'lightcurve.mjd'", "lightcurve.mdj"),
        ("same = 1", "'same' may be any of Same, SAME", "same"),
        ("matrix = 1", "column 'matrix' is a list", "matrix"),
        ("flux > 0 AND band > 5", "text and a whole number cannot be compared", "5"),
        ("'g' = n", "text and a whole number cannot be compared", "'g'"),
        ("band > flux", "text and a number cannot be compared", "flux"),
        ("good > 1", "a boolean and a whole number cannot be compared", "1"),
        ("at > 5", "a time and a whole number cannot be compared", "5"),
        ("at > 'noon'", "'noon' is not a time: write it as", "'noon'"),
        ("n IN (1, 'b')", "cannot be compared", "'b'"),
        ("flux", "the expression is a number, not a condition", "flux"),
        ("band AND good", "this is text, but AND takes a condition", "band"),
        ("good AND flux + 1", "this is a number, but AND takes a condition", "flux + 1"),
        ("NOT n", "NOT takes a condition", "n"),
        ("band + 1 > 2", "this is text, but + takes a number", "band"),
        ("n LIKE 'a'", "LIKE takes text", "n"),
        ("abs(band) > 1", "abs takes a number", "band"),
        ("abs(1, 2) > 1", "abs takes one argument, not 2", "abs(1, 2"),
        ("sin(n) > 1", "there is no function 'sin'", "sin"),
        ("isnam(n)", "(did you mean 'isnan'?)", "isnam"),
        ("n > (SELECT 1)", "SELECT (a column of that name needs double quotes) cannot be used", "SELECT"),
        ("CASE WHEN good THEN good END", "CASE", "CASE"),
        ("cast(n AS int) > 1", "there is no function 'cast'", "cast"),
        ("n::int > 1", "'::' cannot be used here", "::"),
        ("n || 'a' = 'b'", "'||' cannot be used here", "||"),
        ("n > ?", "'?' cannot be used here", "?"),
        ("n > 'open", "Unterminated string literal", "'"),
        ("n > ", "expected an expression, found the end", ""),
        ("n > 0 n", "unexpected n after the end", "n"),
        ("(n > 0", "expected ), found the end", ""),
        ("n > 0)", "unexpected ) after the end", ")"),
        ("n BETWEEN 1", "expected AND", ""),
        ("n IS 5", "not a valid SQL expression", "5"),
        ("sum(n) OVER (x) > 1", "there is no function 'sum'", "sum"),
        ("n SIMILAR TO 'a'", "cannot be used here", "n SIMILAR TO 'a'"),
        ("", "the expression is empty", ""),
        (" -- nothing", "the expression is empty", ""),
    ] {
        let (said, at) = refusal(text);
        assert!(said.contains(message), "{text}: {said}");
        if !word.is_empty() {
            assert_eq!(at, word, "{text}: {said}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_before_the_stack_overflows() {
    let many = |n: usize, around: [&str; 3]| format!("{}{}{}", around[0].repeat(n), around[1], around[2].repeat(n));
    for n in [70, 100, 499, 10_000, 100_000] {
        for around in [
            ["(", "good", ")"],
            ["NOT ", "good", ""],
            ["- ", "1", ""],
            ["abs(", "n", ")"],
            ["coalesce(1, ", "n", ")"],
            ["n IN (", "1", ")"],
            ["", "1", " + 1"],
            ["", "n", " = n"],
            ["", "good", " IS TRUE"],
            ["1 BETWEEN ", "1", " AND 1"],
            ["(", "", ""],
            ["abs(", "", ""],
            ["good AND (", "good", ")"],
        ] {
            let text = many(n, around);
            let refused = Expression::parse(&text).and_then(|parsed| parsed.bind(&columns()));
            refused.map(|bound| bound.kind()).expect_err(&text[..40]);
        }
    }
    // A chain counts as one operator, and the length of lists does not count.
    assert_eq!(truth(&many(120, ["", "good", " AND good"])), "tf?");
    assert_eq!(truth(&format!("n IN ({}-7)", "5, -6, ".repeat(20_000))), "ft?");
    Expression::parse(&" ".repeat(2 << 20)).expect_err("two mebibytes");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(5000))]

    /// Words of SQL in random order: each text is refused or has a value for each row, and statistics exclude no
    /// matching row.
    #[test]
    fn words_in_random_order_do_not_panic(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..12),
        between in proptest::sample::select(&[" ", "", "\n"][..]),
    ) {
        fuzzing::condition(words.join(between).as_bytes());
    }
}

const WORDS: [&str; 48] = [
    "flux",
    "error",
    "n",
    "small",
    "id",
    "band",
    "good",
    "at",
    "nothing",
    "\"flux\"",
    "1",
    "0.5",
    "-",
    "1e308",
    "'g'",
    "'1970-01-01'",
    "NULL",
    "TRUE",
    "(",
    ")",
    ",",
    "+",
    "*",
    "/",
    "%",
    "=",
    "<>",
    "<",
    ">=",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "LIKE",
    "abs(",
    "coalesce(",
    "isnan(",
    "log10(",
    "DATE",
    "TIMESTAMP",
    "CASE",
    "SELECT",
    "--",
    "/*",
    "9223372036854775808",
    "Ä",
];
