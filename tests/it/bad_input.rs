//! Invalid input gives one clear message on standard error and the matching exit code, and changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and prints what it skipped"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::program::{Ended, State, backcourt, ended};
use rstest::rstest;

const DATES: [&str; 8] = [
    "run",
    "--stop-after",
    "team_offense",
    "--output",
    "plain",
    "--dates",
    "2023-12-15,2023-12-16",
    "--workers=2",
];

/// Rejected with these words in one message, before anything was changed.
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert_eq!(ended.out, "", "{ended:#?}");
    for word in words {
        assert!(ended.err.contains(word), "no '{word}' in: {}", ended.err);
    }
    for noise in ["panicked", "Error {", "RUST_BACKTRACE"] {
        assert!(!ended.err.contains(noise), "{}", ended.err);
    }
}

/// The program's own errors are one line; those of the argument parser also show the usage.
fn in_one_line(ended: &Ended) {
    let lines = ended.err.lines().count();
    assert!(
        lines == 1 && ended.err.starts_with("backcourt: "),
        "{}",
        ended.err
    );
}

#[rstest]
#[case::impossible_date(&["run", "--from", "2024-02-30"], "'2024-02-30' is not a date; write it as YYYY-MM-DD")]
#[case::short_date(&["run", "--to", "2024-2-3"], "'2024-2-3' is not a date")]
#[case::reversed(&["run", "--from", "2024-03-30", "--to", "2024-01-01"], "ends on 2024-01-01, before its start 2024-03-30")]
#[case::after_the_plan(&["run", "--from", "2026-02-01"], "--from 2026-02-01 is after the plan's last date, and --to is missing; the plan covers 2021-10-19 to 2026-01-03, give --to too")]
#[case::before_the_plan(&["run", "--to", "2021-10-18"], "--to 2021-10-18 is before the plan's first date, and --from is missing; the plan covers 2021-10-19 to 2026-01-03, give --from too")]
#[case::year_0(&["run", "--from", "0000-12-31"], "'0000-12-31' is not a date")]
#[case::year_10000(&["run", "--to", "10000-01-01"], "'10000-01-01' is not a date")]
#[case::empty_from(&["run", "--from", ""], "'' is not a date")]
#[case::endless(&["run", "--to", "9999-12-31"], "2021-10-19 to 9999-12-31 is 2913978 dates, but a range can have at most 100000")]
#[case::endless_list(&["run", "--dates", "0001-01-01..2024-01-01"], "0001-01-01 to 2024-01-01 is 738886 dates")]
#[case::reversed_in_a_list(&["run", "--dates", "2024-01-03..2024-01-01"], "ends on 2024-01-01, before its start 2024-01-03; swap the two dates")]
#[case::half_a_range(&["run", "--dates", "2024-01-03.."], "'2024-01-03..' is not a range; write both dates")]
#[case::list_of_dates(&["run", "--dates", "2021-12-25,x"], "'x' is not a date")]
#[case::no_date(&["run", "--dates", ""], "'' is not a date")]
#[case::rerun_date(&["rerun", "--dates", "2021-13-01"], "'2021-13-01' is not a date")]
#[case::stage(&["run", "--stage", "team_ofense"], "stage 'team_ofense' not found; did you mean 'team_offense'?")]
#[case::stop_after(&["run", "--stop-after", "weather"], "stage 'weather' not found; choose one of: team_offense")]
#[case::rerun_stage(&["rerun", "--failed", "--stage", "teamoffense"], "did you mean 'team_offense'?")]
#[case::plan(&["run", "--plan", "nbaa"], "plan 'nbaa' not found; did you mean 'nba'?")]
#[case::plan_file(&["status", "--plan", "./no/such.toml"], "plan ./no/such.toml: cannot be read")]
#[case::check(&["check", "critical_5_spot_chek"], "check 'critical_5_spot_chek' not found; did you mean 'critical_5_spot_check'?")]
#[case::failing_dates(&["rerun", "--failing", "rows_per_dat"], "did you mean 'rows_per_date'?")]
#[case::warehouse(&["run", "--warehouse", "duckdb:x"], "'duckdb:x' is not a valid warehouse; write sqlite:DIR")]
#[case::project(&["run", "--warehouse", "bigquery:Nba"], "'Nba' is not a valid project id")]
#[case::unencrypted_bigquery(&["run", "--warehouse", "bigquery:nba-props@http://10.1.2.3"], "use https")]
#[case::prefix_without_bigquery(&["run", "--dataset-prefix", "try_"], "--dataset-prefix works only with BigQuery")]
#[case::warehouse_without_folder(&["load", "--warehouse", "sqlite:"], "'sqlite:' is not a valid warehouse")]
#[case::faults(&["load", "--faults", "januar-2026"], "did you mean 'january-2026'?")]
#[case::never_run_status(&["status"], "never run in")]
#[case::never_run_report(&["report"], "never run in")]
#[case::never_run_check(&["check"], "never run in")]
#[case::never_run_rerun(&["rerun", "--failed"], "nothing to rerun: plan nba has never run in")]
#[case::never_run_failing(&["rerun", "--failing", "rows_per_date"], "nothing to rerun")]
fn an_unknown_command_is_refused_in_one_line(#[case] args: &[&str], #[case] words: &str) {
    let state = State::none();
    let ended = state.backcourt(args);
    refused(&ended, &[words]);
    in_one_line(&ended);
    assert!(!state.path().exists());
}

