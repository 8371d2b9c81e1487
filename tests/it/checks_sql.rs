//! The SQL of the nba checks on small hand-made warehouses: it returns nothing for good rows and the right date for bad
//! ones.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;

use crate::rows::{ask, day, failing_dates, game_id, moment, row, scheduled};
use backcourt::nba::tables::{bdl_player_boxscores, gamebook_player_stats, schedule, team_offense};
use backcourt::table::{Row, Value};
use backcourt::warehouse::Answer;
use rstest::rstest;

const GOOD: &str = "2024-01-04";
const BAD: &str = "2023-12-16";

/// A team's row with one overtime: 120 points from 40 field goals, 10 of them threes, and 30 free throws, 5 more for
/// the winner. 110.4 possessions in 53 minutes are a pace of 100.0.
fn team(date: &str, away: &str, home: &str, of: &str, wins: bool) -> Row {
    let opponent = if of == home { away } else { home };
    let extra = if wins { 5 } else { 0 };
    row(
        team_offense(),
        &[
            ("game_id", game_id(date, away, home).into()),
            ("game_date", day(date).into()),
            ("team_abbr", of.to_owned().into()),
            ("opponent_team_abbr", opponent.to_owned().into()),
            ("points_scored", Value::Int(120 + extra)),
            ("fg_makes", Value::Int(40)),
            ("three_pt_makes", Value::Int(10)),
            ("ft_makes", Value::Int(30 + extra)),
            ("possessions", Value::Int(110)),
            ("pace", Value::Float(100.0)),
            ("home_game", (of == home).into()),
            ("win_flag", wins.into()),
            ("margin_of_victory", Value::Int(if wins { 5 } else { -5 })),
            ("overtime_periods", Value::Int(1)),
            ("primary_source_used", "reconstructed_team_from_players".into()),
        ],
    )
}

fn game(date: &str, away: &str, home: &str) -> Vec<Row> {
    vec![
        team(date, away, home, away, false),
        team(date, away, home, home, true),
    ]
}

fn gamebook(date: &str, team: &str, player: &str, points: i64, status: &str) -> Row {
    row(
        gamebook_player_stats(),
        &[
            ("game_date", day(date).into()),
            ("team_abbr", team.to_owned().into()),
            ("player_lookup", player.to_owned().into()),
            ("player_status", status.to_owned().into()),
            ("points", points.into()),
            ("processed_at", moment("2024-02-01T00:00:00Z").into()),
        ],
    )
}

fn bdl(date: &str, team: &str, player: &str, points: i64, processed_at: &str) -> Row {
    row(
        bdl_player_boxscores(),
        &[
            ("game_id", "18447218".into()),
            ("game_date", day(date).into()),
            ("team_abbr", team.to_owned().into()),
            ("player_lookup", player.to_owned().into()),
            ("points", points.into()),
            ("processed_at", moment(processed_at).into()),
        ],
    )
}

/// Two dates with correct rows. The gamebook has all games of the first and one of two games of the second.
struct League {
    offense: Vec<Row>,
    schedule: Vec<Row>,
    gamebook: Vec<Row>,
    bdl: Vec<Row>,
}

impl League {
    fn good() -> Self {
        let early = "2023-12-20T00:00:00Z";
        let late = "2023-12-21T00:00:00Z";
        Self {
            offense: [
                game(GOOD, "DEN", "GSW"),
                game(BAD, "CHI", "MIA"),
                game(BAD, "LAL", "BOS"),
            ]
            .concat(),
            schedule: vec![
                scheduled(GOOD, "DEN", "GSW"),
                scheduled(BAD, "CHI", "MIA"),
                scheduled(BAD, "LAL", "BOS"),
            ],
            gamebook: vec![
                gamebook(GOOD, "DEN", "jokic", 100, "active"),
                gamebook(GOOD, "DEN", "murray", 20, "active"),
                gamebook(GOOD, "DEN", "absent", 99, "inactive"),
                gamebook(GOOD, "GSW", "curry", 125, "active"),
                gamebook(BAD, "CHI", "white", 120, "active"),
                gamebook(BAD, "MIA", "butler", 125, "active"),
            ],
            bdl: vec![
                bdl(BAD, "CHI", "white", 119, late),
                bdl(BAD, "LAL", "james", 60, late),
                bdl(BAD, "LAL", "davis", 59, early),
                bdl(BAD, "LAL", "davis", 60, late),
                bdl(BAD, "BOS", "tatum", 125, late),
            ],
        }
    }

    /// Changes the first row of a team on the bad date.
    fn spoil(&mut self, team: &str, column: &str, value: impl Into<Value>) {
        let position = |name| team_offense().position(name).unwrap();
        let row = self
            .offense
            .iter_mut()
            .find(|row| {
                row[position("game_date")] == day(BAD).into()
                    && row[position("team_abbr")] == team.to_owned().into()
            })
            .unwrap();
        row[position(column)] = value.into();
    }

    async fn ask(&self, check: &str) -> Answer {
        let tables = [
            (team_offense(), self.offense.clone()),
            (schedule(), self.schedule.clone()),
            (gamebook_player_stats(), self.gamebook.clone()),
            (bdl_player_boxscores(), self.bdl.clone()),
        ];
        ask(&tables, &[day(GOOD), day(BAD)], check).await
    }
}

const BLOCKING: [&str; 10] = [
    "rows_per_date",
    "home_truth",
    "two_teams",
    "one_winner",
    "home_away_balance",
    "points_arithmetic",
    "team_equals_players",
    "overtime_consistent",
    "no_duplicates",
    "no_orphan_ids",
];

#[tokio::test]
async fn good_rows_pass_every_check() {
    let league = League::good();
    for check in BLOCKING {
        assert_eq!(league.ask(check).await.rows, Vec::<Row>::new(), "{check}");
    }
}

