//! A CSV file of shots.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::cells::{Cells, known};
use super::file::{FileColumns, each_row};
use super::findings::ImportFindings;
use crate::feeds::league::{NbaGameId, Shot};
use crate::nba::ids::{GameId, TeamCode};

const COLUMNS: FileColumns = FileColumns {
    indispensable: &["game_id", "team", "shot_value"],
    optional: &[
        "game_date",
        "season",
        "event_id",
        "player_id",
        "period",
        "seconds_left",
        "made",
        "action_type",
        "zone_basic",
        "zone_area",
        "zone_range",
        "distance_ft",
        "loc_x",
        "loc_y",
    ],
    counts: false,
};

/// The shots in play order, and the shot types they refer to. `games` is `None` if the games are inconsistent; rows are
/// then still checked individually.
pub(super) fn read(
    path: &Path,
    games: Option<&BTreeMap<NbaGameId, GameId>>,
    found: &mut ImportFindings,
) -> (Vec<Shot>, Vec<String>) {
    let people = found.people.iter().zip(0..);
    let shooters: HashMap<u32, u32> = people
        .filter_map(|(person, at)| Some((person.number?, at)))
        .collect();
    let mut actions = Actions::default();
    let mut shots = Vec::new();
    let mut named = HashSet::new();
    each_row(path, &COLUMNS, found, |cells, _| {
        let shot = shot(cells, &shooters, &mut actions)?;
        if let Some(games) = games {
            check_game(cells, games.get(&shot.game), shot.game, shot.team)?;
        }
        let event: Option<u32> = cells.whole("event_id")?;
        if event.is_some_and(|event| !named.insert((shot.game, event))) {
            return Err(format!(
                "event {} is duplicated in game {}",
                event.unwrap_or_default(),
                shot.game
            ));
        }
        shots.push((event, shot));
        Ok(())
    });
    shots.sort_by_key(|&(event, shot)| (shot.game, event));
    (shots.into_iter().map(|(_, shot)| shot).collect(), actions.names)
}

fn shot(cells: &Cells<'_>, shooters: &HashMap<u32, u32>, actions: &mut Actions) -> Result<Shot, String> {
    let number: Option<u32> = cells.whole("player_id")?;
    let value: Option<u8> = cells.whole("shot_value")?;
    Ok(Shot {
        game: known("game_id", cells.text("game_id"))?.parse()?,
        shooter: number.and_then(|number| shooters.get(&number).copied()),
        team: known("team", cells.team("team")?)?,
        period: cells.whole("period")?,
        three: match value {
            Some(2) => false,
            Some(3) => true,
            _ => return Err("shot_value is neither 2 nor 3".to_owned()),
        },
        made: cells.truth("made")?,
        action: cells
            .text("action_type")
            .map(|name| actions.index_of(name))
            .transpose()?,
        distance: cells.whole("distance_ft")?,
    })
}

/// Checks that a shot belongs to a known game, on its date and by one of its teams.
fn check_game(
    cells: &Cells<'_>,
    game: Option<&GameId>,
    nba_id: NbaGameId,
    team: TeamCode,
) -> Result<(), String> {
    let Some(game) = game else {
        return Err(format!(
            "game {nba_id} is not in any box score file, so home and away are unknown"
        ));
    };
    if !game.matchup().includes(team) {
        return Err(format!(
            "{team} does not play in game {nba_id} ({})",
            game.teams()
        ));
    }
    match cells.date("game_date")? {
        Some(date) if date != game.date() => Err(format!(
            "game {nba_id} is on {date} here and on {} in the box score",
            game.date()
        )),
        _ => Ok(()),
    }
}

/// Shot types, each stored once.
#[derive(Default)]
struct Actions {
    names: Vec<String>,
    places: HashMap<String, u16>,
}

impl Actions {
    fn index_of(&mut self, name: &str) -> Result<u16, String> {
        if let Some(&place) = self.places.get(name) {
            return Ok(place);
        }
        let place =
            u16::try_from(self.names.len()).map_err(|_| "action_type has too many kinds".to_owned())?;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}
