//! Every key where it matters, the effect of each message, and invariants under any sequence of messages.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use rstest::rstest;

use crate::console::fixture::{
    STAGE, asking, bad_sources, day, fact, finished, loading, log, log_line, metrics, observed, one_fail,
    paused, running, sampled, second, stored_games, stored_players, three_stages, worker_panicked,
};
use crate::console::keymap::KeyContext;
use crate::console::layout::Pane;
use crate::console::model::about::{AboutLine, lines};
use crate::console::model::breakdown_page::BreakdownPage;
use crate::console::model::checklist::ChecklistRow;
use crate::console::model::detail::{RowsLayout, StoredReply};
use crate::console::model::overlay::{LeaveChoice, Overlay};
use crate::console::{Control, ControlAccess, Dirty, Effect, Model, Msg, Play, ReplayStatus, update};
use crate::engine::{BreakdownState, Checks, Command, Event, Reply, Selection, Snapshot, StoredRows};
use crate::ledger::{CheckState, RunState, UnitState};
use crate::partition::Partition;

fn model(snapshot: Snapshot) -> Model {
    let mut model = Model::default();
    let size = Msg::Resize {
        columns: 120,
        rows: 40,
    };
    for msg in [
        size,
        Msg::Tick(second(8.4)),
        Msg::Snapshot(Arc::new(snapshot)),
        log(),
    ] {
        update(&mut model, msg);
    }
    model.take_dirty();
    model
}

fn press_at(model: &mut Model, seconds: f64, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    let key = KeyEvent::new(code, modifiers);
    let at = second(seconds);
    update(model, Msg::Key { key, at })
}

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    press_at(model, 8.4, code, KeyModifiers::NONE)
}

/// Presses the letters in order; `\n` is Enter, `\t` is Tab and `\x1b` is Esc. Returns the effects of the last.
fn keys(model: &mut Model, letters: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for letter in letters.chars() {
        effects = press(
            model,
            match letter {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                '\x1b' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            },
        );
    }
    effects
}

fn ctrl_c(model: &mut Model, seconds: f64) -> Vec<Effect> {
    press_at(model, seconds, KeyCode::Char('c'), KeyModifiers::CONTROL)
}

fn send(command: Command) -> Vec<Effect> {
    vec![Effect::Send(command)]
}

fn rerun(dates: &[&str]) -> Vec<Effect> {
    send(Command::Rerun {
        selection: Selection::Dates(dates.iter().map(|date| day(date)).collect()),
        stage: Some(STAGE.to_owned()),
        source: None,
        accept_short: false,
    })
}

fn said(model: &Model) -> &str {
    model.notices.last().map_or("", |notice| notice.text.as_str())
}

#[rstest]
#[case::first("g", "2021-10-19")]
#[case::day_after("gj", "2021-10-20")]
#[case::week_after("gl", "2021-10-26")]
#[case::not_before_the_first("gkkh", "2021-10-19")]
#[case::last("G", "2026-01-03")]
#[case::not_after_the_last("Gjl", "2026-01-03")]
#[case::week_before("Gh", "2025-12-27")]
#[case::next_attention("gn", "2022-02-24")]
#[case::previous_wraps_around("gN", "2023-02-27")]
#[case::next_wraps_around("gNn", "2022-02-24")]
#[case::search_whole("g/2023-12-16\n", "2023-12-16")]
#[case::search_month("g/2023-12\n", "2023-12-01")]
#[case::search_every_christmas("g/12-25\n", "2021-12-25")]
#[case::search_next_christmas("g/12-25\n/12-25\n", "2022-12-25")]
#[case::search_without_dashes("g/20231216\n", "2023-12-16")]
#[case::search_without_matches("g/1999\n", "2021-10-19")]
#[case::search_cancelled("g/2023-12-16\x1b", "2021-10-19")]
fn the_cursor_moves(#[case] pressed: &str, #[case] date: &str) {
    let mut model = model(running(1));
    keys(&mut model, pressed);
    assert_eq!(model.dates.cursor, Some(day(date)));
}

#[rstest]
#[case::skipped(
    "g/2024-02-15\nr",
    "2024-02-15 of team_offense is skipped (",
    "): nothing to rerun"
)]
#[case::pending("Gr", "2026-01-03 of team_offense is pending", ": nothing to rerun yet")]
#[case::a_range(
    "g/2024-02-15\nvjr",
    "none of these dates can be rerun",
    "; left out: 2 skipped"
)]
fn invalid_reruns_are_refused_before_confirmation(
    #[case] pressed: &str,
    #[case] begin: &str,
    #[case] end: &str,
) {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, pressed), []);
    assert!(model.overlay.is_none(), "nothing is asked");
    let said = said(&model);
    assert!(said.starts_with(begin) && said.ends_with(end), "{said}");
}

#[test]
fn a_refused_rerun_keeps_the_date_details_open() {
    let mut model = model(running(1));
    keys(&mut model, "g/2024-02-15\n\nr");
    assert!(matches!(model.overlay, Some(Overlay::Detail(_))));
    assert!(said(&model).ends_with("nothing to rerun"), "{}", said(&model));
    let mut draining = drained(2);
    draining.run.preparing = None;
    update(&mut model, Msg::Snapshot(Arc::new(draining)));
    keys(&mut model, "q1R");
    assert!(said(&model).contains("draining"), "{}", said(&model));
}

const OVER: &str = "the run has ended; start it again with 'backcourt run'";

#[rstest]
#[case::finished(one_fail(50))]
#[case::killed(interrupted(50))]
fn an_ended_run_refuses_commands_without_a_dialog(#[case] snapshot: Snapshot) {
    let mut model = model(snapshot);
    update(&mut model, Msg::Over);
    for order in [
        "p", "+", "-", "1r", "R", "S", "F", "A", "H", "4a", "x", "W", "\n", "1",
    ] {
        assert_eq!(keys(&mut model, order), [], "{order:?}");
        assert!(model.overlay.is_none() && model.prompt.is_none(), "{order:?}");
        let expected = if order == "1" { "" } else { OVER };
        assert_eq!(said(&model), expected, "{order:?}");
    }
    keys(&mut model, "6G\n");
    assert_eq!(
        (said(&model), model.prompt.is_none()),
        (OVER, true),
        "no note is typed"
    );
    keys(&mut model, "q");
    for leaves in ["q", "d"] {
        assert_eq!(keys(&mut model, leaves), [Effect::Quit], "{leaves}");
    }
}

#[test]
fn an_open_confirmation_is_refused_after_the_run_ends() {
    let mut model = model(running(1));
    keys(&mut model, "R");
    update(&mut model, Msg::Snapshot(Arc::new(interrupted(2))));
    update(&mut model, Msg::Over);
    assert_eq!(keys(&mut model, "\n"), []);
    assert_eq!(said(&model), OVER);
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

fn interrupted(version: u64) -> Snapshot {
    let mut snapshot = running(version);
    snapshot.run.state = RunState::Interrupted;
    snapshot
}

#[test]
fn workers_cannot_be_changed_after_the_run_ends() {
    let mut model = model(finished(1));
    for typed in ["+", "-"] {
        assert_eq!(keys(&mut model, typed), []);
        assert_eq!(said(&model), "the run has ended; no work left for workers");
    }
    assert_eq!(model.workers.wanted, None);
}

fn control(holder: Option<&str>, reach: ControlAccess) -> Msg {
    Msg::Control(Control {
        holder: holder.map(str::to_owned),
        reach,
        consoles: 2,
        remote: true,
        can_detach: true,
    })
}

#[rstest]
#[case::free(
    control(None, ControlAccess::CanTake),
    "refused: no console has control; H takes it"
)]
#[case::held(
    control(Some("ann@pts/1"), ControlAccess::CanTake),
    "refused: ann@pts/1 has control; H takes it"
)]
#[case::never(control(None, ControlAccess::ReadOnly), "refused: this console is read-only")]
fn observers_can_inspect_and_leave_but_not_control(#[case] told: Msg, #[case] sentence: &str) {
    let mut model = model(paused(1));
    update(&mut model, told);
    for order in ["p", "R", "+", "4a"] {
        assert_eq!(keys(&mut model, order), [], "{order:?}");
        assert!(model.overlay.is_none(), "{order:?}");
        assert_eq!(said(&model), sentence, "{order:?}");
    }
    let inspects = keys(&mut model, "1\n");
    assert!(
        matches!(inspects[..], [Effect::Send(Command::Inspect { .. })]),
        "{inspects:?}"
    );
    keys(&mut model, "q");
    assert_eq!(keys(&mut model, "d"), [Effect::Detach]);
    assert_eq!(keys(&mut model, "q"), [Effect::Detach]);
}

