//! `sealgate`: see [`sealgate::cli`].

use std::process::ExitCode;

/// glibc's allocator costs two fifths of the CPU on bodies of 64 KiB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sealgate::cli::main()
}
