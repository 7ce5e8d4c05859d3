//! Channels: subscriptions on their way to Redis, and the messages that come back.

use bytes::Bytes;
use monty::{FunctionCall, RunProgress};
use monty_types::MontyObject;
use redwind_resp::Value;
use redwind_sim::{Answer, Batch, Request, Span};

use super::redis::{Aside, aside};
use super::{Host, Next, Waits, arg, int};
use crate::redis::{Arg, Decode, Refusal, positional, refusal_of};
use crate::values::exception;

impl Host {
    /// `_rw_tell(id, connection, words)`: a subscription, whose confirmations are messages of their own.
    pub(super) fn subscription(&mut self, call: FunctionCall) -> Next {
        let connection = connection(&call);
        let words: Vec<Bytes> = positional(arg(&call, 2))
            .iter()
            .enumerate()
            .filter_map(|(at, word)| match word {
                Arg::Text(text) if at == 0 => Some(Bytes::from(text.to_ascii_uppercase())),
                other => bytes(other),
            })
            .collect();
        let waiting = aside(int(&call, 0), connection, Aside::Told);
        let progress = RunProgress::FunctionCall(call);
        self.transmit(progress, waiting, vec![words], Batch::Subscription)
    }

    /// `_rw_listen(id, connection, timeout)`: the next message as a list, or `None`.
    pub(super) fn listen(&mut self, call: FunctionCall) -> Next {
        let connection = connection(&call);
        let timeout = match arg(&call, 2) {
            Arg::None => None,
            value => match value.number() {
                Some(seconds) => Some(Span((seconds.clamp(0.0, 1e9) * 1e6).round() as u64)),
                None => {
                    let why = "timeout must be a number of seconds or None";
                    return self.refuse(call, &Refusal::new("TypeError", why));
                }
            },
        };
        let waits = Waits::Push(int(&call, 0), connection);
        let request = Request::Listen {
            connection,
            timeout,
        };
        self.ask(call, waits, request)
    }

    pub(super) fn listen_answer(
        &mut self,
        progress: RunProgress,
        client: i64,
        connection: u32,
        answer: Answer,
    ) -> Next {
        match answer {
            Answer::Pushed(Value::Error(text)) => {
                self.resume(progress, exception(&refusal_of(&text)))
            }
            Answer::Pushed(Value::Array(parts) | Value::Push(parts)) => {
                let decode = self.decode(client);
                let parts = parts.iter().enumerate().map(|(at, part)| match part {
                    Value::Bulk(text) | Value::Simple(text) if at == 0 => {
                        MontyObject::string(String::from_utf8_lossy(text).into_owned())
                    }
                    Value::Bulk(text) | Value::Simple(text) => text_as(text, decode),
                    Value::Int(n) => MontyObject::int(*n),
                    _ => MontyObject::none(),
                });
                let message = MontyObject::list(parts);
                self.resume(progress, message)
            }
            Answer::Failed(failure) => {
                self.clients.broke(connection);
                let refusal = self.connection_error(client, failure);
                self.resume(progress, exception(&refusal))
            }
            _ => self.resume(progress, MontyObject::none()),
        }
    }

    /// `_rw_hang_up(id, connection)`: a connection that listened is of no use to anybody else.
    pub(super) fn hang_up(&mut self, call: FunctionCall) -> Next {
        let connection = connection(&call);
        self.ask(call, Waits::Nothing, Request::HangUp { connection })
    }

    /// `_rw_channel(id, name)`: a channel's name as messages give it.
    pub(super) fn channel(&mut self, call: FunctionCall) -> Next {
        let decode = self.decode(int(&call, 0));
        match bytes(&arg(&call, 1)) {
            Some(name) => {
                let name = text_as(&name, decode);
                self.run(call, name)
            }
            None => {
                let why = format!(
                    "Invalid input of type: '{}'. Convert to a bytes, string, int or float first.",
                    arg(&call, 1).type_name()
                );
                self.refuse(call, &Refusal::new("DataError", why))
            }
        }
    }

    fn decode(&self, client: i64) -> Decode {
        self.clients
            .get(client)
            .map_or(Decode::Bytes, |client| client.decode)
    }
}

fn connection(call: &FunctionCall) -> u32 {
    u32::try_from(int(call, 1)).unwrap_or_default()
}

fn bytes(value: &Arg) -> Option<Bytes> {
    match value {
        Arg::Text(text) => Some(Bytes::from(text.clone())),
        Arg::Bytes(bytes) => Some(Bytes::from(bytes.clone())),
        Arg::Int(n) => Some(Bytes::from(n.to_string())),
        _ => None,
    }
}

fn text_as(text: &[u8], decode: Decode) -> MontyObject {
    match decode {
        Decode::Bytes => MontyObject::bytes(text.to_vec()),
        Decode::Text => MontyObject::string(String::from_utf8_lossy(text).into_owned()),
    }
}
