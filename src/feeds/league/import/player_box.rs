//! A CSV file of player box scores.

use std::collections::HashSet;
use std::path::Path;

use super::cells::{Cells, known};
use super::file::{FileColumns, each_row};
use super::findings::ImportFindings;
use crate::feeds::league::{Participation, PlayerLine};

const COLUMNS: FileColumns = FileColumns {
    indispensable: &["game_id", "game_date", "team", "is_home", "player_name", "played"],
    optional: &[
        "season",
        "season_type",
        "opponent",
        "player_id",
        "starter",
        "status",
        "minutes",
        "minutes_exact",
        "plus_minus",
        "source",
    ],
    counts: true,
};

pub(super) fn read(path: &Path, found: &mut ImportFindings) -> Vec<PlayerLine> {
    let mut lines = Vec::new();
    let mut named = HashSet::new();
    each_row(path, &COLUMNS, found, |cells, found| {
        let line = line(path, cells, found)?;
        let lookup = &found.people[line.person as usize].lookup;
        if !named.insert((line.game, lookup.clone())) {
            return Err(format!("{lookup} is duplicated in game {}", line.game));
        }
        lines.push(line);
        Ok(())
    });
    lines
}

fn line(path: &Path, cells: &Cells<'_>, found: &mut ImportFindings) -> Result<PlayerLine, String> {
    let side = cells.game_side()?;
    let person = found.person(
        cells.whole("player_id")?,
        known("player_name", cells.text("player_name"))?,
    )?;
    let appearance = appearance(cells)?;
    let minutes = cells.minutes("minutes")?;
    let line = PlayerLine {
        game: side.game,
        person,
        team: side.team,
        appearance,
        minutes: minutes.filter(|_| appearance == Participation::Played),
        counts: cells.counts()?,
        plus_minus: cells.whole("plus_minus")?,
    };
    found.note(path, cells.line, side)?;
    Ok(line)
}

fn appearance(cells: &Cells<'_>) -> Result<Participation, String> {
    match (known("played", cells.truth("played")?)?, cells.text("status")) {
        (true, None | Some("ACTIVE")) => Ok(Participation::Played),
        (true, Some("INACTIVE")) => Err("played although status is INACTIVE".to_owned()),
        (false, None | Some("ACTIVE")) => Ok(Participation::DidNotPlay),
        (false, Some("INACTIVE")) => Ok(Participation::Inactive),
        (_, Some(other)) => Err(format!("status {other:?} is neither ACTIVE nor INACTIVE")),
    }
}
