//! Of what kind each field is in the part of a footer up to the end of its schema, by the Thrift of the Parquet format,
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.
//!
//! A decoder goes by the number of a field, and takes what stands there for what the number says, whatever the field says that it
//! is. Read as something else, a text becomes fields of its own: a number of children, say, for which the decoder makes room.
//! Past the schema, a list may have no more elements than the decoder finds bytes.

/// Thrift's kinds of fields, in the compact protocol.
const TRUTH: &[u8] = &[1, 2];
const BYTE: &[u8] = &[3];
const NUMBER: &[u8] = &[4, 5, 6];
const TEXT: &[u8] = &[8];
const LIST: &[u8] = &[9];
const STRUCTURE: &[u8] = &[12];

/// What a structure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Footer,
    SchemaElement,
    LogicalType,
    /// What a logical type of this number consists of.
    Details(i64),
    /// The unit of a time.
    Unit,
    Other,
}

impl Of {
    /// The kinds that a field may have; any where this is not known.
    pub(crate) const fn kinds(self, field: i64) -> Option<&'static [u8]> {
        match (self, field) {
            (Self::Footer, 1 | 3) | (Self::SchemaElement, 1..=3 | 5..=9) => Some(NUMBER),
            (Self::Footer, 2 | 4 | 5 | 7) => Some(LIST),
            (Self::Footer, 6 | 9) | (Self::SchemaElement, 4) => Some(TEXT),
            (Self::Footer, 8) | (Self::SchemaElement, 10) => Some(STRUCTURE),
            (Self::LogicalType, 1..=18) | (Self::Unit, 1..=3) => Some(STRUCTURE),
            (Self::Details(of), field) => of_details(of, field),
            _ => None,
        }
    }

    /// What the structure in a field is.
    pub(crate) const fn within(self, field: i64) -> Self {
        match (self, field) {
            (Self::SchemaElement, 10) => Self::LogicalType,
            (Self::LogicalType, of) => Self::Details(of),
            (Self::Details(7 | 8), 2) => Self::Unit,
            _ => Self::Other,
        }
    }
}

/// The fields of decimals (5), times (7), timestamps (8), integers (10), variants (16), geometries (17), geographies (18).
const fn of_details(of: i64, field: i64) -> Option<&'static [u8]> {
    match (of, field) {
        (5, 1 | 2) | (18, 2) => Some(NUMBER),
        (7 | 8, 1) | (10, 2) => Some(TRUTH),
        (7 | 8, 2) => Some(STRUCTURE),
        (10 | 16, 1) => Some(BYTE),
        (17 | 18, 1) => Some(TEXT),
        _ => None,
    }
}
