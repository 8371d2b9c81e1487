//! The whole screen, for every run of the fixtures at every size with its own layout.

use std::fmt::Write;
use std::slice;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use rstest::rstest;

use crate::console::fixture::{
    asking, bad_sources, billed, day, eight_stages, estimated, finished, history, loading, log, metrics,
    observation, observed, one_fail, paused, running, running_by, sampled, second, stored_games,
    stored_players, three_stages, throughput, worker_panicked,
};
use crate::console::theme::Tone;
use crate::console::{
    Control, ControlAccess, Model, Msg, Observation, Palette, ReadFailure, Theme, draw, update,
};
use crate::engine::{BreakdownState, Command, Reply, Snapshot, StoredRows};
use crate::partition::Grain;

const UTF8: Theme = Theme::new(Palette::Auto, true, true);
const ASCII: Theme = Theme::new(Palette::Auto, false, false);

/// One size for each layout.
const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

const RUNS: [&str; 8] = [
    "no-engine",
    "loading",
    "running",
    "paused",
    "one-fail",
    "finished",
    "worker-panicked",
    "long-log",
];

fn model(run: &str) -> Model {
    let mut msgs = vec![
        Msg::Resize {
            columns: 120,
            rows: 40,
        },
        Msg::Tick(second(8.4)),
        metrics(),
    ];
    match run {
        "no-engine" => {}
        "loading" => msgs.extend(history(loading(50))),
        "running" => {
            msgs.extend(history(running(50)));
            msgs.push(log());
        }
        "paused" => {
            msgs.extend(history(paused(50)));
            msgs.push(log());
        }
        "one-fail" => {
            msgs.extend(history(one_fail(50)));
            msgs.push(log());
        }
        "bad-sources" => msgs.extend(history(bad_sources(50))),
        "finished" => msgs.extend(history(finished(50))),
        "worker-panicked" => {
            msgs.extend(history(running(50)));
            msgs.push(Msg::Facts(vec![worker_panicked()]));
        }
        "long-log" => {
            msgs.extend(history(running(50)));
            msgs.extend([log(), key('3'), key('w')]);
        }
        other => panic!("no run {other}"),
    }
    let mut model = Model::default();
    feed(&mut model, msgs);
    model
}

fn feed(model: &mut Model, msgs: impl IntoIterator<Item = Msg>) {
    for msg in msgs {
        update(model, msg);
    }
}

fn key(letter: char) -> Msg {
    code(KeyCode::Char(letter))
}

fn code(code: KeyCode) -> Msg {
    Msg::Key {
        key: KeyEvent::new(code, KeyModifiers::NONE),
        at: second(8.4),
    }
}

fn screen(model: &mut Model, theme: Theme, columns: u16, rows: u16) -> Buffer {
    update(model, Msg::Resize { columns, rows });
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let drawn = terminal
        .draw(|frame| draw(model, &theme, frame.area(), frame.buffer_mut()))
        .unwrap();
    drawn.buffer.clone()
}

/// The rows of a screen, without cells covered by a wide character.
fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width).max(1))
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = crate::console::text::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Every run of styled cells, as text.
fn styles(buffer: &Buffer) -> String {
    let mut text = String::new();
    for (y, row) in rows(buffer).enumerate() {
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            let style = run[0].style();
            let words: String = run.iter().map(Cell::symbol).collect();
            let (fg, modifier) = (run[0].fg, style.add_modifier);
            if fg != Color::Reset || !modifier.is_empty() {
                let _ = writeln!(text, "{y:>2} {fg:?} {modifier:?} {:?}", words.trim_end());
            }
        }
    }
    text
}

/// Draws a screen at some sizes, and again in ASCII without colours.
fn assert_screens(name: &str, sizes: &[(u16, u16)], model: impl Fn() -> Model, msgs: &[Msg]) {
    for &(columns, rows) in sizes {
        let mut model = model();
        update(&mut model, Msg::Resize { columns, rows });
        feed(&mut model, msgs.iter().cloned());
        let drawn = screen(&mut model, UTF8, columns, rows);
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), text(&drawn));
        let plain = screen(&mut model, ASCII, columns, rows);
        assert!(text(&plain).is_ascii(), "{}", text(&plain));
        assert!((plain.content.iter()).all(|cell| cell.fg == Color::Reset));
    }
}

