//! Puts the lessons into the binary, so that `redwind run locks/gc-pause` works anywhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let lessons = Path::new("../../lessons");
    println!("cargo::rerun-if-changed={}", lessons.display());
    let mut files = Vec::new();
    gather(lessons, &mut files)?;
    files.sort();
    let mut code = String::from("const FILES: &[(&str, &str)] = &[\n");
    for file in files {
        let path = fs::canonicalize(lessons.join(&file))?;
        let id = file.with_extension("").to_string_lossy().replace('\\', "/");
        let _ = writeln!(
            code,
            "    ({id:?}, include_str!({:?})),",
            path.to_string_lossy()
        );
    }
    code.push_str("];\n");
    let index = fs::canonicalize(lessons.join("index.toml"))?;
    let _ = writeln!(
        code,
        "const INDEX: &str = include_str!({:?});",
        index.to_string_lossy()
    );
    let out = env::var_os("OUT_DIR")
        .ok_or_else(|| io::Error::other("OUT_DIR is not set: this runs under cargo"))?;
    fs::write(Path::new(&out).join("lessons.rs"), code)
}

/// Every Markdown file below the lessons' folder, by its path inside it.
fn gather(root: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                println!("cargo::rerun-if-changed={}", path.display());
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                println!("cargo::rerun-if-changed={}", path.display());
                files.extend(path.strip_prefix(root).map(Path::to_path_buf));
            }
        }
    }
    Ok(())
}
