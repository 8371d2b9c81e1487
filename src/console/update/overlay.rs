//! Passes actions to the open page.

use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::page::Handled;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(mut overlay) = model.overlay.take() else {
        return Vec::new();
    };
    let page = overlay.page_mut();
    let effects = match page.act(model, action) {
        Handled::Close(effects) => return effects,
        Handled::No if action == Action::Back => return Vec::new(),
        Handled::No => {
            let body = model.layout().map(|layout| layout.body);
            if let Some(scroll) = body.and_then(|body| page.scroll(model, body)) {
                scroll.step(action);
            }
            Vec::new()
        }
        Handled::Stay(effects) => effects,
    };
    model.overlay.get_or_insert(overlay);
    effects
}