#[test]
fn the_control_key_takes_control_and_observers_can_fold_headings() {
    let mut model = model(three_stages(1));
    update(&mut model, control(Some("ann@pts/1"), ControlAccess::CanTake));
    keys(&mut model, "4\nj");
    assert_eq!(marked(&model), "team_defense", "folded");
    keys(&mut model, "Hl");
    assert_eq!(keys(&mut model, "\n"), [Effect::TakeControl]);
    update(&mut model, control(None, ControlAccess::CanTake));
    assert_eq!(keys(&mut model, "H"), [Effect::TakeControl]);
}

#[test]
fn the_sample_opens_automatically_and_offers_continue_or_leave() {
    let shows = |model: &Model| matches!(model.overlay, Some(Overlay::Sample(_)));
    let mut model = model(paused(1));
    keys(&mut model, "s");
    assert!(
        said(&model).contains("this run has no sample"),
        "{}",
        said(&model)
    );
    update(&mut model, Msg::Snapshot(Arc::new(sampled(2))));
    assert!(shows(&model));
    // Every other key only navigates.
    for pressed in ["\x1b", "s", "G", "?", "\x1b", "s"] {
        assert_eq!(keys(&mut model, pressed), []);
    }
    assert!(shows(&model));
    assert_eq!(keys(&mut model, "q"), [Effect::Quit], "there is nothing to lose");
    keys(&mut model, "s");
    assert_eq!(keys(&mut model, "p"), send(Command::Resume));
    update(&mut model, Msg::Snapshot(Arc::new(running(3))));
    assert!(!shows(&model));
    assert_eq!(keys(&mut model, "q"), []);
    assert!(matches!(model.overlay, Some(Overlay::Leave(_))), "now there is");
}

#[test]
fn a_question_opens_automatically_and_ignores_other_keys() {
    let shows = |model: &Model| matches!(model.overlay, Some(Overlay::Question(_)));
    let mut model = model(running(1));
    update(&mut model, Msg::Snapshot(Arc::new(asking(2))));
    assert!(shows(&model));
    assert_eq!(keys(&mut model, "\n"), [], "the first choice is to leave it open");
    assert!(!shows(&model));
    assert_eq!(keys(&mut model, "p"), [], "it is shown before it is answered");
    assert!(shows(&model));
    let answer = |word: &str| Command::Answer {
        answer: word.to_owned(),
    };
    assert_eq!(keys(&mut model, "lh\x1bpll\n"), send(answer("rerun")));
    assert_eq!(keys(&mut model, "pl\n"), send(answer("keep")));
    assert_eq!(keys(&mut model, "q"), [Effect::Quit], "there is nothing to lose");
    keys(&mut model, "p");
    update(&mut model, Msg::Snapshot(Arc::new(running(3))));
    assert!(!shows(&model), "another client has answered");
}

#[test]
fn copying_a_sample_copies_untruncated_lines() {
    let mut model = model(paused(1));
    update(&mut model, Msg::Snapshot(Arc::new(sampled(2))));
    let [Effect::Copy(text)] = &keys(&mut model, "y")[..] else {
        panic!("nothing was copied");
    };
    assert!(
        text.contains("\nnot sampled 2026-01-03 needs player_game of 71 earlier dates [the last date]"),
        "{text}"
    );
    assert!(text.contains(
        "NULL in every one of 38 sampled rows: team_paint_attempts, minutes_played (stored 0.0 %)"
    ));
}

#[test]
fn a_search_without_matches_is_reported() {
    let mut model = model(running(1));
    keys(&mut model, "/1999\n");
    assert_eq!(said(&model), "no date matches '1999'; write it like 2023-12-16");
}

#[rstest]
#[case::open("gn\n", send(Command::Inspect { stage: STAGE.to_owned(), date: day("2022-02-24") }))]
#[case::rerun_asks_first("gnr", vec![])]
#[case::rerun("gnr\n", rerun(&["2022-02-24"]))]
#[case::rerun_cancelled("gnr\x1b", vec![])]
#[case::rerun_declined("gnrl\n", vec![])]
#[case::range_without_skipped_dates("g/2024-02-12\nvjjjr\n", rerun(&["2024-02-12", "2024-02-13"]))]
#[case::range_backwards("g/2024-02-13\nvkr\n", rerun(&["2024-02-12", "2024-02-13"]))]
#[case::range_ended("g/2024-02-12\nvjvr\n", rerun(&["2024-02-13"]))]
#[case::one_skipped_date("g/2024-02-15\nr", vec![])]
#[case::only_skipped_dates("g/2024-02-15\nvjr", vec![])]
#[case::rerun_failed("R\n", rerun(&["2022-02-24", "2022-10-20", "2022-12-10", "2023-02-26", "2023-02-27"]))]
#[case::copy("gy", vec![Effect::Copy("2021-10-19".to_owned())])]
#[case::copy_range("gvjy", vec![Effect::Copy("2021-10-19\n2021-10-20".to_owned())])]
fn date_keys(#[case] pressed: &str, #[case] effects: Vec<Effect>) {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, pressed), effects);
}

#[rstest]
#[case::one("4\n", send(Command::Check(Checks::Named(vec!["team_count".to_owned()]))))]
#[case::next("4j\n", send(Command::Check(Checks::Named(vec!["score_match".to_owned()]))))]
#[case::all("4a", send(Command::Check(Checks::All)))]
#[case::failing_dates_only_opens("4jjjjjo", vec![])]
#[case::rerun_asks_first("4jjjjjx", vec![])]
#[case::rerun("4jjjjjx\n", rerun(&["2023-12-16", "2024-11-02", "2026-01-03"]))]
#[case::rerun_from_the_list("4jjjjjox\n", rerun(&["2023-12-16", "2024-11-02", "2026-01-03"]))]
#[case::nothing_to_rerun("4x", vec![])]
fn check_keys(#[case] pressed: &str, #[case] effects: Vec<Effect>) {
    let mut model = model(one_fail(1));
    assert_eq!(keys(&mut model, pressed), effects);
}

#[rstest]
#[case("n", "rows_per_date")]
#[case("nn", "points")]
#[case("nnn", "rows_per_date")]
#[case("N", "points")]
#[case("NN", "rows_per_date")]
fn a_key_jumps_to_failing_checks(#[case] pressed: &str, #[case] name: &str) {
    let mut model = model(one_fail(1));
    keys(&mut model, "4");
    keys(&mut model, pressed);
    assert_eq!(model.check().map(|check| check.name.as_str()), Some(name));
}

/// The selected row of the checklist: a stage's name, or a check's.
fn marked(model: &Model) -> &str {
    let snapshot = model.snapshot.as_deref().unwrap();
    match model.checks.marked(snapshot).unwrap() {
        ChecklistRow::Heading { stage, .. } => stage,
        ChecklistRow::Check(check) => &check.name,
    }
}

