//! Every player's rates equal those recomputed from the box scores, also in overtime, and the players' points add up to
//! the team's.

use std::collections::HashMap;

use backcourt::feeds::league::{Participation, PlayerLine, Stat};
use backcourt::nba::{Minutes, TeamMinutes};

use super::{LEAGUE, OFFICIAL, Side, State, number, rate, side, side_of};

/// The reference for a player's usage: the team's counts and the length of the game.
#[derive(Default)]
struct Team {
    counts: HashMap<&'static str, f64>,
    on_the_floor: u32,
}

impl Team {
    fn count(&self, stat: Stat) -> f64 {
        self.counts[stat.column()]
    }

    /// The length of the game in minutes, from the official minutes if available.
    fn minutes(&self, side: &Side) -> f64 {
        let official = OFFICIAL.get(side).map(|line| line.minutes.unwrap());
        let length = TeamMinutes::nearest(official.unwrap_or(Minutes::from_seconds(self.on_the_floor)));
        f64::from(length.player_minutes()) / 5.0
    }
}

fn played() -> impl Iterator<Item = &'static PlayerLine> {
    let lines = LEAGUE.players.iter();
    lines.filter(|line| line.appearance == Participation::Played)
}

pub fn count(line: &PlayerLine, stat: Stat) -> f64 {
    line.counts.get(stat).unwrap().into()
}

fn plays(count: impl Fn(Stat) -> f64) -> f64 {
    count(Stat::Fga) + 0.44 * count(Stat::Fta) + count(Stat::Tov)
}

/// Rounds half to even on the exact value, by formatting.
pub fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$}").parse().unwrap()
}

/// A share; `None` if the whole is zero.
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

/// The box score lines of every player who played, by game and player.
pub struct Played {
    teams: HashMap<Side, Team>,
    lines: HashMap<(String, &'static str), &'static PlayerLine>,
}

/// A player's rates in a game, rounded as stored.
pub struct Rates {
    /// With two decimals, as in official box scores.
    pub minutes: f64,
    pub usage: Option<f64>,
    pub true_shooting: Option<f64>,
    pub effective_shooting: Option<f64>,
}

impl Played {
    pub fn gather() -> Self {
        let key = |line: &'static PlayerLine| {
            let lookup = LEAGUE.people[line.person as usize].lookup.as_str();
            (LEAGUE.game(line.game).unwrap().to_string(), lookup)
        };
        Self {
            teams: teams(),
            lines: played().map(|line| (key(line), line)).collect(),
        }
    }

    pub fn line(&self, game: &str, player: &str) -> &'static PlayerLine {
        self.lines[&(game.to_owned(), player)]
    }

    /// All games of a player, in no particular order.
    pub fn lines_of(&self, player: &str) -> impl Iterator<Item = &'static PlayerLine> {
        let of_player = self
            .lines
            .iter()
            .filter(move |((_, lookup), _)| *lookup == player);
        of_player.map(|(_, line)| *line)
    }

    pub fn rates(&self, line: &PlayerLine) -> Rates {
        let own = side(line.game, &line.team);
        let team = &self.teams[&own];
        let minutes = rounded(f64::from(line.minutes.unwrap().seconds()) / 60.0, 2);
        let used = 100.0 * plays(|stat| count(line, stat)) * team.minutes(&own);
        let tries = 2.0 * (count(line, Stat::Fga) + 0.44 * count(line, Stat::Fta));
        let worth = count(line, Stat::Fgm) + 0.5 * count(line, Stat::Fg3m);
        Rates {
            minutes,
            usage: share(used, minutes * plays(|stat| team.count(stat)), 1),
            true_shooting: share(count(line, Stat::Pts), tries, 3),
            effective_shooting: share(worth, count(line, Stat::Fga), 3),
        }
    }
}

/// Compares every row. The expected counts are: rows, with minutes, with minutes and usage, with shots.
pub fn rates_are_right(state: &State, there_must_be: [u32; 4]) {
    let box_scores = Played::gather();
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
        let line = box_scores.line(&game, &player);
        let own = side_of(row, "team_abbr");
        let Rates {
            minutes,
            usage,
            true_shooting,
            effective_shooting,
        } = box_scores.rates(line);
        let who = format!("{player} in {game}");
        assert_eq!(own, side(line.game, &line.team), "team of {who}");
        assert_eq!(rate(row, "usage_rate"), usage, "usage of {who}");
        assert_eq!(rate(row, "ts_pct"), true_shooting, "true shooting of {who}");
        assert_eq!(
            rate(row, "efg_pct"),
            effective_shooting,
            "effective shooting of {who}"
        );
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
    let scored: HashMap<Side, f64> = box_scores
        .teams
        .into_iter()
        .map(|(side, team)| (side, team.count(Stat::Pts)))
        .collect();
    assert_eq!(points, scored);
}
