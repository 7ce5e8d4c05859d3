//! The file that keeps what was typed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// So many lines are at hand; the file is cut when it has twice as many.
pub(super) const LONGEST: usize = 1_000;

/// A file to which lines are added.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
}

impl File {
    /// The person's file with its latest lines; `None` where none shall be kept.
    pub(super) fn open() -> io::Result<Option<(Self, Vec<String>)>> {
        path().map(Self::at).transpose()
    }

    fn at(path: PathBuf) -> io::Result<(Self, Vec<String>)> {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(named(&path, error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let file = Self { path };
        let surplus = lines.len().saturating_sub(LONGEST);
        lines.drain(..surplus);
        if surplus >= LONGEST {
            file.write(false, &lines)?;
        }
        Ok((file, lines))
    }

    /// Adds a line.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        self.write(true, &[line.to_owned()])
    }

    fn write(&self, append: bool, lines: &[String]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(append);
        if !append {
            options.truncate(true);
        }
        // Nobody else reads it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut file = options
            .open(&self.path)
            .map_err(|error| named(&self.path, error))?;
        file.write_all(text.as_bytes())
    }
}

fn named(path: &std::path::Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// `REDWIND_HISTFILE`, or `.redwind_history` in the person's folder.
fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("REDWIND_HISTFILE") {
        return (!path.is_empty() && path != "/dev/null").then(|| PathBuf::from(path));
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
    Some(home.join(".redwind_history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_grown_is_cut_to_its_latest_lines() {
        let folder = std::env::temp_dir().join(format!("redwind-history-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("history");
        let many: String = (0..2 * LONGEST).map(|n| format!("GET k{n}\n")).collect();
        fs::write(&path, many).expect("it is written");

        let (mut file, lines) = File::at(path.clone()).expect("it is read");
        assert_eq!((lines.len(), lines[0].as_str()), (LONGEST, "GET k1000"));
        file.append("PING").expect("it is added to");
        let (_, lines) = File::at(path.clone()).expect("it is read again");
        assert_eq!(
            (lines.len(), lines[LONGEST - 1].as_str()),
            (LONGEST, "PING")
        );
        let kept = fs::read_to_string(&path).expect("it is text");
        assert_eq!(kept.lines().count(), LONGEST + 1);
        fs::remove_dir_all(folder).expect("it is removed");
    }

    #[test]
    fn where_there_is_no_file_one_begins_and_an_unreadable_one_is_named() {
        let folder =
            std::env::temp_dir().join(format!("redwind-no-history-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (mut file, lines) = File::at(folder.join("new")).expect("nothing is no error");
        assert!(lines.is_empty());
        file.append("PING").expect("it is made");
        let error = File::at(folder.clone()).expect_err("a folder is no file");
        assert!(error.to_string().contains("redwind-no-history"), "{error}");
        fs::remove_dir_all(folder).expect("it is removed");
    }
}
