//! Writes the test vectors of FORMAT.md §11, the same bytes every time.
//!
//! `cargo run -p crypto --example vectors -- tests/vectors/format`

mod catalogue;

use std::io;
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("usage: vectors FOLDER"));
    };
    std::fs::create_dir_all(&folder)?;
    let vectors = catalogue::all();
    for vector in &vectors {
        std::fs::write(
            folder.join(format!("{}.json", vector.name)),
            vector.render(),
        )?;
    }
    println!("{} vectors", vectors.len());
    Ok(())
}
