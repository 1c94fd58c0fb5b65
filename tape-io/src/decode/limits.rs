//! Limits of what a footer or a page header may claim, checked before the `parquet` crate allocates memory for it.
//!
//! Both are Thrift structures in the compact protocol,
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>. They are walked here without
//! building anything, and then decoded by the `parquet` crate. Each check can be removed once a release of that crate
//! has its own:
//!
//! | check | needed because version 59.3.2 | can be removed with |
//! | --- | --- | --- |
//! | a schema element has no more children than elements follow | allocates memory for any number that is not negative | arrow-rs #9884 |
//! | a schema nested at most 64 deep | builds it by recursion | no issue known |
//! | a list has no more elements than bytes follow | does not check the lists of row groups and of page locations | the rest of arrow-rs #10920 |
//! | types of fields (`thrift_fields`), and repeated fields | goes only by the number of a field, and takes the last | arrow-rs #9923 |
//! | no lists of booleans | takes no byte for each where it skips them | arrow-rs #9923 |
//! | the uncompressed size of a page | allocates memory for any size that is not negative | arrow-rs #10734 |
//!
//! The `parquet` crate itself refuses negative page sizes and lists with elements of a wrong type.

use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use crate::decode::thrift_fields::Of;

/// Maximum nesting of structures. A valid footer has about eight levels.
const DEEPEST: usize = 32;
/// Maximum nesting of groups in a schema.
const MOST_NESTED: usize = 64;
/// Field numbers in a footer and in a schema element.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;
/// Field number in a column chunk.
const CRYPTO_METADATA: i64 = 8;
/// Field numbers in a page header.
const UNCOMPRESSED: i64 = 2;
const COMPRESSED: i64 = 3;
/// Allowance for the parts of a page other than its values, in bytes.
const PAGE: u64 = 1 << 16;

/// Checks that a footer does not claim more than it holds. Returns for each column chunk, row group by row group, whether it
/// is encrypted: the `parquet` crate, built without encryption, does not tell.
pub(crate) fn check_footer(bytes: &[u8]) -> Result<Vec<bool>> {
    let mut walk = Walk::new(bytes);
    walk.structure(Of::Footer, 0)?;
    check_schema(&walk.children)?;
    Ok(walk.encrypted)
}

/// Checks that the elements of a schema form a tree that is not too deep, given the number of children of each.
fn check_schema(children: &[i64]) -> Result<()> {
    let mut open: Vec<usize> = vec![];
    for (i, &n) in children.iter().enumerate() {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let there = children.len() - i - 1;
        match usize::try_from(n) {
            Ok(n) if n <= there => open.push(n),
            _ => {
                return Err(general(format!("a schema has {} elements, but one claims {n} children", children.len())));
            }
        }
        if open.len() > MOST_NESTED {
            return Err(general(format!("the schema is nested more than {MOST_NESTED} deep")));
        }
    }
    Ok(())
}

/// Limits of the sizes that the pages of a column chunk may claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageBounds {
    /// Maximum compression ratio of the codec.
    ratio: u64,
    /// Maximum size of an uncompressed page in bytes.
    most: u64,
}

impl PageBounds {
    pub(crate) fn of(chunk: &ColumnChunkMetaData) -> Self {
        let ratio = match chunk.compression() {
            // A copy of 64 bytes takes two or three bytes.
            Compression::SNAPPY => 64,
            // A length takes one more byte for every 255 bytes.
            Compression::LZ4 | Compression::LZ4_RAW => 256,
            // 258 bytes in two bits.
            Compression::GZIP(_) => 1032,
            // A block of up to 128 KiB that repeats one byte takes four.
            _ => 1 << 15,
        };
        let values = u64::try_from(chunk.num_values()).unwrap_or(0);
        // Eight bytes for a value and eight for its levels. Texts can have any length.
        let fixed = chunk.column_type() != Type::BYTE_ARRAY;
        Self { ratio, most: if fixed { values.saturating_mul(16).saturating_add(PAGE) } else { u64::MAX } }
    }

    /// Checks that a page does not claim to be larger than possible. Returns false if `header` is incomplete. Malformed
    /// headers are left to the decoder.
    pub(crate) fn check(self, header: &[u8]) -> Result<bool> {
        let (sizes, whole) = Walk::new(header).page_sizes()?;
        let [Some(uncompressed), Some(compressed)] = sizes else { return Ok(whole) };
        // The decoder refuses negative sizes.
        let (Ok(uncompressed), Ok(compressed)) = (u64::try_from(uncompressed), u64::try_from(compressed)) else {
            return Ok(whole);
        };
        if uncompressed > self.most.min(compressed.saturating_mul(self.ratio).saturating_add(PAGE)) {
            return Err(general(format!("a page of {compressed} bytes claims {uncompressed} bytes uncompressed")));
        }
        Ok(whole)
    }
}

