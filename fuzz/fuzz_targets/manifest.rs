//! Fuzzes the manifest of a job.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| tape::job::fuzzing::manifest(data));
