//! The last columns of every stage table: source feeds and quality of a row.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, Part, Stamp};

/// The start of the name of every tracking column.
const SOURCE: &str = "source_";

/// Whether it is a tracking column of a feed, which a backfill leaves empty.
pub(in crate::nba) fn is_source_tracking(column: &Column) -> bool {
    column.name.starts_with(SOURCE)
}

/// The four tracking columns of a feed: last read, rows found, completeness and digest.
pub(super) fn source_tracking(source: &str, feed: &str) -> Vec<Column> {
    let column = |suffix: &str, kind, doc: String| Column {
        name: Cow::Owned(format!("{SOURCE}{source}_{suffix}")),
        kind,
        nullable: true,
        stamp: None,
        doc: Cow::Owned(doc),
        part: None,
    };
    vec![
        column(
            "last_updated",
            ColumnType::Timestamp,
            format!("When the {feed} was last read; NULL in a backfill."),
        ),
        column(
            "rows_found",
            ColumnType::Int64,
            format!("Rows found in the {feed}; NULL in a backfill."),
        ),
        column(
            "completeness_pct",
            ColumnType::Numeric {
                precision: 5,
                scale: 2,
            },
            format!("Rows found in the {feed}, percent of the expected ones; NULL in a backfill."),
        ),
        column(
            "hash",
            ColumnType::String,
            format!("Digest of what the {feed} held; NULL in a backfill."),
        ),
    ]
}

/// The digest and the two stamps, also the last columns of tables without quality columns.
pub(super) fn digest() -> &'static [Column] {
    &QUALITY[QUALITY.len() - 3..]
}

/// Quality, primary source, digest and the two stamps.
pub(super) static QUALITY: [Column; 12] = [
    Column::nullable(
        "quality_tier",
        ColumnType::String,
        "gold, silver, bronze, poor or unusable, from the score.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "quality_score",
        ColumnType::Float64,
        "0 to 100: 100 for an official box score, 85 for one rebuilt from players.",
    )
    .playing(Part::Quality),
    Column::nullable("quality_issues", ColumnType::StringArray, "Known data issues.").playing(Part::Issues),
    Column::nullable(
        "data_sources",
        ColumnType::StringArray,
        "Feeds the row was computed from.",
    )
    .playing(Part::Feeds),
    Column::nullable(
        "is_production_ready",
        ColumnType::Bool,
        "Tier bronze or better, score 50 or more and no disqualifying issue.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "data_quality_tier",
        ColumnType::String,
        "Copy of quality_tier under its older name.",
    ),
    Column::nullable(
        "data_quality_issues",
        ColumnType::StringArray,
        "Copy of quality_issues under its older name.",
    ),
    Column::nullable(
        "primary_source_used",
        ColumnType::String,
        "Source the numbers came from.",
    )
    .playing(Part::Source),
    Column::nullable(
        "processed_with_issues",
        ColumnType::Bool,
        "Whether a plausibility rule was broken.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "data_hash",
        ColumnType::String,
        "First 16 hex digits of the SHA-256 over the business columns, name:value sorted and joined by |.",
    ),
    Column::stamped(
        "created_at",
        Stamp::Created,
        "When this key was first written; reruns keep it.",
    ),
    Column::stamped("processed_at", Stamp::Processed, "When the row was last written."),
];
