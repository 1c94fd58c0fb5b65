//! Limits of what a footer or a page header may claim, checked before the `parquet` crate makes room for it.
//!
//! Both are Thrift structures in the compact protocol,
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>. They are walked here without anything
//! being made of them. The `parquet` crate decodes what passes. Each check may go once a release of that crate has its own:
//!
//! | check | needed because version 59.3.2 | may go with |
//! | --- | --- | --- |
//! | children of a schema's element: as many as elements follow | makes room for any number that is not below zero | arrow-rs #9884 |
//! | a schema nested at most 64 deep | builds it by recursion | no issue known |
//! | a list has no more elements than bytes follow | checks all lists but those of row groups and of pages' places | the rest of arrow-rs #10920 |
//! | kinds of fields (`thrift_fields`), and fields that stand twice | goes by the number of a field alone, and takes the last | arrow-rs #9923 |
//! | no list of truths | gives them no byte where it skips them | arrow-rs #9923 |
//! | the size of a page, decompressed | makes room for any size that is not below zero | arrow-rs #10734 |
//!
//! Sizes of pages below zero, and lists of elements of a wrong kind, are left to it.

use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use crate::decode::thrift_fields::Of;

/// Structures in structures: a footer has about eight.
const DEEPEST: usize = 32;
/// Groups in groups of a schema.
const MOST_NESTED: usize = 64;
/// The fields of a footer, and of an element of its schema, that are looked at.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;
/// Those of a page header.
const UNCOMPRESSED: i64 = 2;
const COMPRESSED: i64 = 3;
/// What a page may take beside its values.
const PAGE: u64 = 1 << 16;

/// That a footer claims nothing that it does not hold.
pub(crate) fn check_footer(bytes: &[u8]) -> Result<()> {
    let mut walk = Walk { bytes, children: vec![] };
    walk.structure(Of::Footer, 0)?;
    check_schema(&walk.children)
}

/// That the elements of a schema, of which the numbers of children are given in order, are a tree that is not too deep.
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
                return Err(general(format!("a schema of {} elements, of which one has {n} below it", children.len())));
            }
        }
        if open.len() > MOST_NESTED {
            return Err(general(format!("a schema that is nested more than {MOST_NESTED} deep")));
        }
    }
    Ok(())
}

/// What the pages of a column chunk may claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageBounds {
    /// Bytes that a byte can become.
    ratio: u64,
    /// Bytes of a page that is not compressed.
    most: u64,
}

impl PageBounds {
    pub(crate) fn of(chunk: &ColumnChunkMetaData) -> Self {
        let ratio = match chunk.compression() {
            // A copy of 64 bytes takes two or three.
            Compression::SNAPPY => 64,
            // A length is continued by a byte for each 255.
            Compression::LZ4 | Compression::LZ4_RAW => 256,
            // 258 bytes in two bits.
            Compression::GZIP(_) => 1032,
            // A block of up to 128 KiB that repeats one byte takes four.
            _ => 1 << 15,
        };
        let values = u64::try_from(chunk.num_values()).unwrap_or(0);
        // Eight bytes of a value, and its level; how long texts are, nothing tells.
        let fixed = chunk.column_type() != Type::BYTE_ARRAY;
        Self { ratio, most: if fixed { values.saturating_mul(16).saturating_add(PAGE) } else { u64::MAX } }
    }

    /// That a page of which this is the header is not larger than can be. Returns whether that is known: not if more of the
    /// header is to come. What is no header is left to the decoder.
    pub(crate) fn check(self, header: &[u8]) -> Result<bool> {
        let (sizes, whole) = Walk { bytes: header, children: vec![] }.page_sizes()?;
        let [Some(uncompressed), Some(compressed)] = sizes else { return Ok(whole) };
        // The decoder refuses sizes below zero.
        let (Ok(uncompressed), Ok(compressed)) = (u64::try_from(uncompressed), u64::try_from(compressed)) else {
            return Ok(whole);
        };
        if uncompressed > self.most.min(compressed.saturating_mul(self.ratio).saturating_add(PAGE)) {
            return Err(general(format!("a page of {compressed} bytes that claims to be {uncompressed}")));
        }
        Ok(whole)
    }
}