#[rstest]
#[case::flag(&["run", "--form", "2024-01-01"], &["--form", "--from"])]
#[case::subcommand(&["statsu"], &["statsu", "status"])]
#[case::source(&["run", "--source", "boxscores"], &["boxscores", "auto, reconstruct, boxscore"])]
#[case::output(&["run", "--output", "plane"], &["plane", "plain"])]
#[case::no_workers(&["run", "--workers", "0"], &["give a whole number from 1 to 512"])]
#[case::fail_fast(&["run", "--fail-fast", "0"], &["--fail-fast"])]
#[case::dates_and_range(&["run", "--dates", "2024-01-01", "--from", "2024-01-01"], &["--dates", "--from"])]
#[case::rerun_what(&["rerun"], &["--failed", "--dates", "--failing"])]
#[case::rerun_two(&["rerun", "--failed", "--dates", "2024-01-01"], &["--failed", "cannot be used with"])]
fn an_unknown_flag_is_refused_by_name(#[case] args: &[&str], #[case] words: &[&str]) {
    let state = State::none();
    refused(&state.backcourt(args), words);
    assert!(!state.path().exists());
}

/// Flags of a run before another command would be ignored: it would work on another folder or plan than was meant.
#[rstest]
#[case(&["--state-dir", "elsewhere", "status"])]
#[case(&["--plan", "shop", "run"])]
fn flags_before_a_command_are_refused(#[case] args: &[&str]) {
    let refused = ended(backcourt().args(args));
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.err.contains("cannot be used with"), "{}", refused.err);
}

#[test]
fn the_environment_is_checked_like_the_flag() {
    let state = State::none();
    let ended = ended(state.command(&["run"]).env("PARALLELIZATION_WORKERS", "many"));
    refused(&ended, &["many", "--workers"]);
    assert!(!state.path().exists());
}

const PLAN: &str = r#"
name = "small"
title = "Small"
from = "2024-01-01"
to = "2024-01-02"
source = "reconstruct"
[[stage]]
name = "team_offense"
table = "nba_analytics.team_offense_game_summary"
kind = "nba"
"#;

#[rstest]
#[case::key(
    "title =",
    "titel =",
    "line 3: unknown field `titel`",
    "did you mean 'title'?"
)]
#[case::source(
    "\"reconstruct\"",
    "\"reconstrct\"",
    "source 'reconstrct' not found",
    "did you mean 'reconstruct'?"
)]
#[case::stage(
    "\"team_offense\"",
    "\"team_ofense\"",
    "built-in stage 'team_ofense' not found",
    "did you mean 'team_offense'?"
)]
#[case::table(
    "nba_analytics.team",
    "nba_analytics.tema",
    "stage team_offense fills nba_analytics.team_offense_game_summary",
    "not nba_analytics.tema_offense_game_summary"
)]
#[case::range("2024-01-02", "2023-01-02", "ends on 2023-01-02", "swap the two dates")]
#[case::syntax("title = \"Small\"", "title = Small", "line 3", "plan.toml")]
fn an_invalid_plan_file_is_refused_with_a_correction(
    #[case] good: &str,
    #[case] bad: &str,
    #[case] problem: &str,
    #[case] hint: &str,
) {
    let state = State::none();
    let plan = state.path().with_file_name("plan.toml");
    fs::write(&plan, PLAN).unwrap();
    let plan_flag = plan.to_str().unwrap();
    state
        .backcourt(&["run", "--dry-run", "--plan", plan_flag])
        .expect(0);
    fs::write(&plan, PLAN.replacen(good, bad, 1)).unwrap();
    for command in ["run", "check", "status", "load"] {
        let ended = state.backcourt(&[command, "--plan", plan_flag]);
        refused(&ended, &[problem, hint]);
        in_one_line(&ended);
    }
    assert!(!state.path().exists());
}

