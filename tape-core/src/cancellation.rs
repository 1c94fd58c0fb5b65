//! A request to stop that kernels can check.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to stop a run. Clones share the request, so one thread can cancel what others compute.
///
/// A run gets it from its [`Observer`](crate::Observer) and passes it to every [`Chunk`](crate::Chunk) and
/// [`LightCurve`](crate::LightCurve). A kernel that runs for more than a few hundredths of a second should check
/// [`LightCurve::cancelled`](crate::LightCurve::cancelled) in its loops and return early. It may return any values
/// then, because a cancelled run discards them. A request cannot be withdrawn.
///
/// ```
/// let cancellation = tape_core::Cancellation::new();
/// let shared = cancellation.clone();
/// std::thread::spawn(move || shared.cancel()).join().unwrap();
/// assert!(cancellation.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct Cancellation(Option<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    condition: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Cancellation {
    /// Returns a request that can be made with [`Cancellation::cancel`].
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Returns a request that is never made. This is the default.
    #[must_use]
    pub const fn never() -> Self {
        Self(None)
    }

    /// Returns a request that is made once `condition` returns true, for example when a deadline passes. The condition
    /// is called often and from many threads, so it must be cheap.
    #[must_use]
    pub fn when(condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Shared { cancelled: AtomicBool::new(false), condition: Some(Box::new(condition)) })))
    }

    /// Returns a request that is made once either of the two is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (&self.0, &other.0) {
            (_, None) => self,
            (None, _) => other,
            _ => Self::when(move || self.is_cancelled() || other.is_cancelled()),
        }
    }

    /// Makes the request. Does nothing for [`Cancellation::never`].
    pub fn cancel(&self) {
        if let Some(shared) = &self.0 {
            shared.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Returns `None` once the request is made, so that `?` ends a computation.
    #[inline]
    pub fn proceed(&self) -> Option<()> {
        (!self.is_cancelled()).then_some(())
    }

    /// Returns whether the request was made.
    #[must_use]
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|shared| shared.is_cancelled())
    }
}

impl Shared {
    #[inline]
    fn is_cancelled(&self) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            return true;
        }
        let Some(condition) = &self.condition else { return false };
        let cancelled = condition();
        if cancelled {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        cancelled
    }
}

/// Two requests are equal if they are clones of each other, or if neither can ever be made.
impl PartialEq for Cancellation {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            None => "never",
            Some(shared) if shared.cancelled.load(Ordering::Relaxed) => "cancelled",
            Some(_) => "not cancelled",
        };
        write!(f, "Cancellation({state})")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn a_condition_that_came_true_stays_true() {
        let asked = AtomicUsize::new(0);
        let cancellation = Cancellation::when(move || asked.fetch_add(1, Ordering::Relaxed) == 1);
        let answers: Vec<bool> = (0..4).map(|_| cancellation.is_cancelled()).collect();
        assert_eq!(answers, [false, true, true, true]);
    }

    #[test]
    fn either_of_two_requests_is_enough() {
        let (one, other) = (Cancellation::new(), Cancellation::new());
        let both = one.or(other.clone()).or(Cancellation::never());
        assert!(!both.is_cancelled());
        other.cancel();
        assert!(both.is_cancelled() && Cancellation::never().or(other).is_cancelled());
    }

    #[test]
    fn a_never_request_cannot_be_made() {
        let never = Cancellation::default();
        never.cancel();
        assert!(!never.is_cancelled());
        assert_ne!(never, Cancellation::new());
    }
}
