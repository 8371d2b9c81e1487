//! The table of keys in the README says what the console's one table of keys says.
//! After a change of it: `UPDATE_DOCS=1 cargo test --test docs_keys`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use backcourt::console::keymap::{Binding, Keymap, TABLE};

const BEGIN: &str = "<!-- keys: made by UPDATE_DOCS=1 cargo test --test docs_keys -->\n";
const END: &str = "<!-- end of keys -->";

#[test]
fn the_readme_has_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let stands = fs::read_to_string(&path).unwrap();
    let made = with_table(&stands);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    assert!(
        stands == made,
        "README.md is behind; run UPDATE_DOCS=1 cargo test --test docs_keys"
    );
}

fn with_table(readme: &str) -> String {
    let lost = "README.md has lost a mark around its keys";
    let (before, rest) = readme.split_once(BEGIN).expect(lost);
    let (_, after) = rest.split_once(END).expect(lost);
    format!("{before}{BEGIN}{}{END}{after}", table())
}

fn table() -> String {
    let mut text = "| Key | Where | What it does |\n|---|---|---|\n".to_owned();
    for binding in TABLE {
        let (place, help) = (binding.where_it_works(), binding.help);
        writeln!(text, "| {} | {place} | {help} |", keys(binding)).unwrap();
    }
    text
}

fn keys(binding: &Binding) -> String {
    let spelt = Keymap::default().spelt(binding, false);
    let keys: Vec<_> = spelt.split(' ').map(|key| format!("`{key}`")).collect();
    keys.join(" ")
}
