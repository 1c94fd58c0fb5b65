//! Errors of devices.

use tape::gpu::Error;

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let adapter = || "NVIDIA H200".to_owned();
    rows![
        Error::NoAdapter,
        Error::Unknown { name: "H300".into(), known: vec![adapter(), "llvmpipe".into()] },
        Error::Refused { adapter: adapter(), message: "not enough memory left".into() },
        Error::Lacks { adapter: adapter(), what: "double precision" },
        Error::Lost { message: "the driver was reset".into() },
        Error::OutOfMemory { bytes: 8 << 30 },
        Error::Invalid { kernel: "moments", message: "the shader does not compile".into() },
        tape::Error::Calibration { path: "/home/a/.cache/tape/devices.json".into(), message: "expected value".into() },
        tape::Error::NoCache,
    ]
}
