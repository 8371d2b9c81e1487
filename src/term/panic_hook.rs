//! What a panic does to the screen: nothing, unless it is the thread that owns the screen which dies.

use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::thread;

use super::guard;

/// Replaces the panic hook. `report` puts a panic into words for the operator, as color-eyre's `panic_report` does.
///
/// Every panic is logged with its place. While a screen is open, a panic of any other thread (a worker of the
/// engine: its unit fails, the run goes on) is only logged; a panic of the screen's own thread restores the
/// terminal first and is then reported on standard error. Without a screen every panic is reported there.
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
                // Errors are dropped on purpose: a hook that panics over a lost terminal, as color-eyre's own would,
                // aborts the process and all its workers.
                drop(guard::leave());
                drop(writeln!(std::io::stderr(), "{}", report(info)));
            }
        }
    }));
}
