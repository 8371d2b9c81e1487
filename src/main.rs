//! The `backcourt` program.

use std::process::ExitCode;

use backcourt::cli;
use backcourt::term::panic_hook;
use color_eyre::config::{HookBuilder, Theme};
use mimalloc::MiMalloc;

/// Rows are allocated on one thread and freed on another; the system allocator would keep twice the memory.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // A huge page is zeroed and counted whole, however little of it has rows. Refused, there is only more memory in use.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let (panics, errors) = HookBuilder::default().theme(Theme::new()).into_hooks();
    if let Err(error) = errors.install() {
        tracing::warn!("errors will be reported without their chain: {error}");
    }
    panic_hook::install(move |info| panics.panic_report(info).to_string());
    cli::main(std::env::args_os())
}
