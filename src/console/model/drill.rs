//! Drill-down into the stored rows of a date, by the parts the plan assigns to their columns: a line per value at each
//! level, then every column of a row. The rows carry the assignment; no column name is hard-coded here.

use std::collections::{BTreeMap, BTreeSet};

use crate::console::text::{width, wrapped};
use crate::engine::{Part, StoredRows};

/// Rows reached along a drill-down path.
pub struct Drill<'r> {
    stored: &'r StoredRows,
    levels: Vec<usize>,
    depth: usize,
    /// The rows at the end of the path.
    pub rows: Vec<&'r [String]>,
}

/// The values of a level, one per line.
pub struct List<'r> {
    /// Column headings; the first is the level's own.
    pub heads: Vec<&'r str>,
    /// The values with their cells.
    pub lines: Vec<Vec<String>>,
}

/// A line of the rows shown column by column.
#[derive(Debug, PartialEq, Eq)]
pub enum DrillLine<'r> {
    /// The number of the row that follows, if there are several.
    Row(usize),
    /// A column with its value; a continuation line of a long value has an empty name.
    Value(&'r str, &'r str, Option<Part>),
    Gap,
}

/// Maximum width of a column name, as a fraction of the line.
const MAX_NAME_SHARE: (usize, usize) = (2, 3);

/// The levels of these rows, outermost first, each as the position of its column.
pub fn levels(stored: &StoredRows) -> Vec<usize> {
    (Part::LEVELS.into_iter())
        .filter_map(|part| columns(stored, part).next())
        .collect()
}

/// The positions of the columns assigned to a part.
fn columns(stored: &StoredRows, part: Part) -> impl Iterator<Item = usize> {
    let plays = move |name: &String| stored.parts.get(name) == Some(&part);
    let known = stored.columns.iter().enumerate();
    known.filter(move |(_, name)| plays(name)).map(|(at, _)| at)
}

fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// The distinct values of a column; an empty list is left out if there are others.
fn distinct(rows: &[&[String]], column: usize) -> String {
    let mut values: BTreeSet<&str> = rows.iter().map(|row| cell(row, column)).collect();
    if values.len() > 1 {
        values.remove("[]");
    }
    values.into_iter().collect::<Vec<_>>().join(", ")
}

impl<'r> Drill<'r> {
    /// The rows along a path of names, one per level, as deep as rows match.
    pub fn to(stored: &'r StoredRows, path: &[String]) -> Self {
        let levels = levels(stored);
        let mut rows: Vec<&[String]> = stored.rows.iter().map(Vec::as_slice).collect();
        let mut depth = 0;
        for (column, name) in levels.iter().zip(path) {
            let under: Vec<&[String]> = (rows.iter().copied())
                .filter(|row| cell(row, *column) == name)
                .collect();
            if under.is_empty() {
                break;
            }
            rows = under;
            depth += 1;
        }
        Self {
            stored,
            levels,
            depth,
            rows,
        }
    }

