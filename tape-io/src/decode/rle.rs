//! Decodes Parquet's hybrid of run-length and bit-packed integers.
//!
//! Layout: <https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>. Every length comes from the file
//! and is checked against the bytes that are left.

use bytes::Bytes;

/// The error for encoded integers that end too soon or are malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("run-length data ends too soon or is malformed")]
pub(crate) struct BadRuns;

/// A decoder of integers of up to 32 bits.
pub(crate) struct Runs {
    data: Bytes,
    at: usize,
    bit_width: u32,
    run: Run,
}

/// The unread part of the current run.
#[derive(Clone, Copy)]
enum Run {
    Repeated {
        value: u32,
        left: usize,
    },
    /// Values that begin at bit `bit` of the data.
    Packed {
        bit: usize,
        left: usize,
    },
}

impl Runs {
    pub(crate) fn new(data: Bytes, bit_width: u8) -> Result<Self, BadRuns> {
        if bit_width > 32 {
            return Err(BadRuns);
        }
        Ok(Self { data, at: 0, bit_width: u32::from(bit_width), run: Run::Repeated { value: 0, left: 0 } })
    }

    /// Takes the next `n` values if they lie in a single run of equal values. Returns the value.
    pub(crate) fn take_repeated(&mut self, n: usize) -> Option<u32> {
        self.open().ok()?;
        match &mut self.run {
            Run::Repeated { value, left } if *left >= n => {
                *left -= n;
                Some(*value)
            }
            _ => None,
        }
    }

    /// Takes up to `most` values from a run of equal values. Returns the value and the number taken, or `None` if the
    /// next values are bit-packed or the data has ended.
    pub(crate) fn take_run(&mut self, most: usize) -> Option<(u32, usize)> {
        self.open().ok()?;
        let Run::Repeated { value, left } = &mut self.run else { return None };
        let n = most.min(*left);
        *left -= n;
        Some((*value, n))
    }

    /// Fills the front of `out` with values from a bit-packed run, and returns their number. The next values must not
    /// be a run of equal values: see [`Runs::take_run`].
    pub(crate) fn read_packed(&mut self, out: &mut [u32]) -> Result<usize, BadRuns> {
        self.open()?;
        let Run::Packed { bit, left } = &mut self.run else { return Err(BadRuns) };
        let n = out.len().min(*left);
        unpack(&self.data, *bit, self.bit_width, &mut out[..n]);
        *bit += n * self.bit_width as usize;
        *left -= n;
        Ok(n)
    }

    /// Fills `out`.
    pub(crate) fn read(&mut self, mut out: &mut [u32]) -> Result<(), BadRuns> {
        while !out.is_empty() {
            let taken = match self.take_run(out.len()) {
                Some((value, n)) => {
                    out[..n].fill(value);
                    n
                }
                None => self.read_packed(out)?,
            };
            out = &mut out[taken..];
        }
        Ok(())
    }

    /// Opens the next run if the current one is used up.
    fn open(&mut self) -> Result<(), BadRuns> {
        if matches!(self.run, Run::Repeated { left: 0, .. } | Run::Packed { left: 0, .. }) {
            self.run = self.next_run()?;
        }
        Ok(())
    }

    fn next_run(&mut self) -> Result<Run, BadRuns> {
        let header = self.varint()?;
        let count = usize::try_from(header >> 1).map_err(|_| BadRuns)?;
        if header & 1 == 0 {
            let bytes = self.bit_width.div_ceil(8) as usize;
            let raw = self.data.get(self.at..self.at + bytes).ok_or(BadRuns)?;
            self.at += bytes;
            let value = raw.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte));
            // Whole bytes can hold larger values than the width allows, but callers rely on the width.
            let fits = u64::from(value) < 1 << self.bit_width;
            return if count == 0 || !fits { Err(BadRuns) } else { Ok(Run::Repeated { value, left: count }) };
        }
        // Groups of eight values. The last run of a page may claim more values than the page has, but not more bytes.
        let left = count.checked_mul(8).ok_or(BadRuns)?;
        let bytes = count.checked_mul(self.bit_width as usize).ok_or(BadRuns)?;
        let bit = self.at * 8;
        let there = self.data.len() - self.at;
        self.at += bytes.min(there);
        let whole = if self.bit_width == 0 { left } else { left.min(there * 8 / self.bit_width as usize) };
        if whole == 0 { Err(BadRuns) } else { Ok(Run::Packed { bit, left: whole }) }
    }

    fn varint(&mut self) -> Result<u64, BadRuns> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let &byte = self.data.get(self.at).ok_or(BadRuns)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BadRuns)
    }
}

/// Unpacks `out.len()` integers of `width` bits that start at bit `bit`, all within `data`.
#[expect(clippy::cast_possible_truncation, reason = "each value is masked to at most 32 bits")]
fn unpack(data: &[u8], mut bit: usize, width: u32, out: &mut [u32]) {
    let mask = (1u64 << width) - 1;
    let word = |byte: usize| match data.get(byte..byte + 8) {
        Some(bytes) => {
            u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
        }
        None => data[byte.min(data.len())..].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    let mut groups = out.chunks_exact_mut(8);
    if width <= 7 {
        // With the bits left over from an unaligned start, eight narrow values still come in one word.
        for group in &mut groups {
            let packed = word(bit / 8) >> (bit % 8);
            for (i, value) in (0u32..).zip(group) {
                *value = (packed >> (i * width) & mask) as u32;
            }
            bit += 8 * width as usize;
        }
    } else {
        for group in &mut groups {
            for value in group {
                *value = (word(bit / 8) >> (bit % 8) & mask) as u32;
                bit += width as usize;
            }
        }
    }
    for value in groups.into_remainder() {
        *value = (word(bit / 8) >> (bit % 8) & mask) as u32;
        bit += width as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packs integers bit by bit, as the format defines.
    fn packed(values: &[u32], width: u8) -> Vec<u8> {
        let mut bytes = vec![0; (values.len() * usize::from(width)).div_ceil(8)];
        for (i, &value) in values.iter().enumerate() {
            for bit in 0..usize::from(width) {
                if value >> bit & 1 == 1 {
                    let at = i * usize::from(width) + bit;
                    bytes[at / 8] |= 1 << (at % 8);
                }
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn packed_and_repeated_runs_round_trip(
            width in 0u8..=32,
            seeds in prop::collection::vec(any::<u32>(), 1..9),
            repeats in 1usize..60,
            step in 1usize..40,
        ) {
            let mask = u32::try_from((1u64 << width) - 1).unwrap();
            let values: Vec<u32> = (0u32..24).map(|i| seeds[i as usize % seeds.len()].rotate_left(i) & mask).collect();
            let mut data = vec![(3 << 1) | 1];
            data.extend(packed(&values, width));
            data.push(u8::try_from(repeats << 1).unwrap());
            data.extend(&(seeds[0] & mask).to_le_bytes()[..usize::from(width.div_ceil(8))]);
            let expected: Vec<u32> =
                values.into_iter().chain(std::iter::repeat_n(seeds[0] & mask, repeats)).collect();

            let mut runs = Runs::new(data.into(), width).unwrap();
            let mut out = vec![0; expected.len()];
            for part in out.chunks_mut(step) {
                prop_assert_eq!(runs.read(part), Ok(()));
            }
            prop_assert_eq!(out, expected);
            prop_assert_eq!(runs.read(&mut [0]), Err(BadRuns));
        }

        #[test]
        fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..40), width in 0u8..40) {
            if let Ok(mut runs) = Runs::new(data.into(), width) {
                let mut out = [0; 100];
                let _ = runs.read(&mut out);
            }
        }
    }
}