/// A walk over Thrift.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    /// Number of children of each schema element.
    children: Vec<i64>,
    /// For each column chunk, true if it is encrypted.
    encrypted: Vec<bool>,
}

impl<'a> Walk<'a> {
    /// Starts a walk through a structure.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, children: vec![], encrypted: vec![] }
    }

    /// Reads the elements of a list, whose type must be one of `kinds`. Each element takes at least one byte.
    pub(crate) fn elements<T>(&mut self, kinds: &[u8], mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        if !kinds.contains(&(header & 0xf)) {
            return Err(general(format!("a list has the wrong type {}", header & 0xf)));
        }
        (0..self.there(length)?).map(|_| read(self)).collect()
    }

    /// Reads a length-prefixed byte string.
    pub(crate) fn text(&mut self) -> Result<&'a [u8]> {
        let length = self.varint()?;
        let (text, rest) = self.bytes.split_at(self.there(length)?);
        self.bytes = rest;
        Ok(text)
    }

    /// Skips the value of a field.
    pub(crate) fn pass(&mut self, kind: u8) -> Result<()> {
        // Booleans are encoded in the type code.
        if matches!(kind, 1 | 2) { Ok(()) } else { self.value(kind, Of::Other, 0) }
    }
}

impl Walk<'_> {
    fn structure(&mut self, of: Of, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(general(format!("structures are nested more than {DEEPEST} deep")));
        }
        let (mut last, mut children, mut schema, mut encrypted) = (0, None, false, false);
        while let Some((field, kind)) = self.field(&mut last)? {
            if of.kinds(field).is_some_and(|kinds| !kinds.contains(&kind)) {
                return Err(general(format!("field {field} has type {kind}, which is not valid in a footer")));
            }
            encrypted |= of == Of::ColumnChunk && field == CRYPTO_METADATA;
            match (of, field) {
                (Of::Footer, SCHEMA) if !schema => {
                    schema = true;
                    self.list(Of::SchemaElement, depth)?;
                }
                (Of::Footer, SCHEMA) => return Err(general("the footer has two schemas".to_owned())),
                (Of::SchemaElement, CHILDREN) => self.once(kind, &mut children)?,
                // Booleans are encoded in the type code.
                _ if matches!(kind, 1 | 2) => {}
                _ => self.value(kind, of.within(field), depth)?,
            }
        }
        if of == Of::SchemaElement {
            self.children.push(children.unwrap_or(0));
        }
        if of == Of::ColumnChunk {
            self.encrypted.push(encrypted);
        }
        Ok(())
    }

    /// Reads the sizes in a page header. The flag is true if the header is complete.
    fn page_sizes(&mut self) -> Result<([Option<i64>; 2], bool)> {
        let (mut last, mut sizes) = (0, [None; 2]);
        let mut next = || {
            let Some((field, kind)) = self.field(&mut last)? else { return Ok(false) };
            match field {
                UNCOMPRESSED => self.once(kind, &mut sizes[0])?,
                COMPRESSED => self.once(kind, &mut sizes[1])?,
                _ if matches!(kind, 1 | 2) => {}
                _ => self.value(kind, Of::Other, 0)?,
            }
            Ok(true)
        };
        loop {
            match next() {
                Ok(true) => {}
                Ok(false) => return Ok((sizes, true)),
                Err(ParquetError::EOF(_)) => return Ok((sizes, false)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a number that must occur only once and have the right type, because the decoder ignores the type and takes
    /// the last.
    fn once(&mut self, kind: u8, to: &mut Option<i64>) -> Result<()> {
        if kind != 5 || to.is_some() {
            return Err(general("a number is repeated or has the wrong type".to_owned()));
        }
        *to = Some(self.zigzag()?);
        Ok(())
    }

    /// Returns the number and type of the next field, or `None` at the end of the structure.
    pub(crate) fn field(&mut self, last: &mut i64) -> Result<Option<(i64, u8)>> {
        let header = self.byte()?;
        if header == 0 {
            return Ok(None);
        }
        *last = if header >> 4 == 0 { self.zigzag()? } else { last.wrapping_add(i64::from(header >> 4)) };
        Ok(Some((*last, header & 0xf)))
    }

    fn value(&mut self, kind: u8, of: Of, depth: usize) -> Result<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => self.list(of, depth),
            12 => self.structure(of, depth + 1),
            13 => self.skip(16),
            _ => Err(general(format!("a field has the unknown type {kind}"))),
        }
    }

    fn list(&mut self, of: Of, depth: usize) -> Result<()> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        // Each element is walked and takes at least one byte, so a list that claims too many elements ends the walk.
        // Footers have no lists of booleans, and the decoder takes no bytes for their elements: it would loop for any
        // claimed length.
        if matches!(header & 0xf, 1 | 2) {
            return Err(general("the footer has a list of booleans".to_owned()));
        }
        if depth > DEEPEST {
            return Err(general(format!("lists are nested more than {DEEPEST} deep")));
        }
        (0..length).try_for_each(|_| self.value(header & 0xf, of, depth + 1))
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.bytes.split_first().ok_or_else(ended)?;
        self.bytes = rest;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(general("a number does not end".to_owned()))
    }

    pub(crate) fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Checks that at least `n` bytes are left.
    fn there(&self, n: u64) -> Result<usize> {
        usize::try_from(n).ok().filter(|&n| n <= self.bytes.len()).ok_or_else(ended)
    }

    fn skip(&mut self, n: u64) -> Result<()> {
        self.bytes = &self.bytes[self.there(n)?..];
        Ok(())
    }
}

