//! The `backcourt` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    backcourt::cli::main(std::env::args_os())
}
