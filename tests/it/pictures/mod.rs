//! The screenshots in the docs match the current console. They are rendered by the console itself from a fixed,
//! simulated run. After changing the screen: `UPDATE_DOCS=1 cargo test --test it pictures`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

// The fixture refers to the crate from the module around it.
extern crate backcourt;

#[path = "../../../src/console/fixture.rs"]
#[allow(
    dead_code,
    reason = "made for the tests of the console; the pictures use a part"
)]
pub mod fixture;
mod svg;
mod tour;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use backcourt::console::{Model, Msg, Palette, Theme, draw, update};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// Each screenshot by name, with the messages that produce it.
fn scenes() -> [(&'static str, Vec<Msg>); 4] {
    [
        ("console", tour::half_way()),
        ("checks", tour::the_checks_after_it()),
        ("rerun", tour::the_question_before_a_rerun()),
        ("breakdown", tour::the_usage_rate_once_all_is_done()),
    ]
}

fn drawn(told: Vec<Msg>) -> Buffer {
    let mut model = Model::default();
    let size = Msg::Resize {
        columns: COLUMNS,
        rows: ROWS,
    };
    for msg in std::iter::once(size).chain(told) {
        update(&mut model, msg);
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
    let theme = Theme::new(Palette::Auto, true, true);
    draw(&model, &theme, buffer.area, &mut buffer);
    buffer
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures")
}

#[test]
fn every_picture_is_up_to_date() {
    let mut behind = Vec::new();
    for (name, told) in scenes() {
        let path = folder().join(format!("{name}.svg"));
        let made = svg::picture(&drawn(told));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        if fs::read_to_string(&path).is_ok_and(|stands| stands == made) {
            continue;
        }
        behind.push(name);
    }
    assert_eq!(
        behind,
        [] as [&str; 0],
        "these show another screen; run UPDATE_DOCS=1 cargo test --test it pictures and look at them"
    );
}

#[test]
fn every_picture_is_generated_and_used() {
    let files = fs::read_dir(folder()).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let made: BTreeSet<String> = scenes().iter().map(|(name, _)| format!("{name}.svg")).collect();
    assert_eq!(files, made);
    let pages = ["README.md", "docs/checks.md"].map(|page| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join(page)).unwrap()
    });
    let unseen: Vec<_> = files
        .iter()
        .filter(|file| {
            !pages
                .iter()
                .any(|page| page.contains(&format!("pictures/{file})")))
        })
        .collect();
    assert_eq!(unseen, [] as [&String; 0]);
}
