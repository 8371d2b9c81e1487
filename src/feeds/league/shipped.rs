//! The built-in league: five seasons of real box scores, 2021-10-19 to 2026-01-03.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;

use super::fixtures::{Fixtures, GameSide};
use super::packed::{Damaged, Numbers, Sheet, Texts};
use super::{League, NbaGameId, Participation, Person, PlayerLine, Shot, Stat, StatCounts, TeamLine};
use crate::nba::Minutes;
use crate::nba::ids::{PlayerLookup, TeamCode};

const PLAYER_BOX: &[u8] = include_bytes!("../../../assets/league/player_box.bc.zst");
const TEAM_BOX: &[u8] = include_bytes!("../../../assets/league/team_box.bc.zst");
const SHOTS: &[u8] = include_bytes!("../../../assets/league/shots.bc.zst");

/// Unpacks the built-in league.
///
/// # Errors
/// If one of the packed files is damaged.
pub fn shipped() -> Result<League, Damaged> {
    let player_box = Sheet::unpack("player_box.bc.zst", PLAYER_BOX)?;
    let team_box = Sheet::unpack("team_box.bc.zst", TEAM_BOX)?;
    let mut fixtures = Fixtures::default();
    note_games(&player_box, &mut fixtures)?;
    note_games(&team_box, &mut fixtures)?;
    let games = fixtures.finish().map_err(|refused| {
        let reasons: Vec<String> = refused.into_iter().map(|(_, reason)| reason).collect();
        player_box.damaged(format!("contradicts itself: {}", reasons.join("; ")))
    })?;
    let people = people(&player_box)?;
    let players = players(&player_box)?;
    let teams = teams(&team_box)?;
    drop((player_box, team_box));
    let (shots, actions) = shots(&people)?;
    Ok(League {
        games,
        people,
        actions,
        players,
        teams,
        shots,
    }
    .in_schedule_order())
}

/// The rows of a team in a game are adjacent and agree on the game, so the first one is enough.
fn note_games(sheet: &Sheet, fixtures: &mut Fixtures) -> Result<(), Damaged> {
    let game = ParsedColumn::<NbaGameId>::column(sheet, "game_id")?;
    let date = ParsedColumn::<NaiveDate>::column(sheet, "game_date")?;
    let team = ParsedColumn::<TeamCode>::column(sheet, "team")?;
    let is_home = sheet.numbers("is_home")?;
    let mut last = None;
    for row in 0..sheet.rows() {
        let side = GameSide {
            game: game.at(row),
            date: date.at(row),
            team: team.at(row),
            is_home: is_home.at(row) == Some(1),
            opponent: None,
        };
        if last.replace(side) != Some(side) {
            fixtures
                .note(side)
                .map_err(|reason| sheet.damaged(format!("contradicts itself: {reason}")))?;
        }
    }
    Ok(())
}

/// All people, indexed by the position of their number among the distinct numbers.
fn people(sheet: &Sheet) -> Result<Vec<Person>, Damaged> {
    let numbers = ParsedColumn::<u32>::column(sheet, "player_id")?;
    let names = sheet.texts("player_name")?;
    let mut called = vec![0; numbers.values.len()];
    for row in 0..sheet.rows() {
        called[numbers.texts.position(row)] = names.position(row);
    }
    let person = |(&number, name): (&u32, usize)| {
        let name = &names.distinct()[name];
        let lookup = PlayerLookup::parse(name).map_err(|reason| sheet.damaged(reason.to_string()))?;
        Ok(Person {
            number: Some(number),
            name: name.clone(),
            lookup: lookup.to_string(),
        })
    };
    numbers.values.iter().zip(called).map(person).collect()
}

