//! Table definitions, one file each: five raw feeds and the tables filled by stages.

#[macro_use]
mod columns;

mod bdl_player_boxscores;
mod bigdataball_play_by_play;
mod completeness;
#[cfg(test)]
pub(super) mod fixture;
mod gamebook_player_stats;
pub(super) mod ml_feature_store;
pub(super) mod player_composite;
pub(super) mod player_daily_cache;
pub(super) mod player_game;
pub(super) mod player_shot_zone;
mod provenance;
mod schedule;
mod team_boxscore;
pub(super) mod team_defense;
pub(super) mod team_defense_zone;
pub(super) mod team_offense;

pub use bdl_player_boxscores::bdl_player_boxscores;
pub use bigdataball_play_by_play::bigdataball_play_by_play;
pub use gamebook_player_stats::gamebook_player_stats;
pub use ml_feature_store::ml_feature_store;
pub use player_composite::player_composite;
pub use player_daily_cache::player_daily_cache;
pub use player_game::player_game;
pub use player_shot_zone::player_shot_zone;
pub(super) use provenance::is_source_tracking;
pub use schedule::schedule;
pub use team_boxscore::team_boxscore;
pub use team_defense::team_defense;
pub use team_defense_zone::team_defense_zone;
pub use team_offense::team_offense;

use crate::table::TableDef;

/// All tables: feeds first, then each stage's table after the feeds and stages it reads.
#[must_use]
pub fn all() -> Vec<&'static TableDef> {
    vec![
        schedule(),
        gamebook_player_stats(),
        bdl_player_boxscores(),
        team_boxscore(),
        bigdataball_play_by_play(),
        team_offense(),
        team_defense(),
        player_game(),
        team_defense_zone(),
        player_shot_zone(),
        player_composite(),
        player_daily_cache(),
        ml_feature_store(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::table::ColumnType;

    #[test]
    fn every_table_definition_is_complete() {
        for table in all() {
            let path = table.path();
            let names: HashSet<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
            assert_eq!(names.len(), table.columns.len(), "{path}: a column stands twice");
            for column in table.columns.iter() {
                assert!(
                    column.doc.ends_with('.'),
                    "{path}.{}: no sentence about it",
                    column.name
                );
            }
            let date = table.column(&table.date_column).unwrap();
            assert_eq!(
                (&date.kind, date.nullable),
                (&ColumnType::Date, false),
                "{path}: partition column"
            );
            for name in table.key.iter().chain(table.cluster.iter()) {
                assert!(names.contains(name.as_ref()), "{path}: no column {name}");
            }
            assert!(
                table.cluster.len() <= 4,
                "{path}: BigQuery clusters by four columns at most"
            );
        }
    }
}
