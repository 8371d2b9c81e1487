//! Links in the docs are valid: relative links point at existing files and headings, and the README links every page.

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
fn links_point_to_existing_files() {
    let pages = AROUND.into_iter().map(PathBuf::from).chain(pages());
    let broken: Vec<String> = pages
        .flat_map(|page| {
            let text = read(&page);
            let folder = page.parent().unwrap();
            targets(&text)
                .filter(|(file, _)| !root().join(folder).join(file).exists())
                .map(|(file, _)| format!("{}: {file}", page.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(broken, [] as [&str; 0]);
}

#[test]
fn anchors_point_to_existing_headings() {
    let pages = AROUND.into_iter().map(PathBuf::from).chain(pages());
    let mut broken = Vec::new();
    for page in pages {
        let text = read(&page);
        for (file, place) in targets(&text) {
            let Some(place) = place else { continue };
            let there = match file {
                "" => text.clone(),
                file => read(&page.parent().unwrap().join(file)),
            };
            if !headings(&there).any(|heading| heading == place) {
                broken.push(format!("{}: {file}#{place}", page.display()));
            }
        }
    }
    assert_eq!(broken, [] as [String; 0]);
}

#[test]
fn headings_map_to_anchors() {
    let page = "# … a date failed\n```\n# no heading\n```\n### `F`, and (3): what's left\n";
    let found: Vec<_> = headings(page).collect();
    assert_eq!(found, ["-a-date-failed", "f-and-3-whats-left"]);
}

#[test]
fn the_readme_links_every_page() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let linked: Vec<PathBuf> = targets(&readme).map(|(file, _)| PathBuf::from(file)).collect();
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

fn read(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

/// The local link targets of a page: a file, empty for the page itself, and an anchor.
fn targets(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .filter(|target| !target.contains("://"))
        .map(|target| match target.split_once('#') {
            Some((file, place)) => (file, Some(place)),
            None => (target, None),
        })
}

/// The anchors of a page's headings: lower-case letters and digits, with a hyphen for each gap.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let mut in_code = false;
    let lines = text.lines().filter(move |line| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with('#')
    });
    lines.map(|line| {
        let words = line.trim_start_matches('#').trim_start();
        let kept = words.chars().filter_map(|sign| match sign {
            ' ' => Some('-'),
            '-' | '_' => Some(sign),
            _ => sign.is_alphanumeric().then(|| sign.to_ascii_lowercase()),
        });
        kept.collect()
    })
}