/// Every subcommand that opens the ledger.
const OPENING: [&[&str]; 6] = [
    &["run", "--output", "plain"],
    &["rerun", "--failed"],
    &["check"],
    &["status"],
    &["report"],
    &["load"],
];

#[rstest]
#[case::garbage(|_: &[u8]| vec![7; 9_000], "is damaged")]
#[case::damage_inside(|bytes: &[u8]| { let mut bytes = bytes.to_vec(); let half = bytes.len() / 2; bytes[half..].fill(0x5a); bytes }, "is damaged")]
#[case::cut_short(|bytes: &[u8]| bytes[..bytes.len() / 2].to_vec(), "is damaged")]
#[case::a_text(|_: &[u8]| b"SELECT 1;".to_vec(), "is damaged")]
fn a_damaged_ledger_is_refused_by_path_and_left_unchanged(
    #[case] damage: fn(&[u8]) -> Vec<u8>,
    #[case] words: &str,
) {
    let state = State::loaded().without_source_checks();
    state.backcourt(&DATES).expect(0);
    let path = state.path().join("ledger.sqlite");
    let damaged = damage(&fs::read(&path).unwrap());
    fs::write(&path, &damaged).unwrap();
    for args in OPENING {
        let ended = state.backcourt(args);
        refused(&ended, &[words, path.to_str().unwrap(), "move it away"]);
        in_one_line(&ended);
        assert!(fs::read(&path).unwrap() == damaged, "{args:?} changed it");
    }
}

#[test]
fn a_foreign_database_is_not_accepted_as_a_ledger() {
    let state = State::loaded();
    let path = state.path().join("ledger.sqlite");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    for args in OPENING {
        let ended = state.backcourt(args);
        refused(&ended, &["is not a backcourt ledger", path.to_str().unwrap()]);
        in_one_line(&ended);
        assert!(fs::read(&path).unwrap() == before, "{args:?} changed it");
    }
}

#[test]
fn a_damaged_warehouse_is_refused_by_path_and_left_unchanged() {
    let state = State::loaded().without_source_checks();
    state.backcourt(&DATES).expect(0);
    let path = state.path().join("warehouse/nba_analytics.sqlite");
    fs::write(&path, vec![7; 9_000]).unwrap();
    for args in [&DATES[..], &["check"], &["load"]] {
        let ended = state.backcourt(args);
        refused(&ended, &[path.to_str().unwrap(), "left unchanged"]);
        in_one_line(&ended);
        assert!(fs::read(&path).unwrap() == vec![7; 9_000], "{args:?} changed it");
    }
    state.backcourt(&["status"]).expect(0);
}

/// A path the program writes to is taken by something else.
#[rstest]
#[case::ledger("ledger.sqlite", "ledger")]
#[case::events("events.jsonl", "event log")]
#[case::lock("run.lock", "cannot lock")]
#[case::warehouse("warehouse/nba_analytics.sqlite", "nba_analytics")]
fn a_folder_in_place_of_a_file_is_refused_by_path(#[case] name: &str, #[case] what: &str) {
    let state = State::loaded();
    let path = state.path().join(name);
    fs::create_dir(&path).unwrap();
    let ended = state.backcourt(&DATES);
    refused(&ended, &[what, path.to_str().unwrap()]);
    in_one_line(&ended);
}

#[rstest]
#[case::logs("logs")]
#[case::warehouse("warehouse")]
fn a_file_in_place_of_a_folder_is_refused_by_path(#[case] name: &str) {
    let state = State::none();
    fs::create_dir(state.path()).unwrap();
    fs::write(state.path().join(name), "mine").unwrap();
    let ended = state.backcourt(&DATES);
    refused(&ended, &[state.path().to_str().unwrap()]);
    in_one_line(&ended);
    assert_eq!(fs::read_to_string(state.path().join(name)).unwrap(), "mine");
}

/// Not even root can write there.
#[rstest]
#[case::state(
    "--state-dir",
    "/proc/backcourt",
    "cannot create state folder /proc/backcourt"
)]
#[case::file(
    "--state-dir",
    "/dev/null/backcourt",
    "cannot create state folder /dev/null/backcourt"
)]
#[case::warehouse("--warehouse", "sqlite:/proc/backcourt", "/proc/backcourt")]
fn an_unwritable_path_is_refused_by_name(#[case] flag: &str, #[case] place: &str, #[case] words: &str) {
    let own = State::none();
    let mut command = backcourt();
    command.args(["run", "--output", "plain", flag, place]);
    if flag != "--state-dir" {
        command.arg("--state-dir").arg(own.path());
    }
    let ended = ended(&mut command);
    refused(&ended, &[words]);
    in_one_line(&ended);
    assert!(
        !ended.err.contains("retrying may help"),
        "nothing tries again after this: {}",
        ended.err
    );
}

