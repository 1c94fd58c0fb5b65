//! Counts of a run's progress, collected from its events.

use std::collections::VecDeque;

use tape_core::{Event, Step};

/// The progress of a run: for each [`Step`], its total rows and those done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Total number of rows of each step, as far as known.
    pub ahead: [u64; 5],
    /// Number of finished rows of each step.
    pub done: [u64; 5],
    /// Number of light curves computed.
    pub light_curves: u64,
    /// Number of bytes spilled.
    pub spilled: u64,
    /// Number of restarts.
    pub restarts: u32,
}

impl Counts {
    /// Updates the counts with an event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Ahead { step, rows } => self.ahead[*step as usize] = *rows,
            Event::Done { step, rows } => add(&mut self.done[*step as usize], *rows),
            Event::Again(rows) => add(&mut self.ahead[Step::Read as usize], *rows),
            Event::LightCurves(n) => add(&mut self.light_curves, *n),
            Event::Spilled(bytes) => add(&mut self.spilled, *bytes),
            Event::Restart => *self = Self { restarts: self.restarts + 1, ..Self::default() },
            _ => {}
        }
    }

    /// Returns the total number of rows of a step, as far as known.
    #[must_use]
    pub const fn ahead(&self, step: Step) -> u64 {
        self.ahead[step as usize]
    }

    /// Returns the number of finished rows of a step.
    #[must_use]
    pub const fn done(&self, step: Step) -> u64 {
        self.done[step as usize]
    }

    /// Returns the current step: the last step that has begun and is unfinished, or else the next one.
    #[must_use]
    pub fn step(&self) -> Step {
        let unfinished = |step: &Step| self.done(*step) < self.ahead(*step);
        let under_way = Step::ALL.into_iter().rev().find(|step| unfinished(step) && self.done(*step) > 0);
        let next = || Step::ALL.into_iter().find(unfinished);
        let last = || Step::ALL.into_iter().rev().find(|step| self.done(*step) > 0);
        under_way.or_else(next).or_else(last).unwrap_or(Step::Read)
    }
}

/// Adds without overflow, because footers can claim any number of rows.
fn add(to: &mut u64, n: u64) {
    *to = to.saturating_add(n);
}

/// Rates of the counts over a sliding window of 3 s.
#[derive(Debug, Default)]
pub struct Rates {
    samples: VecDeque<(f64, [u64; 3])>,
}

impl Rates {
    /// Length of the window of a rate in seconds.
    const WINDOW: f64 = 3.0;

    /// Records the counts at `seconds` after the start.
    pub fn observe(&mut self, seconds: f64, counts: [u64; 3]) {
        // Counts are reset when a run restarts.
        if self.samples.back().is_some_and(|(_, last)| last.iter().zip(&counts).any(|(last, now)| now < last)) {
            self.samples.clear();
        }
        while self.samples.get(1).is_some_and(|(at, _)| seconds - at >= Self::WINDOW) {
            self.samples.pop_front();
        }
        self.samples.push_back((seconds, counts));
    }

    /// Returns the rates per second.
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
    #[must_use]
    pub fn per_second(&self) -> [f64; 3] {
        let (Some((from, before)), Some((to, now))) = (self.samples.front(), self.samples.back()) else {
            return [0.0; 3];
        };
        let seconds = to - from;
        std::array::from_fn(|i| if seconds > 0.0 { (now[i] - before[i]) as f64 / seconds } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_a_shuffle_and_a_restart() {
        let mut counts = Counts::default();
        let ahead = |step, rows| Event::Ahead { step, rows };
        let done = |step, rows| Event::Done { step, rows };
        counts.take(&ahead(Step::Read, 100));
        counts.take(&ahead(Step::Compute, 100));
        assert_eq!(counts.step(), Step::Read);
        counts.take(&done(Step::Read, 60));
        counts.take(&Event::Again(20));
        assert_eq!((counts.ahead(Step::Read), counts.done(Step::Read), counts.step()), (120, 60, Step::Read));
        counts.take(&done(Step::Read, 60));
        assert_eq!(counts.step(), Step::Compute);
        counts.take(&Event::LightCurves(7));
        counts.take(&Event::Restart);
        assert_eq!(counts, Counts { restarts: 1, ..Counts::default() });
    }

    #[test]
    fn rates_are_those_of_the_last_seconds() {
        let mut rates = Rates::default();
        assert_eq!(rates.per_second(), [0.0; 3]);
        for tick in 0..100u32 {
            // The rate doubles after the tenth second.
            let count = u64::from(tick + tick.saturating_sub(10));
            rates.observe(f64::from(tick), [count, 10 * count, 0]);
        }
        assert_eq!(rates.per_second(), [2.0, 20.0, 0.0]);
        rates.observe(100.0, [1, 1, 0]);
        assert_eq!(rates.per_second(), [0.0; 3]);
    }
}