fn with_history(snapshot: impl Fn(u64) -> Snapshot) -> impl Fn() -> Model {
    move || {
        let mut model = Model::default();
        feed(&mut model, history(snapshot(50)));
        model
    }
}

#[rstest]
fn every_run_state_at_every_size(#[values((80, 24), (120, 40), (200, 60))] size: (u16, u16)) {
    for run in RUNS {
        assert_screens(run, &[size], || model(run), &[]);
    }
}

#[rstest]
#[case("dates", '1')]
#[case("workers", '2')]
#[case("log", '3')]
#[case("checks", '4')]
fn every_pane_zoomed(#[case] pane: &str, #[case] number: char) {
    let run = if pane == "checks" { "one-fail" } else { "running" };
    let keys = [key(number), key('z')];
    assert_screens(&format!("zoomed-{pane}"), &SIZES, || model(run), &keys);
}

#[rstest]
fn longer_partitions_are_cells_of_a_year(#[values(Grain::Week, Grain::Month, Grain::Year)] grain: Grain) {
    let model = with_history(|version| running_by(version, grain));
    let keys = [key('1'), key('z'), key('v'), key('l')];
    assert_screens(
        &format!("partitions-{grain}"),
        &[(60, 16), (80, 24)],
        model,
        &keys,
    );
}

/// A key to the right is the next partition, a key down the same one a year later.
#[rstest]
#[case(Grain::Day, "2021-10-26", "2021-10-27")]
#[case(Grain::Week, "2021-W43", "2022-W43")]
#[case(Grain::Month, "2021-11", "2022-11")]
#[case(Grain::Year, "2022", "2023")]
fn the_cursor_moves_by_cells(#[case] grain: Grain, #[case] right: &str, #[case] down: &str) {
    let mut model = with_history(|version| running_by(version, grain))();
    feed(&mut model, [key('1'), key('g'), key('l')]);
    assert_eq!(model.dates.cursor.unwrap().to_string(), right);
    feed(&mut model, [key('j')]);
    assert_eq!(model.dates.cursor.unwrap().to_string(), down);
}

#[test]
fn an_observed_run_shows_its_warehouse_and_age() {
    let failed = Observation {
        lease: None,
        failure: Some(ReadFailure {
            at: second(-1.6),
            why: "reading the recorded progress: no answer within 60 s".to_owned(),
        }),
        ..observation()
    };
    for (name, observation) in [("observed-read", observation()), ("observed-failed", failed)] {
        let mut msgs = vec![Msg::Tick(second(8.4))];
        msgs.extend(observed(running(50)));
        msgs.push(Msg::Observation(observation));
        assert_screens(name, &SIZES[..3], Model::default, &msgs);
    }
}

#[rstest]
#[case::production(true, Tone::Warn)]
#[case::another(false, Tone::Active)]
fn the_environment_is_shown_before_the_title(#[case] is_production: bool, #[case] tone: Tone) {
    let named = serde_json::json!({ "name": "prod", "is_production": is_production });
    let in_environment = |version| {
        let mut snapshot = running(version);
        snapshot.run.environment = serde_json::from_value(named.clone()).unwrap();
        snapshot
    };
    for (columns, rows) in [(120, 40), (60, 16)] {
        let drawn = screen(&mut with_history(in_environment)(), UTF8, columns, rows);
        let text = text(&drawn);
        let header = text.lines().next().unwrap();
        let (before, _) = header
            .split_once("prod  NBA team")
            .unwrap_or_else(|| panic!("{text}"));
        let at = u16::try_from(before.chars().count()).unwrap();
        assert_eq!(Some(drawn[(at, 0)].fg), UTF8.style(tone).fg);
    }
}

#[test]
fn the_slice_is_shown_before_the_title() {
    let of_slice = |version| {
        let mut snapshot = running(version);
        snapshot.run.plan = "nba [prod] [country=DE]".to_owned();
        snapshot
    };
    for (columns, rows) in [(120, 40), (60, 16)] {
        let text = text(&screen(&mut with_history(of_slice)(), UTF8, columns, rows));
        assert!(
            text.lines().next().unwrap().contains("country=DE  NBA team"),
            "{text}"
        );
    }
}

