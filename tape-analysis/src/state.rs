//! Partial states of folds, stored as floats.
//!
//! A state holds counts, means and squared deviations from the mean, never a sum of squares: the difference of two
//! large sums would lose the significant digits of a small variance.

use tape_core::{Extremes, HigherMoments, Line, Moments, WeightedMoments};

/// A summary of epochs that is stored as floats. All zeros are the summary of no epochs.
pub(crate) trait State: Sized {
    /// Number of floats.
    const LEN: usize;

    /// Reads the state from its floats.
    fn read(state: &[f64]) -> Self;

    /// Writes the floats of the state.
    fn write(self, state: &mut [f64]);

    /// Merges the states of two sets of epochs.
    fn merge(self, other: Self) -> Self;
}

/// Adds the epochs behind `other` to `state`.
pub(crate) fn combine<S: State>(state: &mut [f64], other: &[f64]) {
    S::read(state).merge(S::read(other)).write(state);
}

/// Implements a [`Fold`](tape_core::Fold) from the type of its state, a function that computes the state of some
/// epochs, and the kernel for devices, if there is one. Info and outputs are implemented separately.
macro_rules! fold_over {
    ($state:ty, $of:expr, $kernel:expr) => {
        fold_over!($state, $of);

        fn kernel(&self) -> Option<&'static tape_core::DeviceKernel> {
            Some(&$kernel)
        }
    };
    ($state:ty, $of:expr) => {
        fn state_len(&self) -> usize {
            <$state as $crate::state::State>::LEN
        }

        fn lift(&self, epochs: &tape_core::LightCurve<'_>, state: &mut [f64]) {
            let of: fn(&tape_core::LightCurve<'_>) -> $state = $of;
            $crate::state::State::write(of(epochs), state);
        }

        fn combine(&self, state: &mut [f64], other: &[f64]) {
            $crate::state::combine::<$state>(state, other);
        }
    };
}
pub(crate) use fold_over;

/// Implements [`State`] for a struct of floats that has a method `combine`.
macro_rules! state_of_fields {
    ($state:ident { $($field:ident),+ }) => {
        impl State for $state {
            const LEN: usize = [$(stringify!($field)),+].len();

            fn read(state: &[f64]) -> Self {
                let mut floats = state.iter().copied();
                $(let $field = floats.next().unwrap_or_default();)+
                Self { $($field),+ }
            }

            fn write(self, state: &mut [f64]) {
                state.copy_from_slice(&[$(self.$field),+]);
            }

            fn merge(self, other: Self) -> Self {
                self.combine(other)
            }
        }
    };
}

state_of_fields!(Moments { n, mean, m2 });
state_of_fields!(WeightedMoments { weight, mean, m2 });
state_of_fields!(Line { weight, time, flux, spread, slope, residual });

impl State for HigherMoments {
    const LEN: usize = Moments::LEN + 2;

    fn read(state: &[f64]) -> Self {
        let (moments, rest) = state.split_at(Moments::LEN);
        Self { moments: Moments::read(moments), m3: rest[0], m4: rest[1] }
    }

    fn write(self, state: &mut [f64]) {
        let (moments, rest) = state.split_at_mut(Moments::LEN);
        self.moments.write(moments);
        rest.copy_from_slice(&[self.m3, self.m4]);
    }

    fn merge(self, other: Self) -> Self {
        self.combine(other)
    }
}

/// The first float is 1 if there are extremes, because all zeros are the state of no epochs.
impl State for Extremes {
    const LEN: usize = 3;

    fn read(state: &[f64]) -> Self {
        if state[0] == 0.0 { Self::NONE } else { Self { min: state[1], max: state[2] } }
    }

    fn write(self, state: &mut [f64]) {
        state.copy_from_slice(&if self.min > self.max { [0.0; 3] } else { [1.0, self.min, self.max] });
    }

    fn merge(self, other: Self) -> Self {
        self.combine(other)
    }
}

/// A sum.
impl State for f64 {
    const LEN: usize = 1;

    fn read(state: &[f64]) -> Self {
        state[0]
    }

    fn write(self, state: &mut [f64]) {
        state[0] = self;
    }

    fn merge(self, other: Self) -> Self {
        self + other
    }
}

/// Two states, one after the other.
impl<A: State, B: State> State for (A, B) {
    const LEN: usize = A::LEN + B::LEN;

    fn read(state: &[f64]) -> Self {
        let (a, b) = state.split_at(A::LEN);
        (A::read(a), B::read(b))
    }

    fn write(self, state: &mut [f64]) {
        let (a, b) = state.split_at_mut(A::LEN);
        self.0.write(a);
        self.1.write(b);
    }

    fn merge(self, other: Self) -> Self {
        (self.0.merge(other.0), self.1.merge(other.1))
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(crate) mod tests;
