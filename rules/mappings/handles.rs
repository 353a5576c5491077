//! Numbers for things, for interfaces that have no resources.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::Kind;

/// One row of numbers for all tables, so that a number of one table means nothing to another.
static LAST: AtomicU32 = AtomicU32::new(0);

/// Things by number.
pub struct Table<T>(Mutex<BTreeMap<u32, Arc<T>>>);

impl<T> Table<T> {
    pub const fn new() -> Self {
        Table(Mutex::new(BTreeMap::new()))
    }

    /// Keeps a thing; its number, which is not 0.
    pub fn insert(&self, thing: T) -> u32 {
        let mut things = self.lock();
        loop {
            let handle = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & 0x7fff_ffff;
            if handle != 0 && !things.contains_key(&handle) {
                things.insert(handle, Arc::new(thing));
                return handle;
            }
        }
    }

    /// The thing with this number.
    pub fn get(&self, handle: impl TryInto<u32>) -> Result<Arc<T>, Kind> {
        let handle = handle.try_into().map_err(|_| Kind::InvalidHandle)?;
        self.lock().get(&handle).cloned().ok_or(Kind::InvalidHandle)
    }

    /// The thing with this number, which is free after that.
    pub fn remove(&self, handle: impl TryInto<u32>) -> Result<Arc<T>, Kind> {
        let handle = handle.try_into().map_err(|_| Kind::InvalidHandle)?;
        self.lock().remove(&handle).ok_or(Kind::InvalidHandle)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
