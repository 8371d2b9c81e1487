//! What every page can do. The model knows the pages by this trait alone; `console/page/` implements it, one file per
//! page.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Model;
use super::list::Scroll;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::theme::Theme;

/// What a page does with an action.
#[derive(Debug)]
pub enum Handled {
    /// Nothing: Esc closes the page, other actions scroll it.
    No,
    /// It stays open, unless it has opened another page.
    Stay(Vec<Effect>),
    Close(Vec<Effect>),
}

/// A page or dialog drawn over the panes.
pub trait Page {
    /// The place whose keys it receives.
    fn place(&self) -> KeyContext;

    /// Handles an action. Meanwhile the model has no open page; one opened here replaces this page.
    fn act(&mut self, _model: &mut Model, _action: Action) -> Handled {
        Handled::No
    }

    /// The position that keys scroll; `None` if nothing scrolls.
    fn scroll(&mut self, _model: &Model, _body: Rect) -> Option<Scroll<'_>> {
        None
    }

    /// Clamps cursors and scroll positions after the content or the size of the screen has changed.
    fn clamp(&mut self, model: &Model, body: Rect) {
        if let Some(scroll) = self.scroll(model, body) {
            scroll.clamp();
        }
    }

    /// Selects what is at a point. A click must start nothing, so most pages ignore it.
    fn click(&mut self, _model: &Model, _body: Rect, _point: Position) {}

    /// Whether it hides the panes completely, so that they need not be drawn.
    fn covers_panes(&self) -> bool {
        false
    }

    fn copied(&self, _model: &Model) -> Option<String> {
        None
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer);
}