#[rstest]
#[case("4", "team_offense")]
#[case("4j", "team_count")]
#[case("4jjjj", "team_defense")]
#[case("4G", "overtime")]
#[case::folded_by_enter("4\nj", "team_defense")]
#[case::unfolded_by_enter("4\n\nj", "team_count")]
#[case::folded_from_within("4jjh", "team_offense")]
#[case::already_folded("4hhj", "team_defense")]
#[case::unfolded("4hlj", "team_count")]
#[case::next_failing_from_a_heading("4n", "rows_per_date")]
#[case::next_failing_unfolds("4jjjjhggn", "rows_per_date")]
#[case::previous_wraps_around("4N", "points")]
#[case::next("4nn", "points")]
#[case::next_wraps_around("4nnn", "rows_per_date")]
fn checks_are_grouped_under_foldable_headings(#[case] pressed: &str, #[case] name: &str) {
    let mut model = model(three_stages(1));
    assert_eq!(keys(&mut model, pressed), []);
    assert_eq!(marked(&model), name);
}

#[test]
fn check_keys_on_a_heading_are_refused_and_details_show_history() {
    let mut model = model(three_stages(1));
    for letter in ["i", "o", "x", "W"] {
        keys(&mut model, &format!("4g{letter}"));
        assert_eq!(said(&model), "this is a stage; select one of its checks");
    }
    keys(&mut model, "ni");
    assert_eq!(model.place(), KeyContext::About);
    keys(&mut model, "q");
    assert_eq!(model.place(), KeyContext::Checks);
    let check = model.check().unwrap();
    let said: Vec<String> = lines(check, 80)
        .into_iter()
        .map(|line| match line {
            AboutLine::Fact(name, text) => format!("{name}: {text}"),
            AboutLine::Heading(text) => text,
            AboutLine::Dates(dates) => format!("{dates:?}"),
            AboutLine::Answer(answer) => format!("{} {} {}", answer.run, answer.state, answer.failing_dates),
            AboutLine::Gap => String::new(),
        })
        .collect();
    assert_eq!(
        said,
        [
            "check: Rows per date = 2 x finals",
            "stage: team_defense",
            "severity: blocking: a failure stops the downstream stages",
            "value: 3 rows on 3 dates",
            "target: no offending row",
            "before: -",
            "waiver: by ruth on 2026-01-03 08:30 UTC at 31 rows on 12 dates; no longer ",
            ": valid",
            ": the feed lost these games for good",
            "",
            "2 results, oldest first",
            "r-20260102-220000 FAIL 12",
            "r-20260104-093000 FAIL 3",
            "",
            "3 failing dates",
            "[2023-12-16, 2024-11-02, 2026-01-03]",
        ]
    );
}

/// The open breakdown.
fn breakdown_page(model: &Model) -> &BreakdownPage {
    let Some(Overlay::BreakdownPage(breakdown_page)) = &model.overlay else {
        panic!("no breakdown is open");
    };
    breakdown_page
}

#[rstest]
#[case::newest_incomplete_date("b", 0, "2026-01-03")]
#[case::a_week_before("bh", 0, "2025-12-27")]
#[case::a_day_before("bk", 0, "2026-01-02")]
#[case::last_date("bjl", 0, "2026-01-03")]
#[case::the_first("bg", 0, "2021-10-19")]
#[case::next_incomplete_date("bgjn", 0, "2022-01-26")]
#[case::previous("bgjN", 0, "2021-10-19")]
#[case::wraps_around("bn", 0, "2021-10-19")]
#[case::by_season("b\t", 1, "2026-01-03")]
#[case::by_month("b\t\t", 2, "2026-01-03")]
#[case::back_to_dates("b\t\t\t", 0, "2026-01-03")]
#[case::failing_date("b\t\tn", 0, "2021-10-19")]
#[case::only_breakdown("b\tb", 0, "2026-01-03")]
fn a_breakdown_can_be_viewed(#[case] pressed: &str, #[case] view: usize, #[case] date: &str) {
    let mut model = model(three_stages(1));
    assert_eq!(keys(&mut model, pressed), []);
    let breakdown_page = breakdown_page(&model);
    let found = breakdown_page
        .shown(model.snapshot.as_deref().unwrap())
        .unwrap()
        .found
        .as_ref();
    assert_eq!(
        (breakdown_page.view, breakdown_page.cursor(found.unwrap())),
        (view, Some(day(date)))
    );
}

#[test]
fn a_breakdown_jumps_to_the_date_in_the_stage_of_its_check() {
    let mut model = model(three_stages(1));
    keys(&mut model, "3bk\n");
    assert_eq!(
        (model.focus, model.dates.cursor),
        (Pane::Dates, Some(day("2026-01-02")))
    );
    assert_eq!(
        model.stage().map(|stage| stage.name.as_str()),
        Some("team_defense")
    );
}

#[test]
fn a_breakdown_can_be_rerun_and_copied() {
    let mut model = model(three_stages(1));
    let check = "rows_per_date".to_owned();
    assert_eq!(keys(&mut model, "be"), send(Command::Breakdown { check }));
    let copied = keys(&mut model, "\ty");
    let Some(Effect::Copy(text)) = copied.first() else {
        panic!("nothing was copied: {copied:?}");
    };
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "season\tknown\tcounted\tno team row\tno attempts in the feed\tno team total\tno minutes\tunresolved player"
        )
    );
    assert!(
        lines.next().is_some_and(|line| line.starts_with("2021\t")),
        "{text}"
    );
    let mut snapshot = three_stages(2);
    snapshot.breakdowns[0].state = BreakdownState::Running;
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert_eq!(keys(&mut model, "e"), [], "it is being asked");
    assert_eq!(model.place(), KeyContext::Breakdown);
}

#[test]
fn a_plan_without_breakdowns_is_reported() {
    let mut model = model(one_fail(1));
    keys(&mut model, "b");
    assert_eq!(said(&model), "no check of this run has a breakdown");
}

#[test]
fn a_check_jumps_to_its_failing_date() {
    let mut model = model(one_fail(1));
    keys(&mut model, "4jjjjjoj\n");
    assert_eq!(
        (model.focus, model.dates.cursor),
        (Pane::Dates, Some(day("2024-11-02")))
    );
    assert!(model.overlay.is_none());
}

fn ask(names: &[&str]) -> Vec<Effect> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    send(Command::Check(Checks::Named(names)))
}

#[test]
fn a_source_check_jumps_to_a_date_and_back_to_the_page() {
    let mut model = model(bad_sources(1));
    keys(&mut model, "45j\nj\n");
    assert_eq!(
        (model.focus, model.dates.cursor),
        (Pane::Dates, Some(day("2024-11-02")))
    );
    assert!(model.overlay.is_none());
    keys(&mut model, "5jo\x1b");
    assert!(matches!(model.overlay, Some(Overlay::Sources(list)) if list.cursor == 1));
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

#[rstest]
#[case::one("5j ", ask(&["bdl_repeated"]))]
#[case::all("5a", ask(&["schedule_repeated", "bdl_repeated", "bdl_foreign_ids", "team_box_missing", "shared_ids"]))]
#[case::dates_only_open("5jo", vec![])]
#[case::reloaded("5joF\n", send(Command::Reload {
    dates: ["2023-12-16", "2024-11-02", "2025-12-31"].map(day).into_iter().collect(),
}))]
fn source_checks_can_be_rerun_and_raw_rows_reloaded(#[case] pressed: &str, #[case] effects: Vec<Effect>) {
    assert_eq!(keys(&mut model(bad_sources(1)), pressed), effects);
}

#[rstest]
#[case::no_dates("5o", "schedule_repeated has no failing dates")]
#[case::no_stage("5jox", "these are dates of raw rows: F reloads them")]
fn unsupported_source_actions_are_refused(#[case] pressed: &str, #[case] sentence: &str) {
    let mut model = model(bad_sources(1));
    assert_eq!(keys(&mut model, pressed), vec![]);
    assert_eq!(said(&model), sentence);
}

#[test]
fn an_empty_sources_page_ignores_all_keys() {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, "5jGao \n"), vec![]);
    assert!(matches!(model.overlay, Some(Overlay::Sources(list)) if list.cursor == 0));
}

