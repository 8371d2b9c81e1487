//! Keys of the page of causes: reruns all dates with the same cause at once.

use super::dates::{self, Short};
use super::keys::{focus, moved};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::causes::{self, Causes, causes};
use crate::console::model::command_line::command_line;
use crate::console::model::filter::Filter;
use crate::console::model::overlay::Overlay;

/// Opens the causes for which dates of the stage in view need attention or are outdated.
pub(super) fn open(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    if causes(stage).is_empty() {
        model.notice(false, format!("no date of {name} needs attention"));
        return;
    }
    model.overlay = Some(Overlay::Causes(Causes {
        stage: name,
        cursor: 0,
    }));
}

pub(super) fn act(model: &mut Model, list: Causes, action: Action) -> Vec<Effect> {
    let marked = marked(model, &list);
    match (action, marked, model.snapshot.clone()) {
        (Action::Open, Some(dates), Some(snapshot)) => {
            model.dates.show(&snapshot, &list.stage);
            // The filter could hide the date.
            model.dates.filter = None;
            if let Some(first) = dates.first() {
                model.dates.go(&snapshot, *first);
            }
            focus(model, Pane::Dates);
        }
        (Action::Filter, _, Some(snapshot)) => {
            model.dates.show(&snapshot, &list.stage);
            let filter = model.stage().and_then(|stage| {
                let causes = causes(stage);
                causes.get(list.cursor).map(Filter::of_cause)
            });
            dates::show_only(model, filter);
            focus(model, Pane::Dates);
        }
        (Action::Rerun, Some(dates), _) => {
            let stage = list.stage.clone();
            // The page stays open if the rerun is refused.
            model.overlay = Some(Overlay::Causes(list));
            dates::confirm(model, &stage, &dates, Short::Kept, None, "");
        }
        _ => {
            model.overlay = Some(Overlay::Causes(list));
            scroll(model, action);
        }
    }
    Vec::new()
}

/// The dates of the selected cause.
fn marked(model: &Model, list: &Causes) -> Option<Vec<chrono::NaiveDate>> {
    let snapshot = model.snapshot.as_ref()?;
    let stage = snapshot.stages.iter().find(|stage| stage.name == list.stage)?;
    causes(stage).get(list.cursor).map(causes::dates)
}

/// Moves the cursor; if its cause is gone, it moves to the last one.
pub(super) fn scroll(model: &mut Model, action: Action) {
    let (Some(snapshot), Some(layout)) = (model.snapshot.clone(), model.layout()) else {
        return;
    };
    if let Some(Overlay::Causes(list)) = &mut model.overlay {
        let stage = snapshot.stages.iter().find(|stage| stage.name == list.stage);
        let len = stage.map_or(0, |stage| causes(stage).len());
        list.cursor = moved(list.cursor, action, Causes::page(layout.body), len);
    }
}

/// The shell command that reruns the dates of the selected cause.
pub(super) fn copied(model: &Model, list: &Causes) -> Option<String> {
    command_line(&dates::rerun(&list.stage, &marked(model, list)?, Short::Kept))
}
