//! The `profitscore` program: see `profitscore --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    profitscore::cli::main()
}