#[test]
fn checks_are_grouped_by_stage() {
    let down = vec![code(KeyCode::Down); 6];
    let cases = [
        ("checks-open", vec![]),
        ("checks-folded", vec![code(KeyCode::Enter)]),
        ("checks-next-failing", vec![key('n')]),
        ("checks-history", vec![key('n'), key('i')]),
        ("checks-history-end", [vec![key('n'), key('i')], down].concat()),
    ];
    for (name, keys) in cases {
        let keys = [vec![key('4')], keys].concat();
        assert_screens(name, &SIZES, with_history(three_stages), &keys);
    }
}

#[test]
fn a_breakdown_lists_dates_and_groups() {
    let tab = || code(KeyCode::Tab);
    let mut snapshot = three_stages(51);
    snapshot.breakdowns[0].state = BreakdownState::Outdated;
    let cases = [
        ("breakdown-dates", vec![]),
        ("breakdown-whole-date", vec![key('g'), code(KeyCode::Down)]),
        ("breakdown-season", vec![tab()]),
        ("breakdown-month", vec![tab(), tab(), code(KeyCode::PageDown)]),
        ("breakdown-causes-right", vec![tab(), code(KeyCode::Right)]),
        ("breakdown-outdated", vec![Msg::Snapshot(Arc::new(snapshot))]),
    ];
    for (name, msgs) in cases {
        let msgs = [vec![key('b')], msgs].concat();
        assert_screens(name, &SIZES, with_history(three_stages), &msgs);
    }
}

#[test]
fn a_breakdown_without_a_result_states_the_reason() {
    let failed = Some("no such table: teams".to_owned());
    for (name, state, problem) in [
        ("breakdown-pending", BreakdownState::Pending, None),
        ("breakdown-failed", BreakdownState::Failed, failed),
    ] {
        let snapshot = |version| {
            let mut snapshot = three_stages(version);
            let view = &mut snapshot.breakdowns[0];
            (view.state, view.problem, view.found, view.run_at) = (state, problem.clone(), None, None);
            snapshot
        };
        assert_screens(name, &[(80, 24)], with_history(snapshot), &[key('b')]);
    }
}

#[test]
fn the_overview_at_every_size() {
    let mut start = throughput(eight_stages(50));
    start.push(key('0'));
    assert_screens("overview", &SIZES, Model::default, &start);
    let mut one = throughput(running(50));
    one.extend([key('0'), key('n')]);
    assert_screens("overview-one-stage", &[(60, 16), (80, 24)], Model::default, &one);
    let before = [Msg::Snapshot(Arc::new(loading(50))), key('0')];
    assert_screens("overview-loading", &[(80, 24)], Model::default, &before);
    let mut model = Model::default();
    feed(&mut model, start);
    let drawn = screen(&mut model, ASCII, 80, 24);
    insta::assert_snapshot!("ascii-overview-80x24", text(&drawn));
    let drawn = screen(&mut model, UTF8, 80, 24);
    insta::assert_snapshot!("styles-overview-80x24", styles(&drawn));
}

#[rstest]
fn the_overview_of_longer_partitions(#[values(Grain::Week, Grain::Month, Grain::Year)] grain: Grain) {
    let model = with_history(|version| running_by(version, grain));
    let name = format!("overview-{grain}");
    assert_screens(&name, &[(60, 16), (80, 24)], model, &[key('0')]);
}

#[test]
fn ascii_without_colours_shows_the_same() {
    for run in ["running", "one-fail"] {
        for (columns, rows) in &SIZES[..3] {
            let drawn = screen(&mut model(run), ASCII, *columns, *rows);
            insta::assert_snapshot!(format!("ascii-{run}-{columns}x{rows}"), text(&drawn));
        }
    }
}

/// The key bar and the line above it.
fn foot(drawn: &Buffer, lines: usize) -> String {
    let drawn = text(drawn);
    let all: Vec<&str> = drawn.lines().collect();
    all[all.len() - lines..].join("\n")
}