type Spoil = fn(&mut League);

#[rstest]
#[case::missing_team("rows_per_date", |l: &mut League| l.offense.truncate(5))]
#[case::no_row_at_all("rows_per_date", |l: &mut League| l.offense.truncate(2))]
#[case::unscheduled_game("rows_per_date", |l: &mut League| l.schedule.truncate(2))]
#[case::no_final_scheduled("rows_per_date", |l: &mut League| l.schedule.truncate(1))]
#[case::flag_inverted("home_truth", |l: &mut League| l.spoil("CHI", "home_game", true))]
#[case::id_reversed("home_truth", |l: &mut League| l.spoil("CHI", "game_id", game_id(BAD, "MIA", "CHI")))]
#[case::id_a_number("home_truth", |l: &mut League| l.spoil("CHI", "game_id", "18447218"))]
#[case::team_not_scheduled("home_truth", |l: &mut League| l.spoil("CHI", "team_abbr", "UTA"))]
#[case::one_team("two_teams", |l: &mut League| l.offense.truncate(5))]
#[case::three_teams("two_teams", |l: &mut League| {
    let third = team(BAD, "CHI", "MIA", "UTA", false);
    l.offense.push(third);
})]
#[case::two_winners("one_winner", |l: &mut League| l.spoil("CHI", "win_flag", true))]
#[case::margins_differ("one_winner", |l: &mut League| l.spoil("CHI", "margin_of_victory", -4_i64))]
#[case::margin_unknown("one_winner", |l: &mut League| {
    l.spoil("CHI", "margin_of_victory", Value::Null);
    l.spoil("MIA", "margin_of_victory", Value::Null);
})]
#[case::flags_swapped("one_winner", |l: &mut League| {
    l.spoil("CHI", "win_flag", true);
    l.spoil("MIA", "win_flag", false);
})]
#[case::two_at_home("home_away_balance", |l: &mut League| l.spoil("CHI", "home_game", true))]
#[case::no_home_team("home_away_balance", |l: &mut League| l.spoil("MIA", "home_game", false))]
#[case::extra_point("points_arithmetic", |l: &mut League| l.spoil("CHI", "points_scored", 121_i64))]
#[case::shots_unknown("points_arithmetic", |l: &mut League| l.spoil("CHI", "three_pt_makes", Value::Null))]
#[case::points_of_the_gamebook("team_equals_players", |l: &mut League| l.spoil("CHI", "points_scored", 119_i64))]
#[case::points_of_bdl("team_equals_players", |l: &mut League| l.spoil("LAL", "points_scored", 119_i64))]
#[case::duplicates_counted("team_equals_players", |l: &mut League| l.spoil("LAL", "points_scored", 179_i64))]
#[case::no_players("team_equals_players", |l: &mut League| l.bdl.truncate(4))]
#[case::overtimes_differ("overtime_consistent", |l: &mut League| l.spoil("CHI", "overtime_periods", 0_i64))]
#[case::overtimes_unknown("overtime_consistent", |l: &mut League| l.spoil("CHI", "overtime_periods", Value::Null))]
#[case::pace_of_regulation("overtime_consistent", |l: &mut League| l.spoil("CHI", "pace", 110.4))]
#[case::pace_unknown("overtime_consistent", |l: &mut League| l.spoil("CHI", "pace", Value::Null))]
#[case::twice_under_two_ids("no_duplicates", |l: &mut League| {
    let again = team(BAD, "MIA", "CHI", "CHI", false);
    l.offense.push(again);
})]
#[case::id_reversed("no_orphan_ids", |l: &mut League| l.spoil("CHI", "game_id", game_id(BAD, "MIA", "CHI")))]
#[case::id_of_another_date("no_orphan_ids", |l: &mut League| l.spoil("CHI", "game_id", game_id(GOOD, "CHI", "MIA")))]
#[tokio::test]
async fn a_bad_row_is_reported_by_its_date(#[case] check: &str, #[case] spoil: Spoil) {
    let mut league = League::good();
    spoil(&mut league);
    assert_eq!(
        failing_dates(&league.ask(check).await),
        BTreeSet::from([day(BAD)])
    );
}

#[tokio::test]
async fn unknown_possessions_are_not_checked_against_pace() {
    let mut league = League::good();
    for column in ["possessions", "pace"] {
        league.spoil("CHI", column, Value::Null);
    }
    assert_eq!(league.ask("overtime_consistent").await.rows, Vec::<Row>::new());
}

#[tokio::test]
async fn the_critical_queries_run_verbatim() {
    let league = League::good();
    let rows = |answer: Answer| answer.rows;
    // Six rows on two dates.
    assert_eq!(
        rows(league.ask("critical_1_teams_per_date").await),
        [[Value::Float(3.0)]]
    );
    assert_eq!(
        rows(league.ask("critical_2_game_id_format").await),
        [[Value::Int(6), Value::Int(6), Value::Float(100.0)]]
    );
    assert_eq!(
        rows(league.ask("critical_3_primary_source").await),
        [["reconstructed_team_from_players".into(), Value::Int(6)]]
    );
    assert_eq!(
        rows(league.ask("critical_4_completeness").await),
        [["INCOMPLETE".into(), Value::Int(2), Value::Float(100.0)]]
    );
    let spot = league.ask("critical_5_spot_check").await;
    assert_eq!(
        spot.columns,
        ["game_id", "team_abbr", "points_scored", "primary_source_used"]
    );
    let teams: Vec<String> = spot.rows.iter().map(|row| row[1].to_string()).collect();
    assert_eq!(teams, ["CHI", "MIA", "BOS", "LAL"]);
}
