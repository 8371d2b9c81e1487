//! Keys of the Log pane.

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::log::about;
use crate::console::model::{Model, ReturnTo};
use crate::console::page::detail;
use crate::console::text::sanitised;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = page(model);
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
        Action::NextAttention => next_hit(model, 1, page),
        Action::PreviousAttention => next_hit(model, -1, page),
        _ => {}
    }
    Vec::new()
}

/// Lines in view.
fn page(model: &Model) -> usize {
    model.inside(Pane::Log).map_or(1, |area| usize::from(area.height))
}

/// Shows only the lines that contain `query`; reports if there are none.
pub(super) fn search(model: &mut Model, query: String) {
    model.log.refilter(|log| log.query = query);
    if !model.log.query.is_empty() && model.log.len() == 0 {
        no_hit(model);
    }
}

/// Moves to the next or previous hit. With a search active every visible line is a hit, so this moves by a line.
fn next_hit(model: &mut Model, lines: isize, page: usize) {
    let below = model.log.below();
    if model.log.query.is_empty() {
        let search = model.key_of(KeyContext::Log, Action::Search, false);
        model.notice(false, format!("no search active; {search} starts one"));
    } else if model.log.len() == 0 {
        no_hit(model);
    } else {
        model.log.scroll(lines, page);
        if model.log.below() == below {
            let query = sanitised(&model.log.query).into_owned();
            let end = if lines < 0 { "above" } else { "below" };
            model.notice(false, format!("no match for '{query}' {end}"));
        }
    }
}

fn no_hit(model: &mut Model) {
    let query = sanitised(&model.log.query).into_owned();
    let all = model.key_of(KeyContext::Log, Action::Back, false);
    let among = if model.log.least < tracing::Level::TRACE || model.log.date.is_some() {
        "within the filter"
    } else {
        "in memory"
    };
    model.notice(
        true,
        format!("no line {among} matches '{query}'; {all} shows all lines"),
    );
}

/// Toggles between the log of the date under the cursor and the whole log.
pub(super) fn only_the_date(model: &mut Model) {
    if model.focus == Pane::Log {
        let date = match model.log.date {
            Some(_) => None,
            None => model.dates.cursor,
        };
        model.log.refilter(|log| log.date = date);
    } else if let Some(date) = model.dates.cursor {
        model.show_log_of(date, None);
    }
}

/// Returns to where the log of a single date was opened, and reopens that date.
pub(super) fn back(model: &mut Model, to: ReturnTo) -> Vec<Effect> {
    model.log.refilter(|log| log.date = None);
    model.focus = to.pane;
    to.detail
        .map_or_else(Vec::new, |detail| detail::show(model, detail))
}

/// The lines in view, oldest first.
pub(super) fn copied(model: &Model) -> String {
    let several = model.has_several_stages();
    let mut lines: Vec<_> = model
        .log
        .upwards(page(model))
        .take(page(model))
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
