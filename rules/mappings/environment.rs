//! Environment variables and arguments, on `wasi:cli/environment`.

#![allow(dead_code)]

use wasip2::cli::environment;

/// All variables.
pub fn variables() -> Vec<(String, String)> {
    environment::get_environment()
}

/// One variable.
pub fn variable(name: &str) -> Option<String> {
    variables()
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// The value of a setting: that of the variable of the same name, or of the same name in capitals with `_` for
/// what is no letter or digit (`http.port` is `HTTP_PORT`).
pub fn setting(name: &str) -> Option<String> {
    variable(name).or_else(|| variable(&in_capitals(name)))
}

fn in_capitals(name: &str) -> String {
    name.chars()
        .map(|letter| match letter.to_ascii_uppercase() {
            letter @ ('A'..='Z' | '0'..='9') => letter,
            _ => '_',
        })
        .collect()
}

/// The program's arguments, its own name first when the host gives it.
pub fn arguments() -> Vec<String> {
    environment::get_arguments()
}

/// The folder that paths are relative to.
pub fn folder() -> Option<String> {
    environment::initial_cwd()
}
