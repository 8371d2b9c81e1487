//! Keys of the Dates pane.

use crate::console::calendar::steps;
use crate::console::command::confirm::{self, ShortRows};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::dates::needing_attention;
use crate::console::model::filter::Filter;
use crate::console::page::{causes, detail, gaps};
use crate::engine::{Command, UnitView};
use crate::partition::Partition;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    let dates = &mut model.dates;
    let [down, right, page] = dates.cursor.map_or([0; 3], |date| steps(date.grain()));
    match action {
        Action::Up => dates.move_by(&snapshot, -down),
        Action::Down => dates.move_by(&snapshot, down),
        Action::Left => dates.move_by(&snapshot, -right),
        Action::Right => dates.move_by(&snapshot, right),
        Action::PageUp => dates.move_by(&snapshot, -page),
        Action::PageDown => dates.move_by(&snapshot, page),
        Action::First => dates.go(&snapshot, Partition::MIN),
        Action::Last => dates.go(&snapshot, Partition::MAX),
        Action::Select => dates.toggle_selection(),
        Action::PreviousStage => dates.choose(&snapshot, false),
        Action::NextStage => dates.choose(&snapshot, true),
        Action::NextAttention | Action::PreviousAttention => {
            let forward = action == Action::NextAttention;
            let is_wanted = |unit: &UnitView| match &dates.filter {
                Some(filter) => filter.passes(unit),
                None => unit.state.needs_attention(),
            };
            match (dates.find(&snapshot, forward, is_wanted), &dates.filter) {
                (Some(date), _) => dates.go(&snapshot, date),
                (None, None) => model.notice(false, "no date needs attention"),
                (None, Some(_)) => model.notice(false, "no dates shown; Esc shows all"),
            }
        }
        Action::Filter => {
            let stage = dates.stage(&snapshot);
            let next = stage.and_then(|stage| Filter::next(dates.filter.as_ref(), stage));
            dates.show_only(&snapshot, next);
        }
        Action::Open => return detail::open(model),
        Action::Rerun => rerun_selected(model, ShortRows::Kept),
        Action::RerunShort => rerun_selected(model, ShortRows::Accepted),
        Action::RerunAll => rerun_needing_attention(model),
        Action::Refresh => return confirm::refresh(model),
        Action::RerunOutdated => confirm::rerun_outdated(model),
        Action::Advance => return vec![Effect::Send(Command::Advance { stage: None })],
        Action::Reload => reload_selected(model),
        Action::Causes => causes::open(model),
        Action::Gaps => gaps::open(model),
        _ => {}
    }
    Vec::new()
}

/// Adds the dashes to a date of eight digits, as in file names and game ids.
fn with_dashes(text: &str) -> String {
    let is_date = text.len() == 8 && text.bytes().all(|letter| letter.is_ascii_digit());
    if is_date {
        [&text[..4], &text[4..6], &text[6..]].join("-")
    } else {
        text.to_owned()
    }
}

/// Moves to the next date that contains these digits: `2023-12-16`, `20231216`, `2023-12` or `12-25`.
pub(super) fn go_to(model: &mut Model, text: &str) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let digits = with_dashes(text);
    match model
        .dates
        .find(&snapshot, true, |unit| unit.date.to_string().contains(&digits))
    {
        Some(date) if !text.is_empty() => model.dates.go(&snapshot, date),
        _ => model.notice(
            true,
            format!("no date matches '{text}'; write it like 2023-12-16"),
        ),
    }
}

fn rerun_selected(model: &mut Model, short: ShortRows) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let marked = model.dates.marked(stage).into_iter();
    let dates: Vec<_> = marked.map(|unit| unit.date).collect();
    confirm::rerun(model, &name, &dates, short, None, "no date is selected");
}

fn rerun_needing_attention(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let needing_attention = needing_attention(stage).into_iter();
    let dates = needing_attention.filter(|unit| model.dates.shows(unit));
    let dates: Vec<_> = dates.map(|unit| unit.date).collect();
    let otherwise = match model.dates.filter {
        Some(_) => "no date shown needs attention; Esc shows all",
        None => "no date needs attention",
    };
    confirm::rerun(model, &name, &dates, ShortRows::Kept, None, otherwise);
}

fn reload_selected(model: &mut Model) {
    if let Some(stage) = model.stage() {
        let marked = model.dates.marked(stage).into_iter();
        let dates = marked.map(|unit| unit.date).collect();
        confirm::reload(model, dates);
    }
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let marked = model.dates.marked(model.stage()?).into_iter();
    let dates: Vec<String> = marked.map(|unit| unit.date.to_string()).collect();
    Some(dates.join("\n"))
}
