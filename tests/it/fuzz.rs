//! Fuzz tests of external input, corrupted at random: parsers never panic, errors are readable, and accepted
//! input round-trips.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;

use backcourt::control::words::TABLE;
use backcourt::control::{Request, RequestMessage, words};
use backcourt::engine::{Checks, Command, Selection};
use backcourt::feeds::league::{CsvFiles, NbaGameId};
use backcourt::nba::Minutes;
use backcourt::nba::ids::{GameId, PlayerLookup, TeamCode};
use backcourt::plan::{self, DateRanges};
use backcourt::warehouse::sqlite::{SqliteWarehouse, understands};
use backcourt::warehouse::{ErrorClass, Warehouse};
use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Tokens that are special to some parser, or to none.
const PIECES: [&str; 28] = [
    "",
    "0",
    "-1",
    "99999999999999999999",
    "1e309",
    "NaN",
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "é",
    "İ",
    "\u{202e}",
    ",",
    ";",
    "=",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "--",
];

/// A text with up to `most` random edits: tokens inserted, characters deleted or doubled.
fn spoilt(text: &'static str, most: usize) -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), 0_usize..12, select(&PIECES[..]), any::<bool>());
    prop::collection::vec(edit, 1..=most).prop_map(move |edits| {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, gone, piece, doubled) in edits {
            let from = at.index(letters.len() + 1);
            let to = (from + gone).min(letters.len());
            let mut put: Vec<char> = piece.chars().collect();
            if doubled {
                put.extend(letters[from..to].to_vec());
                put.extend(letters[from..to].to_vec());
            }
            letters.splice(from..to, put);
        }
        letters.into_iter().collect()
    })
}

/// Asserts that an error is readable: at least three words, and no internals of the program.
fn in_words(refusal: &str) -> Result<(), TestCaseError> {
    prop_assert!(refusal.split_whitespace().count() >= 3, "{refusal:?}");
    for inside in ["panicked", "unwrap()", "Some(", "Err(", "ParserError("] {
        prop_assert!(!refusal.contains(inside), "{refusal:?}");
    }
    Ok(())
}

const PLAYERS: &str = "\
game_id,game_date,team,is_home,player_id,player_name,played,status,minutes,fgm,fga,pts,plus_minus
0022500002,2026-01-02,LAL,True,2544,LeBron James,True,ACTIVE,35.43,10.0,20,25,-4.0
0022500002,2026-01-02,BOS,False,1628369,Jayson Tatum,True,,34:05,,,,
0022500002,2026-01-02,BOS,0,1629011,Mitchell Robinson,False,INACTIVE,0.0,,,,
";

const TEAMS: &str = "\
game_id,game_date,team,opponent,is_home,minutes,pts
0022500001,2026-01-01,GSW,MIA,false,265,130
";

const SHOTS: &str = "\
game_id,event_id,player_id,team,shot_value,made,action_type
0022500002,9,2544,LAL,3,False,Jump Shot
0022500002,7,99,BOS,2,True,Dunk Shot
";

const QUERY: &str = "\
WITH daily AS (
  SELECT game_date, COUNT(DISTINCT team_abbr) AS teams, COUNTIF(win_flag) AS wins, AVG(pace) AS pace
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date BETWEEN DATE_SUB('2024-01-31', INTERVAL 30 DAY) AND '2024-01-31' AND team_abbr NOT IN ('BOS', 'LAL')
  GROUP BY game_date HAVING COUNT(*) > 1
)
SELECT FORMAT_DATE('%Y-%m', game_date) AS month, SAFE_DIVIDE(SUM(wins), SUM(teams)) AS share,
       CASE WHEN MAX(pace) >= 100 THEN 'fast' ELSE 'slow' END AS tempo,
       ROW_NUMBER() OVER (PARTITION BY month ORDER BY SUM(teams) DESC) AS place
