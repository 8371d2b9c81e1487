//! Team totals from the official team box score, and the checks for trusting them.

use super::FoundGames;
use super::game::{PlayedGame, TeamTotals};
use crate::nba::ids::{GameId, TeamCode};
use crate::nba::raw::{Feed, Feeds, TeamBoxRow};
use crate::nba::{Notes, ScheduledGame, Slate};

/// All games of the slate, from the team box score. Home and away follow the feed's flags, even if they are wrong.
pub(super) fn games<'a>(slate: &Slate<'a>, feeds: &Feeds, notes: &mut Notes) -> FoundGames<'a> {
    let newest = newest(slate, feeds, notes);
    let of = |team: TeamCode| newest[team.index()].as_ref();
    let game = |game: &ScheduledGame<'a>| {
        played(game, of(game.id.away()), of(game.id.home()))
            .map_err(|reason| format!("{}: {reason}", game.id.teams()))
    };
    slate.games().iter().map(game).collect()
}

/// The newest row of each team; if several are equally new, the later one.
fn newest(slate: &Slate<'_>, feeds: &Feeds, notes: &mut Notes) -> [Option<TeamBoxRow>; TeamCode::COUNT] {
    let mut newest = [const { None }; TeamCode::COUNT];
    for row in feeds.on(Feed::TeamBox, slate.date()) {
        let located = TeamBoxRow::parse(row)
            .map_err(|bad| bad.to_string())
            .and_then(|row| slate.locate(row.game, row.team).map(|_| row));
        match located {
            Err(reason) => notes.add(format!("{}: {reason}", Feed::TeamBox.label())),
            Ok(row) => {
                let place: &mut Option<TeamBoxRow> = &mut newest[row.team.index()];
                if place
                    .as_ref()
                    .is_none_or(|known| row.processed_at >= known.processed_at)
                {
                    *place = Some(row);
                }
            }
        }
    }
    newest
}

fn played<'a>(
    game: &ScheduledGame<'a>,
    one: Option<&TeamBoxRow>,
    two: Option<&TeamBoxRow>,
) -> Result<PlayedGame<'a>, String> {
    let (Some(one), Some(two)) = (one, two) else {
        let found = usize::from(one.is_some()) + usize::from(two.is_some());
        return Err(format!("{found} of 2 rows in the team box score"));
    };
    let (away, home) = match (one.is_home, two.is_home) {
        (false, true) => (one, two),
        (true, false) => (two, one),
        (true, true) => return Err("both teams flagged as at home".to_owned()),
        (false, false) => return Err("neither team flagged as at home".to_owned()),
    };
    let id = GameId::new(game.id.date(), away.team, home.team).map_err(|refused| refused.to_string())?;
    Ok(PlayedGame {
        id,
        nba_game_id: game.nba_game_id,
        feed: Feed::TeamBox,
        away: TeamTotals::new(away.team, away.line, away.length())?,
        home: TeamTotals::new(home.team, home.line, home.length())?,
    })
}

/// Why a game of the team box score can't be trusted: it contradicts the schedule or itself. `None` if it can.
pub(super) fn fault(game: &PlayedGame<'_>, scheduled: &ScheduledGame<'_>) -> Option<String> {
    let teams = scheduled.id.teams();
    if game.id != scheduled.id {
        return Some(format!("{teams}: is_home is the wrong way round"));
    }
    for (team, totals) in [(game.id.away(), &game.away), (game.id.home(), &game.home)] {
        if totals.points == 0 || totals.line.fg_attempts.unwrap_or_default() == 0 {
            return Some(format!("{teams}: {team} has no points or no field goal tried"));
        }
        if totals.line.points_from_shots() != Some(totals.points) {
            return Some(format!("{teams}: points of {team} are not those of its shots"));
        }
    }
    if game.away.length.is_none() || game.away.length != game.home.length {
        return Some(format!("{teams}: the teams' minutes differ or are unknown"));
    }
    None
}