#[rstest]
#[case("1", Pane::Dates)]
#[case("2", Pane::Workers)]
#[case("3", Pane::Log)]
#[case("4", Pane::Checks)]
#[case("\t", Pane::Workers)]
#[case("4\t", Pane::Dates)]
fn panes_can_be_selected(#[case] pressed: &str, #[case] pane: Pane) {
    let mut model = model(running(1));
    for letter in pressed.chars() {
        let code = if letter == '\t' {
            KeyCode::Tab
        } else {
            KeyCode::Char(letter)
        };
        press(&mut model, code);
    }
    assert_eq!(model.focus, pane);
}

#[test]
fn a_key_opens_the_log_of_a_date_and_returns() {
    let mut model = model(running(1));
    let all = model.log.len();
    keys(&mut model, "g/2023-12-16\n");
    keys(&mut model, "L");
    assert_eq!(
        (model.focus, model.log.date),
        (Pane::Log, Some(day("2023-12-16")))
    );
    assert!(model.log.len() < all);
    keys(&mut model, "L");
    assert_eq!((model.log.date, model.log.len()), (None, all));
}

#[test]
fn escape_returns_from_the_log_of_a_date_to_its_origin() {
    let mut model = model(running(1));
    let all = model.log.len();
    keys(&mut model, "g/2023-12-16\nL");
    keys(&mut model, "\x1b");
    assert_eq!(
        (model.focus, model.log.date, model.log.len()),
        (Pane::Dates, None, all)
    );

    let mut model = opened(stored_games());
    keys(&mut model, "j\nL/conn\n");
    assert!(model.overlay.is_none() && model.log.query == "conn");
    keys(&mut model, "\x1b");
    assert_eq!(model.focus, Pane::Log, "the search is taken back first");
    let asked = keys(&mut model, "\x1b");
    assert!(
        matches!(asked[..], [Effect::Send(Command::Inspect { .. })]),
        "{asked:?}"
    );
    assert_eq!(
        at(&model),
        (vec![GAMES[1]], RowsLayout::List, 0),
        "as far as it was opened"
    );

    let mut model = opened(stored_games());
    keys(&mut model, "L23\x1b");
    assert_eq!(
        (model.focus, model.log.date),
        (Pane::Log, None),
        "who went elsewhere stays"
    );
}

#[test]
fn log_search_reports_missing_matches() {
    let mut model = model(running(1));
    keys(&mut model, "3n");
    assert_eq!(said(&model), "no search active; / starts one");
    keys(&mut model, "/nowhere\n");
    assert_eq!(
        said(&model),
        "no line in memory matches 'nowhere'; Esc shows all lines"
    );
    keys(&mut model, "jn");
    assert_eq!(
        said(&model),
        "no line in memory matches 'nowhere'; Esc shows all lines"
    );
    keys(&mut model, "\x1b/team\n");
    assert_eq!(said(&model), "");
    let below = model.log.below();
    keys(&mut model, "n");
    assert_eq!(
        (said(&model), model.log.below()),
        ("no match for 'team' below", below)
    );
}

#[test]
fn escape_undoes_one_step_at_a_time() {
    let mut model = model(running(1));
    keys(&mut model, "zv\x1b");
    assert!(model.zoomed && model.dates.anchor.is_none());
    keys(&mut model, "\x1b");
    assert!(!model.zoomed);
    keys(&mut model, "3/conn\n\x1b");
    assert!(model.log.query.is_empty());
}

#[test]
fn help_filters_while_typing() {
    let mut model = model(running(1));
    keys(&mut model, "?/rerun");
    let Some(Overlay::Help(help)) = &model.overlay else {
        panic!("help is open");
    };
    assert!(
        help.bindings(&model.keymap)
            .iter()
            .any(|binding| binding.name == "rerun")
    );
    assert!(
        help.bindings(&model.keymap)
            .iter()
            .all(|binding| binding.name != "zoom")
    );
    keys(&mut model, "\x1b");
    assert!(matches!(&model.overlay, Some(Overlay::Help(help)) if help.query.is_empty()));
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

#[test]
fn letters_are_text_while_typing() {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, "3/pqr"), vec![]);
    update(&mut model, Msg::Paste(" x\ny\u{1b} ".to_owned()));
    assert_eq!(
        model.prompt.as_ref().map(|prompt| prompt.text.as_str()),
        Some("pqrx y")
    );
    press(&mut model, KeyCode::Backspace);
    keys(&mut model, "\n");
    assert_eq!(model.log.query, "pqrx ");
}

#[test]
fn pause_is_shown_immediately_and_confirmed_by_the_engine() {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, "p"), send(Command::Pause));
    assert!(model.asked.is_some());
    let mut pausing = running(2);
    pausing.run.pausing = true;
    update(&mut model, Msg::Snapshot(Arc::new(pausing)));
    assert!(model.asked.is_none());
    assert_eq!(keys(&mut model, "p"), send(Command::Resume));
    update(&mut model, Msg::Snapshot(Arc::new(paused(3))));
    assert!(model.asked.is_some(), "going on was asked for, and it is paused");
    update(&mut model, Msg::Snapshot(Arc::new(running(4))));
    assert!(model.asked.is_none());
}

#[test]
fn a_refused_command_is_reported_and_reverted() {
    let mut model = model(running(1));
    keys(&mut model, "p+");
    for to in [Command::Pause, Command::Workers(16)] {
        let reply = Reply::Refused("the run is read-only; use the run's own console".to_owned());
        update(&mut model, Msg::Reply { to, reply });
    }
    assert!(model.asked.is_none() && model.workers.wanted.is_none());
    assert_eq!(
        said(&model),
        "refused: the run is read-only; use the run's own console"
    );
}

#[rstest]
#[case(finished(1), "the run has ended; nothing to pause")]
#[case(drained(1), "the run is draining and can't be paused")]
fn a_refused_pause_states_the_reason(#[case] snapshot: Snapshot, #[case] sentence: &str) {
    let mut model = model(snapshot);
    assert_eq!(keys(&mut model, "p"), vec![]);
    assert_eq!(said(&model), sentence);
}

fn drained(version: u64) -> Snapshot {
    let mut snapshot = running(version);
    snapshot.run.state = RunState::Draining;
    snapshot
}

#[test]
fn repeated_worker_changes_accumulate_before_the_engine_applies_them() {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, "++"), send(Command::Workers(17)));
    assert_eq!(keys(&mut model, "-"), send(Command::Workers(16)));
    let mut more = running(2);
    let mut sixteenth = more.workers[0].clone();
    sixteenth.slot = 16;
    more.workers.push(sixteenth);
    update(&mut model, Msg::Snapshot(Arc::new(more)));
    assert_eq!(model.workers.wanted, None);
}

// 15 workers are busy and the ETA is 4 to 5 minutes.
#[rstest]
#[case(None, "+", "16 workers: ETA 4-5 min, 6 % shorter")]
#[case(None, "----------", "5 workers: ETA 12-15 min, 200 % longer")]
#[case(Some(9), "+", "16 workers are not faster: the ETA stays 4-5 min")]
#[case(Some(9), "-", "14 workers are enough: the ETA stays 4-5 min")]
#[case(Some(9), "-------", "8 workers: ETA 4-6 min, 13 % longer")]
#[case(Some(1), "--------------", "1 worker is enough: the ETA stays 4-5 min")]
fn changing_workers_reports_the_effect_on_the_eta(
    #[case] enough: Option<usize>,
    #[case] typed: &str,
    #[case] sentence: &str,
) {
    let mut snapshot = running(1);
    snapshot.run.progress.eta = Some((240.0, 300.0));
    snapshot.run.enough_workers = enough;
    let mut model = model(snapshot);
    keys(&mut model, typed);
    assert_eq!(said(&model), sentence);
    let to = Command::Workers(1);
    let reply = Reply::Accepted("1 worker".to_owned());
    update(&mut model, Msg::Reply { to, reply });
    assert_eq!(said(&model), sentence, "the answer adds nothing");
}

