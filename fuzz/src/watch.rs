//! Sees to it that every input ends and takes a bounded amount of memory.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// More than any input needs, on a slow machine, in a build for debugging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A script may have a quarter of a gigabyte and double it a few times before it is stopped.
const MEMORY: usize = 3 << 29;

/// Runs inputs one after the other, and tells which one never ended.
pub struct Watch {
    inputs: Sender<Option<Vec<u8>>>,
}

impl Default for Watch {
    fn default() -> Watch {
        let (inputs, received) = channel();
        std::thread::spawn(move || guard(&received));
        Watch { inputs }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the process ends, and its last words are all there is"
)]
fn guard(inputs: &Receiver<Option<Vec<u8>>>) {
    let mut running: Option<Vec<u8>> = None;
    loop {
        match inputs.recv_timeout(PATIENCE) {
            Ok(input) => running = input,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(input) = &running {
                    eprintln!("still running after {PATIENCE:?}:\n{}", show(input));
                    std::process::abort();
                }
            }
        }
    }
}

impl Watch {
    /// Runs one input. A panic names it.
    pub fn run(&self, target: fn(&[u8]), input: &[u8]) {
        self.inputs.send(Some(input.to_vec())).unwrap_or_default();
        let result = std::panic::catch_unwind(|| target(input));
        self.inputs.send(None).unwrap_or_default();
        assert!(result.is_ok(), "panicked on:\n{}", show(input));
        let peak = peak_memory();
        assert!(
            peak < MEMORY,
            "{peak} bytes of memory after:\n{}",
            show(input)
        );
    }
}

/// An input as Rust writes it.
pub fn show(input: &[u8]) -> String {
    format!("b\"{}\"", input.escape_ascii())
}

/// The most memory this process has had, where the system tells.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
    kilobytes.map_or(0, |kilobytes: usize| kilobytes * 1024)
}
