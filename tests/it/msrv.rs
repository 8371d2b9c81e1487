//! The `rust-version` in `Cargo.toml` is correct: no dependency requires a newer one, and the docs state the same.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::Command;

use serde_json::Value;

/// Parses `1.95` or `1.95.0` for comparison.
fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

/// The target platform; crates for other platforms may be missing.
fn system() -> String {
    let told = Command::new("rustc").arg("-vV").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &system()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let crates = told["packages"].as_array().unwrap();
    assert!(crates.len() > 100);
    let newer: Vec<String> = crates
        .iter()
        .filter_map(|one| Some((one, one["rust_version"].as_str()?)))
        .filter(|(_, wants)| version(wants) > ours)
        .map(|(one, wants)| format!("{} {} wants {wants}", one["name"], one["version"]))
        .collect();
    assert!(
        newer.is_empty(),
        "rust-version in Cargo.toml is too old: {newer:?}"
    );
}

#[test]
fn the_readme_states_the_rust_version() {
    let named = format!("need Rust {} and", env!("CARGO_PKG_RUST_VERSION"));
    assert!(
        include_str!("../../README.md").contains(&named),
        "README.md does not say {named:?}"
    );
}