// The snapshot has eight workers, one of them in its last batch: seven were requested, and the ETA is for seven.
#[test]
fn retiring_workers_are_not_counted() {
    let mut snapshot = running(1);
    snapshot.workers.truncate(8);
    snapshot.run.workers = 7;
    snapshot.run.progress.eta = Some((240.0, 300.0));
    snapshot.run.enough_workers = None;
    let mut model = model(snapshot);
    keys(&mut model, "+");
    assert_eq!(said(&model), "8 workers: ETA about 4 min, 13 % shorter");
}

#[test]
fn the_run_can_be_paused_and_resumed_with_a_page_open() {
    let mut model = model(running(1));
    for page in ["\n", "t", "u", "5", "6", "4i"] {
        model.asked = None;
        keys(&mut model, page);
        assert!(model.overlay.is_some(), "{page}");
        assert_eq!(keys(&mut model, "p"), send(Command::Pause), "{page}");
        assert!(model.overlay.is_some(), "{page} stays");
        keys(&mut model, "q1");
    }
}

#[test]
fn the_last_worker_cannot_be_removed() {
    let mut one = running(1);
    one.workers.truncate(1);
    one.run.workers = 1;
    let mut model = model(one);
    assert_eq!(keys(&mut model, "-"), vec![]);
    assert_eq!(said(&model), "one worker is the minimum; p pauses the run");
}

#[rstest]
#[case::finished(finished(1), true)]
#[case::running(running(1), false)]
#[case::paused_with_work_left(paused(1), false)]
#[case::paused_without_work(resting(1), true)]
#[case::paused_while_a_check_runs(checking(1), false)]
fn quit_asks_while_work_remains(#[case] snapshot: Snapshot, #[case] at_once: bool) {
    let mut model = model(snapshot);
    let effects = keys(&mut model, "q");
    assert_eq!(effects == [Effect::Quit], at_once);
    assert_eq!(
        matches!(model.overlay, Some(Overlay::Leave(LeaveChoice::Keep))),
        !at_once
    );
}

#[rstest]
#[case::abort_leaves("a", true)]
#[case::drain_leaves("e", true)]
#[case::detach_leaves("d", true)]
#[case::pause_closes("p", false)]
#[case::cancel_closes("c", false)]
#[case::escape_closes("\x1b", false)]
fn the_quit_dialog_keeps_its_keys_when_the_run_ends(#[case] typed: &str, #[case] leaves: bool) {
    let mut model = model(running(1));
    keys(&mut model, "4q");
    update(&mut model, Msg::Snapshot(Arc::new(finished(2))));
    let expected = if leaves { vec![Effect::Quit] } else { vec![] };
    assert_eq!(
        keys(&mut model, typed),
        expected,
        "no letter of it reaches the pane"
    );
    assert!(model.overlay.is_none());
}

/// The dates shown, in order.
fn shown(model: &Model) -> Vec<Partition> {
    let units = &model.stage().unwrap().units;
    let shown = units.iter().filter(|unit| model.dates.shows(unit));
    shown.map(|unit| unit.date).collect()
}

#[test]
fn actions_apply_only_to_dates_that_match_the_state_filter() {
    let mut model = model(running(1));
    let all = shown(&model).len();
    keys(&mut model, "f");
    let failed = shown(&model);
    assert_eq!(failed.len(), 3, "the failed ones");
    assert_eq!(
        model.dates.cursor,
        failed.first().copied(),
        "the cursor is on one"
    );
    keys(&mut model, "n");
    assert_eq!(model.dates.cursor, Some(failed[1]));
    keys(&mut model, "R");
    let Some(Overlay::Confirm(confirm)) = &model.overlay else {
        panic!("no question");
    };
    assert_eq!(
        confirm.dates, failed,
        "the empty and the partial date are left out"
    );
    // From the first failed date to the last: dates in between are hidden and not rerun.
    keys(&mut model, "\x1bNvNr");
    let Some(Overlay::Confirm(confirm)) = &model.overlay else {
        panic!("no question");
    };
    assert_eq!(confirm.dates, failed);
    keys(&mut model, "\x1bf");
    assert_eq!(shown(&model).len(), 1, "the empty one");
    keys(&mut model, "\x1b");
    assert!(model.dates.anchor.is_none() && model.dates.filter.is_some());
    keys(&mut model, "\x1b");
    assert_eq!(shown(&model).len(), all);
    // Failed, empty, partial, unknown, stale, running, pending, ok, skipped, then all again.
    keys(&mut model, "ffffffffff");
    assert_eq!(model.dates.filter, None);
}

#[test]
fn dates_are_filtered_by_cause() {
    let mut model = model(running(1));
    keys(&mut model, "tf");
    assert!(model.overlay.is_none());
    let shown = shown(&model);
    assert_eq!(shown.len(), 3);
    assert_eq!(model.dates.cursor, shown.first().copied());
    update(&mut model, Msg::Snapshot(Arc::new(finished(2))));
    keys(&mut model, "n");
    assert_eq!(said(&model), "no dates shown; Esc shows all");
    keys(&mut model, "R");
    assert_eq!(said(&model), "no date shown needs attention; Esc shows all");
}

fn resting(version: u64) -> Snapshot {
    let mut snapshot = finished(version);
    snapshot.run.state = RunState::Paused;
    snapshot
}

fn checking(version: u64) -> Snapshot {
    let mut snapshot = resting(version);
    snapshot.checks[0].state = CheckState::Running;
    snapshot
}

#[rstest]
#[case::keep("q\n", vec![])]
#[case::repeated("qq", vec![])]
#[case::escape("q\x1b", vec![])]
#[case::pause("ql\n", send(Command::Pause))]
#[case::pause_by_letter("qp", send(Command::Pause))]
#[case::cancel("qll\n", send(Command::Cancel))]
#[case::cancel_by_letter("qc", send(Command::Cancel))]
#[case::drain("qlll\n", send(Command::Drain))]
#[case::drain_by_letter("qe", send(Command::Drain))]
#[case::abort("qllll\n", send(Command::Abort))]
#[case::abort_backwards("qh\n", send(Command::Abort))]
#[case::abort_by_letter("qa", send(Command::Abort))]
fn quit_choices(#[case] pressed: &str, #[case] effects: Vec<Effect>) {
    let mut model = model(running(1));
    assert_eq!(keys(&mut model, pressed), effects);
    assert!(model.overlay.is_none());
}

#[test]
fn draining_quits_when_the_run_ends() {
    let mut model = model(running(1));
    keys(&mut model, "qe");
    assert_eq!(update(&mut model, Msg::Snapshot(Arc::new(drained(2)))), vec![]);
    let mut stopped = running(3);
    stopped.run.state = RunState::Stopped;
    assert_eq!(
        update(&mut model, Msg::Snapshot(Arc::new(stopped))),
        vec![Effect::Quit]
    );
}

#[test]
fn the_console_stays_open_after_the_run_until_quit() {
    let mut model = model(running(1));
    assert_eq!(update(&mut model, Msg::Snapshot(Arc::new(finished(2)))), vec![]);
    assert_eq!(keys(&mut model, "q"), vec![Effect::Quit]);
    assert_eq!(keys(&mut model, "d"), vec![Effect::Quit], "nothing goes on");
}

#[test]
fn a_paused_run_can_be_resumed_from_the_quit_dialog() {
    let mut model = model(paused(1));
    assert_eq!(keys(&mut model, "qp"), send(Command::Resume));
    assert!(model.overlay.is_none());
}

#[test]
fn ctrl_c_must_be_pressed_twice_within_two_seconds() {
    let mut model = model(running(1));
    assert_eq!(ctrl_c(&mut model, 10.0), vec![]);
    assert_eq!(
        said(&model),
        "Ctrl-C again within 2 s finishes in-flight work, then quits"
    );
    assert_eq!(ctrl_c(&mut model, 12.5), vec![]);
    assert_eq!(ctrl_c(&mut model, 14.0), send(Command::Drain));
    assert_eq!(ctrl_c(&mut model, 15.0), vec![]);
    assert_eq!(ctrl_c(&mut model, 15.5), send(Command::Abort));
    ctrl_c(&mut model, 16.0);
    assert_eq!(ctrl_c(&mut model, 16.5), vec![Effect::Quit]);
}

