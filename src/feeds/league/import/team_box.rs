//! A CSV file of official team totals.

use std::collections::HashSet;
use std::path::Path;

use super::cells::Cells;
use super::file::{FileColumns, each_row};
use super::findings::ImportFindings;
use crate::feeds::league::TeamLine;

const COLUMNS: FileColumns = FileColumns {
    indispensable: &["game_id", "game_date", "team", "is_home"],
    optional: &[
        "season",
        "season_type",
        "team_id",
        "opponent",
        "wl",
        "minutes",
        "plus_minus",
        "source",
    ],
    counts: true,
};

pub(super) fn read(path: &Path, found: &mut ImportFindings) -> Vec<TeamLine> {
    let mut lines = Vec::new();
    let mut named = HashSet::new();
    each_row(path, &COLUMNS, found, |cells, found| {
        let line = line(path, cells, found)?;
        if !named.insert((line.game, line.team)) {
            return Err(format!("{} is duplicated in game {}", line.team, line.game));
        }
        lines.push(line);
        Ok(())
    });
    lines
}

fn line(path: &Path, cells: &Cells<'_>, found: &mut ImportFindings) -> Result<TeamLine, String> {
    let side = cells.game_side()?;
    let line = TeamLine {
        game: side.game,
        team: side.team,
        minutes: cells.minutes("minutes")?,
        counts: cells.counts()?,
        plus_minus: cells.whole("plus_minus")?,
    };
    found.note(path, cells.line, side)?;
    Ok(line)
}
