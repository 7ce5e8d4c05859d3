//! The servers that are measured, each a process of its own on one processor.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use redwind_reference::{Port, Process};
use redwind_server::{Options, Server};

/// The word that makes this program a server.
pub(crate) const LISTEN: &str = "listen";

/// The processor of the servers, and that of whoever puts load on them.
const SERVING: &str = "0";
const LOADING: &str = "1";

/// A server that ends with this value.
pub(crate) struct Running {
    process: Program,
    pub(crate) address: SocketAddr,
}

enum Program {
    Redis(
        Process,
        #[expect(dead_code, reason = "held for as long as the server runs")] Port,
    ),
    Redwind(Child),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Program::Redwind(process) = &mut self.process {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Running {
    /// A real redis-server, with its own settings but for what writes to the disk.
    pub(crate) fn redis() -> Result<Running> {
        let program = redwind_reference::find().context(
            "there is no redis-server to compare with: run `cargo xtask reference`, or name one in REDWIND_REFERENCE",
        )?;
        let port = Port::reserve()?;
        let address = port.address();
        let process = Process::start(pinned(SERVING, &program), &port, &["--appendonly", "no"]);
        let process = Program::Redis(process.map_err(anyhow::Error::msg)?, port);
        Ok(Running { process, address })
    }

    /// This project's server.
    pub(crate) fn redwind() -> Result<Running> {
        let program = std::env::current_exe()?;
        let mut process = pinned(SERVING, &program)
            .arg(LISTEN)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().context("it was asked for")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .context("the server did not say where it listens")?;
        let process = Program::Redwind(process);
        Ok(Running { process, address })
    }

    pub(crate) fn pid(&self) -> u32 {
        match &self.process {
            Program::Redis(process, _) => process.id(),
            Program::Redwind(process) => process.id(),
        }
    }

    /// Commands a second that `redis-benchmark` counts, sent so many at once by each of fifty clients.
    pub(crate) fn load(
        &self,
        together: u64,
        count: u64,
        range: u64,
        words: &[&str],
    ) -> Result<f64> {
        let program =
            std::env::var_os("REDIS_BENCHMARK").unwrap_or_else(|| "redis-benchmark".into());
        let output = pinned(LOADING, Path::new(&program))
            .args(["-h", "127.0.0.1", "-p", &self.address.port().to_string()])
            .args(["-P", &together.to_string(), "-n", &count.to_string()])
            .args(["-r", &range.to_string(), "-c", "50", "-e", "--csv"])
            .args(words)
            .output();
        let output = output.context(
            "cannot start redis-benchmark: install it (in Debian: redis-tools), or name one in REDIS_BENCHMARK",
        )?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text.lines().last().and_then(rate);
        rate.with_context(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            format!("redis-benchmark measured nothing: {text}{errors}")
        })
    }
}

/// The second column of `"the command","12345.67","0.1",…`; the command may hold commas.
fn rate(line: &str) -> Option<f64> {
    let cells: Vec<&str> = line.split("\",\"").collect();
    cells.get(1)?.trim_matches('"').parse().ok()
}

/// A command that runs on one processor, where the system has `taskset`.
fn pinned(processor: &str, program: &Path) -> Command {
    let usable = Command::new("taskset")
        .args(["-c", processor, "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !usable {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", processor]).arg(program);
    command
}

/// Is the server: says where it listens, and serves until it is ended.
pub(crate) fn listen() -> Result<()> {
    let mut server = Server::bind(Options {
        port: 0,
        ..Options::default()
    })?;
    println!("{}", server.local_addr());
    std::io::stdout().flush()?;
    server.run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_found_behind_a_command_with_commas() {
        let line = r#""EVAL redis.call('GET', KEYS[1])","123456.78","0.4","0.1""#;
        assert_eq!(rate(line), Some(123_456.78));
        assert_eq!(rate("no numbers"), None);
    }
}
