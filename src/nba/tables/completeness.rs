//! The last columns of every Phase-4 table: completeness of the games a row looks back on, the decision about it, its
//! source tables and its digest.

use super::provenance::{digest, source_tracking};
use crate::table::{Column, ColumnType, Part};

/// The columns of a Phase-4 table: data columns, then the shared ones. `sources` are the source tables: the
/// name in their tracking columns, and the one in the docs.
pub(super) fn phase_4_columns(business: &[Column], sources: &[(&str, &str)]) -> Vec<Column> {
    let tracking = sources
        .iter()
        .flat_map(|(source, table)| source_tracking(source, table));
    business
        .iter()
        .cloned()
        .chain(COMPLETENESS)
        .chain(EARLY_SEASON)
        .chain(tracking)
        .chain(digest().iter().cloned())
        .collect()
}

/// The window's completeness and the decision about the row. Attempts and overrides are now in the ledger, so their
/// columns are constant.
const COMPLETENESS: [Column; 14] = [
    Column::nullable(
        "expected_games_count",
        ColumnType::Int64,
        "Finals of the team, or of the player's teams while the player was there, from the window's oldest game to \
         the day before; of a team whose window is not full, those of the season.",
    ),
    Column::nullable("actual_games_count", ColumnType::Int64, "Games in the window."),
    Column::nullable(
        "missing_games_count",
        ColumnType::Int64,
        "Expected games missing from the window: not played by the player, or not stored.",
    ),
    Column::nullable(
        "completeness_percentage",
        ColumnType::Float64,
        "Games in the window of those expected, percent, two decimals.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "is_production_ready",
        ColumnType::Bool,
        "At least 70 % of the expected games, and no insufficient_data_reason.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "data_quality_issues",
        ColumnType::StringArray,
        "Known data issues.",
    )
    .playing(Part::Issues),
    Column::nullable(
        "last_reprocess_attempt_at",
        ColumnType::Timestamp,
        "Tracked in the ledger, always NULL.",
    ),
    Column::nullable(
        "reprocess_attempt_count",
        ColumnType::Int64,
        "Tracked in the ledger, always 0.",
    ),
    Column::nullable(
        "circuit_breaker_active",
        ColumnType::Bool,
        "Unused (no circuit breaker), always false.",
    ),
    Column::nullable(
        "circuit_breaker_until",
        ColumnType::Timestamp,
        "Unused (no circuit breaker), always NULL.",
    ),
    Column::nullable(
        "manual_override_required",
        ColumnType::Bool,
        "Tracked in the ledger, always false.",
    ),
    Column::nullable(
        "season_boundary_detected",
        ColumnType::Bool,
        "Whether the month is October, November or April. Informational.",
    ),
    Column::nullable(
        "backfill_bootstrap_mode",
        ColumnType::Bool,
        "Whether the season is less than 30 days old. Informational.",
    ),
    Column::nullable(
        "processing_decision_reason",
        ColumnType::String,
        "Why the row exists: complete_window, or incomplete_window when expected games are missing.",
    )
    .playing(Part::Quality),
];

const EARLY_SEASON: [Column; 2] = [
    Column::nullable(
        "early_season_flag",
        ColumnType::Bool,
        "Whether the season so far has fewer games than the longest window takes.",
    ),
    Column::nullable(
        "insufficient_data_reason",
        ColumnType::String,
        "Why the main numbers are NULL; NULL when they are not.",
    )
    .playing(Part::Issues),
];