    /// How many names of the path matched.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    pub const fn columns(&self) -> usize {
        self.stored.columns.len()
    }

    pub fn heads(&self) -> Vec<&'r str> {
        self.stored.columns.iter().map(String::as_str).collect()
    }

    /// The expected groups without a stored row, if the level lists groups.
    fn without_rows(&self) -> impl Iterator<Item = &'r str> {
        let level = self.levels.get(self.depth).copied();
        let is_group = level.is_some() && level == columns(self.stored, Part::Group).next();
        let groups = self.stored.groups.iter().filter(move |_| is_group);
        groups.map(String::as_str).filter(|group| !self.has_rows(group))
    }

    /// Whether a row is stored for this value of the level.
    pub fn has_rows(&self, thing: &str) -> bool {
        let level = self.levels.get(self.depth);
        level.is_some_and(|level| self.rows.iter().any(|row| cell(row, *level) == thing))
    }

    /// The values of the next level; `None` below the last.
    pub fn list(&self) -> Option<List<'r>> {
        let level = *self.levels.get(self.depth)?;
        let is_last = self.depth + 1 == self.levels.len();
        let shown = ListColumns::of(self.stored, level, is_last);
        let mut things: BTreeMap<&str, Vec<&[String]>> = BTreeMap::new();
        for row in &self.rows {
            things.entry(cell(row, level)).or_default().push(row);
        }
        things.extend(self.without_rows().map(|group| (group, Vec::new())));
        let line = |(thing, rows): (&str, Vec<&[String]>)| {
            let mut line = vec![thing.to_owned()];
            if shown.has_sides {
                line.push(self.sides(&rows));
            }
            if !is_last {
                line.push(rows.len().to_string());
            }
            if let Some((side, against)) = shown.opponents {
                line.push(self.missing_opponents(&rows, side, against));
            }
            line.extend(shown.values.iter().map(|column| distinct(&rows, *column)));
            line
        };
        Some(List {
            heads: shown.heads(self.stored, level, is_last),
            lines: things.into_iter().map(line).collect(),
        })
    }

    /// The matchup: `away 119 @ home 127`; every side if the columns for opponent and home side are missing.
    fn sides(&self, rows: &[&[String]]) -> String {
        let first = |part| columns(self.stored, part).next();
        let Some(side) = first(Part::Side) else {
            return String::new();
        };
        let (Some(against), Some(home)) = (first(Part::Opponent), first(Part::Home)) else {
            return distinct(rows, side);
        };
        let Some(row) = rows.first() else {
            return String::new();
        };
        let (own, other) = (cell(row, side), cell(row, against));
        let (away, home) = if cell(row, home) == "true" {
            (other, own)
        } else {
            (own, other)
        };
        let score = |of: &str| {
            let found = |who: usize, part| {
                let row = rows.iter().find(|row| cell(row, who) == of)?;
                Some(cell(row, first(part)?))
            };
            let score = found(side, Part::Scored).or_else(|| found(against, Part::Allowed));
            if first(Part::Scored).or(first(Part::Allowed)).is_none() {
                return of.to_owned();
            }
            format!("{of} {}", score.unwrap_or("-"))
        };
        format!("{} @ {}", score(away), score(home))
    }

    /// The opponents that have no row themselves.
    fn missing_opponents(&self, rows: &[&[String]], side: usize, against: usize) -> String {
        let of = |column| -> BTreeSet<&str> { rows.iter().map(|row| cell(row, column)).collect() };
        let sides = of(side);
        let lacking: Vec<&str> = of(against).difference(&sides).copied().collect();
        match lacking.as_slice() {
            _ if rows.is_empty() => "no rows".to_owned(),
            [] if self.levels.last() == Some(&side) => "complete".to_owned(),
            [] => "both sides".to_owned(),
            some => format!("missing {}", some.join(", ")),
        }
    }

    /// The origin and quality of the rows of this value, in words.
    pub fn origin(&self, thing: &str) -> String {
        let Some(level) = self.levels.get(self.depth) else {
            return String::new();
        };
        let rows: Vec<&[String]> = (self.rows.iter().copied())
            .filter(|row| cell(row, *level) == thing)
            .collect();
        if rows.is_empty() {
            return "scheduled for this date, but no row is stored".to_owned();
        }
        let parts = [
            ("source", Part::Source),
            ("quality", Part::Quality),
            ("issues", Part::Issues),
        ];
        let parts = parts.into_iter().filter_map(|(word, part)| {
            let column = columns(self.stored, part).next()?;
            Some(format!("{word}: {}", distinct(&rows, column)))
        });
        parts.collect::<Vec<_>>().join("  ")
    }

    /// The columns in display order: origin and quality first, then all others.
    fn column_order(&self) -> (Vec<usize>, Vec<usize>) {
        let origin: Vec<usize> = (Part::ORIGIN.into_iter())
            .flat_map(|part| columns(self.stored, part))
            .collect();
        let others = (0..self.stored.columns.len()).filter(|column| !origin.contains(column));
        let others = others.collect();
        (origin, others)
    }

    /// The rows column by column, wrapped to `columns`.
    pub fn lines(&self, columns: usize) -> Vec<DrillLine<'r>> {
        let room = columns.saturating_sub(self.name_columns(columns));
        let (origin, others) = self.column_order();
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().copied().enumerate() {
            if at > 0 {
                lines.push(DrillLine::Gap);
            }
            if self.rows.len() > 1 {
                lines.push(DrillLine::Row(at + 1));
            }
            for (block, columns) in [&origin, &others].into_iter().enumerate() {
                if block > 0 && !origin.is_empty() {
                    lines.push(DrillLine::Gap);
                }
                for column in columns {
                    let name = self.stored.columns[*column].as_str();
                    let part = self.stored.parts.get(name).copied();
                    for (piece, value) in wrapped(cell(row, *column), room).into_iter().enumerate() {
                        lines.push(DrillLine::Value(if piece == 0 { name } else { "" }, value, part));
                    }
                }
            }
        }
        lines
    }

    /// Columns of the names, including the gap after them, in lines of this width.
    pub fn name_columns(&self, columns: usize) -> usize {
        let (part, whole) = MAX_NAME_SHARE;
        let names = self.stored.columns.iter().map(|name| width(name));
        names.max().unwrap_or(0).min(columns * part / whole) + 2
    }

    /// The rows as `name=value`, one line per column, in display order.
    pub fn in_lines(&self) -> String {
        let (origin, others) = self.column_order();
        let row = |row: &&[String]| {
            let parts = origin.iter().chain(&others);
            let lines =
                parts.map(|column| format!("{}={}", self.stored.columns[*column], cell(row, *column)));
            lines.collect::<Vec<_>>().join("\n")
        };
        self.rows.iter().map(row).collect::<Vec<_>>().join("\n\n")
    }

    /// The rows as a tab-separated table with a header.
    pub fn in_tabs(&self) -> String {
        let names = std::iter::once(self.stored.columns.as_slice());
        let lines = names.chain(self.rows.iter().copied());
        lines.map(|line| line.join("\t")).collect::<Vec<_>>().join("\n")
    }
}

