//! `docs/checks.md` lists every check of the built-in plan with its rules, and the rules decide which checks block.
//! After changing a check: `UPDATE_DOCS=1 cargo test --test it docs_checks`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use backcourt::plan::{BUILTIN, Plan, Severity, load};

const BEGIN: &str = "<!-- checks: made by UPDATE_DOCS=1 cargo test --test it docs_checks -->\n";
const END: &str = "<!-- end of checks -->";

/// The data rules, and whether a violation blocks.
const RULES: [(&str, Severity, &str); 49] = {
    use Severity::{Advisory, Blocking};
    [
        ("Q1", Advisory, "teams per date as the handoff expected"),
        ("Q2", Blocking, "every id has the form YYYYMMDD_AWAY_HOME"),
        ("Q3", Blocking, "every row was rebuilt from players"),
        (
            "Q4",
            Advisory,
            "share of dates with 20 teams as the handoff expected",
        ),
        ("Q5", Blocking, "one known date is complete"),
        (
            "B1",
            Blocking,
            "usage rate is known for everyone who played: the primary metric",
        ),
        (
            "B2",
            Advisory,
            "usage rate is known on each date and for each team",
        ),
        ("B3", Advisory, "usage rate is known in each season"),
        (
            "B4",
            Blocking,
            "players' games are found among the teams' under the same id",
        ),
        ("B5", Advisory, "teams and players have the same games on a date"),
        ("B6", Advisory, "usage rate is from 0 to 100"),
        ("C1", Advisory, "minutes are known"),
        ("C2", Advisory, "shots in the paint are known"),
        ("C3", Advisory, "shots from mid-range are known"),
        ("C4", Advisory, "shots, threes, assists and points are known"),
        ("C5", Advisory, "the number of players' rows fits the seasons"),
        ("C6", Advisory, "the number of players on a date fits its games"),
        ("C7", Blocking, "no duplicate player in a game"),
        (
            "C8",
            Advisory,
            "minutes, points and assists are plausible, including overtime",
        ),
        ("C9", Blocking, "no player has more makes than attempts"),
        ("C10", Advisory, "shots by zone don't exceed all shots"),
        (
            "C12",
            Advisory,
            "players' rows have the quality that the models need",
        ),
        ("C13", Advisory, "the number of players in a game fits two teams"),
        ("C14", Advisory, "the points of a team's players are plausible"),
        ("C15", Advisory, "rows come from the official gamebook"),
        ("D1", Advisory, "the number of games fits the seasons"),
        ("D2", Blocking, "a game has two teams"),
        ("D3", Blocking, "a date has two rows per final of the schedule"),
        ("D4", Blocking, "points follow from the made shots"),
        ("D5", Advisory, "a team's points are plausible"),
        ("D6", Blocking, "a game has one winner, and its margins cancel"),
        ("D7", Blocking, "a game has one team at home"),
        ("D8", Blocking, "the home team is the scheduled one"),
        (
            "D9",
            Blocking,
            "overtime is the same for both teams and agrees with pace",
        ),
        (
            "D10",
            Advisory,
            "ratings are plausible, and a team's equals its opponent's",
        ),
        (
            "D11",
            Blocking,
            "points allowed are the opponent's points, in the same game",
        ),
        ("D12", Blocking, "a team's points are the sum of its players'"),
        ("D13", Advisory, "no source failed"),
        (
            "D14",
            Advisory,
            "teams' rows have the quality that the models need",
        ),
        ("D15", Advisory, "no team is without points or shots"),
        (
            "D16",
            Blocking,
            "no duplicate team on a date, and every id is the schedule's",
        ),
        ("F1", Advisory, "dates that can have rows have them"),
        ("F3", Advisory, "the number of rows on a date fits its scope"),
        ("F4", Advisory, "stages that read zones find them"),
        ("F5", Blocking, "no duplicate key"),
        ("F6", Advisory, "features are complete, named and good enough"),
        ("F7", Blocking, "no row uses data from its date or later"),
        ("F8", Advisory, "each season is covered"),
        ("F9", Advisory, "games played are counted up to the day before"),
    ]
};

