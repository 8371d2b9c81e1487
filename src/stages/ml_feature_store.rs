//! Stage `ml_feature_store`: the features of every player with a game, from the season so far and all of Phase 4.

use super::expected_rows::ExpectedRows;
use super::look_back::LookBackStage;
use crate::nba::ml_feature_store::ml_feature_store;
use crate::nba::stored::Extract;
use crate::nba::tables;

pub(super) const ML_FEATURE_STORE: LookBackStage = LookBackStage {
    name: "ml_feature_store",
    table: tables::ml_feature_store,
    reads: &[
        Extract::PlayerLogs,
        Extract::TeamLogs,
        Extract::Finals,
        Extract::Schedule,
        Extract::Appearances,
        Extract::Cached,
        Extract::Factors,
        Extract::PlayerZones,
        Extract::DefenseZones,
    ],
    rows: ExpectedRows::Players(0),
    rule: ml_feature_store,
};
