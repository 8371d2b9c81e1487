//! The panic hook: restores the terminal only if the thread that owns the screen panics.

use std::panic::{self, PanicHookInfo};
use std::thread;

use super::guard;
use crate::escape::EscapedText;

/// Replaces the panic hook. `report` formats a panic for the operator, like color-eyre's `panic_report`.
///
/// Every panic is logged with its location. While a screen is open, a panic of another thread (such as an engine
/// worker, whose unit fails while the run continues) is only logged; a panic of the screen's thread restores the
/// terminal, then is reported on standard error. Without a screen every panic is reported there.
pub fn install(report: impl Fn(&PanicHookInfo<'_>) -> String + Send + Sync + 'static) {
    panic::set_hook(Box::new(move |info| {
        let thread = thread::current();
        tracing::error!(
            thread = thread.name().unwrap_or("unnamed"),
            place = info.location().map(tracing::field::display),
            "panicked: {}",
            info.payload_as_str().unwrap_or("no message")
        );
        match guard::holder() {
            Some(holder) if holder != thread.id() => {}
            _ => {
                // Errors are ignored deliberately: a hook that panics over a lost terminal, as color-eyre's would,
                // aborts the process and all its workers.
                drop(guard::leave());
                report(info).lines().collect::<EscapedText>().print_error();
            }
        }
    }));
}
