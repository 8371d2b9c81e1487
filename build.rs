//! Tells the program what it is built from: the commit with its date, the target, the compiler.

use std::env;
use std::process::Command;

/// Everything that the program is built from, relative to this file.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "assets", "src"];

fn main() {
    for path in SOURCES {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=BACKCOURT_COMMIT");
    let number = variable("CARGO_PKG_VERSION");
    let version = commit().map_or_else(|| number.clone(), |commit| format!("{number} ({commit})"));
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let is_static = features.split(',').any(|feature| feature == "crt-static");
    let linked = if is_static { "static" } else { "dynamic" };
    let compiler = output(&variable("RUSTC"), &["--version"]).unwrap_or_default();
    println!("cargo::rustc-env=BACKCOURT_VERSION={version}");
    println!(
        "cargo::rustc-env=BACKCOURT_TARGET={}, {linked}",
        variable("TARGET")
    );
    println!("cargo::rustc-env=BACKCOURT_COMPILER={compiler}");
}

/// The commit and its date, such as `1a2b3c4d5 2026-01-31`. Who builds from an archive can give it in the environment.
fn commit() -> Option<String> {
    if let Ok(given) = env::var("BACKCOURT_COMMIT") {
        return Some(given);
    }
    // An archive may have been unpacked inside some other repository.
    if !output("git", &["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = output("git", &["rev-parse", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = output("git", &["log", "-1", "--abbrev=9", "--format=%h %cs"])?;
    let changes = [&["diff", "--quiet", "HEAD", "--"][..], &SOURCES].concat();
    let is_clean = output("git", &changes).is_some();
    Some(if is_clean {
        commit
    } else {
        format!("{commit}, modified")
    })
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// The output of a command; `None` if it fails or doesn't exist.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
