//! What a file claims of itself, checked before room is made for it: numbers of things that its bytes cannot hold, and schemas
//! nested without end.
//!
//! Parquet's footer and page headers are Thrift structures in the compact protocol,
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>. They are walked here without anything
//! being made of them; what is left is decoded by the `parquet` crate.

use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

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

    /// That a page of which this is the header is not larger than can be. What is no header is left to the decoder.
    pub(crate) fn check(self, header: &[u8]) -> Result<()> {
        let mut walk = Walk { bytes: header, children: vec![] };
        let Some((uncompressed, compressed)) = walk.page_sizes() else { return Ok(()) };
        let (Ok(uncompressed), Ok(compressed)) = (u64::try_from(uncompressed), u64::try_from(compressed)) else {
            return Err(general(format!("a page of {compressed} bytes, {uncompressed} when decompressed")));
        };
        if uncompressed > self.most.min(compressed.saturating_mul(self.ratio).saturating_add(PAGE)) {
            return Err(general(format!("a page of {compressed} bytes that claims to be {uncompressed}")));
        }
        // What stands after the sizes may be longer than what was given of it: the rest is the decoder's.
        match (Walk { bytes: header, children: vec![] }).structure(Of::Other, 0) {
            Err(ParquetError::EOF(_)) => Ok(()),
            walked => walked,
        }
    }
}

/// What a structure is, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Footer,
    SchemaElement,
    Other,
}

/// A walk over Thrift.
struct Walk<'a> {
    bytes: &'a [u8],
    /// For each element of the schema the number of those below it.
    children: Vec<i64>,
}

impl Walk<'_> {
    fn structure(&mut self, of: Of, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(general(format!("structures nested more than {DEEPEST} deep")));
        }
        if of == Of::SchemaElement {
            self.children.push(0);
        }
        let mut last = 0;
        while let Some((field, kind)) = self.field(&mut last)? {
            match (of, field, kind) {
                (Of::Footer, SCHEMA, 9) => self.list(Of::SchemaElement, depth)?,
                (Of::SchemaElement, CHILDREN, 5) => {
                    let children = self.zigzag()?;
                    if let Some(last) = self.children.last_mut() {
                        *last = children;
                    }
                }
                // True and false are in the kind.
                (_, _, 1 | 2) => {}
                _ => self.value(kind, Of::Other, depth)?,
            }
        }
        Ok(())
    }

    /// The sizes that a page header begins with.
    fn page_sizes(&mut self) -> Option<(i64, i64)> {
        let (mut last, mut uncompressed) = (0, None);
        loop {
            match self.field(&mut last).ok()?? {
                (UNCOMPRESSED, 5) => uncompressed = Some(self.zigzag().ok()?),
                (COMPRESSED, 5) => return Some((uncompressed?, self.zigzag().ok()?)),
                (_, 1 | 2) => {}
                (_, kind) => self.value(kind, Of::Other, 0).ok()?,
            }
        }
    }

    /// The number and the kind of the next field, unless the structure ends.
    fn field(&mut self, last: &mut i64) -> Result<Option<(i64, u8)>> {
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
        // Each element takes a byte at least. Truths in a list are none that a footer has, and the decoder gives them no byte:
        // it would count to any number.
        if matches!(header & 0xf, 1 | 2) {
            return Err(general("a list of truths in a footer".to_owned()));
        }
        self.there(length)?;
        if depth > DEEPEST {
            return Err(general(format!("lists nested more than {DEEPEST} deep")));
        }
        (0..length).try_for_each(|_| self.value(header & 0xf, of, depth + 1))
    }

    fn byte(&mut self) -> Result<u8> {
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

    fn zigzag(&mut self) -> Result<i64> {
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
    fn a_list_of_what_takes_no_byte_is_refused() {
        // Field 1 is a list of three numbers, then the same of three truths.
        check_footer(&[0x19, 0x35, 2, 4, 6, 0]).expect("walked");
        check_footer(&[0x19, 0x31, 1, 1, 1, 0]).expect_err("the decoder would go on elsewhere");
        check_footer(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]).expect_err("and count to any number");
    }

    #[test]
    fn a_page_may_be_as_large_as_its_codec_and_its_values_allow() {
        let bounds = PageBounds { ratio: 64, most: 1 << 20 };
        // Kind 0, then both sizes, as zigzag numbers.
        let header =
            |uncompressed: &[u8], compressed: u8| [&[0x15, 0, 0x15], uncompressed, &[0x15, compressed, 0]].concat();
        bounds.check(&header(&[0x80, 0x80, 0x08], 0x08)).expect("64 KiB");
        bounds.check(&header(&[0x80, 0x80, 0x40], 0x08)).expect_err("512 KiB of four bytes");
        bounds.check(&header(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0x7e)).expect_err("below zero");
        bounds.check(&[]).expect("the decoder says that it is no header");
        bounds.check(&[0x1c; 40]).expect("the same");
        let truths = [&header(&[0x08], 0x08)[..6], &[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]].concat();
        bounds.check(&truths).expect_err("the decoder would count to any number");
    }
}
