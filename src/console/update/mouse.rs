//! Mouse wheel and clicks, while the mouse is captured: the wheel scrolls the pane under the pointer, a click selects.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{overlay, pane};
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::view::{HitItem, hit};

/// Lines per wheel step.
const NOTCH: usize = 3;

pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let key = model.key_of(KeyContext::Dates, Action::Mouse, false);
    let sentence = if model.mouse {
        format!("mouse on: scroll and click; {key} turns it off to select text")
    } else {
        "mouse off: select text in the terminal".to_owned()
    };
    model.notice(false, sentence);
    vec![Effect::Mouse(model.mouse)]
}

pub(super) fn take(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let point = Position::new(event.column, event.row);
    // Events still queued when the mouse was released are ignored, and so are those during a prompt.
    if !model.mouse || model.prompt.is_some() {
        return Vec::new();
    }
    match event.kind {
        MouseEventKind::ScrollUp => wheel(model, point, true),
        MouseEventKind::ScrollDown => wheel(model, point, false),
        MouseEventKind::Down(MouseButton::Left) => {
            click(model, point);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn wheel(model: &mut Model, point: Position, up: bool) -> Vec<Effect> {
    model.request_redraw(Dirty::Full);
    let action = if up { Action::Up } else { Action::Down };
    if model.overlay.is_some() {
        return (0..NOTCH).flat_map(|_| overlay::act(model, action)).collect();
    }
    match hit(model, point) {
        // In the Dates pane weeks are columns.
        Some((Pane::Dates, _)) => {
            pane::act(model, Pane::Dates, if up { Action::Left } else { Action::Right })
        }
        Some((pane, _)) => (0..NOTCH).flat_map(|_| pane::act(model, pane, action)).collect(),
        None => Vec::new(),
    }
}

/// Selects the pane and item under the pointer, or what a page has there. An accidental click starts nothing.
fn click(model: &mut Model, point: Position) {
    if let Some(mut overlay) = model.overlay.take() {
        if let Some(layout) = model.layout() {
            overlay.page_mut().click(model, layout.body, point);
            model.request_redraw(Dirty::Full);
        }
        model.overlay = Some(overlay);
        return;
    }
    let Some((pane, spot)) = hit(model, point) else {
        return;
    };
    model.request_redraw(Dirty::Full);
    model.focus_on(pane);
    match (pane, spot, model.snapshot.clone()) {
        (_, HitItem::Date(date), Some(snapshot)) => model.dates.go(&snapshot, date),
        (Pane::Workers, HitItem::Item(at), _) => model.workers.cursor = at,
        (Pane::Checks, HitItem::Item(at), _) => model.checks.cursor = at,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::console::fixture::{log, one_fail, second};
    use crate::console::model::help::Help;
    use crate::console::model::overlay::Overlay;
    use crate::console::{Msg, Preferences, update};

    fn model(mouse: bool) -> Model {
        let mut model = Model::new(&Preferences {
            mouse,
            ..Preferences::default()
        });
        let size = Msg::Resize {
            columns: 120,
            rows: 40,
        };
        for msg in [size, Msg::Snapshot(Arc::new(one_fail(1))), log()] {
            update(&mut model, msg);
        }
        model.take_dirty();
        model
    }

    fn send(model: &mut Model, kind: MouseEventKind, (column, row): (u16, u16)) {
        let event = MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        assert_eq!(update(model, Msg::Mouse(event)), [], "no order comes of it");
    }

    const LEFT: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

    /// The top left corner of a pane's content.
    fn corner(model: &Model, pane: Pane) -> (u16, u16) {
        let inside = model.layout().unwrap().inside(pane).unwrap();
        (inside.x, inside.y)
    }

    #[test]
    fn mouse_events_are_ignored_while_capture_is_off() {
        let mut model = model(false);
        let at = corner(&model, Pane::Log);
        send(&mut model, LEFT, at);
        send(&mut model, MouseEventKind::ScrollUp, at);
        assert_eq!(model.focus, Pane::Dates);
        assert_eq!(model.take_dirty(), Dirty::None);
        assert_eq!(toggle(&mut model), [Effect::Mouse(true)]);
        assert_eq!(toggle(&mut model), [Effect::Mouse(false)]);
    }

    #[test]
    fn a_click_focuses_the_pane_and_selects_the_row() {
        let mut model = model(true);
        let (x, y) = corner(&model, Pane::Checks);
        send(&mut model, LEFT, (x + 2, y + 4));
        assert_eq!((model.focus, model.checks.cursor), (Pane::Checks, 4));
        let (x, y) = corner(&model, Pane::Dates);
        let before = model.dates.cursor.unwrap();
        // Six columns of weekday names, then a column per week; a row of months above the days.
        send(&mut model, LEFT, (x + 6 + 10, y + 1 + 2));
        let after = model.dates.cursor.unwrap();
        assert_eq!(model.focus, Pane::Dates);
        assert!(before != after, "{after}");
        send(&mut model, LEFT, (x + 6 + 11, y + 1 + 2));
        assert_eq!(
            after.distance(model.dates.cursor.unwrap()),
            7,
            "a column is a week"
        );
    }

    #[test]
    fn a_click_does_not_scroll_the_list() {
        for (pane, number, columns, rows) in [(Pane::Workers, '2', 80, 16), (Pane::Checks, '4', 80, 16)] {
            let mut model = model(true);
            update(&mut model, Msg::Resize { columns, rows });
            let pressed = |code| Msg::Key {
                key: KeyEvent::new(code, KeyModifiers::NONE),
                at: second(8.4),
            };
            update(&mut model, pressed(KeyCode::Char(number)));
            update(&mut model, pressed(KeyCode::End));
            let (cursor, top) = match pane {
                Pane::Workers => (model.workers.cursor, model.workers.top),
                _ => (model.checks.cursor, model.checks.top),
            };
            assert!(top > 0, "{pane:?} is longer than its pane");
            let (x, y) = corner(&model, pane);
            let above = if pane == Pane::Workers { 2 } else { 0 };
            send(&mut model, LEFT, (x + 2, y + above));
            let (marked, first) = match pane {
                Pane::Workers => (model.workers.cursor, model.workers.top),
                _ => (model.checks.cursor, model.checks.top),
            };
            assert_eq!(
                (marked, first),
                (top, top),
                "{pane:?}: what was clicked on, where it was"
            );
            assert!(marked < cursor);
        }
    }

    #[test]
    fn a_click_on_a_tab_shows_its_pane() {
        let mut model = model(true);
        let (columns, rows) = (80, 24);
        update(&mut model, Msg::Resize { columns, rows });
        let tabs = model.layout().unwrap().tabs.unwrap();
        send(&mut model, LEFT, (tabs.x + 13, tabs.y));
        assert_eq!(model.focus, Pane::Workers);
    }

    #[test]
    fn the_wheel_scrolls_the_pane_under_the_pointer_and_keeps_focus() {
        let mut model = model(true);
        let at = corner(&model, Pane::Checks);
        send(&mut model, MouseEventKind::ScrollDown, at);
        assert_eq!((model.focus, model.checks.cursor), (Pane::Dates, NOTCH));
        send(&mut model, MouseEventKind::ScrollUp, at);
        assert_eq!(model.checks.cursor, 0);
        model.overlay = Some(Overlay::Help(Help::default()));
        send(&mut model, MouseEventKind::ScrollDown, at);
        send(&mut model, LEFT, at);
        let Some(Overlay::Help(help)) = &model.overlay else {
            panic!("a click closes nothing");
        };
        assert_eq!((help.top, model.focus), (NOTCH, Pane::Dates));
    }
}
