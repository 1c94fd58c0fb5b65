//! Entry points of the fuzz targets, compiled only with `--cfg fuzzing`, which `cargo xtask fuzz` sets, and in tests,
//! which run them on every stored finding.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaDataReader;
use tape_core::{IdRef, IdType, Part, Rows, Spill};

use crate::decode::checked_pages::CheckedPages;
use crate::decode::fixed_width::{FixedWidth, FixedWidthColumn};
use crate::decode::guard::guarded;
use crate::decode::limits::check_footer;
use crate::decode::list_levels::{ListStarts, Records};
use crate::decode::list_pages::{Depth, LevelQueue, ListPages};
use crate::decode::rle::Runs;
use crate::decode::text::{NULL, TextPages};
use crate::file::positioned::{read_exact_at, write_all_at};
use crate::internal::SpillFolder;

pub use crate::expr::fuzzing::{condition, condition_seeds};

/// Maximum number of rows read from a column, because runs may claim any number.
const MOST: usize = 50_000;

/// Decodes a footer, without the magic bytes and the length.
pub fn footer(data: &[u8]) {
    drop(guarded(|| {
        check_footer(data)?;
        ParquetMetaDataReader::decode_metadata(data)
    }));
}

/// Parses a page index: the statistics of a column's pages, or their offsets.
pub fn page_index(data: &[u8]) {
    crate::scan::page_index::parsed(data);
}

/// Decodes RLE and bit-packed integers. The first byte is their width in bits.
pub fn runs(data: &[u8]) {
    let Some((&width, data)) = data.split_first() else { return };
    let Ok(mut runs) = Runs::new(Bytes::copy_from_slice(data), width) else { return };
    let mut out = [0; 1000];
    for n in [1, 7, 8, 1000].into_iter().cycle().take(40) {
        if runs.take_repeated(n).is_none() && runs.read(&mut out[..n]).is_err() {
            return;
        }
        assert!(width == 32 || out[..n].iter().all(|&value| u64::from(value) < 1 << width), "wider than {width} bits");
    }
}

/// Decodes the pages of a column, or of a leaf in lists. The first byte selects the kind of column. Each page begins
/// with its kind, its encoding, its number of rows and its length.
pub fn pages(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else { return };
    let given = Given { data: Bytes::copy_from_slice(data) };
    if kind >> 3 & 1 == 1 {
        return drop(in_lists(given, kind >> 4));
    }
    let optional = kind & 1 == 1;
    let pages = CheckedPages { pages: given, optional, value_bytes: 4 };
    // Any result is fine, as long as decoding ends and does not panic.
    drop(match kind >> 1 & 3 {
        0 => numbers(FixedWidthColumn::<i64>::new(Box::new(pages), optional), 0),
        1 => numbers(FixedWidthColumn::<f64>::new(Box::new(pages), optional), f64::NAN),
        _ => texts(TextPages::new(Box::new(pages), optional)),
    });
}

/// Decodes the leaf of lists, or of lists in lists: its values, and where records begin.
fn in_lists(given: Given, kind: u8) -> Result<()> {
    let repetition = 1 + (kind & 1);
    let depth = Depth { repetition, value: 1 + 2 * u32::from(repetition), element: 2 * u32::from(repetition) };
    let levels = LevelQueue::default();
    let pages = CheckedPages { pages: ListPages::new(given, depth, levels.clone()), optional: true, value_bytes: 4 };
    let mut column = FixedWidthColumn::<f64>::new(Box::new(pages), true);
    let (mut records, mut marks, mut out) = (Records::new(depth, levels), ListStarts::default(), vec![]);
    for _ in 0..MOST / 40 {
        out.clear();
        column.append(37, &mut out, |value| value, f64::NAN, |_| {})?;
        records.next(37, &mut marks)?;
        for slots in [&marks.starts, &marks.empty] {
            assert!(slots.iter().all(|&slot| slot < 37) && slots.is_sorted_by(|a, b| a < b), "{slots:?}");
        }
        assert!(marks.empty.iter().all(|&slot| out[slot as usize].is_nan()), "a value in an empty list");
        column.skip(3)?;
        records.skip(3)?;
    }
    Ok(())
}

fn numbers<T: FixedWidth>(mut column: FixedWidthColumn<T>, null: T) -> Result<()> {
    let mut out = vec![];
    while out.len() < MOST {
        let before = out.len();
        let mut nulls = 0;
        column.append(37, &mut out, |value| value, null, |_| nulls += 1)?;
        assert!(out.len() == before + 37 && nulls <= 37, "{} rows, {nulls} of them null", out.len() - before);
        column.skip(3)?;
    }
    Ok(())
}

