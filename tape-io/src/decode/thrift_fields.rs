//! The Thrift type of each field in a footer, up to the end of its schema, as the Parquet format defines them:
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.
//!
//! The decoder goes by a field's number and ignores its declared type. Bytes of a text that is decoded as another type
//! can then become, for example, a number of children for which the decoder allocates memory. After the schema, the
//! limit on the length of lists is enough.

/// Type codes of fields in Thrift's compact protocol.
const TRUTH: &[u8] = &[1, 2];
const BYTE: &[u8] = &[3];
const NUMBER: &[u8] = &[4, 5, 6];
const TEXT: &[u8] = &[8];
const LIST: &[u8] = &[9];
const STRUCTURE: &[u8] = &[12];

/// The kinds of Thrift structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Footer,
    RowGroup,
    ColumnChunk,
    SchemaElement,
    LogicalType,
    /// The parameters of the logical type with this field number.
    Details(i64),
    /// A time unit.
    Unit,
    Other,
}

impl Of {
    /// Returns the type codes that a field may have, or `None` if it may have any.
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

    /// Returns the kind of the structure in a field.
    pub(crate) const fn within(self, field: i64) -> Self {
        match (self, field) {
            (Self::Footer, 4) => Self::RowGroup,
            (Self::RowGroup, 1) => Self::ColumnChunk,
            (Self::SchemaElement, 10) => Self::LogicalType,
            (Self::LogicalType, of) => Self::Details(of),
            (Self::Details(7 | 8), 2) => Self::Unit,
            _ => Self::Other,
        }
    }
}

/// Returns the type codes for parameters of decimals (5), times (7), timestamps (8), integers (10), variants (16),
/// geometries (17) and geographies (18).
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
