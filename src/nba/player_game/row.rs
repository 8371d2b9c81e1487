//! The row of a player: formulas applied.

use std::sync::LazyLock;

use crate::nba::Minutes;
use crate::nba::cells::count;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::{Plays, effective_shooting, true_shooting};
use crate::nba::games::Side;
use crate::nba::ids::{GameId, SeasonYear};
use crate::nba::quality::Quality;
use crate::nba::raw::{Feed, PlayerRow, Zone};
use crate::nba::rounding::round;
use crate::nba::shot_chart::Charted;
use crate::nba::tables;
use crate::table::{Row, RowBuilder, Value};

/// No feed has betting lines for points.
const POINTS_LINES: &[&str] = &[
    "points_line",
    "over_under_result",
    "margin",
    "points_line_source",
    "opening_line",
    "line_movement",
    "opening_line_source",
];

/// A player with more minutes than this counts as a starter, because few feeds list the starters.
const STARTERS_PLAY_MORE_THAN: f64 = 20.0;

/// A player in a game, with related data.
pub(super) struct PlayerInGame<'a> {
    pub(super) player: &'a PlayerRow<'a>,
    /// The feed of the player's line.
    pub(super) feed: Feed,
    pub(super) id: GameId,
    /// The game from the player's side, if both teams have totals.
    pub(super) side: Option<Side<'a>>,
    /// The player's shots, if the game is charted.
    pub(super) shots: Option<Charted>,
}

pub(super) fn row(appearance: &PlayerInGame<'_>) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_game::BUSINESS));
    let mut row = RowBuilder::new(tables::player_game());
    push_identity(&mut row, appearance);
    push_box_score(&mut row, appearance.player);
    push_shots(&mut row, appearance.shots);
    push_rates(&mut row, appearance);
    let minutes = appearance.player.minutes.unwrap_or_default();
    row.push("starter_flag", minutes.decimal() > STARTERS_PLAY_MORE_THAN);
    row.push("win_flag", appearance.side.map(|side| side.margin() > 0));
    row.push_nulls(POINTS_LINES);
    row.push("is_active", true);
    row.push("player_status", "active");
    row.push_nulls(&["shot_zones_estimated", "quality_sample_size"]);
    row.push("quality_used_fallback", appearance.feed != Feed::Gamebook);
    row.push("quality_reconstructed", false);
    row.push_nulls(&["quality_calculated_at", "quality_metadata"]);
    quality(appearance).end_row(row, &HASHED)
}

fn push_identity(row: &mut RowBuilder, appearance: &PlayerInGame<'_>) {
    let PlayerInGame { player, id, .. } = appearance;
    row.push("player_lookup", player.player.to_string());
    row.push("universal_player_id", Value::Null);
    row.push("player_full_name", player.name.map(str::to_owned));
    row.push("game_id", id.to_string());
    row.push("game_date", id.date());
    row.push("team_abbr", player.team.as_str());
    row.push("opponent_team_abbr", id.opponent(player.team).as_str());
    row.push("season_year", SeasonYear::of(id.date()).year());
}

fn push_box_score(row: &mut RowBuilder, player: &PlayerRow<'_>) {
    let line = &player.line;
    row.push("points", count(line.points));
    let minutes = player.minutes.map(|minutes| round(minutes.decimal(), 1));
    row.push("minutes_played", minutes);
    row.push("assists", count(line.assists));
    row.push("offensive_rebounds", count(line.offensive_rebounds));
    row.push("defensive_rebounds", count(line.defensive_rebounds));
    row.push("steals", count(line.steals));
    row.push("blocks", count(line.blocks));
    row.push("turnovers", count(line.turnovers));
    row.push("personal_fouls", count(line.personal_fouls));
    row.push("plus_minus", player.plus_minus);
    row.push("fg_attempts", count(line.fg_attempts));
    row.push("fg_makes", count(line.fg_makes));
    row.push("three_pt_attempts", count(line.three_pt_attempts));
    row.push("three_pt_makes", count(line.three_pt_makes));
    row.push("ft_attempts", count(line.ft_attempts));
    row.push("ft_makes", count(line.ft_makes));
}

fn push_shots(row: &mut RowBuilder, shots: Option<Charted>) {
    let attempts = |zone| count(shots.map(|shots| shots.attempts(zone)));
    let makes = |zone| count(shots.map(|shots| shots.makes(zone)));
    let blocks = |zone| count(shots.and_then(|shots| shots.blocks(zone)));
    row.push("paint_attempts", attempts(Zone::Paint));
    row.push("paint_makes", makes(Zone::Paint));
    row.push("mid_range_attempts", attempts(Zone::MidRange));
    row.push("mid_range_makes", makes(Zone::MidRange));
    row.push("paint_blocks", blocks(Zone::Paint));
    row.push("mid_range_blocks", blocks(Zone::MidRange));
    row.push("three_pt_blocks", blocks(Zone::Three));
    row.push("and1_count", count(shots.and_then(|shots| shots.and_ones())));
    row.push(
        "assisted_fg_makes",
        count(shots.and_then(|shots| shots.assisted())),
    );
    row.push(
        "unassisted_fg_makes",
        count(shots.and_then(|shots| shots.unassisted())),
    );
}

fn push_rates(row: &mut RowBuilder, appearance: &PlayerInGame<'_>) {
    let line = &appearance.player.line;
    let shooting = || true_shooting(line.points?, line.fg_attempts?, line.ft_attempts?);
    let effective = || effective_shooting(line.fg_makes?, line.three_pt_makes?, line.fg_attempts?);
    row.push("usage_rate", usage(appearance).ok());
    row.push("ts_pct", shooting());
    row.push("efg_pct", effective());
}

/// # Errors
/// Why it is unknown, for the row's issues.
fn usage(appearance: &PlayerInGame<'_>) -> Result<f64, Vec<String>> {
    let PlayerInGame { player, side, .. } = appearance;
    let plays = Plays::of(&player.line);
    let minutes = player.minutes.filter(|&minutes| minutes > Minutes::default());
    let team = side.and_then(|side| Some((side.own.plays()?, side.own.length?)));
    let usage = || {
        let (of_team, length) = team?;
        plays?.usage(minutes?, of_team, length)
    };
    usage().ok_or_else(|| {
        let reasons = [
            (team.is_none(), "no_team_row"),
            (plays.is_none(), "no_attempts"),
            (minutes.is_none(), "no_minutes"),
        ];
        let holding = reasons.iter().filter(|(holds, _)| *holds);
        holding.map(|&(_, reason)| reason.to_owned()).collect()
    })
}

fn quality(appearance: &PlayerInGame<'_>) -> Quality {
    let official = appearance.feed == Feed::Gamebook;
    let line = &appearance.player.line;
    let mut issues = Vec::new();
    let mut data_sources = vec![appearance.feed.label().to_owned()];
    if !official {
        issues.push("backup_source_used".to_owned());
    }
    if appearance.shots.is_some() {
        data_sources.push(Feed::PlayByPlay.label().to_owned());
    } else {
        issues.push("shot_zones_unavailable".to_owned());
    }
    let missing = line.counts().filter(|(_, count)| count.is_none());
    issues.extend(missing.map(|(name, _)| format!("missing_{name}")));
    issues.extend(usage(appearance).err().unwrap_or_default());
    let faults = line.faults();
    Quality {
        score: if official { 100.0 } else { 85.0 },
        implausible: !faults.is_empty(),
        issues: [issues, faults].concat(),
        data_sources,
        primary_source: if official {
            "nbac_gamebook"
        } else {
            "bdl_boxscores"
        },
    }
}