fn texts(mut column: TextPages) -> Result<()> {
    let mut rows = 0;
    while rows < MOST {
        let coded = column.next(37)?;
        assert!(!coded.codes.is_empty() && coded.codes.len() <= 37);
        for &code in coded.codes.iter().filter(|&&code| code != NULL) {
            // Invalid UTF-8 is an error, but a code beyond the dictionary would panic.
            drop(coded.text(code as usize));
        }
        rows += coded.codes.len();
    }
    Ok(())
}

/// Reads pages from the input of the fuzzer.
struct Given {
    data: Bytes,
}

impl PageReader for Given {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(&[kind, encoding, rows, long, length, more]) = self.data.first_chunk() else { return Ok(None) };
        let length = (usize::from(more) << 8 | usize::from(length)).min(self.data.len() - 6);
        let mut buf = self.data.split_to(6 + length);
        let buf = buf.split_off(6);
        let num_values = u32::from(rows) << (long % 25);
        let encoding = match encoding % 5 {
            0 => Encoding::PLAIN,
            1 => Encoding::PLAIN_DICTIONARY,
            2 => Encoding::RLE_DICTIONARY,
            3 => Encoding::DELTA_BYTE_ARRAY,
            _ => Encoding::RLE,
        };
        let level = Encoding::RLE;
        let all = u32::try_from(buf.len()).unwrap_or(0);
        Ok(Some(match kind % 3 {
            0 => Page::DictionaryPage { buf, num_values, encoding, is_sorted: false },
            1 => Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding: level,
                rep_level_encoding: level,
                statistics: None,
            },
            _ => Page::DataPageV2 {
                // Within the page, as the page reader of the `parquet` crate guarantees.
                def_levels_byte_len: u32::from(kind / 3).min(all),
                rep_levels_byte_len: u32::from(long / 25).min(all - u32::from(kind / 3).min(all)),
                buf,
                num_values,
                encoding,
                num_nulls: 0,
                num_rows: num_values,
                is_compressed: false,
                statistics: None,
            },
        }))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(None)
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

impl Iterator for Given {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Returns the seed inputs of [`pages`].
#[must_use]
pub fn page_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let page = |kind: u8, encoding: u8, rows: u8, body: &[u8]| {
        [&[kind, encoding, rows, 0, u8::try_from(body.len()).unwrap_or(0), 0][..], body].concat()
    };
    let values: Vec<u8> = (0..4u64).flat_map(u64::to_le_bytes).collect();
    let texts = [1, 0, 0, 0, b'g', 1, 0, 0, 0, b'r'];
    // Levels: eight present values. Codes: width one, one bit-packed group of eight.
    let (levels, codes) = ([2, 0, 0, 0, 16, 1], [1, 3, 0b1010_0110]);
    // Three lists: two values; null; a null and two values. Levels of one bit, then of two.
    let lists = [2, 0, 0, 0, 3, 0x32, 3, 0, 0, 0, 3, 0x8f, 0x0f];
    // Pages of version 2 have the lengths of the levels in the header.
    let second = [&[11, 0, 6, 50, 37, 0][..], &lists[4..6], &lists[10..], &values].concat();
    vec![
        ("plain", [&[0][..], &page(1, 0, 4, &values)].concat()),
        ("codes", [&[2][..], &page(0, 0, 4, &values), &page(1, 2, 8, &codes)].concat()),
        ("nulls", [&[1][..], &page(0, 0, 4, &values), &page(1, 2, 8, &[&levels[..], &codes].concat())].concat()),
        (
            "second-version",
            [&[1][..], &page(0, 0, 4, &values), &page(8, 2, 8, &[&[16, 1][..], &codes].concat())].concat(),
        ),
        ("text", [&[4][..], &page(0, 0, 2, &texts), &page(1, 2, 8, &codes), &page(1, 0, 2, &texts)].concat()),
        ("lists", [&[8][..], &page(1, 0, 6, &[&lists[..], &values].concat()).repeat(8)].concat()),
        ("lists-second-version", [&[8][..], &second.repeat(8)].concat()),
        ("text-nulls", [&[5][..], &page(0, 0, 2, &texts), &page(1, 2, 8, &[&levels[..], &codes].concat())].concat()),
    ]
}

