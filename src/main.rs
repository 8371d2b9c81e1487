//! The `backcourt` program.

use std::process::ExitCode;

use backcourt::cli;
use backcourt::term::panic_hook;
use color_eyre::config::HookBuilder;
use mimalloc::MiMalloc;

/// Rows are made on one thread and let go on another, for which the system's allocator keeps twice the memory.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let (panics, errors) = HookBuilder::default().into_hooks();
    if let Err(error) = errors.install() {
        tracing::warn!("errors will be reported without their chain: {error}");
    }
    panic_hook::install(move |info| panics.panic_report(info).to_string());
    cli::main(std::env::args_os())
}