#[test]
fn denied_commands_are_not_in_the_key_bar() {
    let control = |holder: Option<&str>, reach| {
        Msg::Control(Control {
            holder: holder.map(str::to_owned),
            reach,
            consoles: 1,
            remote: true,
            can_detach: true,
        })
    };
    let cases = [
        ("ended", "finished", Msg::Over),
        ("ended-with-failures", "one-fail", Msg::Over),
        ("control-free", "paused", control(None, ControlAccess::CanTake)),
        (
            "control-taken",
            "running",
            control(Some("ann@pts/1"), ControlAccess::CanTake),
        ),
        ("observer", "paused", control(None, ControlAccess::ReadOnly)),
    ];
    for (name, run, msg) in cases {
        for &(columns, rows) in &SIZES[..3] {
            let mut model = model(run);
            feed(&mut model, [msg.clone()]);
            let panes = ['1', '2', '3', '4', '6'].map(|pane| {
                feed(&mut model, [key(pane)]);
                foot(
                    &screen(&mut model, UTF8, columns, rows),
                    if rows < 30 { 2 } else { 3 },
                )
            });
            for orders in ["rerun", "run all", "waive", "pause", "more workers"] {
                let offered = |foot: &&String| foot.lines().skip(1).any(|line| line.contains(orders));
                assert!(
                    !panes.iter().any(|foot| offered(&foot)),
                    "{name} {orders}: {panes:#?}"
                );
            }
            insta::assert_snapshot!(format!("denied-{name}-{columns}x{rows}"), panes.join("\n\n"));
        }
    }
}

#[test]
fn a_long_message_hides_no_line_of_a_page() {
    let mut model = model("running");
    let (columns, rows) = (60, 16);
    feed(
        &mut model,
        [Msg::Resize { columns, rows }, key('?'), code(KeyCode::End)],
    );
    let last = |drawn: &Buffer| {
        let drawn = text(drawn);
        drawn.contains("more: abort")
    };
    assert!(last(&screen(&mut model, UTF8, 60, 16)));
    let reply = Reply::Refused("a sentence that goes on and on, ".repeat(5));
    feed(
        &mut model,
        [Msg::Reply {
            to: Command::Cancel,
            reply,
        }],
    );
    let drawn = screen(&mut model, UTF8, 60, 16);
    assert!(last(&drawn), "{}", text(&drawn));
    assert!(text(&drawn).contains("refused: a sentence"), "{}", text(&drawn));
}

#[test]
fn log_lines_name_their_stage_if_there_are_several() {
    let msgs = [log(), key('3')];
    assert_screens("log-of-stages", &[(80, 24)], with_history(three_stages), &msgs);
}

#[test]
fn pages_and_filters_at_every_size() {
    let rows_reply = Msg::Reply {
        to: Command::Inspect {
            stage: "team_offense".to_owned(),
            date: day("2022-02-24"),
        },
        reply: Reply::Rows(stored_rows()),
    };
    let cases = [
        (
            "detail",
            "running",
            vec![key('n'), code(KeyCode::Enter), rows_reply],
        ),
        ("rerun-one", "running", vec![key('n'), key('r')]),
        (
            "rerun-many",
            "finished",
            vec![key('v'), code(KeyCode::PageDown), key('r')],
        ),
        ("rerun-failed", "running", vec![key('R')]),
        (
            "selecting",
            "running",
            vec![key('n'), key('v'), code(KeyCode::Right), code(KeyCode::Down)],
        ),
        ("filter-failed", "running", vec![key('f')]),
        (
            "filter-cause",
            "running",
            vec![key('t'), key('f'), code(KeyCode::Right)],
        ),
        ("nulls", "running", vec![key('u')]),
        ("pausing", "running", vec![key('p')]),
        ("quit", "running", vec![key('q')]),
        (
            "quit-ended",
            "running",
            vec![key('q'), Msg::Snapshot(Arc::new(finished(51)))],
        ),
        ("quit-paused", "paused", vec![key('q'), code(KeyCode::Right)]),
        ("failing-dates", "one-fail", failing_dates_of_the_failed_check()),
        ("runbook", "running", vec![key('6')]),
        (
            "runbook-tick",
            "running",
            vec![
                key('6'),
                code(KeyCode::End),
                code(KeyCode::Enter),
                key('o'),
                key('k'),
            ],
        ),
        ("sources-notice", "bad-sources", vec![]),
        ("sources", "bad-sources", vec![key('5'), code(KeyCode::Down)]),
        (
            "source-dates",
            "bad-sources",
            vec![key('5'), code(KeyCode::Down), code(KeyCode::Enter)],
        ),
        ("no-sources", "running", vec![key('5')]),
        ("help", "running", vec![key('?')]),
        (
            "help-search",
            "running",
            [key('?'), key('/')]
                .into_iter()
                .chain("again".chars().map(key))
                .collect(),
        ),
        (
            "log-search",
            "running",
            vec![key('3'), key('/'), key('j'), key('o')],
        ),
        ("log-scrolled", "running", vec![key('3'), code(KeyCode::PageUp)]),
    ];
    for (name, run, keys) in cases {
        assert_screens(&format!("page-{name}"), &SIZES[..3], || model(run), &keys);
    }
}

