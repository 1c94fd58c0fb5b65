//! What a file says of the pages of a column: either of its two structures.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape_io::fuzzing::page_index(data));
