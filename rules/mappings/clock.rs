//! Clocks, on `wasi:clocks`.

#![allow(dead_code)]

use std::time::Duration;

use wasip2::clocks::{monotonic_clock, wall_clock};

/// Nanoseconds on a clock that only goes forward.
pub fn now() -> u64 {
    monotonic_clock::now()
}

/// The smallest step of that clock, in nanoseconds.
pub fn resolution() -> u64 {
    monotonic_clock::resolution()
}

/// The time since 1970-01-01 in UTC.
pub fn wall() -> Duration {
    let now = wall_clock::now();
    Duration::new(now.seconds, now.nanoseconds)
}

/// The smallest step of the wall clock.
pub fn wall_resolution() -> Duration {
    let step = wall_clock::resolution();
    Duration::new(step.seconds, step.nanoseconds)
}

/// Waits.
pub fn sleep(time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    monotonic_clock::subscribe_duration(nanoseconds).block();
}

/// Waits until the clock of `now` shows so much.
pub fn sleep_until(instant: u64) {
    monotonic_clock::subscribe_instant(instant).block();
}
