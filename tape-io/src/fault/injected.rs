//! Injects a fault into the n-th call to the operating system.

use std::cell::Cell;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Call;

/// A fault of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The device fails.
    InputOutput,
    /// The disk is full.
    NoSpace,
    /// A signal interrupted the call, which must be repeated.
    Interrupted,
    /// Fewer bytes were read or written than requested, so the caller must continue.
    Short,
}

/// The fault to inject, and the calls so far.
struct Plan {
    at: Option<(usize, Fault)>,
    calls: Vec<Call>,
}

static PLAN: Mutex<Plan> = Mutex::new(Plan { at: None, calls: vec![] });
/// Makes tests of faults run one after another.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// True on the thread of a test of faults. Other tests run at the same time.
    static TESTED: Cell<bool> = const { Cell::new(false) };
}

/// The prefix of the names of threads that a run starts.
pub(super) const WORKER: &str = "tape-worker";

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `run` with a fault at one of its system calls, given by number. Returns its result and all system calls.
pub(crate) fn with<T>(at: Option<(usize, Fault)>, run: impl FnOnce() -> T) -> (T, Vec<Call>) {
    let turn = lock(&TURN);
    *lock(&PLAN) = Plan { at, calls: vec![] };
    TESTED.set(true);
    let done = run();
    TESTED.set(false);
    let calls = std::mem::take(&mut lock(&PLAN).calls);
    drop(turn);
    (done, calls)
}

fn fault(call: Call) -> Option<Fault> {
    let of_run = TESTED.get() || thread::current().name().is_some_and(|name| name.starts_with(WORKER));
    if !of_run {
        return None;
    }
    let mut plan = lock(&PLAN);
    plan.calls.push(call);
    plan.at.filter(|(n, _)| plan.calls.len() == n + 1).map(|(_, fault)| fault)
}

fn refusal(fault: Fault) -> io::Result<()> {
    // The error numbers of Linux and macOS.
    let number = match fault {
        Fault::InputOutput => 5,
        Fault::NoSpace => 28,
        Fault::Interrupted => 4,
        Fault::Short => return Ok(()),
    };
    Err(io::Error::from_raw_os_error(number))
}

pub(crate) fn before(call: Call) -> io::Result<()> {
    fault(call).map_or(Ok(()), refusal)
}

pub(crate) fn length(call: Call, bytes: usize) -> io::Result<usize> {
    match fault(call) {
        Some(Fault::Short) => Ok(bytes.div_ceil(2)),
        Some(fault) => refusal(fault).map(|()| bytes),
        None => Ok(bytes),
    }
}
