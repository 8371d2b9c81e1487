//! Keys of the Dates pane, and the questions before a rerun.

use chrono::NaiveDate;

use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::dates::{troubled, unit};
use crate::console::model::overlay::{Confirm, Detail, Overlay, Stored};
use crate::console::text::counted;
use crate::engine::Command;

const WEEK: i64 = 7;
const YEAR: i64 = 52 * WEEK;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    let dates = &mut model.dates;
    match action {
        Action::Up => dates.move_by(&snapshot, -1),
        Action::Down => dates.move_by(&snapshot, 1),
        Action::Left => dates.move_by(&snapshot, -WEEK),
        Action::Right => dates.move_by(&snapshot, WEEK),
        Action::PageUp => dates.move_by(&snapshot, -YEAR),
        Action::PageDown => dates.move_by(&snapshot, YEAR),
        Action::First => dates.go(&snapshot, NaiveDate::MIN),
        Action::Last => dates.go(&snapshot, NaiveDate::MAX),
        Action::Select => dates.toggle_selection(),
        Action::PreviousStage => dates.choose(&snapshot, false),
        Action::NextStage => dates.choose(&snapshot, true),
        Action::NextAttention | Action::PreviousAttention => {
            let forward = action == Action::NextAttention;
            match dates.find(&snapshot, forward, |unit| unit.state.needs_attention()) {
                Some(date) => dates.go(&snapshot, date),
                None => model.notice(false, "no date needs attention"),
            }
        }
        Action::Open => return open(model),
        Action::Rerun => rerun_selected(model),
        Action::RerunAll => rerun_troubled(model),
        _ => {}
    }
    Vec::new()
}

/// Goes to the next date with these digits in it: `2023-12-16`, `2023-12` or `12-25`.
pub(super) fn go_to(model: &mut Model, text: &str) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    match model
        .dates
        .find(&snapshot, true, |unit| unit.date.to_string().contains(text))
    {
        Some(date) if !text.is_empty() => model.dates.go(&snapshot, date),
        _ => model.notice(
            true,
            format!("no date of the range holds '{text}'; write it like 2023-12-16"),
        ),
    }
}

fn open(model: &mut Model) -> Vec<Effect> {
    let (Some(stage), Some(date)) = (model.stage(), model.dates.cursor) else {
        return Vec::new();
    };
    let detail = Detail {
        stage: stage.name.clone(),
        date,
        seen: unit(stage, date).cloned(),
        stored: Stored::Asked,
        top: 0,
        left: 0,
    };
    let stage = detail.stage.clone();
    model.overlay = Some(Overlay::Detail(detail));
    vec![Effect::Send(Command::Inspect { stage, date })]
}

fn rerun_selected(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let (dates, left_out) = model.dates.to_rerun(stage);
    let note = (left_out > 0).then(|| format!("{} left out", counted(left_out, "skipped date")));
    confirm(
        model,
        &name,
        dates,
        note,
        "no date of the selection has anything to do",
    );
}

fn rerun_troubled(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let dates = troubled(stage);
    confirm(model, &name, dates, None, "no date needs attention");
}

/// Asks whether these dates are to be done again; says `otherwise` when there are none.
pub(super) fn confirm(
    model: &mut Model,
    stage: &str,
    dates: Vec<NaiveDate>,
    note: Option<String>,
    otherwise: &str,
) {
    if dates.is_empty() {
        model.notice(true, otherwise);
        return;
    }
    // A source that gave bad rows gives them again: which one is read must be seen before the answer.
    let source = model
        .snapshot
        .as_ref()
        .map_or("", |snapshot| snapshot.run.source.as_str());
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: format!(
            "Do {} of {stage} again from {source}?",
            counted(dates.len(), "date")
        ),
        stage: stage.to_owned(),
        dates,
        note,
        go: true,
        top: 0,
    }));
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let range = model.dates.selected()?;
    let units = model.stage()?.units.iter();
    let marked = units.filter(|unit| range.contains(&unit.date));
    Some(
        marked
            .map(|unit| unit.date.to_string())
            .collect::<Vec<_>>()
            .join("\n"),
    )
}
