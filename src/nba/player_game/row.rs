//! The row of a player: formulas applied, in column order.

use std::sync::LazyLock;

use crate::nba::Minutes;
use crate::nba::cells::{count, unknown};
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::{Plays, effective_shooting, round, true_shooting};
use crate::nba::games::Side;
use crate::nba::ids::{GameId, SeasonYear};
use crate::nba::quality::Quality;
use crate::nba::raw::{Feed, PlayerRow, Zone};
use crate::nba::shot_chart::Charted;
use crate::nba::tables;
use crate::table::{Row, Value};

/// Number of columns about betting lines for points, which no feed has.
const POINTS_LINES: usize = 7;

/// Source-tracking columns of the seven feeds, empty in a backfill.
const SOURCE_TRACKING: usize = 28;

/// A player with more minutes than this counts as a starter, because few feeds list the starters.
const STARTERS_PLAY_MORE_THAN: f64 = 20.0;

/// A player in a game, with related data.
pub(super) struct Appearance<'a> {
    pub(super) player: &'a PlayerRow<'a>,
    /// The feed of the player's line.
    pub(super) feed: Feed,
    pub(super) id: GameId,
    /// The game from the player's side, if both teams have totals.
    pub(super) side: Option<Side<'a>>,
    /// The player's shots, if the game is charted.
    pub(super) shots: Option<Charted>,
}

pub(super) fn row(appearance: &Appearance<'_>) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_game_business()));
    let mut row = Row::with_capacity(tables::player_game().columns.len());
    row.extend(identity(appearance));
    row.extend(box_score(appearance.player));
    row.extend(shots(appearance.shots));
    row.extend(rates(appearance));
    row.extend(result(appearance));
    row.extend(unknown::<POINTS_LINES>());
    row.extend([true.into(), "active".into()]);
    let data_hash = HASHED.digest(&row);
    row.extend(row_quality(appearance));
    row.extend(unknown::<SOURCE_TRACKING>());
    row.extend(quality(appearance).into_values(data_hash));
    row
}

fn identity(appearance: &Appearance<'_>) -> [Value; 8] {
    let Appearance { player, id, .. } = appearance;
    [
        player.player.as_str().into(),
        Value::Null,
        player.name.into(),
        id.to_string().into(),
        id.date().into(),
        player.team.as_str().into(),
        id.opponent(player.team).as_str().into(),
        SeasonYear::of(id.date()).year().into(),
    ]
}

fn box_score(player: &PlayerRow<'_>) -> [Value; 16] {
    let line = &player.line;
    [
        count(line.points),
        player.minutes.map(|minutes| round(minutes.decimal(), 1)).into(),
        count(line.assists),
        count(line.offensive_rebounds),
        count(line.defensive_rebounds),
        count(line.steals),
        count(line.blocks),
        count(line.turnovers),
        count(line.personal_fouls),
        player.plus_minus.into(),
        count(line.fg_attempts),
        count(line.fg_makes),
        count(line.three_pt_attempts),
        count(line.three_pt_makes),
        count(line.ft_attempts),
        count(line.ft_makes),
    ]
}

fn shots(shots: Option<Charted>) -> [Value; 10] {
    let blocks = |zone| shots.and_then(|shots| shots.blocks(zone));
    [
        shots.map(|shots| shots.attempts(Zone::Paint)),
        shots.map(|shots| shots.makes(Zone::Paint)),
        shots.map(|shots| shots.attempts(Zone::MidRange)),
        shots.map(|shots| shots.makes(Zone::MidRange)),
        blocks(Zone::Paint),
        blocks(Zone::MidRange),
        blocks(Zone::Three),
        shots.and_then(|shots| shots.and_ones()),
        shots.and_then(|shots| shots.assisted()),
        shots.and_then(|shots| shots.unassisted()),
    ]
    .map(count)
}

fn rates(appearance: &Appearance<'_>) -> [Value; 3] {
    let line = &appearance.player.line;
    let shooting = || true_shooting(line.points?, line.fg_attempts?, line.ft_attempts?);
    let effective = || effective_shooting(line.fg_makes?, line.three_pt_makes?, line.fg_attempts?);
    [
        usage(appearance).ok().into(),
        shooting().into(),
        effective().into(),
    ]
}

/// # Errors
/// Why it is unknown, for the row's issues.
fn usage(appearance: &Appearance<'_>) -> Result<f64, Vec<String>> {
    let Appearance { player, side, .. } = appearance;
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

fn result(appearance: &Appearance<'_>) -> [Value; 2] {
    let minutes = appearance.player.minutes.unwrap_or_default();
    [
        (minutes.decimal() > STARTERS_PLAY_MORE_THAN).into(),
        appearance.side.map(|side| side.margin() > 0).into(),
    ]
}

fn row_quality(appearance: &Appearance<'_>) -> [Value; 6] {
    [
        Value::Null,
        Value::Null,
        (appearance.feed != Feed::Gamebook).into(),
        false.into(),
        Value::Null,
        Value::Null,
    ]
}

fn quality(appearance: &Appearance<'_>) -> Quality {
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
