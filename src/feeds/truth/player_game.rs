//! Every player's rates equal those worked out anew from the box scores, in overtime too.

use super::league::{Appearance, PlayerLine};
use super::*;
use crate::nba::player_game::player_game;
use crate::nba::tables::player_game as table;
use crate::nba::{Minutes, TeamMinutes};

/// What a player's usage is measured by: the counts of the team, and how long its game was.
#[derive(Default)]
struct Team {
    counts: HashMap<&'static str, f64>,
    minutes: f64,
}

fn known(line: &PlayerLine, stat: Stat) -> f64 {
    line.counts.get(stat).unwrap().into()
}

fn plays(count: impl Fn(Stat) -> f64) -> f64 {
    count(Stat::Fga) + 0.44 * count(Stat::Fta) + count(Stat::Tov)
}

/// Half to even, by the decimals that printing gives.
fn rounded(value: f64, digits: usize) -> Value {
    Value::Float(format!("{value:.digits$}").parse().unwrap())
}

/// `share` of `whole`, unless there is no whole.
fn rate(share: f64, whole: f64, digits: usize) -> Value {
    if whole > 0.0 {
        rounded(share / whole, digits)
    } else {
        Value::Null
    }
}

fn teams() -> HashMap<Key, Team> {
    let mut on_the_floor: HashMap<Key, u32> = HashMap::new();
    let mut teams: HashMap<Key, Team> = HashMap::new();
    for line in LEAGUE
        .players
        .iter()
        .filter(|line| line.appearance == Appearance::Played)
    {
        let key = (LEAGUE.game(line.game).unwrap().to_string(), line.team.to_string());
        let team = teams.entry(key.clone()).or_default();
        for stat in [Stat::Fga, Stat::Fta, Stat::Tov, Stat::Pts] {
            *team.counts.entry(stat.column()).or_default() += known(line, stat);
        }
        *on_the_floor.entry(key).or_default() += line.minutes.map_or(0, Minutes::seconds);
    }
    let official = official();
    for (key, team) in &mut teams {
        let minutes = official.get(key).map(|line| line.minutes.unwrap());
        let minutes = minutes.unwrap_or(Minutes::from_seconds(on_the_floor[key]));
        team.minutes = f64::from(TeamMinutes::nearest(minutes).player_minutes()) / 5.0;
    }
    teams
}

/// Compares every row; gives rows, rows with minutes, those of them with a usage, and rows with shots.
fn rates_are_right(profile: &str) -> [u32; 4] {
    let teams = teams();
    let played: HashMap<Key, &PlayerLine> = LEAGUE
        .players
        .iter()
        .filter(|line| line.appearance == Appearance::Played)
        .map(|line| {
            let lookup = LEAGUE.people[line.person as usize].lookup.clone();
            ((LEAGUE.game(line.game).unwrap().to_string(), lookup), line)
        })
        .collect();
    let (mut rows, mut timed, mut rated, mut charted) = (0, 0, 0, 0);
    let mut points: HashMap<Key, f64> = HashMap::new();
    for (date, feeds) in dates(profile) {
        let outcome = player_game(date, &feeds);
        assert_eq!(outcome.missing, [] as [&str; 0], "{date}");
        assert_eq!(outcome.expected as usize, outcome.rows.len(), "{date}");
        for row in cells(table(), &outcome) {
            rows += 1;
            let key = row.key("player_lookup");
            let line = played[&key];
            let team = &teams[&row.key("team_abbr")];
            let minutes = f64::from(line.minutes.unwrap().seconds());
            // Official minutes have two decimals.
            let minutes: f64 = format!("{:.2}", minutes / 60.0).parse().unwrap();
            let usage = rate(
                100.0 * plays(|stat| known(line, stat)) * team.minutes,
                minutes * plays(|stat| team.counts[stat.column()]),
                1,
            );
            assert_eq!(*row.get("usage_rate"), usage, "{key:?}");
            let tries = 2.0 * (known(line, Stat::Fga) + 0.44 * known(line, Stat::Fta));
            assert_eq!(
                *row.get("ts_pct"),
                rate(known(line, Stat::Pts), tries, 3),
                "{key:?}"
            );
            let worth = known(line, Stat::Fgm) + 0.5 * known(line, Stat::Fg3m);
            let effective = rate(worth, known(line, Stat::Fga), 3);
            assert_eq!(*row.get("efg_pct"), effective, "{key:?}");
            assert_eq!(*row.get("minutes_played"), rounded(minutes, 1), "{key:?}");
            let scored = row.get("points").as_f64().unwrap();
            *points.entry(row.key("team_abbr")).or_default() += scored;
            timed += u32::from(minutes > 0.0);
            rated += u32::from(usage != Value::Null);
            if let Some(paint) = row.get("paint_makes").as_f64() {
                charted += 1;
                let twos = paint + row.get("mid_range_makes").as_f64().unwrap();
                let official = known(line, Stat::Fgm) - known(line, Stat::Fg3m);
                assert!((twos - official).abs() < 0.5, "{key:?}: {twos} twos charted");
            }
        }
    }
    assert_eq!(points.len(), teams.len());
    for (key, points) in points {
        assert!((points - teams[&key].counts["pts"]).abs() < 0.5, "{key:?}");
    }
    [rows, timed, rated, charted]
}

#[test]
fn clean_feeds_give_every_player_his_rates() {
    assert_eq!(rates_are_right("none"), [123_475, 123_292, 123_292, 49_606]);
}

// Of seven players on the floor for seconds bdl alone tells, and it has neither a minute nor anything done of them.
#[test]
fn the_feeds_of_january_2026_give_every_player_his_rates() {
    assert_eq!(
        rates_are_right("january-2026"),
        [123_468, 123_292, 123_292, 49_602]
    );
}
