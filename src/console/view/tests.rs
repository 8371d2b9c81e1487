//! The whole screen, for every run of the fixtures at every size with its own layout.

use std::fmt::Write;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use rstest::rstest;

use crate::console::fixture::{
    asking, bad_sources, billed, day, estimated, finished, history, loading, log, metrics, observation,
    observed, one_fail, paused, running, sampled, second, stored_games, stored_players, three_stages,
    worker_panicked,
};
use crate::console::{
    Control, ControlAccess, Model, Msg, Observation, Palette, ReadFailure, Theme, draw, update,
};
use crate::engine::{BreakdownState, Command, Reply, StoredRows};

const UTF8: Theme = Theme::new(Palette::Auto, true, true);
const ASCII: Theme = Theme::new(Palette::Auto, false, false);

const RUNS: [&str; 8] = [
    "no-engine",
    "loading",
    "running",
    "paused",
    "one-fail",
    "finished",
    "worker-died",
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
        "worker-died" => {
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
            if fg != ratatui::style::Color::Reset || !modifier.is_empty() {
                let _ = writeln!(text, "{y:>2} {fg:?} {modifier:?} {:?}", words.trim_end());
            }
        }
    }
    text
}

#[rstest]
fn every_run_at_every_size(#[values(80, 120, 200)] columns: u16) {
    let rows = match columns {
        80 => 24,
        120 => 40,
        _ => 60,
    };
    for run in RUNS {
        let drawn = screen(&mut model(run), UTF8, columns, rows);
        insta::assert_snapshot!(format!("{run}-{columns}x{rows}"), text(&drawn));
    }
}

#[rstest]
#[case("dates", '1')]
#[case("workers", '2')]
#[case("log", '3')]
#[case("checks", '4')]
fn every_pane_alone(#[case] pane: &str, #[case] number: char) {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = model(if pane == "checks" { "one-fail" } else { "running" });
        feed(&mut model, [key(number), key('z')]);
        let drawn = screen(&mut model, UTF8, columns, rows);
        insta::assert_snapshot!(format!("alone-{pane}-{columns}x{rows}"), text(&drawn));
    }
}

#[test]
fn what_is_read_from_a_warehouse_says_where_from_and_how_old_it_is() {
    let failed = Observation {
        lease: None,
        failure: Some(ReadFailure {
            at: second(-1.6),
            why: "reading the recorded progress: no answer within 60 s".to_owned(),
        }),
        ..observation()
    };
    for (name, observation) in [("read", observation()), ("failed", failed)] {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let mut model = Model::default();
            feed(&mut model, [Msg::Tick(second(8.4))]);
            feed(&mut model, observed(running(50)));
            update(&mut model, Msg::Observation(observation.clone()));
            let drawn = screen(&mut model, UTF8, columns, rows);
            insta::assert_snapshot!(format!("observed-{name}-{columns}x{rows}"), text(&drawn));
        }
    }
}

#[test]
fn checks_stand_under_their_stages() {
    let six_down = || std::iter::repeat_n(code(KeyCode::Down), 6);
    let cases = [
        ("open", vec![]),
        ("folded", vec![code(KeyCode::Enter)]),
        ("marked", vec![key('n')]),
        ("history", vec![key('n'), key('i')]),
        (
            "history-end",
            [key('n'), key('i')].into_iter().chain(six_down()).collect(),
        ),
    ];
    for (name, keys) in cases {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
            let mut model = Model::default();
            feed(&mut model, history(three_stages(50)));
            update(&mut model, Msg::Resize { columns, rows });
            feed(&mut model, std::iter::once(key('4')).chain(keys.clone()));
            let drawn = screen(&mut model, UTF8, columns, rows);
            insta::assert_snapshot!(format!("staged-{name}-{columns}x{rows}"), text(&drawn));
        }
    }
}

#[test]
fn a_share_is_broken_down_by_date_and_group() {
    let tab = || code(KeyCode::Tab);
    let outdated = || {
        let mut snapshot = three_stages(51);
        snapshot.breakdowns[0].state = BreakdownState::Outdated;
        Msg::Snapshot(Arc::new(snapshot))
    };
    let cases = [
        ("dates", vec![]),
        ("whole-date", vec![key('g'), code(KeyCode::Down)]),
        ("season", vec![tab()]),
        ("month", vec![tab(), tab(), code(KeyCode::PageDown)]),
        ("causes-right", vec![tab(), code(KeyCode::Right)]),
        ("outdated", vec![outdated()]),
    ];
    for (name, msgs) in cases {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
            let mut model = Model::default();
            feed(&mut model, history(three_stages(50)));
            update(&mut model, Msg::Resize { columns, rows });
            feed(&mut model, std::iter::once(key('b')).chain(msgs.clone()));
            let drawn = screen(&mut model, UTF8, columns, rows);
            insta::assert_snapshot!(format!("split-{name}-{columns}x{rows}"), text(&drawn));
            let ascii = text(&screen(&mut model, ASCII, columns, rows));
            assert!(ascii.is_ascii(), "{ascii}");
        }
    }
}

