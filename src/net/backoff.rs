//! How long to wait before trying again: doubling, bounded, and jittered so that nodes that lost one another
//! together do not come back together.

use std::time::Duration;

/// After so many failures in a row, most of a day at the longest pause of five minutes, nobody is expected any more.
const TIRED: u32 = 200;
/// From then on the pause is so many times the longest.
const RARELY: u32 = 12;

/// Bounds of the pause between two attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    pub base: Duration,
    pub max: Duration,
}

impl Backoff {
    /// The pause after `failures` failures in a row: between half and all of `base · 2^failures`, at most `max`, until
    /// they are so many that it is to be far longer.
    pub fn after(self, failures: u32) -> Duration {
        let full = if failures < TIRED {
            self.base.saturating_mul(1 << failures.min(20)).min(self.max)
        } else {
            self.max.saturating_mul(RARELY)
        };
        full.mul_f64(0.5 + 0.5 * fraction())
    }
}

/// A random number in 0..1; one half if the system has no randomness, which only costs the jitter.
fn fraction() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_within_its_bounds() {
        let backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_mins(5) };
        for (failures, full) in
            [(0, 1), (1, 2), (3, 8), (8, 256), (9, 300), (199, 300), (200, 3_600), (u32::MAX, 3_600)]
        {
            for _ in 0..50 {
                let pause = backoff.after(failures);
                assert!(pause >= Duration::from_millis(full * 500), "{pause:?}");
                assert!(pause <= Duration::from_secs(full), "{pause:?}");
            }
        }
    }
}
