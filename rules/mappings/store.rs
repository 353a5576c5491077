//! Keys and values. They are kept in memory: the end of the instance is their end too.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::Kind;
use super::handles::Table;

type Entries = BTreeMap<String, Vec<u8>>;

/// The stores of interfaces that name them by numbers.
pub static STORES: Table<Store> = Table::new();

/// All stores by name: two that are opened by one name hold the same.
static BY_NAME: Mutex<BTreeMap<String, Arc<Mutex<Entries>>>> = Mutex::new(BTreeMap::new());

/// A store.
pub struct Store(Arc<Mutex<Entries>>);

impl Store {
    /// The store of a name, made when it is not there.
    pub fn open(name: &str) -> Self {
        let mut stores = BY_NAME.lock().unwrap_or_else(PoisonError::into_inner);
        Store(stores.entry(name.to_owned()).or_default().clone())
    }

    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().get(key).cloned()
    }

    pub fn set(&self, key: &str, value: &[u8]) {
        self.lock().insert(key.to_owned(), value.to_vec());
    }

    /// Removes a key; it need not be there.
    pub fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Removes a key; whether it was there.
    pub fn delete(&self, key: &str) -> bool {
        self.lock().remove(key).is_some()
    }

    pub fn exists(&self, key: &str) -> bool {
        self.lock().contains_key(key)
    }

    /// All keys that begin so, sorted.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let entries = self.lock();
        let begin = entries.keys().filter(|key| key.starts_with(prefix));
        begin.cloned().collect()
    }

    pub fn length(&self) -> u64 {
        self.lock().len() as u64
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Adds to a decimal number, 0 when the key is not there; the sum.
    pub fn add(&self, key: &str, change: i64) -> Result<i64, Kind> {
        let mut entries = self.lock();
        let old = match entries.get(key) {
            None => 0,
            Some(bytes) => number(bytes).ok_or(Kind::InvalidArgument)?,
        };
        let sum = old.checked_add(change).ok_or(Kind::TooLarge)?;
        entries.insert(key.to_owned(), sum.to_string().into_bytes());
        Ok(sum)
    }

    /// What is stored stays.
    pub fn close(&self) {}

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number in decimal text.
fn number(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A value as text. Values that no text-only interface has written need not be text.
pub fn text(value: Vec<u8>) -> Result<String, Kind> {
    String::from_utf8(value).map_err(|_| Kind::InvalidArgument)
}