#[test]
fn own_files_with_bad_rows_are_refused_row_by_row_and_nothing_is_loaded() {
    let state = State::loaded();
    state.backcourt(&DATES).expect(0);
    let before = state.rows();
    let feeds = || -> i64 {
        let db = state.warehouse();
        db.query_row(
            "SELECT COUNT(*) FROM nba_raw.nbac_gamebook_player_stats",
            [],
            |row| row.get(0),
        )
        .unwrap()
    };
    let loaded = feeds();
    let file = state.path().with_file_name("teams.csv");
    fs::write(
        &file,
        "game_id,date,team\n22100001,2021-10-19,MIL\nx,2021-10-19,BKN\n22100002,2021-02-30,LAL\n",
    )
    .unwrap();
    let ended = state.backcourt(&["load", "--team-box", file.to_str().unwrap()]);
    refused(&ended, &["nothing was loaded", file.to_str().unwrap()]);
    let gone = state.backcourt(&["load", "--player-box", "/no/such.csv"]);
    refused(&gone, &["nothing was loaded", "/no/such.csv: cannot be read"]);
    assert_eq!((feeds(), state.dates("stale")), (loaded, 0));
    assert_eq!(state.rows(), before);
}

#[test]
fn a_device_in_place_of_the_event_log_is_refused_until_fixed() {
    let state = State::loaded().without_source_checks();
    symlink("/dev/full", state.events_file()).unwrap();
    let events = state.events_file();
    refused(
        &state.backcourt(&DATES),
        &[
            "cannot open the event log",
            events.to_str().unwrap(),
            "it is not a regular file",
        ],
    );
    fs::remove_file(&events).unwrap();
    state.backcourt(&DATES).expect(0);
    assert_eq!((state.dates("ok"), state.rows().len()), (2, 36));
}

/// Uses a separate disk that fills up and then gets more space. It disappears with the process that mounted it.
#[test]
fn a_full_disk_stops_the_run_with_a_message_and_loses_nothing() {
    let state = State::none();
    let reference = State::loaded().without_checks();
    let run = "run --stop-after team_offense --output plain --from 2023-10-24 --to 2024-04-14";
    reference.backcourt(&run.split(' ').collect::<Vec<_>>()).expect(0);
    let program = env!("CARGO_BIN_EXE_backcourt");
    let (disk, feeds) = (state.path(), reference.path().join("warehouse/nba_raw.sqlite"));
    let out = state.path().with_file_name("out");
    fs::create_dir(&disk).unwrap();
    fs::create_dir(&out).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=110m full {disk} || exit 77
         mkdir {disk}/warehouse && cp {feeds} {disk}/warehouse/
         head -c 200m /dev/zero > {disk}/filler 2>/dev/null
         truncate -s -1500K {disk}/filler
         {program} {run} --state-dir {disk} > {out}/first; echo $? > {out}/code
         rm {disk}/filler
         {program} {run} --state-dir {disk} > {out}/second || exit 1
         cp {disk}/warehouse/nba_analytics.sqlite {disk}/ledger.sqlite {out}/",
        disk = disk.display(),
        feeds = feeds.display(),
        out = out.display(),
    );
    let own_mounts = ["--mount", "--map-root-user", "sh", "-c", &script];
    let done = ended(Command::new("unshare").args(own_mounts));
    if done.code == Some(77) || done.err.starts_with("unshare") {
        println!(
            "skipped: this machine allows no mount namespaces ({})",
            done.err.trim()
        );
        return;
    }
    let done = done.expect(0);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let first = read("first");
    assert_eq!(read("code").trim(), "3", "{first}");
    assert!(first.contains("the disk is full"), "{first}");
    assert!(!first.contains("FAILED"), "no date is to blame: {first}");
    let told = |line: &str| line.starts_with("backcourt: incomplete: ");
    assert!(done.err.lines().all(told), "{}", done.err);
    assert!(read("second").contains("0 failed or short"), "{}", read("second"));
    let stored = rusqlite::Connection::open(out.join("nba_analytics.sqlite")).unwrap();
    let rows: u32 = stored
        .query_row("SELECT COUNT(*) FROM team_offense_game_summary", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(rows as usize, reference.rows().len());
}
