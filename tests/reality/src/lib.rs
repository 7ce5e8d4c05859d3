//! The same situations for real redis-server processes and for simulated nodes: what comes of them must be the same.

#![expect(missing_docs, reason = "shared by one test, and called by nobody else")]

pub mod proxy;
pub mod real;
pub mod simulated;

/// A server that a situation needs.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub name: &'static str,
    /// Settings that both understand.
    pub config: &'static [(&'static str, &'static str)],
    /// What it keeps on its disk: `no`, or a value of `appendfsync`.
    pub keeps: &'static str,
    /// The server that it is a replica of.
    pub follows: Option<&'static str>,
}

impl Server {
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            config: &[],
            keeps: "no",
            follows: None,
        }
    }
}

/// Servers that things can be done to, real ones or simulated ones. Replicas are reached by their primaries over links
/// that can be cut.
pub trait Servers {
    /// Sends a command and waits for its reply, as redis-cli prints it.
    fn ask(&mut self, server: &str, command: &str) -> String;

    /// Lets time pass that something needs in any case, such as a key until it expires.
    fn pass(&mut self, millis: u64);

    /// Stops a server's process (`SIGSTOP`), or lets it go on.
    fn pause(&mut self, server: &str);
    fn resume(&mut self, server: &str);

    /// Ends a server's process at once (`SIGKILL`), and starts it again with what its disk has.
    fn kill(&mut self, server: &str);
    fn start(&mut self, server: &str);

    /// Cuts a replica off from its primary, or lets everything through that waits.
    fn cut(&mut self, replica: &str);
    fn heal(&mut self, replica: &str);

    /// Makes a server a replica of another.
    fn follow(&mut self, server: &str, primary: &str);

    /// Asks a primary to hand over.
    fn hand_over(&mut self, server: &str, replica: &str) -> String;

    /// Asks again and again until the reply is as expected, which it must be within twenty seconds.
    fn until(&mut self, server: &str, command: &str, expected: &str) -> String {
        let mut last = String::new();
        for _ in 0..800 {
            last = self.ask(server, command);
            if last.lines().next() == Some(expected) || last == expected {
                return expected.to_owned();
            }
            self.pass(25);
        }
        format!("never {expected}, in the end {last}")
    }
}
