//! The replies to commands.

use crate::console::dirty::Dirty;
use crate::console::model::Model;
use crate::console::model::detail::StoredReply;
use crate::console::model::overlay::Overlay;
use crate::console::text::sanitised;
use crate::engine::{Command, Reply};

pub(super) fn take(model: &mut Model, to: &Command, reply: Reply) {
    model.request_redraw(Dirty::Full);
    if let Command::Inspect { stage, date } = to {
        if let Some(Overlay::Detail(detail)) = &mut model.overlay
            && detail.stage == *stage
            && detail.date == *date
        {
            detail.stored = match reply {
                Reply::Rows(rows) => StoredReply::Rows(rows),
                Reply::Accepted(text) | Reply::Refused(text) => StoredReply::Refused(text),
            };
            model.clamp_page();
        }
        return;
    }
    match reply {
        // The key press already showed the effect of the new number of workers.
        Reply::Accepted(_) if matches!(to, Command::Workers(_)) => {}
        // The header shows it at once, and the pause may take effect before the reply arrives.
        Reply::Accepted(_) if matches!(to, Command::Pause | Command::Resume) => {}
        Reply::Accepted(text) => model.notice(false, sanitised(&text)),
        Reply::Refused(text) => {
            match to {
                Command::Pause | Command::Resume => model.asked = None,
                Command::Workers(_) => {
                    model.workers.wanted = None;
                    // Its notice announced a change that was refused.
                    model.notices.retain(|notice| notice.bad);
                }
                Command::Drain | Command::Abort => model.leaving = None,
                _ => {}
            }
            model.notice(true, format!("refused: {}", sanitised(&text)));
        }
        Reply::Rows(_) => {}
    }
}