#[test]
fn a_breakdown_that_was_never_answered_says_why() {
    for (name, state, problem) in [
        ("pending", BreakdownState::Pending, None),
        (
            "failed",
            BreakdownState::Failed,
            Some("no such table: teams".to_owned()),
        ),
    ] {
        let mut snapshot = three_stages(50);
        let view = &mut snapshot.breakdowns[0];
        (view.state, view.problem, view.found, view.run_at) = (state, problem, None, None);
        let mut model = Model::default();
        feed(&mut model, history(snapshot));
        update(
            &mut model,
            Msg::Resize {
                columns: 80,
                rows: 24,
            },
        );
        update(&mut model, key('b'));
        let drawn = screen(&mut model, UTF8, 80, 24);
        insta::assert_snapshot!(format!("split-{name}-80x24"), text(&drawn));
    }
}

#[test]
fn ascii_and_colourless_says_the_same() {
    for run in ["running", "one-fail"] {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let drawn = screen(&mut model(run), ASCII, columns, rows);
            let drawn_text = text(&drawn);
            assert!(drawn_text.is_ascii(), "{drawn_text}");
            assert!(
                drawn
                    .content
                    .iter()
                    .all(|cell| cell.fg == ratatui::style::Color::Reset)
            );
            insta::assert_snapshot!(format!("ascii-{run}-{columns}x{rows}"), drawn_text);
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
fn what_cannot_be_ordered_is_not_offered() {
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
        ("over", "finished", Msg::Over),
        ("over-unwell", "one-fail", Msg::Over),
        ("control-free", "paused", control(None, ControlAccess::CanTake)),
        (
            "control-held",
            "running",
            control(Some("ann@pts/1"), ControlAccess::CanTake),
        ),
        ("watching", "paused", control(None, ControlAccess::ReadOnly)),
    ];
    for (name, run, told) in cases {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let mut model = model(run);
            feed(&mut model, [told.clone()]);
            let panes = ['1', '2', '3', '4', '6'].map(|pane| {
                feed(&mut model, [key(pane)]);
                foot(
                    &screen(&mut model, UTF8, columns, rows),
                    if rows < 30 { 2 } else { 3 },
                )
            });
            for orders in ["rerun", "ask", "waive", "pause", "more workers"] {
                let offered = |foot: &&String| foot.lines().skip(1).any(|line| line.contains(orders));
                assert!(
                    !panes.iter().any(|foot| offered(&foot)),
                    "{name} {orders}: {panes:#?}"
                );
            }
            insta::assert_snapshot!(format!("barred-{name}-{columns}x{rows}"), panes.join("\n\n"));
        }
    }
}

#[test]
fn a_long_sentence_hides_no_line_of_a_page() {
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
fn a_line_of_the_log_names_its_stage_where_there_are_several() {
    let mut model = Model::default();
    feed(&mut model, history(three_stages(50)));
    feed(&mut model, [log(), key('3')]);
    let drawn = screen(&mut model, UTF8, 80, 24);
    insta::assert_snapshot!("staged-log-80x24", text(&drawn));
}

#[test]
fn what_lies_over_the_panes() {
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
        ("only-failed", "running", vec![key('f')]),
        (
            "only-a-cause",
            "running",
            vec![key('t'), key('f'), code(KeyCode::Right)],
        ),
        ("gaps", "running", vec![key('u')]),
        ("pausing", "running", vec![key('p')]),
        ("leave", "running", vec![key('q')]),
        (
            "leave-ended",
            "running",
            vec![key('q'), Msg::Snapshot(Arc::new(finished(51)))],
        ),
        ("leave-paused", "paused", vec![key('q'), code(KeyCode::Right)]),
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
        ("sources-told", "bad-sources", vec![]),
        ("sources", "bad-sources", vec![key('5'), code(KeyCode::Down)]),
        (
            "source-dates",
            "bad-sources",
            vec![key('5'), code(KeyCode::Down), code(KeyCode::Enter)],
        ),
        ("no-sources", "running", vec![key('5')]),
        ("help", "running", vec![key('?')]),
        (
            "help-searched",
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
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let mut model = model(run);
            update(&mut model, Msg::Resize { columns, rows });
            feed(&mut model, keys.clone());
            let drawn = screen(&mut model, UTF8, columns, rows);
            insta::assert_snapshot!(format!("over-{name}-{columns}x{rows}"), text(&drawn));
        }
    }
}

