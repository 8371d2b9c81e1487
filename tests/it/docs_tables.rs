//! `docs/tables.md` matches the table definitions.
//! After changing a definition: `UPDATE_DOCS=1 cargo test --test it docs_tables`.

use std::fs;
use std::path::Path;

use backcourt::nba::tables;
use backcourt::table::markdown;

const INTRODUCTION: &str = "\
# Tables

The tables of the built-in plan: five raw feeds, and one table per stage. In the embedded warehouse, a dataset is a file of
that name. Generated from `src/nba/tables/` by `UPDATE_DOCS=1 cargo test --test it docs_tables`.
";

#[test]
fn docs_match_the_table_definitions() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tables.md");
    let sections = tables::all().into_iter().map(markdown);
    let made = [INTRODUCTION.to_owned()]
        .into_iter()
        .chain(sections)
        .collect::<Vec<_>>()
        .join("\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, &made).unwrap();
    }
    let stands = fs::read_to_string(&page).unwrap();
    assert!(
        stands == made,
        "docs/tables.md is behind; run UPDATE_DOCS=1 cargo test --test it docs_tables"
    );
}