fn ended() -> ParquetError {
    ParquetError::EOF("a structure claims more than it holds".to_owned())
}

fn general(what: String) -> ParquetError {
    ParquetError::General(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_a_tree() {
        for good in [&[0][..], &[2, 0, 0], &[2, 1, 0, 0], &[1, 1, 1, 0]] {
            check_schema(good).expect("a tree");
        }
        for bad in [&[1][..], &[3, 0, 0], &[1, -1], &[i64::MAX, 0], &[i64::MIN]] {
            check_schema(bad).expect_err("not a tree");
        }
        let chain = |depth: usize| (0..depth).map(|i| i64::from(i + 1 < depth)).collect::<Vec<_>>();
        check_schema(&chain(MOST_NESTED)).expect("deep but valid");
        check_schema(&chain(MOST_NESTED + 1)).expect_err("too deep");
    }

    #[test]
    fn schemas_and_numbers_of_children_must_not_repeat() {
        // Field 2 is a list of one structure: an element whose field 5 is a number.
        let footer = |element: &[u8]| [&[0x29, 0x1c], element, &[0]].concat();
        check_footer(&footer(&[0x55, 0, 0])).expect("no children");
        check_footer(&footer(&[0x55, 4, 0])).expect_err("two missing children");
        check_footer(&footer(&[0x56, 4, 0])).expect_err("two missing children as a 64-bit number");
        check_footer(&footer(&[0x55, 0, 0x05, 10, 4, 0])).expect_err("repeated children");
        // Field 7, the scale, is a text of four bytes, which the decoder would take for fields.
        check_footer(&footer(&[0x78, 4, 0x15, 0x54, 0x54, 0x54, 0])).expect_err("a scale that is a text");
        check_footer(&footer(&[0x75, 4, 0])).expect("a scale");
        // Field 10, a logical type: a decimal whose scale is a number, and one whose scale is a text.
        check_footer(&footer(&[0xac, 0x5c, 0x15, 4, 0x15, 8, 0, 0, 0])).expect("a decimal");
        check_footer(&footer(&[0xac, 0x5c, 0x18, 1, 9, 0x15, 8, 0, 0, 0])).expect_err("a scale that is a text");
        check_footer(&[0x29, 0x1c, 0x55, 0, 0, 0x09, 4, 0x1c, 0x55, 0, 0, 0]).expect_err("two schemas");
    }

    #[test]
    fn lists_of_booleans_are_refused() {
        // Field 10 is a list of three numbers, then a list of three booleans.
        check_footer(&[0xa9, 0x35, 2, 4, 6, 0]).expect("a list of numbers");
        check_footer(&[0xa9, 0x31, 1, 1, 1, 0]).expect_err("the decoder would continue at another byte");
        check_footer(&[0xa9, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07, 2, 0]).expect_err("more numbers than bytes");
        check_footer(&[0xa9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]).expect_err("more booleans than bytes");
    }

    #[test]
    fn page_sizes_are_limited_by_codec_and_values() {
        let bounds = PageBounds { ratio: 64, most: 1 << 20 };
        // Page type 0, then both sizes as zigzag numbers.
        let header =
            |uncompressed: &[u8], compressed: u8| [&[0x15, 0, 0x15], uncompressed, &[0x15, compressed, 0]].concat();
        assert!(bounds.check(&header(&[0x80, 0x80, 0x08], 0x08)).expect("64 KiB"));
        bounds.check(&header(&[0x80, 0x80, 0x40], 0x08)).expect_err("512 KiB of four bytes");
        assert!(
            bounds
                .check(&header(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0x7e))
                .expect("left to the decoder, which refuses negative sizes")
        );
        assert!(!bounds.check(&[]).expect("an incomplete header"));
        assert!(!bounds.check(&[0x15, 0, 0x15]).expect("an incomplete header"));
        // The decoder would take the second size, whatever its type.
        let twice = [&header(&[0x08], 0x08)[..6], &[0x05, 0x04, 0xff, 0xff, 0xff, 0xff, 0x0e, 0]].concat();
        bounds.check(&twice).expect_err("a repeated size");
        bounds.check(&[0x15, 0, 0x16, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 8, 0]).expect_err("a 64-bit size");
        let truths = [&header(&[0x08], 0x08)[..6], &[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]].concat();
        bounds.check(&truths).expect_err("a list of booleans");
    }
}
