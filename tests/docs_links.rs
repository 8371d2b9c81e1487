//! Every page leads somewhere: relative links point at files that are there, and the README knows every page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

const AROUND: [&str; 4] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "assets/league/README.md",
];

#[test]
fn links_lead_to_files() {
    let pages = AROUND.into_iter().map(PathBuf::from).chain(pages());
    let broken: Vec<String> = pages
        .flat_map(|page| {
            let text = fs::read_to_string(root().join(&page)).unwrap();
            let folder = root().join(page.parent().unwrap());
            targets(&text)
                .filter(|target| !folder.join(target).exists())
                .map(|target| format!("{}: {target}", page.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(broken, [] as [&str; 0]);
}

#[test]
fn the_readme_leads_to_every_page() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let linked: Vec<PathBuf> = targets(&readme).map(PathBuf::from).collect();
    let unknown: Vec<PathBuf> = pages().filter(|page| !linked.contains(page)).collect();
    assert_eq!(unknown, [] as [PathBuf; 0]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(root().join("docs")).unwrap();
    let names = files.map(|file| Path::new("docs").join(file.unwrap().file_name()));
    names.filter(|name| name.extension().is_some_and(|kind| kind == "md"))
}

/// What the links of a page point at, as far as it is a file: without the place in it.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split_once('#').map_or(target, |(file, _)| file))
        .filter(|target| !target.is_empty() && !target.contains("://"))
}
