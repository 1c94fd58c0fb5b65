//! Fuzzes runs and bit-packed integers.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape_io::fuzzing::runs(data));
