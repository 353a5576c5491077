//! Random numbers, on `wasi:random/random`.

#![allow(dead_code)]

use wasip2::random::random;

/// As many bytes.
pub fn bytes(length: u64) -> Vec<u8> {
    random::get_random_bytes(length)
}

/// A number out of all that there are.
pub fn number() -> u64 {
    random::get_random_u64()
}

/// A number from 0 up to 1, without 1.
pub fn fraction() -> f64 {
    // 53 bits are as many as an f64 holds.
    (number() >> 11) as f64 / (1_u64 << 53) as f64
}

/// One of two.
pub fn flag() -> bool {
    number() & 1 == 1
}
