//! `redwind repl` on a terminal: what a person sees while typing, and what is kept of it.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use nix::pty::{Winsize, openpty};

/// The command on a terminal of its own.
struct Terminal {
    child: Child,
    keys: File,
    shown: Receiver<Vec<u8>>,
    /// Everything shown since the last time that something was looked for and found.
    since: String,
}

impl Terminal {
    fn open(history: &PathBuf) -> Self {
        let size = Winsize {
            ws_row: 40,
            ws_col: 200,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("a terminal");
        let end = || Stdio::from(pty.slave.try_clone().expect("an end of it"));
        let child = Command::new(env!("CARGO_BIN_EXE_redwind"))
            .arg("repl")
            .env("REDWIND_HISTFILE", history)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("the command starts");
        let keys = File::from(pty.master);
        let mut screen = keys.try_clone().expect("a second handle");
        let (send, shown) = channel();
        thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut some) {
                if send.send(some[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys,
            shown,
            since: String::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("somebody reads");
    }

    /// Waits until this is shown; gives what was shown before it.
    fn sees(&mut self, text: &str) -> String {
        loop {
            if let Some((before, after)) = self.since.split_once(text) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.since = after;
                return before;
            }
            let more = self.shown.recv_timeout(Duration::from_secs(30));
            let more = more.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.since));
            self.since += &String::from_utf8_lossy(&more);
        }
    }

    /// Waits until the command has left its terminal; says whether all was well.
    fn ends_well(&mut self) -> bool {
        loop {
            match self.shown.recv_timeout(Duration::from_secs(30)) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on"),
            }
        }
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // After a failure it may still be there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a prompt is drawn when nothing is typed yet.
const PROMPT: &str = "redis> ";

#[test]
fn lines_are_completed_hinted_edited_and_kept_but_for_passwords() {
    let folder = std::env::temp_dir().join(format!("redwind-typing-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let history = folder.join("history");
    fs::write(&history, "GET earlier\n").expect("it is written");

    let mut terminal = Terminal::open(&history);
    terminal.sees("`quit` leaves.");
    terminal.sees(PROMPT);

    // Tab, and what is missing of the arguments.
    terminal.press("getde\t");
    terminal.sees("GETDEL\x1b[90m key\x1b[0m");
    terminal.press(" a\r");
    terminal.sees("(nil)");
    terminal.sees(PROMPT);

    // A password is not kept; the line before it is what the arrow key gives, and then that of another day.
    terminal.press("AUTH hunter2\r");
    terminal.sees("(error) ERR AUTH <password> called without any password configured");
    terminal.sees(PROMPT);
    terminal.press("\x1b[A");
    terminal.sees("GETDEL a");
    terminal.press("\x1b[A");
    terminal.sees("GET earlier");
    terminal.press("\x17later\r");
    terminal.sees("(nil)");
    terminal.sees(PROMPT);

    // The prompt tells of the connection.
    terminal.press("SELECT 1\r");
    terminal.sees("redis[1]> ");
    terminal.press("MULTI\r");
    terminal.sees("redis[1](TX)> ");
    terminal.press("RESET\r");
    terminal.sees("RESET\r\n");
    terminal.sees(PROMPT);

    // Several lines at once.
    terminal.press("\x1b[200~SET x 1\nINCR x\x1b[201~\r");
    terminal.sees("OK\r\n(integer) 2\r\n");
    terminal.sees(PROMPT);

    // Without hints nothing is added behind the line.
    terminal.press(":set nohints\r");
    terminal.sees(PROMPT);
    terminal.press("GETEX x\r");
    let typed = terminal.sees("\"2\"");
    assert!(!typed.contains("PERSIST"), "{typed:?}");
    terminal.sees(PROMPT);

    // Ctrl-C gives up a line, and then leaves.
    terminal.press("DEL x\x03");
    terminal.sees("(Ctrl-C again");
    terminal.sees(PROMPT);
    terminal.press("\x03");
    assert!(terminal.ends_well());

    let kept = fs::read_to_string(&history).expect("lines are kept");
    let expected = "\
GET earlier
GETDEL a
GET later
SELECT 1
MULTI
RESET
SET x 1
INCR x
:set nohints
GETEX x
";
    assert_eq!(kept, expected);
    fs::remove_dir_all(folder).expect("it is removed");
}

#[test]
fn nobody_else_can_read_what_is_kept_and_where_nothing_can_be_kept_that_is_said() {
    let folder = std::env::temp_dir().join(format!("redwind-kept-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let history = folder.join("history");
    let mut terminal = Terminal::open(&history);
    terminal.sees(PROMPT);
    terminal.press("PING\r");
    terminal.sees("PONG");
    // Before the prompt this key would mean something to the terminal itself.
    terminal.sees(PROMPT);
    terminal.press("\x04");
    assert!(terminal.ends_well());
    let mode = fs::metadata(&history)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut terminal = Terminal::open(&folder);
    terminal.sees("(lines are not kept for the next time: ");
    terminal.sees(PROMPT);
    terminal.press("PING\r");
    terminal.sees("PONG");
    terminal.sees(PROMPT);
    terminal.press("quit\r");
    assert!(terminal.ends_well());
    fs::remove_dir_all(folder).expect("it is removed");
}