FROM daily LEFT JOIN (SELECT 1 AS one) AS x ON x.one = daily.teams
GROUP BY month ORDER BY month LIMIT 10
";

fn csv(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

fn a_date() -> impl Strategy<Value = NaiveDate> {
    (0_u64..20_000).prop_map(|days| crate::rows::day("1990-01-01") + chrono::Days::new(days))
}

fn a_command() -> impl Strategy<Value = Command> {
    let word = "[a-z_]{1,12}";
    let dates = || prop::collection::vec(a_date(), 1..5).prop_map(DateRanges::from_iter);
    let text = ".{0,40}";
    let selection = prop_oneof![
        dates().prop_map(Selection::Dates),
        Just(Selection::Failed),
        Just(Selection::Stale),
        Just(Selection::Outdated),
        word.prop_map(Selection::FailingDates),
    ];
    let checks = prop_oneof![
        Just(Checks::All),
        prop::collection::vec(word, 1..4).prop_map(Checks::Named),
    ];
    prop_oneof![
        select(vec![
            Command::Pause,
            Command::Resume,
            Command::Cancel,
            Command::Drain,
            Command::Abort
        ]),
        any::<usize>().prop_map(Command::Workers),
        (selection, prop::option::of(word), prop::option::of(word)).prop_map(|(selection, stage, source)| {
            Command::Rerun {
                selection,
                stage,
                source,
                accept_short: false,
            }
        }),
        checks.prop_map(Command::Check),
        text.prop_map(|check| Command::Breakdown { check }),
        (word, text).prop_map(|(check, reason)| Command::Waive { check, reason }),
        (word, any::<bool>(), text).prop_map(|(item, done, note)| Command::Tick { item, done, note }),
        (word, a_date()).prop_map(|(stage, date)| Command::Inspect { stage, date }),
        dates().prop_map(|dates| Command::Reload { dates }),
        prop::option::of(word).prop_map(|stage| Command::Advance { stage }),
    ]
}

/// A line of command words, dates and noise.
fn a_line() -> impl Strategy<Value = String> {
    let names: Vec<String> = TABLE.iter().map(|word| word.name.to_owned()).collect();
    let examples: Vec<String> = TABLE
        .iter()
        .flat_map(|word| word.example.split(' ').map(str::to_owned))
        .collect();
    let piece = prop_oneof![
        select(names),
        select(examples),
        select(&PIECES[..]).prop_map(str::to_owned),
        a_date().prop_map(|date| date.to_string()),
        "[ -~]{0,10}",
    ];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn plan_files(text in spoilt(include_str!("../../assets/plans/shop.toml"), 4)) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.toml");
        fs::write(&file, text).unwrap();
        match plan::load(file.to_str().unwrap()) {
            Ok(plan) => prop_assert!(plan.range.from() <= plan.range.to() && !plan.stages.is_empty()),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn csv_files(players in spoilt(PLAYERS, 3), teams in spoilt(TEAMS, 2), shots in spoilt(SHOTS, 2)) {
        let folder = tempfile::tempdir().unwrap();
        let files = CsvFiles {
            player_box: Some(csv(folder.path(), "p.csv", &players)),
            team_box: Some(csv(folder.path(), "t.csv", &teams)),
            shots: Some(csv(folder.path(), "s.csv", &shots)),
        };
        match files.read() {
            Ok(league) => for (_, game) in league.schedule() {
                prop_assert!(game.home() != game.away());
            },
            Err(refused) => {
                prop_assert!(!refused.rejected.is_empty());
                for rejected in &refused.rejected {
                    in_words(&rejected.to_string())?;
                }
            }
        }
    }

    #[test]
    fn sql(text in spoilt(QUERY, 4)) {
        if let Err(refusal) = understands(&text) {
            in_words(&refusal.message)?;
            return Ok(());
        }
        // Translated SQL must parse in SQLite, even if its tables are missing.
        let folder = tempfile::tempdir().unwrap();
        let warehouse = SqliteWarehouse::open(folder.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Err(error) = runtime.block_on(warehouse.query(&text)) {
            prop_assert!(!error.message.contains("syntax error"), "{text}\n{error}");
            prop_assert!(error.class != ErrorClass::Unknown, "{error}");
        }
    }

    #[test]
    fn socket_commands_round_trip(command in a_command(), id in any::<Option<u64>>(), by in any::<Option<String>>()) {
        let asked = RequestMessage { id, by, ..RequestMessage::new(Request::Command(command)) };
        let line = serde_json::to_string(&asked).unwrap();
        prop_assert!(!line.contains('\n'), "one line: {line:?}");
        prop_assert_eq!(serde_json::from_str::<RequestMessage>(&line).unwrap(), asked);
    }

    #[test]
    fn corrupted_socket_commands(
        text in spoilt(r#"{"schema":"backcourt.control/1","id":3,"request":{"command":{"rerun":{"selection":{"dates":["2025-11-14"]},"stage":"s","source":null}}}}"#, 3),
    ) {
        // What parses must survive a round trip.
        if let Ok(asked) = serde_json::from_str::<RequestMessage>(&text) {
            let again = serde_json::to_string(&asked).unwrap();
            prop_assert_eq!(serde_json::from_str::<RequestMessage>(&again).unwrap(), asked);
        }
    }

    #[test]
    fn socket_command_lines(line in a_line()) {
        if let Err(refusal) = words::parse(&line) {
            in_words(&refusal)?;
            prop_assert_eq!(refusal.lines().count(), 1, "{:?}", refusal);
        }
    }

    #[test]
    fn minutes(text in prop_oneof!["[0-9:.]{0,8}", ".{0,8}", "[0-9]{1,4}:[0-9]{2}"]) {
        match text.parse::<Minutes>() {
            Ok(minutes) => {
                prop_assert!(minutes.seconds() <= 10_000 * 60);
                prop_assert_eq!(minutes.to_string().parse::<Minutes>().unwrap(), minutes);
            }
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn game_ids(text in prop_oneof!["[0-9]{8}_[A-Z]{3}_[A-Z]{3}", "[0-9]{8}_(BOS|LAL|DEN)_(BOS|LAL|DEN)", ".{0,20}"]) {
        match text.parse::<GameId>() {
            Ok(game) => prop_assert_eq!(game.to_string(), text),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn nba_game_ids(text in prop_oneof!["[0-9]{0,12}", "00[0-9]{8}", ".{0,12}"]) {
        if let Ok(id) = text.parse::<NbaGameId>() {
            prop_assert_eq!(id.to_string().parse::<NbaGameId>().unwrap(), id);
        }
    }

    #[test]
    fn team_codes(text in prop_oneof!["[A-Z]{3}", ".{0,4}"]) {
        match text.parse::<TeamCode>() {
            Ok(team) => prop_assert_eq!(team.to_string().parse::<TeamCode>().unwrap(), team),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn players(text in prop_oneof!["[ 0-9]{0,3}[A-Za-z .'éčİ-]{0,12}", ".{0,12}"]) {
        match PlayerLookup::parse(&text) {
            Ok(player) => {
                prop_assert!(player.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
                let again = PlayerLookup::parse(player.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), player.as_str());
            }
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn dates(text in prop_oneof!["[0-9]{4}-[0-9]{2}-[0-9]{2}", ".{0,12}"]) {
        match plan::parse_date(&text) {
            Ok(date) => prop_assert_eq!(date.to_string(), text),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }
}

/// The nesting would overflow the stack without a limit.
#[test]
fn deeply_nested_sql_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("NOT ", ""),
        ("ABS(", ")"),
        ("CASE WHEN TRUE THEN ", " END"),
    ] {
        let sql = format!("SELECT {}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(understands(&sql).is_err(), "{open}");
    }
}
