//! Keys of the Log pane.

use chrono::NaiveDate;

use super::keys::page;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::log::about;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = page(model, Pane::Log);
    let leap = page.cast_signed().max(1);
    let all = isize::MAX;
    match action {
        Action::Up => model.log.scroll(-1, page),
        Action::Down => model.log.scroll(1, page),
        Action::PageUp => model.log.scroll(-leap, page),
        Action::PageDown => model.log.scroll(leap, page),
        Action::First => model.log.scroll(-all, page),
        Action::Last => model.log.follow(),
        Action::Level => model.log.next_level(),
        Action::Wrap => model.log.wrap = !model.log.wrap,
        _ => {}
    }
    Vec::new()
}

/// Shows the log of the date under the cursor alone, or everything again.
pub(super) fn only_the_date(model: &mut Model) {
    let date = match model.focus {
        Pane::Log if model.log.date.is_some() => None,
        _ => model.dates.cursor,
    };
    model.log.refilter(|log| log.date = date);
    model.focus = Pane::Log;
}

/// Shows the log of a date alone.
pub(super) fn only(model: &mut Model, date: NaiveDate) {
    model.log.refilter(|log| log.date = Some(date));
    model.focus = Pane::Log;
}

/// The lines in view, oldest first.
pub(super) fn copied(model: &Model) -> String {
    let several = model.has_several_stages();
    let mut lines: Vec<_> = model
        .log
        .upwards(page(model, Pane::Log))
        .take(page(model, Pane::Log))
        .map(|line| {
            format!(
                "{} {} {}{}",
                line.time.format("%FT%T%.3fZ"),
                line.level,
                about(line, several),
                line.message
            )
        })
        .collect();
    lines.reverse();
    lines.join("\n")
}
