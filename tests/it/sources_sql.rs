//! The SQL of the raw-data checks on small hand-made feeds: it returns nothing for good rows and the right date for bad
//! ones.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;

use crate::rows::{ask, day, failing_dates, game_id, row, scheduled};
use backcourt::nba::tables::{
    bdl_player_boxscores, bigdataball_play_by_play, gamebook_player_stats, schedule, team_boxscore,
};
use backcourt::plan::{self, BUILTIN};
use backcourt::table::{Row, TableDef, Value};
use backcourt::warehouse::Answer;
use rstest::rstest;

const GOOD: &str = "2024-01-04";
const BAD: &str = "2023-12-16";

/// A row of a player feed or the play-by-play, with those of these columns that the table has.
fn of_game(table: &TableDef, date: &str, away: &str, home: &str, more: &[(&str, Value)]) -> Row {
    let usual = [
        ("game_id", game_id(date, away, home).into()),
        ("game_date", day(date).into()),
        ("home_team_abbr", home.to_owned().into()),
        ("away_team_abbr", away.to_owned().into()),
    ];
    let is_there = |(name, _): &&(&str, Value)| table.column(name).is_some();
    let given: Vec<(&str, Value)> = usual.iter().chain(more).filter(is_there).cloned().collect();
    row(table, &given)
}

fn player(table: &TableDef, date: &str, away: &str, home: &str, team: &str, name: &str) -> Row {
    let more = [
        ("team_abbr", team.to_owned().into()),
        ("player_lookup", name.to_owned().into()),
    ];
    of_game(table, date, away, home, &more)
}

/// Two games on two dates, correct in every feed.
struct Feeds {
    schedule: Vec<Row>,
    gamebook: Vec<Row>,
    bdl: Vec<Row>,
    team_box: Vec<Row>,
    play_by_play: Vec<Row>,
}

impl Feeds {
    fn good() -> Self {
        let games = [(GOOD, "DEN", "GSW"), (BAD, "CHI", "MIA")];
        let players = |table: &TableDef| -> Vec<Row> {
            let sides = games.map(|(date, away, home)| {
                [away, home].map(|team| player(table, date, away, home, team, &team.to_lowercase()))
            });
            sides.into_iter().flatten().collect()
        };
        let flagged = games.map(|(date, away, home)| {
            [away, home].map(|team| {
                let more = [("team_abbr", team.into()), ("is_home", (team == home).into())];
                of_game(team_boxscore(), date, away, home, &more)
            })
        });
        Self {
            schedule: games.map(|(date, away, home)| scheduled(date, away, home)).into(),
            gamebook: players(gamebook_player_stats()),
            bdl: players(bdl_player_boxscores()),
            team_box: flagged.into_iter().flatten().collect(),
            play_by_play: games
                .map(|(date, away, home)| of_game(bigdataball_play_by_play(), date, away, home, &[]))
                .into(),
        }
    }

    async fn ask(self, check: &str) -> Answer {
        let tables = [
            (schedule(), self.schedule),
            (gamebook_player_stats(), self.gamebook),
            (bdl_player_boxscores(), self.bdl),
            (team_boxscore(), self.team_box),
            (bigdataball_play_by_play(), self.play_by_play),
        ];
        ask(&tables, &[day(GOOD), day(BAD)], &format!("sources/{check}")).await
    }
}

/// Changes a column of the last row, which is on the bad date.
fn spoil(table: &TableDef, rows: &mut [Row], column: &str, value: impl Into<Value>) {
    let row = rows.last_mut().unwrap();
    row[table.position(column).unwrap()] = value.into();
}

/// Duplicates the last row.
fn repeat(rows: &mut Vec<Row>) {
    rows.extend(rows.last().cloned());
}

#[tokio::test]
async fn good_feeds_pass_every_check() {
    for check in &plan::load(BUILTIN).unwrap().sources {
        let answer = Feeds::good().ask(&check.name).await;
        assert_eq!(answer.rows, Vec::<Row>::new(), "{}", check.name);
    }
}

type Spoil = fn(&mut Feeds);