#[test]
fn drilling_down_to_a_row_at_every_size() {
    let (enter, down, right) = (
        || code(KeyCode::Enter),
        || code(KeyCode::Down),
        || code(KeyCode::Right),
    );
    let cases = [
        ("games", stored_games(), vec![]),
        ("games-right", stored_games(), vec![right(), right(), right()]),
        ("teams", stored_games(), vec![enter()]),
        ("row", stored_games(), vec![enter(), enter()]),
        ("row-end", stored_games(), vec![enter(), enter(), key('G')]),
        (
            "game-table",
            stored_games(),
            vec![down(), enter(), key('t'), right()],
        ),
        ("players", stored_players(), vec![key('G')]),
        ("player-row", stored_players(), vec![down(), down(), enter()]),
    ];
    for (name, stored, keys) in cases {
        let mut msgs: Vec<Msg> = "g/2023-12-16".chars().map(key).collect();
        let to = Command::Inspect {
            stage: "team_offense".to_owned(),
            date: day("2023-12-16"),
        };
        let reply = Reply::Rows(stored);
        msgs.extend([enter(), enter(), Msg::Reply { to, reply }]);
        msgs.extend(keys);
        assert_screens(&format!("drill-{name}"), &SIZES[..3], || model("running"), &msgs);
    }
}

#[test]
fn cost_estimate_and_question_at_every_size() {
    let start = Model::default;
    assert_screens("billed", &SIZES, with_history(billed), &[]);
    assert_screens("cost", &SIZES, with_history(billed), &[key('c')]);
    assert_screens("estimate", &SIZES, start, &history(estimated(50)));
    assert_screens("question", &SIZES, start, &history(asking(50)));
}

#[test]
fn the_sample_at_every_size() {
    let sample = Msg::Snapshot(Arc::new(sampled(51)));
    assert_screens("sample", &SIZES, || model("paused"), slice::from_ref(&sample));
    for (columns, rows) in SIZES {
        let mut model = model("paused");
        update(&mut model, Msg::Resize { columns, rows });
        feed(&mut model, [sample.clone(), key('G')]);
        let last = text(&screen(&mut model, UTF8, columns, rows));
        assert!(
            last.contains("needs player_game of 71"),
            "the last page is full: {last}"
        );
    }
}

fn failing_dates_of_the_failed_check() -> Vec<Msg> {
    let down = std::iter::repeat_n(code(KeyCode::Down), 5);
    std::iter::once(key('4')).chain(down).chain([key('o')]).collect()
}

fn stored_rows() -> StoredRows {
    let columns = [
        "game_id",
        "team_abbr",
        "opponent",
        "points_scored",
        "possessions",
        "offensive_rating",
        "pace",
    ];
    let row = |team: &str, points: u32| {
        let points = points.to_string();
        let game = "20220220_BOS_BKN";
        [game, team, "BKN", &points, "98.2", "112.5", "98.7"]
            .map(str::to_owned)
            .to_vec()
    };
    StoredRows {
        columns: columns.map(str::to_owned).to_vec(),
        rows: (0..30)
            .map(|at| row(if at % 2 == 0 { "BOS" } else { "BKN" }, 96 + at))
            .collect(),
        ..StoredRows::default()
    }
}