#[test]
fn the_ctrl_c_hint_expires_with_its_time_limit() {
    let mut model = model(running(1));
    ctrl_c(&mut model, 10.0);
    update(&mut model, Msg::Tick(second(11.2)));
    assert!(!said(&model).is_empty());
    let left = model.heartbeat().unwrap().as_millis();
    assert_eq!(left, 800, "the clock that takes it away is on time");
    update(&mut model, Msg::Tick(second(12.0)));
    assert_eq!(said(&model), "");
    assert_eq!(ctrl_c(&mut model, 12.0), []);
}

#[test]
fn another_key_disarms_ctrl_c() {
    let mut model = model(running(1));
    ctrl_c(&mut model, 10.0);
    press_at(&mut model, 10.5, KeyCode::Down, KeyModifiers::NONE);
    assert_eq!(ctrl_c(&mut model, 11.0), vec![]);
}

#[rstest]
#[case(None)]
#[case(Some(finished(1)))]
fn ctrl_c_quits_immediately_when_nothing_runs(#[case] snapshot: Option<Snapshot>) {
    let mut model = snapshot.map_or_else(Model::default, model);
    assert_eq!(ctrl_c(&mut model, 10.0), vec![Effect::Quit]);
}

#[test]
fn stored_rows_are_shown_only_for_the_requested_date() {
    let mut model = model(running(1));
    let effects = keys(&mut model, "gn\n");
    let [Effect::Send(asked)] = effects.as_slice() else {
        panic!("rows are asked for: {effects:?}");
    };
    let rows = Reply::Rows(StoredRows {
        columns: vec!["a".to_owned()],
        rows: vec![vec!["1".to_owned()]],
        ..StoredRows::default()
    });
    let other = Command::Inspect {
        stage: STAGE.to_owned(),
        date: day("2024-01-01"),
    };
    let stored = |model: &Model| match &model.overlay {
        Some(Overlay::Detail(detail)) => matches!(detail.stored, StoredReply::Rows(_)),
        _ => false,
    };
    update(
        &mut model,
        Msg::Reply {
            to: other,
            reply: rows.clone(),
        },
    );
    assert!(!stored(&model));
    update(
        &mut model,
        Msg::Reply {
            to: asked.clone(),
            reply: rows,
        },
    );
    assert!(stored(&model));
    assert_eq!(keys(&mut model, "y"), vec![Effect::Copy("a\n1".to_owned())]);
}

/// Opens a date that needs attention, with these rows.
fn opened(stored: StoredRows) -> Model {
    let mut model = model(running(1));
    keys(&mut model, "gn\n");
    answer(&mut model, stored);
    model
}

fn answer(model: &mut Model, stored: StoredRows) {
    let to = Command::Inspect {
        stage: STAGE.to_owned(),
        date: day("2022-02-24"),
    };
    let reply = Reply::Rows(stored);
    update(model, Msg::Reply { to, reply });
}

/// The drill-down path, how the rows are shown, and the cursor.
fn at(model: &Model) -> (Vec<&str>, RowsLayout, usize) {
    let Some(Overlay::Detail(detail)) = &model.overlay else {
        panic!("no date is open");
    };
    let path = detail.path.iter().map(String::as_str).collect();
    (path, detail.face(), detail.cursor)
}

const GAMES: [&str; 2] = ["20231216_ATL_CLE", "20231216_BKN_GSW"];

#[rstest]
#[case::games("", &[], RowsLayout::List, 0)]
#[case::the_next_game("j", &[], RowsLayout::List, 1)]
#[case::no_further("jjj", &[], RowsLayout::List, 1)]
#[case::its_teams("j\n", &[GAMES[1]], RowsLayout::List, 0)]
#[case::a_team("\nj\n", &[GAMES[0], "CLE"], RowsLayout::Row, 0)]
#[case::no_deeper_than_a_row("\nj\n\n", &[GAMES[0], "CLE"], RowsLayout::Row, 0)]
#[case::back_to_the_team("\nj\n\x1b", &[GAMES[0]], RowsLayout::List, 1)]
#[case::back_to_the_game("j\n\n\x1b\x1b", &[], RowsLayout::List, 1)]
#[case::all_columns("t", &[], RowsLayout::Table, 0)]
#[case::back_to_lines("tt", &[], RowsLayout::List, 0)]
#[case::all_columns_of_a_game("\nt", &[GAMES[0]], RowsLayout::Table, 0)]
#[case::esc_leaves_the_table_first("\nt\x1b", &[GAMES[0]], RowsLayout::List, 0)]
fn dates_open_level_by_level(
    #[case] pressed: &str,
    #[case] path: &[&str],
    #[case] face: RowsLayout,
    #[case] cursor: usize,
) {
    let mut model = opened(stored_games());
    assert_eq!(keys(&mut model, pressed), []);
    assert_eq!(at(&model), (path.to_vec(), face, cursor));
}