/// Spills rows, damages the spill file and reads them back. The first byte selects the type of the ids and the number
/// of damaged bytes. The changes follow, each an offset and a bit mask, and the remaining bytes make the rows.
pub fn spill(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else { return };
    let (damage, data) = data.split_at(data.len().min(usize::from(kind >> 1 & 7) * 3));
    let id_type = if kind & 1 == 1 { IdType::Utf8 } else { IdType::Int64 };
    let put = made(id_type, data);
    let folder = SpillFolder::new(&std::env::temp_dir());
    let Ok(piece) = folder.put(&[Part::of(&put, 0..put.len())]) else { return };
    let mut damaged = false;
    if let (Ok(file), true) = (folder.file(), piece.bytes > 0) {
        for change in damage.chunks_exact(3) {
            let at = u64::from(u16::from_le_bytes([change[0], change[1]])) % piece.bytes;
            let mut byte = [0];
            read_exact_at(&file, &mut byte, at).expect("the byte was written");
            write_all_at(&file, &[byte[0] ^ change[2]], at).expect("the file is writable");
            damaged |= change[2] != 0;
        }
    }
    let mut back = Rows::new(id_type);
    let taken = folder.take(&piece, &mut back);
    // NaN equals nothing, itself included.
    assert!(
        taken.is_err() || format!("{back:?}") == format!("{put:?}"),
        "the rows read back differ from the rows spilled"
    );
    assert!(damaged || taken.is_ok(), "{taken:?}");
}

/// Makes rows with arbitrary ids, bands and fluxes from bytes.
fn made(id_type: IdType, data: &[u8]) -> Rows {
    let mut rows = Rows::new(id_type);
    for bytes in data.chunks_exact(9) {
        let flux = f64::from_le_bytes(*bytes.last_chunk().unwrap_or(&[0; 8]));
        let text = String::from_utf8_lossy(&bytes[..usize::from(bytes[0] % 9)]).into_owned();
        let text = IdRef::Text(&text);
        let id = if id_type == IdType::Utf8 { text } else { IdRef::Int(flux.to_bits().cast_signed()) };
        rows.ids.push(id).expect("an id of the right type");
        rows.band.push(bytes[0]);
        rows.flux.push(flux);
    }
    rows
}

/// Returns the seed inputs of [`spill`].
#[must_use]
pub fn spill_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let rows: Vec<u8> = (0..20u8).flat_map(|i| [&[i][..], &f64::from(i).to_le_bytes()].concat()).collect();
    vec![
        ("integers", [&[0][..], &rows].concat()),
        ("texts", [&[1][..], &rows].concat()),
        ("damaged", [&[0b101, 9, 0, 1, 200, 1, 128][..], &rows].concat()),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tape_core::{ColumnMap, Columns, Partition, Piece, Role, Source};

    use super::*;
    use crate::Survey;

    /// Returns the stored inputs of a target: its corpus and its regressions.
    fn inputs(target: &str) -> Vec<std::path::PathBuf> {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(target));
        let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        files.map(|entry| entry.expect("an entry").path()).collect()
    }

    #[test]
    fn no_stored_input_panics() {
        let targets = [
            ("footer", footer as fn(&[u8])),
            ("page_index", page_index),
            ("pages", pages),
            ("runs", runs),
            ("spill", spill),
        ];
        for (target, feed) in targets.into_iter().chain([("condition", condition as fn(&[u8]))]) {
            let inputs = inputs(target);
            assert!(!inputs.is_empty(), "no input of {target}");
            inputs.iter().for_each(|path| feed(&fs::read(path).expect("the input exists")));
        }
    }

    #[test]
    fn every_stored_file_is_read_or_refused() {
        let inputs = inputs("survey");
        let mut whole = 0;
        for path in &inputs {
            let Ok(survey) = Survey::open(&[path.to_str().expect("text")], &ColumnMap::new()) else { continue };
            let [_, time, flux, error, band] = Role::ALL.map(|role| survey.column(role).is_some());
            for (row_group, group) in survey.row_groups().iter().enumerate() {
                let partition = Partition { pieces: vec![Piece { row_group, rows: 0..group.rows }] };
                let columns = Columns { time, flux, error, band };
                let mut reader = survey.read(&partition, columns).expect("a reader");
                let mut rows = Rows::new(survey.id_type());
                while rows.len() < MOST && reader.read(&mut rows, 16 * 1024).is_ok_and(|n| n > 0) {}
                whole += usize::from(rows.len() as u64 == group.rows);
            }
        }
        // At least the seeds, which have two row groups each.
        assert!(whole >= 20, "{whole} of {}", inputs.len());
    }

    #[test]
    fn list_seeds_are_read_to_the_end() {
        let seeds = page_seeds();
        for name in ["lists", "lists-second-version"] {
            let (_, seed) = seeds.iter().find(|(known, _)| *known == name).expect("the seed exists");
            let given = Given { data: Bytes::copy_from_slice(&seed[1..]) };
            let error =
                in_lists(given, seed[0] >> 4).expect_err("the input ends after 48 elements, in the second iteration");
            assert!(error.to_string().contains("ends before the other columns"), "{error}");
        }
    }
}
