//! Keys of the cost page, which also shows the question about the cost.

use ratatui::layout::Rect;

use super::overlay::scroll;
use super::run;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::cost::{Line, lines};
use crate::console::model::overlay::{CostPage, Overlay};
use crate::engine::Topic;

pub(super) fn open(model: &mut Model) {
    let bills = (model.snapshot.iter()).any(|snapshot| snapshot.run.billed.is_some());
    if bills {
        model.overlay = Some(Overlay::Cost(CostPage::default()));
    } else {
        model.notice(false, "this warehouse bills nothing");
    }
}

pub(super) fn act(model: &mut Model, page: CostPage, action: Action) -> Vec<Effect> {
    let waits = (model.snapshot.iter()).any(|snapshot| snapshot.run.waits_for(Topic::Cost));
    if action == Action::Accept && waits {
        return run::pause_or_resume(model);
    }
    model.overlay = Some(Overlay::Cost(page));
    scroll(model, action);
    Vec::new()
}

/// Number of lines of the page.
pub(super) fn lines_in(model: &Model, body: Rect) -> usize {
    let columns = usize::from(framed(body).width);
    let snapshot = model.snapshot.as_ref();
    snapshot.map_or(0, |snapshot| lines(snapshot, columns).len())
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let snapshot = model.snapshot.as_ref()?;
    let line = |line: Line| match line {
        Line::Columns => Some("for\texpected\tbilled\tslot time\tjobs".to_owned()),
        Line::Row(row) => Some([row.name, row.expected, row.billed, row.slot_time, row.jobs].join("\t")),
        Line::Text(text) => Some(text),
        Line::Gap => None,
    };
    let lines = lines(snapshot, usize::MAX).into_iter().filter_map(line);
    Some(lines.collect::<Vec<_>>().join("\n"))
}