fn players(sheet: &Sheet) -> Result<Vec<PlayerLine>, Damaged> {
    let line = StatColumns::columns(sheet)?;
    let numbers = sheet.texts("player_id")?;
    let places: Vec<u32> = (0..).take(numbers.distinct().len()).collect();
    let (played, seconds) = (sheet.numbers("played")?, sheet.numbers("seconds")?);
    let status = sheet.texts("status")?;
    let inactive = status.distinct().iter().position(|status| status == "INACTIVE");
    let one = |row| {
        let appearance = match played.at(row) {
            Some(1) => Participation::Played,
            _ if Some(status.position(row)) == inactive => Participation::Inactive,
            _ => Participation::DidNotPlay,
        };
        let seconds = seconds.at(row).filter(|_| appearance == Participation::Played);
        Ok(PlayerLine {
            game: line.game.at(row),
            person: places[numbers.position(row)],
            team: line.team.at(row),
            appearance,
            minutes: narrow(sheet, seconds)?.map(Minutes::from_seconds),
            counts: line.counts(row)?,
            plus_minus: line.plus_minus.at(row),
        })
    };
    (0..sheet.rows()).map(one).collect()
}

fn teams(sheet: &Sheet) -> Result<Vec<TeamLine>, Damaged> {
    let line = StatColumns::columns(sheet)?;
    let minutes = sheet.numbers("minutes")?;
    let one = |row| {
        let minutes: Option<u32> = narrow(sheet, minutes.at(row))?;
        Ok(TeamLine {
            game: line.game.at(row),
            team: line.team.at(row),
            minutes: minutes.map(|minutes| Minutes::from_seconds(minutes * 60)),
            counts: line.counts(row)?,
            plus_minus: line.plus_minus.at(row),
        })
    };
    (0..sheet.rows()).map(one).collect()
}

fn shots(people: &[Person]) -> Result<(Vec<Shot>, Vec<String>), Damaged> {
    let sheet = Sheet::unpack("shots.bc.zst", SHOTS)?;
    let places: HashMap<Option<u32>, u32> = people.iter().map(|person| person.number).zip(0..).collect();
    let game = ParsedColumn::<NbaGameId>::column(&sheet, "game_id")?;
    let team = ParsedColumn::<TeamCode>::column(&sheet, "team")?;
    let number = ParsedColumn::<u32>::column(&sheet, "player_id")?;
    let shooters: Vec<Option<u32>> = number
        .values
        .iter()
        .map(|&number| places.get(&Some(number)).copied())
        .collect();
    let action = sheet.texts("action_type")?;
    let (period, distance) = (sheet.numbers("period")?, sheet.numbers("distance_ft")?);
    let (value, made) = (sheet.numbers("shot_value")?, sheet.numbers("made")?);
    let one = |row| {
        Ok(Shot {
            game: game.at(row),
            shooter: shooters[number.texts.position(row)],
            team: team.at(row),
            period: narrow(&sheet, period.at(row))?,
            three: value.at(row) == Some(3),
            made: made.at(row).map(|made| made == 1),
            action: narrow(&sheet, Some(action.position(row)))?,
            distance: narrow(&sheet, distance.at(row))?,
        })
    };
    let shots = (0..sheet.rows()).map(one).collect::<Result<_, Damaged>>()?;
    Ok((shots, action.distinct().to_vec()))
}

/// The columns shared by player and team lines.
struct StatColumns<'a> {
    sheet: &'a Sheet,
    game: ParsedColumn<'a, NbaGameId>,
    team: ParsedColumn<'a, TeamCode>,
    counts: Vec<Numbers<'a>>,
    plus_minus: Numbers<'a>,
}

impl<'a> StatColumns<'a> {
    fn columns(sheet: &'a Sheet) -> Result<Self, Damaged> {
        let counts = Stat::COLUMNS.into_iter().map(|(_, name)| sheet.numbers(name));
        Ok(Self {
            sheet,
            game: ParsedColumn::column(sheet, "game_id")?,
            team: ParsedColumn::column(sheet, "team")?,
            counts: counts.collect::<Result<_, _>>()?,
            plus_minus: sheet.numbers("plus_minus")?,
        })
    }

    fn counts(&self, row: usize) -> Result<StatCounts, Damaged> {
        let mut columns = self.counts.iter();
        StatCounts::read(|_| narrow(self.sheet, columns.next().and_then(|column| column.at(row))))
    }
}

/// A string column, with each distinct value parsed once.
struct ParsedColumn<'a, T> {
    texts: Texts<'a>,
    values: Vec<T>,
}

