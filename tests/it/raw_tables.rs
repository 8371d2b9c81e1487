//! Raw tables filled by another program: nothing overwrites them unless requested.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::program::State;
use rusqlite::Connection;

const GAMEBOOK: &str = "nbac_gamebook_player_stats";

/// A state folder whose raw tables have rows, without the marker of a load.
fn filled_by_others() -> State {
    let state = State::loaded();
    raw(&state).execute_batch("DROP TABLE feed_outages").unwrap();
    state
}

fn raw(state: &State) -> Connection {
    Connection::open(state.path().join("warehouse/nba_raw.sqlite")).unwrap()
}

fn rows(state: &State, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    raw(state).query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_load_replaces_foreign_rows_only_with_a_flag() {
    let state = filled_by_others();
    raw(&state)
        .execute_batch("DELETE FROM nbac_schedule WHERE game_date > '2022-01-01'")
        .unwrap();
    let before = rows(&state, "nbac_schedule");
    for asked in [&["load"][..], &["load", "--dates", "2024-01-05"]] {
        let told = state.backcourt(asked).expect(2).err;
        assert!(
            told.contains("contains rows that backcourt did not load; "),
            "{told}"
        );
        assert!(told.contains("nba_raw.nbac_schedule"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert_eq!(rows(&state, "nbac_schedule"), before, "{asked:?}");
    }
    let doctor = state.backcourt(&["doctor"]).out;
    assert!(doctor.contains("loaded by another program"), "{doctor}");
    state
        .backcourt(&["load", "--faults", "none", "--overwrite-raw"])
        .expect(0);
    assert!(rows(&state, "nbac_schedule") > before);
    // From then on they belong to backcourt.
    let dates = state.backcourt(&["load", "--dates", "2024-01-05"]).expect(0).out;
    assert!(dates.contains("nothing changed"), "{dates}");
}

#[test]
fn a_first_run_does_not_fill_tables_next_to_foreign_ones() {
    let state = filled_by_others();
    raw(&state).execute_batch("DELETE FROM nbac_schedule").unwrap();
    let before = rows(&state, GAMEBOOK);
    let told = state.backcourt(&["run", "--output", "plain"]);
    assert_ne!(told.code, Some(0));
    assert!(
        told.out.contains("but nba_raw.nbac_schedule is empty; fill it"),
        "{}",
        told.out
    );
    assert_eq!(
        (rows(&state, "nbac_schedule"), rows(&state, GAMEBOOK)),
        (0, before)
    );
}
