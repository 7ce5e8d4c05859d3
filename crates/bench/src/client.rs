//! A client that sends many commands before it reads the replies.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use redwind_resp::{Decoder, Value, encode_request};

/// How many commands are under way at once.
const TOGETHER: usize = 256;

pub(crate) struct Client {
    stream: TcpStream,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Client {
            stream,
            decoder: Decoder::default(),
            buffer: vec![0; 1 << 16],
        })
    }

    /// Runs commands; an error among the replies is an error.
    pub(crate) fn run(&mut self, commands: impl IntoIterator<Item = Vec<Bytes>>) -> Result<()> {
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let mut sent = Vec::new();
            let mut count = 0;
            for argv in commands.by_ref().take(TOGETHER) {
                encode_request(&argv, &mut sent);
                count += 1;
            }
            self.stream.write_all(&sent)?;
            for _ in 0..count {
                self.reply()?;
            }
        }
        Ok(())
    }

    /// Runs one command.
    pub(crate) fn call(&mut self, words: &[&str]) -> Result<Value> {
        let mut sent = Vec::new();
        encode_request(words, &mut sent);
        self.stream.write_all(&sent)?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Value> {
        loop {
            match self.decoder.next_value()? {
                Some(Value::Error(text)) => bail!("{}", String::from_utf8_lossy(&text)),
                Some(value) => return Ok(value),
                None => {}
            }
            match self.stream.read(&mut self.buffer).context("no reply")? {
                0 => bail!("the server closed the connection"),
                count => self.decoder.feed(&self.buffer[..count]),
            }
        }
    }
}