impl<'a, T: FromStr<Err: Display> + Copy> ParsedColumn<'a, T> {
    fn column(sheet: &'a Sheet, name: &str) -> Result<Self, Damaged> {
        let texts = sheet.texts(name)?;
        let parse = |text: &String| {
            text.parse()
                .map_err(|reason| sheet.damaged(format!("has an invalid value in {name}: {reason}")))
        };
        Ok(Self {
            texts,
            values: texts.distinct().iter().map(parse).collect::<Result<_, _>>()?,
        })
    }

    fn at(&self, row: usize) -> T {
        self.values[self.texts.position(row)]
    }
}

/// Converts a number to the type of its field.
fn narrow<N: TryInto<T> + Copy + Display, T>(sheet: &Sheet, number: Option<N>) -> Result<Option<T>, Damaged> {
    let fit = |number: N| {
        number
            .try_into()
            .map_err(|_| sheet.damaged(format!("contains {number}, out of range")))
    };
    number.map(fit).transpose()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;
    use crate::nba::TeamMinutes;

    #[test]
    fn the_shipped_league_matches_its_readme() {
        let league = shipped().unwrap();
        assert_eq!(
            (league.players.len(), league.teams.len(), league.shots.len()),
            (181_261, 11_586, 409_275)
        );
        let schedule = league.schedule();
        let dates: BTreeSet<NaiveDate> = schedule.iter().map(|(_, game)| game.date()).collect();
        assert_eq!((schedule.len(), dates.len()), (5_796, 916));
        let ends = (
            dates.first().unwrap().to_string(),
            dates.last().unwrap().to_string(),
        );
        assert_eq!(ends, ("2021-10-19".to_owned(), "2026-01-03".to_owned()));
        let overtime: HashSet<NbaGameId> = league
            .teams
            .iter()
            .filter(|line| TeamMinutes::nearest(line.minutes.unwrap()).overtimes() > 0)
            .map(|line| line.game)
            .collect();
        assert_eq!(overtime.len(), 300);
    }

    #[test]
    fn opening_night_matches_the_real_results() {
        let league = shipped().unwrap();
        let (nba_id, game) = league.schedule()[1];
        assert_eq!(
            (nba_id.to_string().as_str(), game.to_string().as_str()),
            ("0022100002", "20211019_GSW_LAL")
        );
        let curry = league
            .players
            .iter()
            .find(|line| line.game == nba_id && league.people[line.person as usize].lookup == "stephencurry")
            .unwrap();
        assert_eq!(
            (curry.team.as_str(), curry.appearance),
            ("GSW", Participation::Played)
        );
        assert_eq!(curry.minutes.unwrap().seconds(), 36 * 60);
        assert_eq!(
            [Stat::Pts, Stat::Reb, Stat::Ast].map(|stat| curry.counts.get(stat)),
            [Some(21), Some(10), Some(10)]
        );
        let lakers = league
            .teams
            .iter()
            .find(|line| line.game == nba_id && line.team.as_str() == "LAL")
            .unwrap();
        assert_eq!(
            (lakers.counts.get(Stat::Pts), lakers.plus_minus),
            (Some(114), Some(-7))
        );
    }

    #[test]
    fn players_have_unique_keys_and_shots_have_shooters() {
        let league = shipped().unwrap();
        let keys: HashSet<&str> = league
            .people
            .iter()
            .map(|person| person.lookup.as_str())
            .collect();
        assert_eq!((keys.len(), league.people.len()), (1_021, 1_021));
        assert!(keys.contains("kristapsporzingis") && keys.contains("yanickonanniederhauser"));
        assert!(league.shots.iter().all(|shot| shot.shooter.is_some()));
    }

    #[test]
    fn shots_add_up_to_field_goal_points() {
        let league = shipped().unwrap();
        let mut charted: HashMap<(NbaGameId, u32), u32> = HashMap::new();
        for shot in league.shots.iter().filter(|shot| shot.made == Some(true)) {
            *charted.entry((shot.game, shot.shooter.unwrap())).or_default() += if shot.three { 3 } else { 2 };
        }
        let mut compared = 0;
        for line in &league.players {
            if let Some(&points) = charted.get(&(line.game, line.person)) {
                let count = |stat| u32::from(line.counts.get(stat).unwrap());
                assert_eq!(points, 2 * count(Stat::Fgm) + count(Stat::Fg3m), "{line:?}");
                compared += 1;
            }
        }
        assert_eq!(compared, charted.len());
    }
}
