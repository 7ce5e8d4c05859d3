//! The engine behind a prompt: lines as a person types them, and what `redis-cli` shows for them.

use bytes::Bytes;
use redwind_engine::{SessionId, Value};
use redwind_resp::{Line, Prompt, render_reply};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::server::{MALFORMED, Server};
use crate::wire;

/// A command can't be repeated more often than this by one line.
const REPEATS: u64 = 100;

#[wasm_bindgen]
impl Server {
    /// Runs the line that the input begins with; the reply is the text that `redis-cli` would show. A command that would wait
    /// gets the reply of a wait that was in vain, unless it `may_wait` and is not to be repeated.
    pub fn type_line(&mut self, session: u32, length: u32, may_wait: bool) -> u32 {
        let (replies, mail) = self.begin();
        let Some(line) = self.input.get(..length as usize) else {
            return MALFORMED;
        };
        let shown = match Line::read(line) {
            Ok(line) if line.times > REPEATS => Some(format!(
                "A command can be repeated {REPEATS} times here, not {}.",
                line.times
            )),
            Ok(line) => self.enter(SessionId(u64::from(session)), line, may_wait),
            Err(bad) => Some(bad.to_string()),
        };
        self.replies.clear();
        match shown {
            Some(text) => wire::write(&Value::bulk(text), &mut self.replies),
            None => self.replies.push(wire::WAITS),
        }
        self.result(replies, mail)
    }

    /// What stands between the server's name and the `>` of a prompt: `[3](TX)`.
    pub fn prompt(&mut self, session: u32) -> u32 {
        let (replies, mail) = self.begin();
        let who = SessionId(u64::from(session));
        let mut prompts = self.prompts.iter();
        let prompt = prompts.find(|(session, _)| *session == who);
        let text = prompt.map_or_else(String::new, |(_, prompt)| prompt.to_string());
        wire::write(&Value::bulk(text), &mut self.replies);
        self.result(replies, mail)
    }

    /// What is still missing from the line that the input begins with.
    pub fn hint(&mut self, length: u32) -> u32 {
        self.told(length, |line| {
            Value::bulk(redwind_engine::hint(&redwind_engine::topics(), line))
        })
    }

    /// The lines that the one that the input begins with may become.
    pub fn completions(&mut self, length: u32) -> u32 {
        self.told(length, |line| {
            let lines = redwind_engine::completions(&redwind_engine::topics(), line);
            Value::Array(lines.into_iter().map(Value::bulk).collect())
        })
    }

    /// What `help` says of the topic that the input begins with.
    pub fn help(&mut self, length: u32) -> u32 {
        self.told(length, |topic| {
            Value::bulk(redwind_engine::help(&redwind_engine::topics(), topic))
        })
    }
}

impl Server {
    fn told(&mut self, length: u32, tell: fn(&str) -> Value) -> u32 {
        let (replies, mail) = self.begin();
        let Some(text) = self.input.get(..length as usize) else {
            return MALFORMED;
        };
        wire::write(&tell(&String::from_utf8_lossy(text)), &mut self.replies);
        self.result(replies, mail)
    }

    /// `None` if it waits.
    fn enter(&mut self, who: SessionId, line: Line, may_wait: bool) -> Option<String> {
        if line.argv.is_empty() {
            return Some(String::new());
        }
        // Confirmations of a subscription are messages, and tell the prompt, too.
        self.prompt_of(who);
        let argv: Vec<Bytes> = line.argv.into_iter().map(Bytes::from).collect();
        let mut shown = String::new();
        for _ in 0..line.times {
            self.replies.clear();
            self.argv.clone_from(&argv);
            self.execute(who, may_wait && line.times == 1);
            if self.replies == [wire::WAITS] {
                return None;
            }
            let Some(value) = wire::read(&mut &self.replies[..]) else {
                // Answered by messages, or not at all.
                continue;
            };
            self.prompt_of(who).after(&argv, &value);
            if !shown.is_empty() {
                shown.push('\n');
            }
            shown.push_str(&render_reply(&argv, &value));
        }
        Some(shown)
    }

    fn prompt_of(&mut self, who: SessionId) -> &mut Prompt {
        let at = self.prompts.iter().position(|(session, _)| *session == who);
        let at = at.unwrap_or_else(|| {
            self.prompts.push((who, Prompt::default()));
            self.prompts.len() - 1
        });
        &mut self.prompts[at].1
    }
}
