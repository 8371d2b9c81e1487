//! Every player's rates equal those worked out anew from the box scores, in overtime too, and the players of a team
//! scored what it did.

use std::collections::HashMap;

use backcourt::feeds::league::{Appearance, PlayerLine, Stat};
use backcourt::nba::{Minutes, TeamMinutes};

use super::{LEAGUE, OFFICIAL, Side, State, number, rate, side, side_of};

/// What a player's usage is measured by: the counts of the team, and how long its game was.
#[derive(Default)]
struct Team {
    counts: HashMap<&'static str, f64>,
    on_the_floor: u32,
}

impl Team {
    fn count(&self, stat: Stat) -> f64 {
        self.counts[stat.column()]
    }

    /// From the official minutes where there are some.
    fn minutes(&self, side: &Side) -> f64 {
        let official = OFFICIAL.get(side).map(|line| line.minutes.unwrap());
        let length = TeamMinutes::nearest(official.unwrap_or(Minutes::from_seconds(self.on_the_floor)));
        f64::from(length.player_minutes()) / 5.0
    }
}

fn played() -> impl Iterator<Item = &'static PlayerLine> {
    let lines = LEAGUE.players.iter();
    lines.filter(|line| line.appearance == Appearance::Played)
}

fn count(line: &PlayerLine, stat: Stat) -> f64 {
    line.counts.get(stat).unwrap().into()
}

fn plays(count: impl Fn(Stat) -> f64) -> f64 {
    count(Stat::Fga) + 0.44 * count(Stat::Fta) + count(Stat::Tov)
}

/// Half to even, by the decimals that printing gives.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$}").parse().unwrap()
}

/// A share, unless there is no whole.
fn share(part: f64, whole: f64, digits: usize) -> Option<f64> {
    (whole > 0.0).then(|| rounded(part / whole, digits))
}

fn teams() -> HashMap<Side, Team> {
    let mut teams: HashMap<Side, Team> = HashMap::new();
    for line in played() {
        let team = teams.entry(side(line.game, &line.team)).or_default();
        for stat in [Stat::Fga, Stat::Fta, Stat::Tov, Stat::Pts] {
            *team.counts.entry(stat.column()).or_default() += count(line, stat);
        }
        team.on_the_floor += line.minutes.map_or(0, Minutes::seconds);
    }
    teams
}

/// Compares every row. There must be so many rows, with minutes, with minutes and a usage, and with shots.
pub fn rates_are_right(state: &State, there_must_be: [u32; 4]) {
    let teams = teams();
    let lines: HashMap<(String, &str), &PlayerLine> = played()
        .map(|line| {
            let lookup = LEAGUE.people[line.person as usize].lookup.as_str();
            ((LEAGUE.game(line.game).unwrap().to_string(), lookup), line)
        })
        .collect();
    let db = state.warehouse();
    let mut query = db
        .prepare("SELECT * FROM nba_analytics.player_game_summary")
        .unwrap();
    let mut stored = query.query([]).unwrap();
    let (mut rows, mut timed, mut rated, mut charted) = (0, 0, 0, 0);
    let mut points: HashMap<Side, f64> = HashMap::new();
    while let Some(row) = stored.next().unwrap() {
        rows += 1;
        let (game, player) = side_of(row, "player_lookup");
        let line = lines[&(game.clone(), player.as_str())];
        let own = side_of(row, "team_abbr");
        let team = &teams[&own];
        let who = format!("{player} in {game}");

        // Official minutes have two decimals.
        let minutes = rounded(f64::from(line.minutes.unwrap().seconds()) / 60.0, 2);
        let used = 100.0 * plays(|stat| count(line, stat)) * team.minutes(&own);
        let usage = share(used, minutes * plays(|stat| team.count(stat)), 1);
        assert_eq!(rate(row, "usage_rate"), usage, "usage of {who}");
        let tries = 2.0 * (count(line, Stat::Fga) + 0.44 * count(line, Stat::Fta));
        let shooting = share(count(line, Stat::Pts), tries, 3);
        assert_eq!(rate(row, "ts_pct"), shooting, "true shooting of {who}");
        let worth = count(line, Stat::Fgm) + 0.5 * count(line, Stat::Fg3m);
        let effective = share(worth, count(line, Stat::Fga), 3);
        assert_eq!(rate(row, "efg_pct"), effective, "effective shooting of {who}");
        assert_eq!(
            rate(row, "minutes_played"),
            Some(rounded(minutes, 1)),
            "minutes of {who}"
        );

        *points.entry(own).or_default() += rate(row, "points").unwrap();
        timed += u32::from(minutes > 0.0);
        rated += u32::from(minutes > 0.0 && usage.is_some());
        if let Some(paint) = number(row, "paint_makes") {
            charted += 1;
            let twos = paint + number(row, "mid_range_makes").unwrap();
            let [made, threes] =
                [Stat::Fgm, Stat::Fg3m].map(|stat| i64::from(line.counts.get(stat).unwrap()));
            assert_eq!(twos, made - threes, "two-pointers of {who}");
        }
    }
    assert_eq!([rows, timed, rated, charted], there_must_be);
    let scored: HashMap<Side, f64> = teams
        .into_iter()
        .map(|(side, team)| (side, team.count(Stat::Pts)))
        .collect();
    assert_eq!(points, scored);
}
