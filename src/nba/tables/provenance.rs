//! The last columns of every stage table: source feeds and quality of a row.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, Stamp};

/// The start of the name of every tracking column.
const SOURCE: &str = "source_";

/// Whether it is a tracking column of a feed, which a backfill leaves empty.
pub(in crate::nba) fn is_source_tracking(column: &Column) -> bool {
    column.name.starts_with(SOURCE)
}

/// The columns of a Phase-3 table: its own, then the shared ones. Each source has two names, the one in its tracking
/// columns and the one in their descriptions.
pub(super) fn phase_3_columns(own: &[&[Column]], sources: &[(&str, &str)]) -> Vec<Column> {
    [&own.concat(), &source_tracking(sources), QUALITY, &DIGEST].concat()
}

/// Four tracking columns per source: last read, rows found, completeness and digest.
pub(super) fn source_tracking(sources: &[(&str, &str)]) -> Vec<Column> {
    let percent = ColumnType::Numeric {
        precision: 5,
        scale: 2,
    };
    let of_source = |(source, feed): &(&str, &str)| {
        [
            (
                "last_updated",
                ColumnType::Timestamp,
                format!("When the {feed} was last read"),
            ),
            (
                "rows_found",
                ColumnType::Int64,
                format!("Rows found in the {feed}"),
            ),
            (
                "completeness_pct",
                percent.clone(),
                format!("Rows found in the {feed}, percent of the expected ones"),
            ),
            (
                "hash",
                ColumnType::String,
                format!("Digest of what the {feed} held"),
            ),
        ]
        .map(|(suffix, kind, what)| Column {
            name: Cow::Owned(format!("{SOURCE}{source}_{suffix}")),
            kind,
            nullable: true,
            stamp: None,
            doc: Cow::Owned(format!("{what}; NULL in a backfill.")),
            part: None,
        })
    };
    sources.iter().flat_map(of_source).collect()
}

/// Quality and primary source.
static QUALITY: &[Column] = &columns! {
    quality_tier: STRING as Quality, "gold, silver, bronze, poor or unusable, from the score.";
    quality_score: FLOAT64 as Quality,
        "0 to 100: 100 for an official box score, 85 for one rebuilt from players.";
    quality_issues: ARRAY<STRING> as Issues, "Known data issues.";
    data_sources: ARRAY<STRING> as Feeds, "Feeds the row was computed from.";
    is_production_ready: BOOL as Quality,
        "Tier bronze or better, score 50 or more and no disqualifying issue.";
    data_quality_tier: STRING, "Copy of quality_tier under its older name.";
    data_quality_issues: ARRAY<STRING>, "Copy of quality_issues under its older name.";
    primary_source_used: STRING as Source, "Source the numbers came from.";
    processed_with_issues: BOOL as Quality, "Whether a plausibility rule was broken.";
};

/// The digest and the two stamps, which every stage table ends with.
pub(super) static DIGEST: [Column; 3] = [
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
