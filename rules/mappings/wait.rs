//! Waiting for the host, for a limited time or for ever.

#![allow(dead_code)]

use std::time::Duration;

use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::{poll, Pollable};

use super::error::Kind;

/// The moment at which a call gives up. None is never.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<u64>);

impl Deadline {
    /// So long from now.
    pub fn after(timeout: Option<Duration>) -> Self {
        Deadline(timeout.map(|timeout| {
            let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
            monotonic_clock::now().saturating_add(nanoseconds)
        }))
    }

    /// Waits until it is ready, or time is over. To be called after an attempt that gave nothing.
    pub fn wait(self, pollable: &Pollable) -> Result<(), Kind> {
        let Some(end) = self.0 else {
            pollable.block();
            return Ok(());
        };
        // Asked here, because a host may call things ready that are not.
        if monotonic_clock::now() >= end {
            return Err(Kind::Timeout);
        }
        let clock = monotonic_clock::subscribe_instant(end);
        poll(&[pollable, &clock]);
        Ok(())
    }
}

/// A time that interfaces give as a number, of which zero is for ever.
pub fn limit(timeout: Duration) -> Option<Duration> {
    Some(timeout).filter(|timeout| !timeout.is_zero())
}