/// What a list shows about each value.
struct ListColumns {
    /// Whether the value is a group with several sides.
    has_sides: bool,
    /// The columns for a side and its opponent, to find opponents without rows.
    opponents: Option<(usize, usize)>,
    /// Numbers of the last level, then the rows' origin.
    values: Vec<usize>,
}

impl ListColumns {
    fn of(stored: &StoredRows, level: usize, is_last: bool) -> Self {
        let first = |part| columns(stored, part).next();
        let side = first(Part::Side).filter(|_| first(Part::Group) == Some(level));
        let numbers = [Part::Scored, Part::Allowed, Part::Summary]
            .into_iter()
            .flat_map(|part| columns(stored, part))
            .filter(|_| is_last);
        let origin = [Part::Source, Part::Quality, Part::Issues]
            .into_iter()
            .filter_map(first);
        Self {
            has_sides: side.is_some(),
            opponents: side.zip(first(Part::Opponent)),
            values: numbers.chain(origin).collect(),
        }
    }

    fn heads<'r>(&self, stored: &'r StoredRows, level: usize, is_last: bool) -> Vec<&'r str> {
        let name = |column: &usize| stored.columns[*column].as_str();
        let mut heads = vec![name(&level)];
        heads.extend(self.has_sides.then_some("sides"));
        heads.extend((!is_last).then_some("rows"));
        heads.extend(self.opponents.map(|_| "stored"));
        heads.extend(self.values.iter().map(name));
        heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture::{stored_games, stored_players};

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn listed(stored: &StoredRows, names: &[&str], columns: usize) -> Vec<String> {
        let list = Drill::to(stored, &path(names)).list().unwrap();
        let lines = std::iter::once(list.heads.iter().map(ToString::to_string).collect()).chain(list.lines);
        lines.map(|line: Vec<String>| line[..columns].join("|")).collect()
    }

    #[test]
    fn a_game_lists_its_teams_its_score_and_its_missing_rows() {
        assert_eq!(
            listed(&stored_games(), &[], 5),
            [
                "game_id|sides|rows|stored|primary_source_used",
                "20231216_ATL_CLE|ATL 119 @ CLE 127|2|complete|nbac_team_boxscore, reconstructed_team_from_players",
                "20231216_BKN_GSW|BKN - @ GSW 124|1|missing BKN|reconstructed_team_from_players",
            ]
        );
    }

    #[test]
    fn a_scheduled_game_without_rows_is_listed_as_missing() {
        let mut stored = stored_games();
        stored.groups = ["20231216_ATL_CLE", "20231216_LAL_DEN"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(listed(&stored, &[], 4)[3], "20231216_LAL_DEN||0|no rows");
        assert_eq!(listed(&stored, &["20231216_ATL_CLE"], 1).len(), 3, "games alone");
        let drill = Drill::to(&stored, &[]);
        assert!(drill.has_rows("20231216_ATL_CLE") && !drill.has_rows("20231216_LAL_DEN"));
        assert!(drill.origin("20231216_LAL_DEN").ends_with("no row is stored"));
        stored.rows.clear();
        assert_eq!(
            listed(&stored, &[], 4).len(),
            3,
            "the names of the columns, two games"
        );
    }

    #[test]
    fn scores_are_derived_from_points_allowed() {
        let mut stored = stored_games();
        stored.parts.insert("points_scored".to_owned(), Part::Allowed);
        assert_eq!(
            listed(&stored, &[], 2)[1..],
            [
                "20231216_ATL_CLE|ATL 127 @ CLE 119",
                "20231216_BKN_GSW|BKN 124 @ GSW -"
            ]
        );
        stored.parts.remove("points_scored");
        assert_eq!(listed(&stored, &[], 2)[1], "20231216_ATL_CLE|ATL @ CLE");
        stored.parts.remove("home_game");
        assert_eq!(listed(&stored, &[], 2)[1], "20231216_ATL_CLE|ATL, CLE");
    }

    #[test]
    fn a_team_lists_its_values_and_its_source() {
        assert_eq!(
            listed(&stored_games(), &["20231216_ATL_CLE"], 7),
            [
                "team_abbr|points_scored|offensive_rating|pace|primary_source_used|quality_tier|quality_issues",
                "ATL|119|114.2|104.2|reconstructed_team_from_players|silver|[backup_source_used, reconstructed, \
                 shot_zones_unavailable]",
                "CLE|127|121.88|104.2|nbac_team_boxscore|gold|[]",
            ]
        );
    }

    #[test]
    fn player_rows_are_not_labelled_complete() {
        let mut stored = stored_games();
        stored.parts.insert("data_hash".to_owned(), Part::Member);
        let games = listed(&stored, &[], 4);
        assert!(games[1].ends_with("|2|both sides"), "{games:?}");
        assert!(games[2].ends_with("|1|missing BKN"), "{games:?}");
    }

    #[test]
    fn a_row_lists_its_source_first_and_wraps_long_values() {
        let stored = stored_games();
        let drill = Drill::to(&stored, &path(&["20231216_BKN_GSW", "GSW"]));
        let lines = drill.lines(60);
        let names: Vec<&str> = (lines.iter())
            .filter_map(|line| match line {
                DrillLine::Value(name, ..) => Some(*name),
                DrillLine::Row(_) | DrillLine::Gap => None,
            })
            .collect();
        assert_eq!(
            names[..8],
            [
                "primary_source_used",
                "data_sources",
                "quality_tier",
                "quality_score",
                "quality_issues",
                "",
                "game_id",
                "game_date"
            ]
        );
        assert_eq!(lines[6], DrillLine::Gap);
        assert!(lines.contains(&DrillLine::Value("team_paint_attempts", "NULL", None)));
    }

    #[test]
    fn a_path_stops_at_the_last_level_with_rows() {
        let stored = stored_players();
        assert_eq!(Drill::to(&stored, &path(&["player07"])).depth(), 1);
        assert_eq!(Drill::to(&stored, &path(&["player07"])).rows.len(), 1);
        assert_eq!(Drill::to(&stored, &path(&["nobody"])).depth(), 0);
        assert_eq!(Drill::to(&stored, &path(&["player07", "more"])).depth(), 1);
    }
}