#[test]
fn the_runbook_is_drawn_on_the_widest_screen_and_in_ascii() {
    assert_screens("page-runbook", &SIZES[3..], || model("running"), &[key('6')]);
    let mut model = model("running");
    feed(&mut model, [key('6')]);
    let drawn = screen(&mut model, ASCII, 80, 24);
    insta::assert_snapshot!("ascii-runbook-80x24", text(&drawn));
}

#[rstest]
#[case(Some("auto"))]
#[case(None)]
fn a_source_is_shown_if_there_is_a_choice(#[case] source: Option<&str>) {
    let mut snapshot = running(50);
    snapshot.run.source = source.map(str::to_owned);
    let mut model = Model::default();
    feed(&mut model, history(snapshot));
    feed(&mut model, [key('R')]);
    let drawn = text(&screen(&mut model, UTF8, 120, 40));
    assert!(drawn.contains("Rerun 5 dates of team_offense"), "{drawn}");
    assert_eq!(drawn.contains("  source auto  pid "), source.is_some(), "{drawn}");
    assert_eq!(drawn.contains("(source: auto)"), source.is_some(), "{drawn}");
}

#[test]
fn the_styles_of_a_screen() {
    let drawn = screen(&mut model("one-fail"), UTF8, 80, 24);
    insta::assert_snapshot!("styles-one-fail-80x24", styles(&drawn));
}

#[test]
fn a_small_screen_states_the_required_size() {
    let sizes = [(59, 16), (60, 15), (24, 6), (9, 2)];
    assert_screens("too-small", &sizes, || model("running"), &[]);
}

#[test]
fn marks_are_reversed_and_nothing_sets_a_background() {
    for run in RUNS {
        let drawn = screen(&mut model(run), UTF8, 120, 40);
        assert!(drawn.content.iter().all(|cell| cell.bg == Color::Reset));
        let reversed = |cell: &&Cell| cell.modifier.contains(Modifier::REVERSED);
        assert!(
            drawn.content.iter().any(|cell| reversed(&cell)),
            "{run}: the focus is marked"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// For any screen size and position of the area, drawing doesn't panic and stays inside.
    #[test]
    fn any_area_can_be_drawn(
        run in 0..RUNS.len(),
        keys in prop::collection::vec(prop::sample::select(vec!['1', '2', '3', '4', '0', 'z', '?', 'R', 'q', 'w', 'G', 'v', 'b', 'i']), 0..4),
        columns in 0_u16..=250,
        rows in 0_u16..=250,
        x in 0_u16..=60,
        y in 0_u16..=60,
    ) {
        let mut model = model(RUNS[run]);
        feed(&mut model, keys.into_iter().map(key));
        for theme in [UTF8, ASCII] {
            let mut whole = Buffer::empty(Rect::new(0, 0, columns, rows));
            draw(&model, &theme, whole.area, &mut whole);
            let part = Rect::new(x, y, columns, rows);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 250, 250));
            draw(&model, &theme, part, &mut buffer);
            let outside = buffer.content.iter().enumerate().filter(|(at, _)| {
                let (cx, cy) = buffer.pos_of(*at);
                !part.contains((cx, cy).into())
            });
            for (_, cell) in outside {
                prop_assert_eq!(cell, &Cell::default());
            }
        }
    }
}

/// Cut after the number, "+ 3 s" would read as seconds.
#[rstest]
#[case(60, "ETA 3-5 s + ?")]
#[case(120, "ETA 3-5 s + 3 stages")]
fn untimed_stages_are_not_truncated_to_a_time(#[case] columns: u16, #[case] eta: &str) {
    let mut snapshot = running(50);
    snapshot.run.progress.unmeasured = 3;
    let mut model = Model::default();
    feed(
        &mut model,
        [
            Msg::Resize { columns, rows: 40 },
            Msg::Tick(second(8.4)),
            Msg::Snapshot(Arc::new(snapshot)),
        ],
    );
    let drawn = text(&screen(&mut model, UTF8, columns, 40));
    assert!(drawn.contains(eta), "{drawn}");
}
