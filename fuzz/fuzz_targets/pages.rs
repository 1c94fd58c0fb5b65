//! Fuzzes our decoders with pages of number and text columns.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape_io::fuzzing::pages(data));
