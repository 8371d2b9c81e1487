//! Hit testing: what is drawn at a point of the screen. Each pane maps points for itself.

use ratatui::layout::{Position, Rect};

use super::{checks, dates, frame, workers};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::partition::Partition;

/// The item a pane shows at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitItem {
    Date(Partition),
    /// An item of a list, by index.
    Item(usize),
    /// Nothing that can be selected.
    Nothing,
}

/// The pane at a point, directly or by its tab, and the item there.
pub fn hit(model: &Model, point: Position) -> Option<(Pane, HitItem)> {
    let layout = model.layout()?;
    if let Some(tabs) = layout.tabs.filter(|tabs| tabs.contains(point)) {
        let pane = frame::tab_at(model, usize::from(point.x - tabs.x))?;
        return Some((pane, HitItem::Nothing));
    }
    let is_there = |pane: &Pane| layout.pane(*pane).is_some_and(|area| area.contains(point));
    let pane = Pane::ALL.into_iter().find(is_there)?;
    let inside = layout.inside(pane).filter(|inside| inside.contains(point));
    let spot = inside.and_then(|inside| spot(model, pane, inside, point));
    Some((pane, spot.unwrap_or(HitItem::Nothing)))
}

fn spot(model: &Model, pane: Pane, inside: Rect, point: Position) -> Option<HitItem> {
    let (column, line) = (usize::from(point.x - inside.x), usize::from(point.y - inside.y));
    match pane {
        Pane::Dates => dates::date_at(model, inside, column, line).map(HitItem::Date),
        Pane::Workers => workers::item_at(model, inside, line).map(HitItem::Item),
        Pane::Checks => checks::item_at(model, inside, line).map(HitItem::Item),
        Pane::Log => None,
    }
}
