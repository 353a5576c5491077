//! Lines for people, on `wasi:cli/stderr`.

#![allow(dead_code)]

use wasip2::cli::stderr::get_stderr;

use super::handles::Table;

/// The loggers of interfaces that name them by numbers.
pub static LOGGERS: Table<Logger> = Table::new();

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

impl Level {
    /// The level of a name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "trace" | "verbose" => Some(Level::Trace),
            "debug" => Some(Level::Debug),
            "info" | "information" | "notice" => Some(Level::Info),
            "warn" | "warning" => Some(Level::Warn),
            "error" | "err" => Some(Level::Error),
            "critical" | "fatal" => Some(Level::Critical),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Critical => "CRITICAL",
        }
    }
}

/// Whoever writes lines about one thing.
pub struct Logger(String);

impl Logger {
    pub fn new(scope: &str) -> Self {
        Logger(scope.to_owned())
    }

    /// As the function `line`; a scope takes the place of the logger's own.
    pub fn line(&self, level: Option<Level>, scope: &str, message: &str) {
        line(
            level,
            if scope.is_empty() { &self.0 } else { scope },
            message,
        );
    }

    /// Every line is written at once.
    pub fn flush(&self) {}
}

/// The most that `blocking-write-and-flush` takes.
const CHUNK: usize = 4096;

/// Writes a line: the level, what it is about, and the message. Nobody can be told when that fails.
pub fn line(level: Option<Level>, scope: &str, message: &str) {
    let mut text = String::new();
    for part in [level.map_or("", Level::text), scope] {
        if !part.is_empty() {
            text.push_str(part);
            text.push_str(": ");
        }
    }
    text.push_str(message);
    text.push('\n');
    write(text.as_bytes());
}

fn write(bytes: &[u8]) {
    let stderr = get_stderr();
    for chunk in bytes.chunks(CHUNK) {
        if stderr.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}