#[rstest]
#[case("schedule_repeated", |f: &mut Feeds| repeat(&mut f.schedule))]
#[case("gamebook_repeated", |f: &mut Feeds| repeat(&mut f.gamebook))]
#[case("bdl_repeated", |f: &mut Feeds| repeat(&mut f.bdl))]
#[case::under_another_id("bdl_repeated", |f: &mut Feeds| {
    repeat(&mut f.bdl);
    spoil(bdl_player_boxscores(), &mut f.bdl, "game_id", "18447218");
})]
#[case("team_box_repeated", |f: &mut Feeds| repeat(&mut f.team_box))]
#[case::a_number("gamebook_foreign_ids", |f: &mut Feeds| {
    spoil(gamebook_player_stats(), &mut f.gamebook, "game_id", "18447218");
})]
#[case::a_number("bdl_foreign_ids", |f: &mut Feeds| {
    spoil(bdl_player_boxscores(), &mut f.bdl, "game_id", "18447218");
})]
#[case::of_another_date("team_box_foreign_ids", |f: &mut Feeds| {
    spoil(team_boxscore(), &mut f.team_box, "game_id", game_id(GOOD, "CHI", "MIA"));
})]
#[case::without_a_player("play_by_play_foreign_ids", |f: &mut Feeds| {
    spoil(bigdataball_play_by_play(), &mut f.play_by_play, "game_id", game_id(BAD, "UTA", "MIA"));
})]
#[case::of_no_final("play_by_play_foreign_ids", |f: &mut Feeds| f.schedule.truncate(1))]
#[case::in_team_box("reversed_ids", |f: &mut Feeds| {
    spoil(team_boxscore(), &mut f.team_box, "game_id", game_id(BAD, "MIA", "CHI"));
})]
#[case::in_bdl("reversed_ids", |f: &mut Feeds| {
    spoil(bdl_player_boxscores(), &mut f.bdl, "game_id", game_id(BAD, "MIA", "CHI"));
})]
#[case::under_two_ids("too_many_games", |f: &mut Feeds| {
    spoil(bdl_player_boxscores(), &mut f.bdl, "game_id", "18447218");
})]
#[case::unscheduled_game("too_many_games", |f: &mut Feeds| f.schedule.truncate(1))]
#[case("team_box_home_flags", |f: &mut Feeds| {
    spoil(team_boxscore(), &mut f.team_box, "is_home", false);
})]
#[case("home_teams", |f: &mut Feeds| {
    spoil(bdl_player_boxscores(), &mut f.bdl, "home_team_abbr", "CHI");
    spoil(bdl_player_boxscores(), &mut f.bdl, "away_team_abbr", "MIA");
})]
#[case::a_team("gamebook_missing", |f: &mut Feeds| f.gamebook.truncate(3))]
#[case::a_game("gamebook_missing", |f: &mut Feeds| f.gamebook.truncate(2))]
#[case::a_team("bdl_missing", |f: &mut Feeds| f.bdl.truncate(3))]
#[case::a_team("team_box_missing", |f: &mut Feeds| f.team_box.truncate(3))]
#[tokio::test]
async fn a_bad_row_is_reported_by_its_date(#[case] check: &str, #[case] spoil: Spoil) {
    let mut feeds = Feeds::good();
    spoil(&mut feeds);
    assert_eq!(failing_dates(&feeds.ask(check).await), BTreeSet::from([day(BAD)]));
}

#[tokio::test]
async fn an_id_on_two_dates_is_reported_on_both() {
    let mut feeds = Feeds::good();
    spoil(
        bdl_player_boxscores(),
        &mut feeds.bdl,
        "game_id",
        game_id(GOOD, "DEN", "GSW"),
    );
    let both = BTreeSet::from([day(GOOD), day(BAD)]);
    assert_eq!(failing_dates(&feeds.ask("shared_ids").await), both);
}

#[tokio::test]
async fn a_wrong_id_is_reported_by_one_check_only() {
    let reversed = || {
        let mut feeds = Feeds::good();
        spoil(
            team_boxscore(),
            &mut feeds.team_box,
            "game_id",
            game_id(BAD, "MIA", "CHI"),
        );
        feeds
    };
    assert_eq!(
        reversed().ask("team_box_foreign_ids").await.rows,
        Vec::<Row>::new()
    );
    let mut foreign = Feeds::good();
    spoil(team_boxscore(), &mut foreign.team_box, "game_id", "18447218");
    assert_eq!(foreign.ask("reversed_ids").await.rows, Vec::<Row>::new());
}
