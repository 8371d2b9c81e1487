//! The last columns of every Phase-4 table: completeness of the games a row looks back on, the decision about it, its
//! source tables and its digest.

use super::provenance::{DIGEST, source_tracking};
use crate::table::Column;

/// The columns of a Phase-4 table: its own, then the shared ones. Each source table has two names, the one in its
/// tracking columns and the one in their descriptions.
pub(super) fn phase_4_columns(own: &[Column], sources: &[(&str, &str)]) -> Vec<Column> {
    [own, COMPLETENESS, &source_tracking(sources), &DIGEST].concat()
}

/// The window's completeness and the decision about the row. Attempts and overrides are now in the ledger, so their
/// columns are constant.
static COMPLETENESS: &[Column] = &columns! {
    expected_games_count: INT64,
        "Finals of the team, or of the player's teams while the player was there, from the window's oldest \
         game to the day before; of a team whose window is not full, those of the season.";
    actual_games_count: INT64, "Games in the window.";
    missing_games_count: INT64,
        "Expected games missing from the window: not played by the player, or not stored.";
    completeness_percentage: FLOAT64 as Quality,
        "Games in the window of those expected, percent, two decimals.";
    is_production_ready: BOOL as Quality,
        "At least 70 % of the expected games, and no insufficient_data_reason.";
    data_quality_issues: ARRAY<STRING> as Issues, "Known data issues.";
    last_reprocess_attempt_at: TIMESTAMP, "Tracked in the ledger, always NULL.";
    reprocess_attempt_count: INT64, "Tracked in the ledger, always 0.";
    circuit_breaker_active: BOOL, "Unused (no circuit breaker), always false.";
    circuit_breaker_until: TIMESTAMP, "Unused (no circuit breaker), always NULL.";
    manual_override_required: BOOL, "Tracked in the ledger, always false.";
    season_boundary_detected: BOOL, "Whether the month is October, November or April. Informational.";
    backfill_bootstrap_mode: BOOL, "Whether the season is less than 30 days old. Informational.";
    processing_decision_reason: STRING as Quality,
        "Why the row exists: complete_window, or incomplete_window when expected games are missing.";
    early_season_flag: BOOL, "Whether the season so far has fewer games than the longest window takes.";
    insufficient_data_reason: STRING as Issues, "Why the main numbers are NULL; NULL when they are not.";
};