/// The rules implemented by each check.
const STANDS_FOR: [(&str, &[&str]); 69] = [
    ("critical_1_teams_per_date", &["Q1"]),
    ("critical_2_game_id_format", &["Q2"]),
    ("critical_3_primary_source", &["Q3"]),
    ("critical_4_completeness", &["Q4"]),
    ("critical_5_spot_check", &["Q5"]),
    ("rows_per_date", &["D3"]),
    ("home_truth", &["D8"]),
    ("two_teams", &["D2"]),
    ("one_winner", &["D6"]),
    ("home_away_balance", &["D7"]),
    ("points_arithmetic", &["D4"]),
    ("team_equals_players", &["D12"]),
    ("overtime_consistent", &["D9"]),
    ("no_duplicates", &["D16"]),
    ("no_orphan_ids", &["D16"]),
    ("games_recorded", &["D1"]),
    ("score_range", &["D5"]),
    ("no_zero_rows", &["D15"]),
    ("offense_ratings", &["D10"]),
    ("offense_quality", &["D14"]),
    ("no_critical_issues", &["D13"]),
    ("defense_rows_per_date", &["D3"]),
    ("defense_two_teams", &["D2"]),
    ("defense_mirror", &["D11"]),
    ("defense_same_game", &["D6", "D8", "D9"]),
    ("defense_points_arithmetic", &["D4"]),
    ("defense_no_duplicates", &["D16"]),
    ("defense_ratings", &["D10"]),
    ("defense_quality", &["D14"]),
    ("usage_coverage", &["B1"]),
    ("players_join_teams", &["B4"]),
    ("players_sum_to_team", &["D12"]),
    ("players_no_duplicates", &["C7"]),
    ("players_makes_within_attempts", &["C9"]),
    ("players_no_orphan_ids", &["D16"]),
    ("usage_by_season", &["B3"]),
    ("usage_by_team", &["B2"]),
    ("usage_by_date", &["B2"]),
    ("usage_range", &["B6"]),
    ("players_games_as_teams", &["B5"]),
    ("players_filled", &["C1", "C2", "C3", "C4"]),
    ("players_recorded", &["C5"]),
    ("players_per_date", &["C6"]),
    ("players_per_game", &["C13"]),
    ("players_team_points", &["C14"]),
    ("players_value_range", &["C8"]),
    ("players_zones_within_attempts", &["C10"]),
    ("players_quality", &["C12"]),
    ("players_from_gamebook", &["C15"]),
    ("defense_zone_no_duplicates", &["F5"]),
    ("defense_zone_coverage", &["F1"]),
    ("defense_zone_rows_per_date", &["F3"]),
    ("shot_zone_no_duplicates", &["F5"]),
    ("shot_zone_coverage", &["F1"]),
    ("shot_zone_rows_per_date", &["F3"]),
    ("composite_no_duplicates", &["F5"]),
    ("composite_coverage", &["F1"]),
    ("composite_one_per_player", &["F3"]),
    ("composite_within_zones", &["F4"]),
    ("no_look_ahead", &["F7"]),
    ("cache_no_duplicates", &["F5"]),
    ("cache_coverage", &["F1"]),
    ("cache_games_played", &["F9"]),
    ("features_no_duplicates", &["F5"]),
    ("features_coverage", &["F1"]),
    ("features_by_season", &["F8"]),
    ("features_one_per_player", &["F3"]),
    ("features_whole", &["F6"]),
    ("features_quality", &["F6"]),
];

#[test]
fn blocking_rules_are_listed_and_every_rule_has_a_check() {
    let blocking: BTreeSet<&str> = RULES
        .into_iter()
        .filter(|(_, severity, _)| *severity == Severity::Blocking)
        .map(|(rule, ..)| rule)
        .collect();
    let asked = "Q2 Q3 Q5 B1 B4 C7 C9 D2 D3 D4 D6 D7 D8 D9 D11 D12 D16 F5 F7";
    assert_eq!(blocking, asked.split(' ').collect());
    let used: BTreeSet<&str> = STANDS_FOR.iter().flat_map(|(_, rules)| *rules).copied().collect();
    assert_eq!(used, RULES.into_iter().map(|(rule, ..)| rule).collect());
}

#[test]
fn checks_have_the_severity_of_their_rules() {
    let plan = load(BUILTIN).unwrap();
    let severity: BTreeMap<&str, Severity> = RULES
        .into_iter()
        .map(|(rule, severity, _)| (rule, severity))
        .collect();
    let in_plan: Vec<_> = plan.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(STANDS_FOR.map(|(check, _)| check).as_slice(), in_plan);
    for (check, rules) in STANDS_FOR {
        for rule in rules {
            assert_eq!(
                plan.check(check).unwrap().severity,
                severity[rule],
                "{check}, {rule}"
            );
        }
    }
}

#[test]
fn docs_list_every_check_with_its_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
    let stands = fs::read_to_string(&path).unwrap();
    let lost = "docs/checks.md has no marks around its table";
    let (before, rest) = stands.split_once(BEGIN).expect(lost);
    let (_, after) = rest.split_once(END).expect(lost);
    let made = format!("{before}{BEGIN}{}{END}{after}", tables(&load(BUILTIN).unwrap()));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    assert!(
        stands == made,
        "docs/checks.md is outdated; run UPDATE_DOCS=1 cargo test --test it docs_checks"
    );
}

fn tables(plan: &Plan) -> String {
    let mut text = "\n| rule | requirement | |\n|---|---|---|\n".to_owned();
    for (rule, severity, meaning) in RULES {
        writeln!(text, "| {rule} | {meaning} | {} |", word(severity)).unwrap();
    }
    let rules = BTreeMap::from(STANDS_FOR);
    for stage in &plan.stages {
        writeln!(text, "\n### {}\n", stage.name).unwrap();
        text.push_str("| check | title | rule | target | before | |\n|---|---|---|---|---|---|\n");
        for check in plan.checks_of(&stage.name) {
            writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} |",
                check.name,
                check.title,
                rules[check.name.as_str()].join(" "),
                check.target(),
                check.before.as_deref().unwrap_or("–"),
                word(check.severity),
            )
            .unwrap();
        }
    }
    text.push('\n');
    text
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocking => "blocking",
        Severity::Advisory => "advisory",
    }
}