#[test]
fn a_date_is_opened_down_to_a_row_at_every_size() {
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
            "table-of-a-game",
            stored_games(),
            vec![down(), enter(), key('t'), right()],
        ),
        ("players", stored_players(), vec![key('G')]),
        ("row-of-a-player", stored_players(), vec![down(), down(), enter()]),
    ];
    for (name, stored, keys) in cases {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let mut model = model("running");
            update(&mut model, Msg::Resize { columns, rows });
            let date = "g/2023-12-16".chars().map(key);
            feed(&mut model, date.chain([enter(), enter()]));
            let to = Command::Inspect {
                stage: "team_offense".to_owned(),
                date: day("2023-12-16"),
            };
            let reply = Reply::Rows(stored.clone());
            feed(
                &mut model,
                std::iter::once(Msg::Reply { to, reply }).chain(keys.clone()),
            );
            let drawn = screen(&mut model, UTF8, columns, rows);
            insta::assert_snapshot!(format!("opened-{name}-{columns}x{rows}"), text(&drawn));
            let plain = screen(&mut model, ASCII, columns, rows);
            assert!(text(&plain).is_ascii(), "{}", text(&plain));
            assert!((plain.content.iter()).all(|cell| cell.fg == ratatui::style::Color::Reset));
        }
    }
}

#[test]
fn what_the_work_costs_at_every_size() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = Model::default();
        feed(&mut model, history(billed(50)));
        update(&mut model, Msg::Resize { columns, rows });
        insta::assert_snapshot!(
            format!("billed-{columns}x{rows}"),
            text(&screen(&mut model, UTF8, columns, rows))
        );
        update(&mut model, key('c'));
        let drawn = text(&screen(&mut model, UTF8, columns, rows));
        insta::assert_snapshot!(format!("cost-{columns}x{rows}"), drawn);
        let ascii = text(&screen(&mut model, ASCII, columns, rows));
        assert!(ascii.is_ascii(), "{ascii}");
    }
}

#[test]
fn the_page_that_waits_for_a_yes_at_every_size() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = Model::default();
        update(&mut model, Msg::Resize { columns, rows });
        feed(&mut model, history(estimated(50)));
        let drawn = text(&screen(&mut model, UTF8, columns, rows));
        insta::assert_snapshot!(format!("estimate-{columns}x{rows}"), drawn);
        let ascii = text(&screen(&mut model, ASCII, columns, rows));
        assert!(ascii.is_ascii(), "{ascii}");
    }
}

#[test]
fn the_question_before_the_first_unit_at_every_size() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = Model::default();
        update(&mut model, Msg::Resize { columns, rows });
        feed(&mut model, history(asking(50)));
        let drawn = text(&screen(&mut model, UTF8, columns, rows));
        insta::assert_snapshot!(format!("question-{columns}x{rows}"), drawn);
        let ascii = text(&screen(&mut model, ASCII, columns, rows));
        assert!(ascii.is_ascii(), "{ascii}");
    }
}

#[test]
fn the_sample_at_every_size() {
    let mut seen = Vec::new();
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = model("paused");
        update(&mut model, Msg::Resize { columns, rows });
        feed(&mut model, [Msg::Snapshot(Arc::new(sampled(51)))]);
        let drawn = text(&screen(&mut model, UTF8, columns, rows));
        insta::assert_snapshot!(format!("sample-{columns}x{rows}"), drawn);
        feed(&mut model, [key('G')]);
        seen.push(text(&screen(&mut model, UTF8, columns, rows)));
        let ascii = text(&screen(&mut model, ASCII, columns, rows));
        assert!(ascii.is_ascii(), "{ascii}");
    }
    for last in seen {
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
fn the_widest_screen_has_room_for_the_facts_of_the_runbook() {
    let mut model = model("running");
    feed(&mut model, [key('6')]);
    let drawn = screen(&mut model, UTF8, 200, 60);
    insta::assert_snapshot!("over-runbook-200x60", text(&drawn));
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
fn too_small_says_what_is_needed() {
    for (columns, rows) in [(59, 16), (60, 15), (24, 6), (9, 2)] {
        let drawn = screen(&mut model("running"), UTF8, columns, rows);
        insta::assert_snapshot!(format!("too-small-{columns}x{rows}"), text(&drawn));
    }
}

#[test]
fn marks_are_reversed_and_nothing_sets_a_background() {
    for run in RUNS {
        let drawn = screen(&mut model(run), UTF8, 120, 40);
        assert!(
            drawn
                .content
                .iter()
                .all(|cell| cell.bg == ratatui::style::Color::Reset)
        );
        let reversed = |cell: &&Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
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
        keys in prop::collection::vec(prop::sample::select(vec!['1', '2', '3', '4', 'z', '?', 'R', 'q', 'w', 'G', 'v', 'b', 'i']), 0..4),
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
fn stages_nobody_has_measured_are_not_cut_to_a_time(#[case] columns: u16, #[case] eta: &str) {
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