#[test]
fn a_game_without_rows_is_listed_and_cannot_be_opened() {
    let mut stored = stored_games();
    stored.groups = vec!["20231216_LAL_DEN".to_owned()];
    let mut model = opened(stored.clone());
    keys(&mut model, "G\n");
    assert_eq!(at(&model), (vec![], RowsLayout::List, 2));
    assert_eq!(said(&model), "no rows stored for 20231216_LAL_DEN");
    stored.rows.clear();
    answer(&mut model, stored);
    assert_eq!(at(&model), (vec![], RowsLayout::List, 0), "it alone is left");
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

#[rstest]
#[case::from_the_games("\x1b")]
#[case::level_by_level("\n\n\x1b\x1b\x1b")]
#[case::at_once("\n\nq")]
#[case::from_the_table("tq")]
fn an_open_date_can_be_closed(#[case] pressed: &str) {
    let mut model = opened(stored_games());
    keys(&mut model, pressed);
    assert!(model.overlay.is_none());
}

#[test]
fn levels_a_table_lacks_are_skipped() {
    let mut model = opened(stored_players());
    assert_eq!(at(&model), (vec![], RowsLayout::List, 0));
    keys(&mut model, "jj\n");
    assert_eq!(at(&model), (vec!["player02"], RowsLayout::Row, 0));
    let mut stored = stored_games();
    stored.parts.clear();
    let mut model = opened(stored);
    keys(&mut model, "\nt");
    assert_eq!(at(&model), (vec![], RowsLayout::Table, 0));
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

#[test]
fn the_selection_of_a_date_is_copied() {
    let copied = |pressed: &str| {
        let mut model = opened(stored_games());
        match keys(&mut model, pressed).pop() {
            Some(Effect::Copy(text)) => text,
            other => panic!("nothing was copied: {other:?}"),
        }
    };
    assert_eq!(
        copied("jy"),
        "20231216_BKN_GSW\tBKN - @ GSW 124\t1\tmissing BKN\treconstructed_team_from_players\tsilver\t\
         [backup_source_used, reconstructed, shot_zones_unavailable]"
    );
    let row = copied("\nj\ny");
    assert!(
        row.starts_with(
            "primary_source_used=nbac_team_boxscore\ndata_sources=[nbac_team_boxscore]\nquality_tier=gold\n"
        ),
        "{row}"
    );
    assert!(
        row.contains("\nteam_abbr=CLE\n") && row.contains("\nteam_paint_attempts=NULL\n"),
        "{row}"
    );
    assert_eq!(row.lines().count(), 16);
    let table = copied("j\nty");
    assert_eq!(table.lines().count(), 2, "the names, and the one row of the game");
}

#[test]
fn views_of_deleted_rows_close() {
    let mut model = opened(stored_games());
    keys(&mut model, "\nj\n");
    assert_eq!(at(&model), (vec![GAMES[0], "CLE"], RowsLayout::Row, 0));
    let mut stored = stored_games();
    stored.rows.retain(|row| row[2] != "CLE");
    answer(&mut model, stored.clone());
    assert_eq!(at(&model), (vec![GAMES[0]], RowsLayout::List, 0));
    stored.rows.clear();
    answer(&mut model, stored);
    assert_eq!(at(&model).1, RowsLayout::Nothing);
    keys(&mut model, "\x1b");
    keys(&mut model, "\x1b");
    assert!(model.overlay.is_none());
}

#[test]
fn an_open_date_can_be_rerun_and_shown_in_the_log() {
    let mut model = opened(stored_games());
    keys(&mut model, "\n\nr");
    assert_eq!(keys(&mut model, "\n"), rerun(&["2022-02-24"]));
    let mut model = opened(stored_games());
    keys(&mut model, "\n\nL");
    assert!(model.overlay.is_none());
    assert_eq!(
        (model.focus, model.log.date),
        (Pane::Log, Some(day("2022-02-24")))
    );
}

#[test]
fn an_open_date_is_reloaded_when_it_changes() {
    let mut model = model(running(1));
    keys(&mut model, "gn\n");
    assert_eq!(update(&mut model, Msg::Snapshot(Arc::new(running(2)))), vec![]);
    let with = |version, state| {
        let mut snapshot = running(version);
        let mut units = snapshot.stages[0].units.to_vec();
        let changed = units
            .iter_mut()
            .find(|unit| unit.date == day("2022-02-24"))
            .unwrap();
        changed.state = state;
        snapshot.stages[0].units = Arc::new(units);
        Msg::Snapshot(Arc::new(snapshot))
    };
    assert_eq!(update(&mut model, with(3, UnitState::Running)), vec![]);
    let again = send(Command::Inspect {
        stage: STAGE.to_owned(),
        date: day("2022-02-24"),
    });
    assert_eq!(update(&mut model, with(4, UnitState::Ok)), again);
}

#[test]
fn confirming_a_rerun_sends_the_listed_dates() {
    let mut model = model(running(1));
    keys(&mut model, "R");
    update(&mut model, Msg::Snapshot(Arc::new(finished(2))));
    let listed = [
        "2022-02-24",
        "2022-10-20",
        "2022-12-10",
        "2023-02-26",
        "2023-02-27",
    ];
    assert_eq!(keys(&mut model, "\n"), rerun(&listed));
}

#[test]
fn errors_stay_until_a_key_and_other_messages_expire() {
    let mut model = model(running(1));
    update(
        &mut model,
        Msg::Facts(vec![worker_panicked(), fact(Event::Paused)]),
    );
    let accepted = Reply::Accepted("every check is asked".to_owned());
    update(
        &mut model,
        Msg::Reply {
            to: Command::Check(Checks::All),
            reply: accepted,
        },
    );
    assert_eq!(said(&model), "every check is asked");
    update(&mut model, Msg::Tick(second(12.0)));
    assert_eq!(model.notices.len(), 2);
    update(&mut model, Msg::Tick(second(13.5)));
    assert!(said(&model).starts_with("worker 3 panicked (index out of bounds"));
    keys(&mut model, "j");
    assert!(model.notices.is_empty());
    assert_eq!(model.workers.deaths(3), 1);
}

#[rstest]
#[case::running(running(1), true)]
#[case::draining(drained(1), true)]
#[case::loading(loading(1), true)]
#[case::paused(paused(1), false)]
#[case::finished(finished(1), false)]
fn the_heartbeat_ticks_only_while_the_run_is_active(#[case] snapshot: Snapshot, #[case] beats: bool) {
    let version = snapshot.version;
    let mut model = model(snapshot.clone());
    assert_eq!(model.heartbeat().is_some(), beats);
    update(&mut model, Msg::Tick(second(20.0)));
    update(&mut model, metrics());
    let dirty = model.take_dirty();
    assert_eq!(dirty, if beats { Dirty::Partial } else { Dirty::None });
    let again = Snapshot { version, ..snapshot };
    update(&mut model, Msg::Snapshot(Arc::new(again)));
    assert_eq!(
        model.take_dirty(),
        Dirty::None,
        "the same picture twice is no news"
    );
}

#[rstest]
#[case(KeyCode::Char('j'), KeyModifiers::NONE, Dirty::Full)]
#[case(KeyCode::Char('l'), KeyModifiers::CONTROL, Dirty::Force)]
#[case(KeyCode::F(9), KeyModifiers::NONE, Dirty::None)]
#[case(KeyCode::Char('j'), KeyModifiers::ALT, Dirty::None)]
fn keys_request_only_the_redraw_they_need(
    #[case] code: KeyCode,
    #[case] modifiers: KeyModifiers,
    #[case] dirty: Dirty,
) {
    let mut model = model(running(1));
    press_at(&mut model, 8.4, code, modifiers);
    assert_eq!(model.take_dirty(), dirty);
}

#[test]
fn suspend_is_handled_by_the_presenter() {
    let mut model = model(running(1));
    let effects = press_at(&mut model, 8.4, KeyCode::Char('z'), KeyModifiers::CONTROL);
    assert_eq!(effects, vec![Effect::Suspend]);
}

#[test]
fn progress_shows_100_percent_only_at_the_end() {
    let mut all_done = finished(1);
    all_done.run.state = RunState::Running;
    assert!(model(all_done).percent() < 100.0);
    assert!(model(loading(1)).percent() < f64::EPSILON);
    assert!((model(finished(1)).percent() - 100.0).abs() < f64::EPSILON);
}

/// Any message from the operator or the engine, with snapshots of all kinds and sizes.
fn any_msg() -> impl Strategy<Value = Msg> {
    let code = prop_oneof![
        8 => prop::sample::select("hjklgGnNvrRLoxaywf/?z1234pq+- \t[]d0-".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        4 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End,
            KeyCode::Backspace,
        ]),
    ];
    let snapshots: Vec<fn(u64) -> Snapshot> =
        vec![running, paused, finished, one_fail, loading, drained, shrunk];
    prop_oneof![
        12 => (code, 0.0..100.0).prop_map(|(code, at)| Msg::Key {
            key: KeyEvent::new(code, KeyModifiers::NONE),
            at: second(at),
        }),
        2 => (0.0..100.0).prop_map(|at| Msg::Key {
            key: KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
            at: second(at),
        }),
        3 => (prop::sample::select(snapshots), any::<u64>())
            .prop_map(|(picture, version)| Msg::Snapshot(Arc::new(picture(version)))),
        1 => (0_u16..250, 0_u16..250).prop_map(|(columns, rows)| Msg::Resize { columns, rows }),
        1 => (1_u64..1_000, 0_u64..200).prop_map(|(first, lines)| Msg::Log(
            (first..first + lines).map(|number| log_line(number, tracing::Level::INFO, "x")).collect(),
        )),
        1 => (0.0..100.0).prop_map(|at| Msg::Tick(second(at))),
        1 => Just(Msg::Facts(vec![worker_panicked()])),
        1 => prop::sample::select(vec![control(None, ControlAccess::CanTake), control(Some("ann@pts/1"), ControlAccess::CanTake), Msg::Control(Control::default())]),
    ]
}

/// A run of ten dates, two workers and one check.
fn shrunk(version: u64) -> Snapshot {
    let mut snapshot = one_fail(version);
    let units = snapshot.stages[0].units[700..710].to_vec();
    snapshot.stages[0].units = Arc::new(units);
    snapshot.workers.truncate(2);
    snapshot.checks.truncate(1);
    snapshot
}

fn in_range(model: &Model) -> Result<(), TestCaseError> {
    let Some(snapshot) = &model.snapshot else {
        return Ok(());
    };
    let units = model.stage().map_or(&[][..], |stage| stage.units.as_slice());
    let holds = |date: Partition| units.iter().any(|unit| unit.date == date);
    prop_assert_eq!(model.dates.cursor.is_some(), !units.is_empty());
    prop_assert!(model.dates.cursor.is_none_or(holds));
    prop_assert!(model.dates.anchor.is_none_or(holds));
    prop_assert!(model.checks.cursor < model.checks.items(snapshot).len().max(1));
    prop_assert!(model.workers.cursor < snapshot.workers.len().max(1));
    prop_assert!(model.workers.top <= model.workers.cursor && model.checks.top <= model.checks.cursor);
    prop_assert!(model.log.below() <= model.log.len());
    prop_assert!(snapshot.run.state == RunState::Finished || model.percent() < 100.0);
    if let Some(Overlay::FailingDates(list)) = &model.overlay {
        let check = snapshot.checks.iter().find(|check| check.name == list.check);
        let len = check.map_or(0, |check| check.failing_dates.len());
        prop_assert!(list.cursor < len.max(1));
    }
    if let Some(Overlay::Confirm(confirm)) = &model.overlay {
        prop_assert!(!confirm.dates.is_empty() && confirm.top < confirm.lines());
    }
    Ok(())
}

#[rstest]
#[case::workers("2G")]
#[case::checks("4G")]
fn a_shrinking_list_keeps_its_selection_visible(#[case] pressed: &str) {
    let mut model = model(running(1));
    update(
        &mut model,
        Msg::Resize {
            columns: 100,
            rows: 28,
        },
    );
    keys(&mut model, pressed);
    assert!(
        model.workers.top > 0 || model.checks.top > 0,
        "the list is longer than its pane"
    );
    update(&mut model, Msg::Resize { columns: 0, rows: 0 });
    update(&mut model, Msg::Snapshot(Arc::new(shrunk(2))));
    in_range(&model).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_message_sequence_keeps_cursors_in_range(msgs in prop::collection::vec(any_msg(), 1..60)) {
        let mut model = Model::default();
        for msg in msgs {
            let effects = update(&mut model, msg);
            let commands = effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
            prop_assert!(commands <= 1, "conflicting commands: {effects:?}");
            in_range(&model)?;
        }
    }
}

#[test]
fn replies_expire_while_idle_and_replace_earlier_ones() {
    let reply = |to: Command| Msg::Reply {
        to,
        reply: Reply::Accepted("15 checks asked".to_owned()),
    };
    let mut model = model(finished(4));
    assert_eq!(model.heartbeat(), None);
    update(&mut model, reply(Command::Check(Checks::All)));
    assert!(model.heartbeat().is_some(), "a tick must remove the answer");
    update(&mut model, Msg::Tick(second(20.0)));
    assert!(model.notices.is_empty());
    assert_eq!(model.heartbeat(), None, "then nothing is written any more");

    update(&mut model, reply(Command::Check(Checks::All)));
    update(&mut model, Msg::Snapshot(Arc::new(paused(5))));
    assert!(model.notices.is_empty(), "the run stands otherwise now");
    update(&mut model, reply(Command::Pause));
    assert!(
        model.notices.is_empty(),
        "it has come true before its answer came"
    );
}

fn tick(item: &str, done: bool, note: &str) -> Vec<Effect> {
    send(Command::Tick {
        item: item.to_owned(),
        done,
        note: note.to_owned(),
    })
}

#[test]
fn runbook_items_are_ticked_by_hand_or_jump_to_their_pane() {
    let mut model = model(running(50));
    keys(&mut model, "6");
    let at = |model: &Model| match model.overlay {
        Some(Overlay::Runbook(page)) => page.cursor,
        _ => panic!("the runbook is open"),
    };
    assert_eq!(at(&model), 2, "the first that is not done");
    assert_eq!(
        keys(&mut model, "G\nhanded to Kim\n"),
        tick("24", true, "handed to Kim")
    );
    assert_eq!(at(&model), 11, "it stays open, to see the tick come");
    assert_eq!(keys(&mut model, "\n  \n"), []);
    assert_eq!(said(&model), "not recorded: enter a note");
    assert_eq!(keys(&mut model, "\nnever mind\x1b"), []);
    assert!(model.prompt.is_none());

    assert_eq!(keys(&mut model, "gux\n"), tick("1", false, "x"));
    assert_eq!(keys(&mut model, "\n"), []);
    assert_eq!(said(&model), "item 1 is ticked; u withdraws the tick");
    assert_eq!(keys(&mut model, "ju"), []);
    assert_eq!(said(&model), "item 2 has no manual tick to withdraw");

    assert_eq!(keys(&mut model, "gnnnn"), []);
    assert_eq!(at(&model), 6, "what is done is passed over");
    let ask = Command::Check(Checks::Named(vec!["formats".to_owned()]));
    assert_eq!(keys(&mut model, "\n"), send(ask));
    keys(&mut model, "N");
    assert_eq!(at(&model), 4);
    keys(&mut model, "N\n");
    assert!(model.overlay.is_none() && model.focus == Pane::Dates, "its dates");
}

#[test]
fn a_plan_without_a_runbook_is_reported() {
    let mut bare = running(50);
    bare.runbook = Arc::default();
    let mut model = model(bare);
    keys(&mut model, "6");
    assert!(model.overlay.is_none());
    assert_eq!(said(&model), "this plan has no runbook");
}

#[test]
fn a_recording_can_be_played_and_refuses_commands() {
    let mut model = model(one_fail(50));
    let recording = ReplayStatus {
        run: "r".to_owned(),
        at: second(8.0),
        speed: 1.0,
        is_paused: false,
        skips_idle: false,
        is_over: false,
        remarks: Vec::new(),
    };
    update(&mut model, Msg::Recording(recording));
    for (key, play) in [
        (" ", Play::PauseOrResume),
        ("+", Play::Faster),
        ("-", Play::Slower),
        (">", Play::NextMark),
        ("<", Play::PreviousMark),
        ("}", Play::MinuteForward),
        ("{", Play::MinuteBack),
    ] {
        assert_eq!(keys(&mut model, key), [Effect::Play(play)]);
    }
    for order in ["p", "r", "R", "S", "F", "A", "H", "d", "4a", "W", "\n"] {
        assert!(keys(&mut model, order).is_empty(), "{order:?}");
        let notice = model.notices.last().unwrap();
        assert!(notice.text.starts_with("this is a recording"), "{order:?}");
        assert!(model.overlay.is_none() && model.prompt.is_none(), "{order:?}");
    }
    keys(&mut model, "1");
    assert!(matches!(
        keys(&mut model, "\n")[..],
        [Effect::Send(Command::Inspect { .. })]
    ));
    keys(&mut model, "\x1b");
    assert_eq!(keys(&mut model, "q"), [Effect::Detach]);
}

#[test]
fn a_read_only_console_can_be_refreshed_and_refuses_commands() {
    let mut model = Model::default();
    for msg in observed(one_fail(50)) {
        update(&mut model, msg);
    }
    assert_eq!(keys(&mut model, "r"), [Effect::ReadAgain]);
    for order in ["p", "R", "S", "F", "A", "H", "4a", "W", "\n"] {
        assert!(keys(&mut model, order).is_empty(), "{order:?}");
        let notice = model.notices.last().unwrap();
        let instead = "control the run with 'backcourt attach --state-dir /srv/backcourt' on bastion-2";
        assert_eq!(
            notice.text,
            format!("refused: this console is read-only; {instead}"),
            "{order:?}"
        );
        assert!(model.overlay.is_none() && model.prompt.is_none(), "{order:?}");
    }
    for key in ["c", "b"] {
        keys(&mut model, key);
        assert!(
            said(&model).starts_with("costs and breakdowns are not recorded"),
            "{key}"
        );
    }
    keys(&mut model, "1\n");
    assert_eq!(keys(&mut model, "r"), [Effect::ReadAgain], "on a page too");
    keys(&mut model, "\x1b/");
    assert!(keys(&mut model, "r").is_empty(), "it is typed");
    keys(&mut model, "\x1b");
    assert_eq!(keys(&mut model, "q"), [Effect::Detach]);
}