/// A walk over Thrift.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    /// For each element of the schema the number of those below it.
    children: Vec<i64>,
}

impl<'a> Walk<'a> {
    /// A walk through a structure.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, children: vec![] }
    }

    /// The elements of a list, which must be of one of these kinds: each takes a byte at least.
    pub(crate) fn elements<T>(&mut self, kinds: &[u8], mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        if !kinds.contains(&(header & 0xf)) {
            return Err(general(format!("a list of kind {}", header & 0xf)));
        }
        (0..self.there(length)?).map(|_| read(self)).collect()
    }

    /// Bytes behind their number.
    pub(crate) fn text(&mut self) -> Result<&'a [u8]> {
        let length = self.varint()?;
        let (text, rest) = self.bytes.split_at(self.there(length)?);
        self.bytes = rest;
        Ok(text)
    }

    /// Goes past the value of a field.
    pub(crate) fn pass(&mut self, kind: u8) -> Result<()> {
        // True and false are in the kind.
        if matches!(kind, 1 | 2) { Ok(()) } else { self.value(kind, Of::Other, 0) }
    }
}

impl Walk<'_> {
    fn structure(&mut self, of: Of, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(general(format!("structures nested more than {DEEPEST} deep")));
        }
        let (mut last, mut children, mut schema) = (0, None, false);
        while let Some((field, kind)) = self.field(&mut last)? {
            if of.kinds(field).is_some_and(|kinds| !kinds.contains(&kind)) {
                return Err(general(format!("field {field} is of kind {kind}, which it is not in any footer")));
            }
            match (of, field) {
                (Of::Footer, SCHEMA) if !schema => {
                    schema = true;
                    self.list(Of::SchemaElement, depth)?;
                }
                (Of::Footer, SCHEMA) => return Err(general("two schemas".to_owned())),
                (Of::SchemaElement, CHILDREN) => self.once(kind, &mut children)?,
                // True and false are in the kind.
                _ if matches!(kind, 1 | 2) => {}
                _ => self.value(kind, of.within(field), depth)?,
            }
        }
        if of == Of::SchemaElement {
            self.children.push(children.unwrap_or(0));
        }
        Ok(())
    }

    /// The sizes in a page header, and whether all of it is there.
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

    /// Reads a number that stands once, and as what it must be: the decoder goes by its field alone, and takes the last.
    fn once(&mut self, kind: u8, to: &mut Option<i64>) -> Result<()> {
        if kind != 5 || to.is_some() {
            return Err(general("a number that stands twice, or as something else".to_owned()));
        }
        *to = Some(self.zigzag()?);
        Ok(())
    }

    /// The number and the kind of the next field, unless the structure ends.
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
            _ => Err(general(format!("a field of kind {kind}, which there is not"))),
        }
    }

    fn list(&mut self, of: Of, depth: usize) -> Result<()> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        // Each element is walked, and takes a byte at least, so that a list which claims more of them ends the walk. Truths in
        // a list are none that a footer has, and the decoder gives them no byte: it would count to any number.
        if matches!(header & 0xf, 1 | 2) {
            return Err(general("a list of truths in a footer".to_owned()));
        }
        if depth > DEEPEST {
            return Err(general(format!("lists nested more than {DEEPEST} deep")));
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
        Err(general("a number that does not end".to_owned()))
    }

    pub(crate) fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// That so many bytes are there.
    fn there(&self, n: u64) -> Result<usize> {
        usize::try_from(n).ok().filter(|&n| n <= self.bytes.len()).ok_or_else(ended)
    }

    fn skip(&mut self, n: u64) -> Result<()> {
        self.bytes = &self.bytes[self.there(n)?..];
        Ok(())
    }
}

