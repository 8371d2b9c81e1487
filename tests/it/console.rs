//! The console in a real terminal: the real binary, controlled by keys and signals, and a usable shell afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::program::State;
use crate::pty::{Pty, wait_until};
use crate::toy::{Fault, Toy, day};
use backcourt::console::Preferences;
use backcourt::control::ControlLock;
use backcourt::engine::Losses;
use backcourt::ledger::{Ledger, RunState};
use backcourt::present::{Notify, OnHangUp, Presenter, PresenterContext, present};
use backcourt::{telemetry, term};
use rstest::rstest;
use rustix::process::Signal;
use tempfile::TempDir;

const SIZE: (u16, u16) = (120, 40);
const DOWN: &str = "\u{1b}[B";
const ENTER: &str = "\r";

fn start(state: &State, more: &[&str]) -> Pty {
    start_in(state, more, &[], SIZE)
}

fn start_in(state: &State, more: &[&str], environment: &[(&str, &str)], size: (u16, u16)) -> Pty {
    let flags = state.flags();
    let mut arguments = vec!["run"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(more);
    if !more.contains(&"--stop-after") {
        arguments.extend(["--stop-after", "team_offense"]);
    }
    Pty::backcourt(&arguments, environment, size)
}

/// Asserts that the program has ended with this code and that the terminal is restored.
fn assert_left(pty: &mut Pty, code: u32) {
    let status = pty.wait_exit();
    let screen = pty.screen();
    assert_eq!(status.exit_code(), code, "{}", screen.contents());
    assert!(!screen.alternate_screen(), "the alternate screen is left");
    assert!(!screen.hide_cursor(), "the cursor is shown");
    assert!(pty.modes_restored(), "raw mode has ended");
}

fn header(screen: &vt100::Screen) -> String {
    screen
        .contents()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// The line with the date counts of the stage.
fn stage_line(screen: &vt100::Screen) -> String {
    let line = |line: &&str| line.contains("team_offense") && line.contains("dates,");
    screen
        .contents()
        .lines()
        .find(line)
        .unwrap_or_default()
        .to_owned()
}

/// Whether some dates are done and some are pending.
fn is_under_way(screen: &vt100::Screen) -> bool {
    let line = stage_line(screen);
    line.contains(" ok") && line.contains("pending")
}

fn last_state(state: &State) -> RunState {
    let ledger = Ledger::open_to_read(&state.path().join("ledger.sqlite"))
        .unwrap()
        .unwrap();
    ledger.last_run("nba").unwrap().unwrap().state
}

#[test]
fn a_run_is_started_paused_resumed_repaired_and_left() {
    let state = State::flaky().without_source_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_until("the run is paused with its dates known", |screen| {
        let text = screen.contents();
        text.contains("paused") && text.contains("916 pending") && text.contains("622 skipped")
    });
    for title in ["Dates", "Workers", "Log", "Checks"] {
        assert!(pty.screen().contents().contains(title), "{title}");
    }
    pty.send("p");
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.wait_for("3 failed");
    pty.send("R");
    pty.wait_until("the confirmation lists the exact dates", |screen| {
        let text = screen.contents();
        ["2021-12-25", "2023-12-16", "2025-11-14", "Rerun"]
            .iter()
            .all(|part| text.contains(part))
    });
    pty.send(ENTER);
    pty.wait_until("the failed dates are healed", |screen| {
        let text = screen.contents();
        header(screen).contains("finished") && text.contains("916 ok") && text.contains("19 PASS")
    });
    pty.send("q");
    assert_left(&mut pty, 0);
    assert!(
        pty.screen().contents().contains("finished:"),
        "a summary stays in the shell"
    );
    assert_eq!(last_state(&state), RunState::Finished);
}

/// The number of players with minutes on these dates, counted in the warehouse file.
fn players_with_minutes(state: &State) -> i64 {
    let count = "SELECT COUNT(*) FROM nba_analytics.player_game_summary WHERE minutes_played > 0";
    state.warehouse().query_row(count, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_usage_rate_has_a_breakdown_and_checks_show_their_history() {
    let state = State::loaded().without_source_checks();
    let days = ["--from", "2023-12-13", "--to", "2023-12-15"];
    let more = [&["--stop-after", "player_game"][..], &days].concat();
    let mut pty = start_in(&state, &more, &[], (80, 24));
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.wait_for("Usage rate known 100 %");
    let players = players_with_minutes(&state);
    assert!(players > 100, "{players}");
    pty.send("b");
    pty.wait_until("the breakdown is shown with its causes", |screen| {
        let text = screen.contents();
        let whole = format!("100 %  {players} of {players} players");
        [
            whole.as_str(),
            "no team row 0",
            "no attempts in the feed 0",
            "unresolved player 0",
            "all 3",
        ]
        .iter()
        .all(|part| text.contains(part))
    });
    pty.send("\t");
    pty.wait_until("the season has its line", |screen| {
        let line = |line: &str| line.contains("2023 ") && line.contains(&players.to_string());
        screen.contents().lines().any(line)
    });
    pty.send("\t\t\t");
    pty.wait_for("Fri 2023-12-15");
    pty.send(ENTER);
    pty.wait_until("the date is shown in the stage of the check", |screen| {
        let text = screen.contents();
        !text.contains("by  date") && text.contains("Fri 2023-12-15") && text.contains("player_game")
    });
    let page = state
        .backcourt(&["check", "usage_coverage", "--breakdown"])
        .expect(0)
        .out;
    for part in [
        "### Usage rate known: 100 % (usage_coverage)".to_owned(),
        format!("{players} of {players} players; no team row 0, no attempts in the feed 0, no team total 0"),
        format!("| 2023 | 100 % | {players} | 0 | 0 | 0 |"),
        "No values are missing on any date.".to_owned(),
    ] {
        assert!(page.contains(&part), "{part} is missing from\n{page}");
    }
    // After a second run, the check has two results.
    pty.send("4G");
    pty.send("a");
    pty.wait_until("every check was asked again", |screen| {
        let text = screen.contents();
        !text.contains("RUNNING") && text.contains("PASS")
    });
    pty.send("i");
    pty.wait_for("2 results, oldest first");
    pty.send("q");
    pty.send("q");
    assert!(pty.wait_exit().exit_code() <= 1);
}

#[test]
fn a_paused_run_writes_nothing_to_the_terminal_and_uses_no_cpu() {
    let state = State::loaded();
    let pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    pty.wait_until("the run stays paused", |screen| {
        header(screen).ends_with("paused")
    });
    // The source checks run anyway, because an operator who starts paused wants to see them first.
    pty.wait_for("home_teams");
    let settled = quiet_bytes(&pty);
    let (bytes, cpu) = (pty.byte_count(), pty.cpu());
    // Longer than the heartbeat of a running screen, so a heartbeat would show.
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(pty.byte_count(), bytes, "settled at {settled}");
    assert!(pty.cpu().saturating_sub(cpu) <= Duration::from_millis(50));
}

/// Maximum bytes per second that a busy screen may send over SSH.
const BYTES_A_SECOND: f64 = 8_000.0;

/// Bytes for drawing the whole screen at 120×40, with a margin.
const WHOLE_SCREEN: f64 = 12_000.0;

#[test]
fn an_ssh_screen_stays_within_its_byte_rate_and_idles_after_the_run() {
    let state = State::flaky().without_source_checks();
    let began = std::time::Instant::now();
    let over_ssh = [("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")];
    let mut pty = start_in(&state, &[], &over_ssh, SIZE);
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    quiet_bytes(&pty);
    #[allow(clippy::cast_precision_loss, reason = "a few kB")]
    let bytes = pty.byte_count() as f64;
    let seconds = began.elapsed().as_secs_f64();
    assert!(
        bytes <= seconds * BYTES_A_SECOND + WHOLE_SCREEN,
        "{bytes} bytes in {seconds} s"
    );
    let (bytes, cpu) = (pty.byte_count(), pty.cpu());
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(pty.byte_count(), bytes, "an ended run is still");
    assert!(pty.cpu().saturating_sub(cpu) <= Duration::from_millis(50));
    pty.send("q");
    assert_left(&mut pty, 1);
}

/// Waits until the screen hasn't changed for a while.
fn quiet_bytes(pty: &Pty) -> usize {
    let mut last = (pty.byte_count(), std::time::Instant::now());
    wait_until("the screen is still", || {
        if pty.byte_count() != last.0 {
            last = (pty.byte_count(), std::time::Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(400)
    });
    last.0
}

#[test]
fn the_highest_log_level_still_shows_failures() {
    let state = State::flaky().without_source_checks();
    let mut pty = start(&state, &[]);
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.send("3fffz");
    pty.wait_until("failed dates and failed checks, and nothing else", |screen| {
        let text = screen.contents();
        let shown = [
            "ERROR and above",
            "FAIL rows_per_date",
            "FAIL critical_5_spot_check",
            "failed 0/20 rows",
        ];
        shown.iter().all(|part| text.contains(part)) && !text.contains("PASS home_truth")
    });
    pty.send("q");
    assert_left(&mut pty, 1);
}

#[test]
fn source_failures_are_shown_and_lead_to_their_date() {
    let state = State::loaded();
    let mut pty = start(&state, &[]);
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.send("5");
    pty.wait_for("WARN     gamebook     Every team of every final");
    let page = pty.screen().contents();
    assert!(page.contains("PASS     schedule"), "{page}");
    pty.send(&DOWN.repeat(3));
    pty.wait_for("gamebook_missing  Every team of every final");
    pty.send(ENTER);
    pty.wait_for("Failing dates of gamebook_missing");
    pty.send(ENTER);
    pty.wait_until("the date is marked in the Dates pane", |screen| {
        let text = screen.contents();
        text.contains("2021-10-19") && !text.contains("Failing dates of")
    });
    pty.send("q");
    assert_left(&mut pty, 0);
}

#[test]
fn a_date_drills_down_to_a_team_row_and_its_source() {
    let state = State::loaded().without_source_checks();
    let mut pty = start(&state, &["--dates", "2023-12-17"]);
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.send(ENTER);
    pty.wait_for("GSW 118 @ POR 114");
    let games = pty.screen().contents();
    let game = games.lines().find(|line| line.contains("20231217_HOU_MIL"));
    let game = game.unwrap_or_default();
    assert!(
        game.contains("HOU 119 @ MIL 128")
            && game.contains("complete")
            && game.contains("reconstructed_team"),
        "{games}"
    );
    pty.send(ENTER);
    pty.wait_until("its two teams with their numbers", |screen| {
        let text = screen.contents();
        let team = |name: &str, rating: &str| {
            (text.lines()).any(|line| line.contains(name) && line.contains(rating) && line.contains("silver"))
        };
        team("GSW  ", "119.92") && team("POR  ", "115.04")
    });
    pty.send(DOWN);
    pty.send(ENTER);
    pty.wait_for("> 20231217_GSW_POR > POR");
    let row = pty.screen().contents();
    let value = |name: &str| {
        let line = row.lines().find(|line| line.contains(name)).unwrap_or_default();
        line.trim_matches(|c: char| !c.is_ascii()).to_owned()
    };
    assert!(
        value("primary_source_used").contains("reconstructed_team_from_players"),
        "{row}"
    );
    assert!(value("data_sources").contains("[nbac_gamebook]"), "{row}");
    assert!(value("points_scored").contains("114"), "{row}");
    assert!(value("team_paint_attempts").contains("NULL"), "{row}");
    for level in ["20231217_GSW_POR >", "> 20231217_GSW_POR"] {
        pty.send("\u{1b}");
        pty.wait_until("one level up", |screen| !screen.contents().contains(level));
    }
    pty.send("L");
    pty.wait_until("the log is of this date alone", |screen| {
        let text = screen.contents();
        text.contains("Log") && text.contains("2023-12-17") && !text.contains("20231217_HOU_MIL")
    });
    pty.send("q");
    assert_left(&mut pty, 0);
}

#[test]
fn rerun_before_the_first_run_is_refused() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    for selection in [&["--failed"][..], &["--failing", "home_truth"]] {
        let refused = Command::new(env!("CARGO_BIN_EXE_backcourt"))
            .args(["rerun", "--state-dir"])
            .arg(&state)
            .args(selection)
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(2));
        let sentence = String::from_utf8(refused.stderr).unwrap();
        assert!(sentence.contains("nothing to rerun"), "{sentence}");
        assert!(!state.exists());
    }
}

#[test]
fn a_running_run_can_be_paused_and_resumed() {
    let state = State::flaky().without_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    // Resumed and paused at once: the first batches are in flight, the rest is not dispatched.
    pty.send("pp");
    pty.wait_until("what was under way has landed and the run holds", |screen| {
        is_under_way(screen) && header(screen).ends_with("paused")
    });
    pty.send("p");
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.send("q");
    assert_left(&mut pty, 1);
}

#[test]
fn the_screen_follows_resizes_and_reports_a_too_small_size() {
    let state = State::loaded().without_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    pty.resize((59, 15));
    pty.wait_until("the notice names the size that is needed", |screen| {
        let text = screen.contents();
        text.contains("60") && text.contains("16") && !text.contains("916 pending")
    });
    pty.resize((80, 24));
    pty.wait_for("916 pending");
    pty.resize((200, 60));
    pty.wait_until("all panes are there", |screen| {
        let text = screen.contents();
        ["Dates", "Workers", "Log", "Checks"]
            .iter()
            .all(|title| text.contains(title))
    });
    pty.send("q");
    pty.wait_for("Quit");
    pty.send(&format!("{DOWN}{ENTER}"));
    pty.send("\u{3}\u{3}");
    assert_left(&mut pty, 3);
}

#[test]
fn ctrl_z_suspends_the_console_and_fg_restores_it() {
    let state = State::loaded().without_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    for _ in 0..2 {
        pty.send("\u{1a}");
        wait_until("the program is stopped", || pty.process_state() == 'T');
        pty.wait_until("the screen is left", |screen| !screen.alternate_screen());
        assert!(pty.modes_restored(), "raw mode has ended");
        pty.signal(Signal::CONT);
        pty.wait_until("the console is back", |screen| {
            screen.alternate_screen() && screen.contents().contains("team_offense")
        });
    }
    pty.send("q");
    pty.wait_for("units open");
    pty.send("a");
    assert_left(&mut pty, 3);
}

#[test]
fn quitting_asks_while_work_remains_and_defaults_to_stay() {
    let state = State::flaky().without_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    pty.send("q");
    pty.wait_for("units open");
    pty.send(ENTER);
    pty.wait_until("the question is gone", |screen| {
        !screen.contents().contains("units open")
    });
    pty.send("q");
    pty.wait_for("units open");
    pty.send("a");
    assert_left(&mut pty, 3);
    assert_eq!(last_state(&state), RunState::Stopped);

    let mut again = start(&state, &["--output", "tui"]);
    again.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    again.send("q");
    assert_left(&mut again, 1);
}

#[test]
fn sigterm_drains_restores_the_terminal_and_exits_with_143() {
    let state = State::loaded().without_checks();
    let mut pty = start(&state, &["--paused"]);
    pty.wait_for("916 pending");
    pty.signal(Signal::TERM);
    assert_left(&mut pty, 143);
    assert_eq!(last_state(&state), RunState::Stopped);
}

#[test]
fn a_run_survives_its_terminal() {
    let state = State::flaky().without_checks();
    let mut pty = start(&state, &["--workers", "1"]);
    pty.wait_until("dates are being done", is_under_way);
    pty.hang_up();
    assert_eq!(
        pty.wait_exit().exit_code(),
        1,
        "three dates of the flaky feeds failed"
    );
    assert_eq!(last_state(&state), RunState::Finished);
}

/// A detached run draws nothing and doesn't query a terminal that is gone. Only work uses CPU, and here there is none.
#[rstest]
fn a_paused_run_without_its_terminal_uses_no_cpu(
    #[values("exec \"$0\" \"$@\"", "trap '' HUP; exec \"$0\" \"$@\"")] shell: &str,
) {
    let state = State::loaded().without_checks();
    let flags = state.flags();
    let mut arguments = vec!["-c", shell, env!("CARGO_BIN_EXE_backcourt"), "run", "--paused"];
    arguments.extend(flags.iter().map(String::as_str));
    let mut pty = Pty::start("/bin/sh", &arguments, &[], SIZE);
    pty.wait_for("916 pending");
    pty.hang_up();
    wait_until("the run says that it goes on", || {
        let logs = fs::read_dir(state.path().join("logs")).unwrap();
        let mut logs = logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        logs.any(|log| log.contains("terminal closed; the run stays paused until"))
    });
    let mut last = pty.cpu();
    // A busy loop is never idle for this long.
    wait_until("it is at rest", || {
        std::thread::sleep(Duration::from_millis(500));
        let used = pty.cpu();
        let is_still = used.saturating_sub(last) <= Duration::from_millis(10);
        last = used;
        is_still
    });
    std::thread::sleep(Duration::from_millis(1_500));
    let used = pty.cpu().saturating_sub(last);
    assert!(used <= Duration::from_millis(50), "{used:?} in 1.5 s");
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
}

#[test]
fn a_hang_up_drains_the_run_if_configured() {
    for what in ["drain", "abort"] {
        let state = State::loaded().without_checks();
        let mut pty = start(&state, &["--paused", "--on-hangup", what]);
        pty.wait_for("916 pending");
        pty.hang_up();
        assert_eq!(pty.wait_exit().exit_code(), 3, "{what}");
        assert_eq!(last_state(&state), RunState::Stopped, "{what}");
    }
}

#[test]
fn a_terminal_lost_after_the_end_leaves_no_process() {
    let state = State::flaky().without_checks();
    let mut pty = start(&state, &[]);
    pty.wait_until("the run has ended", |screen| header(screen).contains("finished"));
    pty.hang_up();
    assert_eq!(pty.wait_exit().exit_code(), 1);
}

#[test]
fn without_a_terminal_the_console_is_refused_before_any_write() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    let refused = Command::new(env!("CARGO_BIN_EXE_backcourt"))
        .args(["run", "--output", "tui", "--state-dir"])
        .arg(&state)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let sentence = String::from_utf8(refused.stderr).unwrap();
    assert!(sentence.contains("--output tui needs a terminal"), "{sentence}");
    assert!(!state.exists());
}

/// The environment variable with the state folder of a scene.
const SCENE: &str = "BACKCOURT_CONSOLE_SCENE";

/// A run of the toy stage whose worker panics on one date, on the real console.
#[test]
#[ignore = "played by another test inside a pseudo-terminal"]
fn scene() {
    let folder = std::env::var(SCENE).expect("a scene is started by a test of this file");
    let (log, files) = telemetry::start(Path::new(&folder), |_| ()).unwrap();
    let (panics, errors) = color_eyre::config::HookBuilder::default().into_hooks();
    errors.install().unwrap();
    term::panic_hook::install(move |info| panics.panic_report(info).to_string());
    let toy = Toy::new(20).with_fault(day(8), Fault::Panic);
    let engine = toy.launch(|options| options.stay = true);
    let context = PresenterContext {
        log: &log,
        folder: Path::new(&folder),
        control_lock: &ControlLock::default(),
        name: "scene",
        preferences: &Preferences::default(),
        on_hang_up: OnHangUp::Continue,
        notify: Notify::Never,
        losses: &Losses::default(),
        supervisor: None,
    };
    let ending = present(engine, Presenter::Tui, context).unwrap();
    drop(files);
    std::process::exit(i32::from(ending.exit_code));
}

#[test]
fn a_panicking_worker_fails_its_date_and_keeps_the_screen_intact() {
    let folder = TempDir::new().unwrap();
    let program = std::env::current_exe().unwrap();
    let arguments = [
        "console::scene",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let environment = [(SCENE, folder.path().to_str().unwrap())];
    let mut pty = Pty::start(program.to_str().unwrap(), &arguments, &environment, SIZE);
    pty.wait_until("the run has ended with one failed date", |screen| {
        let text = screen.contents();
        header(screen).contains("finished") && text.contains("1 failed") && text.contains("panicked")
    });
    assert!(
        pty.screen().alternate_screen(),
        "the screen is still the console's"
    );
    assert!(pty.screen().contents().contains("Checks"), "and whole");
    pty.send("q");
    assert_left(&mut pty, 1);
}
