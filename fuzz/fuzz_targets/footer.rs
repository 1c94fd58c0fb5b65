//! Fuzzes the bytes of a footer, without its magic and length.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape_io::fuzzing::footer(data));
