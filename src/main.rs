//! The `profitscore` program: see `profitscore --help`.

use std::process::ExitCode;

/// A batch is taken apart on another thread than the one that made it, and all of it is small: the system's allocator
/// spends a quarter of the time of ingest on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    profitscore::cli::main()
}
