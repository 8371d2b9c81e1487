//! Keys and clicks on the Overview page, and what they select.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use rstest::rstest;

use super::*;
use crate::console::fixture::{eight_stages, loading, second};
use crate::console::{Msg, Preferences, update};

fn press(model: &mut Model, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    let effects = update(model, Msg::Key { key, at: second(9.0) });
    assert_eq!(effects, [], "no command comes of it");
}

fn letter(model: &mut Model, letter: char) {
    press(model, KeyCode::Char(letter));
}

/// A console of this size with the page open.
fn opened(columns: u16, rows: u16, snapshot: Snapshot) -> Model {
    let mut model = Model::new(&Preferences {
        mouse: true,
        ..Preferences::default()
    });
    for msg in [Msg::Resize { columns, rows }, Msg::Snapshot(Arc::new(snapshot))] {
        update(&mut model, msg);
    }
    letter(&mut model, '0');
    model
}

fn page(model: &Model) -> &OverviewPage {
    match &model.overlay {
        Some(Overlay::Overview(page)) => page,
        other => panic!("the page is not open: {other:?}"),
    }
}

/// The selected stage and cell, as copied.
fn selected(model: &Model) -> String {
    page(model).copied(model).unwrap()
}

fn shown(model: &Model) -> (&str, String) {
    let stage = model.stage().unwrap();
    (&stage.name, model.dates.cursor.unwrap().to_string())
}

#[test]
fn the_page_opens_at_the_stage_and_date_in_view() {
    let mut model = opened(80, 24, eight_stages(1));
    assert_eq!(selected(&model), "player_game\t2021-10\t13 ok");
    press(&mut model, KeyCode::Esc);
    assert!(model.overlay.is_none());
    for code in ["/2023-12-16", "\n"].concat().chars() {
        let key = if code == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(code)
        };
        press(&mut model, key);
    }
    letter(&mut model, '0');
    assert!(selected(&model).starts_with("player_game\t2023-12\t"));
}

#[test]
fn enter_goes_to_the_worst_date_of_the_cell() {
    let mut model = opened(80, 24, eight_stages(1));
    letter(&mut model, 'n');
    assert!(selected(&model).starts_with("player_game\t2022-02\t1 failed, "));
    press(&mut model, KeyCode::Enter);
    assert_eq!(shown(&model), ("player_game", "2022-02-24".to_owned()));
    assert_eq!((model.focus, model.overlay.is_none()), (Pane::Dates, true));
    letter(&mut model, '0');
    for code in [KeyCode::Up, KeyCode::Right, KeyCode::Enter] {
        press(&mut model, code);
    }
    assert_eq!(shown(&model), ("team_defense", "2022-03-01".to_owned()));
}

#[test]
fn the_next_problem_wraps_around() {
    let mut model = opened(80, 24, eight_stages(1));
    let mut seen = Vec::new();
    for _ in 0..5 {
        letter(&mut model, 'n');
        seen.push(selected(&model).split('\t').nth(1).unwrap().to_owned());
    }
    assert_eq!(seen, ["2022-02", "2022-10", "2022-12", "2023-02", "2022-02"]);
    letter(&mut model, 'N');
    assert!(selected(&model).contains("2023-02"));
}

/// A cell keeps its date on another scale, here months and quarters.
#[test]
fn the_cell_survives_a_resize() {
    let mut model = opened(80, 24, eight_stages(1));
    letter(&mut model, 'n');
    let resize = |columns, rows| Msg::Resize { columns, rows };
    update(&mut model, resize(60, 16));
    assert!(selected(&model).contains("2022-01..2022-03"));
    update(&mut model, resize(80, 24));
    assert!(selected(&model).contains("2022-02"));
}

#[rstest]
#[case(KeyCode::Left, 99, "2021-10")]
#[case(KeyCode::Right, 99, "2026-01")]
#[case(KeyCode::Right, 2, "2021-12")]
fn cells_end_with_the_range(#[case] code: KeyCode, #[case] times: usize, #[case] period: &str) {
    let mut model = opened(80, 24, eight_stages(1));
    for _ in 0..times {
        press(&mut model, code);
    }
    assert_eq!(selected(&model).split('\t').nth(1), Some(period));
}

#[test]
fn more_stages_than_rows_scroll() {
    let mut model = opened(60, 16, eight_stages(1));
    let top = |model: &Model| page(model).first_stage(5, 8);
    assert_eq!((page(&model).stage, top(&model)), (2, 0));
    press(&mut model, KeyCode::End);
    assert_eq!((page(&model).stage, top(&model)), (7, 3));
    press(&mut model, KeyCode::PageUp);
    assert_eq!((page(&model).stage, top(&model)), (2, 0));
    let mut fewer = eight_stages(2);
    fewer.stages.truncate(2);
    update(&mut model, Msg::Snapshot(Arc::new(fewer)));
    assert_eq!(page(&model).stage, 1);
}

#[test]
fn a_click_selects_the_cell() {
    let mut model = opened(80, 24, eight_stages(1));
    let area = framed(model.layout().unwrap().body);
    let click = |model: &mut Model, column, row| {
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: area.x + column,
            row: area.y + row,
            modifiers: KeyModifiers::NONE,
        };
        assert_eq!(update(model, Msg::Mouse(event)), []);
    };
    // The names take 18 columns and a gap; the fourth stage is below the heading.
    click(&mut model, 19 + 7, 4);
    assert!(selected(&model).starts_with("player_shot_zone\t2022-05\t"));
    click(&mut model, 2, 1);
    assert!(
        selected(&model).starts_with("team_offense\t2022-05\t"),
        "a name selects the stage"
    );
    for (column, row) in [(30, 0), (30, 9), (30, 12)] {
        click(&mut model, column, row);
        assert!(selected(&model).starts_with("team_offense\t2022-05\t"));
    }
}

#[test]
fn a_screen_that_is_too_small_changes_nothing() {
    let mut model = opened(80, 24, eight_stages(1));
    letter(&mut model, 'n');
    update(
        &mut model,
        Msg::Resize {
            columns: 40,
            rows: 10,
        },
    );
    press(&mut model, KeyCode::Right);
    letter(&mut model, 'N');
    update(
        &mut model,
        Msg::Resize {
            columns: 80,
            rows: 24,
        },
    );
    assert!(selected(&model).contains("2022-02"));
}

#[test]
fn a_run_without_dates_has_no_cells() {
    let mut model = opened(80, 24, loading(1));
    for code in [KeyCode::Right, KeyCode::Down, KeyCode::Char('n')] {
        press(&mut model, code);
    }
    assert_eq!(page(&model).stage, 0);
    press(&mut model, KeyCode::Enter);
    assert_eq!((model.overlay.is_none(), model.dates.cursor), (true, None));
}
