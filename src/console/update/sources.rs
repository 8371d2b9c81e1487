//! Keys of the Sources page.

use super::keys::moved;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::overlay::{ABOUT_SOURCE, Offending, Overlay, Sources, page};
use crate::engine::{Checks, Command};

/// Opens the page and dismisses the hint about failing source checks.
pub(super) fn open(model: &mut Model) {
    model.sources_seen = true;
    model.overlay = Some(Overlay::Sources(Sources::default()));
}

/// Opens the page with a check selected.
pub(super) fn open_at(model: &mut Model, check: &str) {
    let sources = model.snapshot.iter().flat_map(|snapshot| &snapshot.sources);
    let cursor = sources.take_while(|source| source.name != check).count();
    model.overlay = Some(Overlay::Sources(Sources { cursor }));
}

pub(super) fn act(model: &mut Model, mut list: Sources, action: Action) -> Vec<Effect> {
    let snapshot = model.snapshot.clone();
    let sources = snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.sources);
    let ask = |names: Vec<String>| Effect::Send(Command::Check(Checks::Named(names)));
    let mut effects = Vec::new();
    match (action, sources.get(list.cursor)) {
        (Action::CheckAll, Some(_)) => {
            effects.push(ask(sources.iter().map(|source| source.name.clone()).collect()));
        }
        (Action::CheckOne, Some(source)) => effects.push(ask(vec![source.name.clone()])),
        (Action::Offending, Some(source)) if source.offending.is_empty() => {
            model.notice(false, format!("{} has no failing dates", source.name));
        }
        (Action::Offending, Some(source)) => {
            model.overlay = Some(Overlay::Offending(Offending {
                check: source.name.clone(),
                cursor: 0,
            }));
            return Vec::new();
        }
        _ => {
            let rows = model.layout().map_or(1, |layout| page(layout.body, ABOUT_SOURCE));
            list.cursor = moved(list.cursor, action, rows, sources.len());
        }
    }
    model.overlay = Some(Overlay::Sources(list));
    effects
}

/// The text to copy: the selected check with its dates.
pub(super) fn copied(model: &Model, list: Sources) -> Option<String> {
    let snapshot = model.snapshot.as_ref()?;
    snapshot.sources.get(list.cursor).map(super::checks::in_words)
}
