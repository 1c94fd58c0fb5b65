//! Faults at the n-th call to the operating system.

use std::cell::Cell;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Call;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The device fails.
    InputOutput,
    /// The disk is full.
    NoSpace,
    /// A signal came first: to be tried again.
    Interrupted,
    /// Less is read or written than was asked for: to be gone on with.
    Short,
}

/// What is to happen, and what was called.
struct Plan {
    at: Option<(usize, Fault)>,
    calls: Vec<Call>,
}

static PLAN: Mutex<Plan> = Mutex::new(Plan { at: None, calls: vec![] });
/// One test after another.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this thread is that of a test of faults; other tests go on beside it.
    static TESTED: Cell<bool> = const { Cell::new(false) };
}

/// The names of threads that a run starts.
pub(super) const WORKER: &str = "tape-worker";

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `run` with a fault at the call of this number, and returns what came of it, and all calls.
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
    // The numbers that Linux and macOS have for them.
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
