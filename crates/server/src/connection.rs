//! One client's socket, with what was read and is not yet a command, and what is not yet written.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use redwind_engine::{OutputLimit, Protocol, Value};
use redwind_resp::{RequestDecoder, encode};

/// A write buffer that once grew beyond this is given back when it is empty.
const KEPT: usize = 1 << 20;

/// What `CLIENT REPLY` asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replies {
    On,
    Off,
    /// `SKIP` was just said: the next command is not answered.
    SkipNext,
    /// This command is not answered.
    Skip,
}

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) requests: RequestDecoder,
    out: Vec<u8>,
    written: usize,
    above_soft: Option<Instant>,
    /// When it last sent something.
    pub(crate) heard: Instant,
    pub(crate) replies: Replies,
    /// The last command waits; what follows it stays unread.
    pub(crate) blocked: bool,
    /// Nothing more is read; it is closed once what is left was written.
    pub(crate) closing: bool,
    /// It broke, or was cut off.
    pub(crate) lost: bool,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Connection {
        Connection {
            stream,
            requests: RequestDecoder::default(),
            out: Vec::new(),
            written: 0,
            above_soft: None,
            heard: Instant::now(),
            replies: Replies::On,
            blocked: false,
            closing: false,
            lost: false,
        }
    }

    /// Reads what fits into the buffer; says how much it was, and whether there may be more.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> (usize, bool) {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => self.lost = true,
                Ok(count) => {
                    self.requests.feed(&buffer[..count]);
                    // On Unix a short read means that the socket is empty, which saves a system call;
                    // elsewhere only `WouldBlock` says so.
                    return (count, count == buffer.len() || !cfg!(unix));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.lost = true,
            }
            return (0, false);
        }
    }

    /// The answer to a command, unless `CLIENT REPLY` suppresses it.
    pub(crate) fn reply(&mut self, value: &Value, protocol: Protocol) {
        if matches!(self.replies, Replies::On | Replies::SkipNext) {
            self.send(value, protocol);
        }
    }

    /// Queues a value, whatever `CLIENT REPLY` says.
    pub(crate) fn send(&mut self, value: &Value, protocol: Protocol) {
        encode(value, protocol, &mut self.out);
    }

    /// Writes as much as the socket takes, unless too much is owed; says how much it was.
    pub(crate) fn flush(&mut self, limit: OutputLimit) -> usize {
        self.check_backlog(limit);
        let before = self.written;
        while self.written < self.out.len() && !self.lost {
            match self.stream.write(&self.out[self.written..]) {
                Ok(0) => self.lost = true,
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.lost = true,
            }
        }
        let count = self.written - before;
        if self.written < self.out.len() && !self.lost {
            self.forget_written();
            return count;
        }
        self.written = 0;
        self.above_soft = None;
        self.out.clear();
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        self.lost |= self.closing;
        count
    }

    /// What was written is dropped from time to time, so that a slow reader costs what it is owed.
    fn forget_written(&mut self) {
        if self.written > KEPT && self.written > self.out.len() / 2 {
            self.out.drain(..self.written);
            self.written = 0;
        }
    }

    /// Cuts off a client that reads too slowly.
    fn check_backlog(&mut self, limit: OutputLimit) {
        let backlog = (self.out.len() - self.written) as u64;
        self.lost |= limit.hard > 0 && backlog > limit.hard;
        if limit.soft == 0 || backlog <= limit.soft {
            self.above_soft = None;
            return;
        }
        let since = *self.above_soft.get_or_insert_with(Instant::now);
        self.lost |= since.elapsed() > Duration::from_secs(limit.seconds);
    }
}