fn ended() -> ParquetError {
    ParquetError::EOF("it claims more than it holds".to_owned())
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
            check_schema(bad).expect_err("no tree");
        }
        let chain = |depth: usize| (0..depth).map(|i| i64::from(i + 1 < depth)).collect::<Vec<_>>();
        check_schema(&chain(MOST_NESTED)).expect("deep, and still a tree");
        check_schema(&chain(MOST_NESTED + 1)).expect_err("too deep");
    }

    #[test]
    fn a_schema_stands_once_and_so_do_numbers_of_children() {
        // Field 2, a list of one structure: an element with field 5, which is a number.
        let footer = |element: &[u8]| [&[0x29, 0x1c], element, &[0]].concat();
        check_footer(&footer(&[0x55, 0, 0])).expect("no children");
        check_footer(&footer(&[0x55, 4, 0])).expect_err("two children that are not there");
        check_footer(&footer(&[0x56, 4, 0])).expect_err("the same as a long number");
        check_footer(&footer(&[0x55, 0, 0x05, 10, 4, 0])).expect_err("children that stand twice");
        // Field 7, the scale, as a text of four bytes, in which the decoder would find fields.
        check_footer(&footer(&[0x78, 4, 0x15, 0x54, 0x54, 0x54, 0])).expect_err("a scale that is a text");
        check_footer(&footer(&[0x75, 4, 0])).expect("a scale");
        // Field 10, a logical type: a decimal whose scale is a number, and one whose scale is a text.
        check_footer(&footer(&[0xac, 0x5c, 0x15, 4, 0x15, 8, 0, 0, 0])).expect("a decimal");
        check_footer(&footer(&[0xac, 0x5c, 0x18, 1, 9, 0x15, 8, 0, 0, 0])).expect_err("a scale that is a text");
        check_footer(&[0x29, 0x1c, 0x55, 0, 0, 0x09, 4, 0x1c, 0x55, 0, 0, 0]).expect_err("two schemas");
    }

    #[test]
    fn a_list_of_what_takes_no_byte_is_refused() {
        // Field 10 is a list of three numbers, then the same of three truths.
        check_footer(&[0xa9, 0x35, 2, 4, 6, 0]).expect("walked");
        check_footer(&[0xa9, 0x31, 1, 1, 1, 0]).expect_err("the decoder would go on elsewhere");
        check_footer(&[0xa9, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07, 2, 0]).expect_err("more numbers than bytes");
        check_footer(&[0xa9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]).expect_err("and count to any number");
    }

    #[test]
    fn a_page_may_be_as_large_as_its_codec_and_its_values_allow() {
        let bounds = PageBounds { ratio: 64, most: 1 << 20 };
        // Kind 0, then both sizes, as zigzag numbers.
        let header =
            |uncompressed: &[u8], compressed: u8| [&[0x15, 0, 0x15], uncompressed, &[0x15, compressed, 0]].concat();
        assert!(bounds.check(&header(&[0x80, 0x80, 0x08], 0x08)).expect("64 KiB"));
        bounds.check(&header(&[0x80, 0x80, 0x40], 0x08)).expect_err("512 KiB of four bytes");
        assert!(
            bounds.check(&header(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0x7e)).expect("the decoder refuses less than zero")
        );
        assert!(!bounds.check(&[]).expect("more is to come"));
        assert!(!bounds.check(&[0x15, 0, 0x15]).expect("more is to come"));
        // The decoder would take the second size, and a size of any kind.
        let twice = [&header(&[0x08], 0x08)[..6], &[0x05, 0x04, 0xff, 0xff, 0xff, 0xff, 0x0e, 0]].concat();
        bounds.check(&twice).expect_err("a size that stands twice");
        bounds.check(&[0x15, 0, 0x16, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 8, 0]).expect_err("a long number");
        let truths = [&header(&[0x08], 0x08)[..6], &[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]].concat();
        bounds.check(&truths).expect_err("the decoder would count to any number");
    }
}
