//! Pages of a column of numbers or text, decoded by our own decoders.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape_io::fuzzing::pages(data));
