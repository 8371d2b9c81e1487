//! Rule versions of the built-in stages. They correspond to the query text of a custom stage.

use super::{
    ml_feature_store, player_composite, player_daily_cache, player_game, player_shot_zone, team_defense,
    team_defense_zone, team_offense,
};

/// The rules version of a stage; `None` for an unknown stage.
#[must_use]
pub fn rules_version(stage: &str) -> Option<u32> {
    Some(match stage {
        "team_offense" => team_offense::VERSION,
        "team_defense" => team_defense::VERSION,
        "player_game" => player_game::VERSION,
        "team_defense_zone" => team_defense_zone::VERSION,
        "player_shot_zone" => player_shot_zone::VERSION,
        "player_composite" => player_composite::VERSION,
        "player_daily_cache" => player_daily_cache::VERSION,
        "ml_feature_store" => ml_feature_store::VERSION,
        _ => return None,
    })
}
