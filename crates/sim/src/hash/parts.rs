//! What records are made of: messages, values, keys, effects.

use bytes::Bytes;
use redwind_engine::{KeyView, Preview};
use redwind_resp::Value;

use super::Canon;
use crate::{
    Batch, Changed, Data, Effect, Exit, KeyChange, Local, Message, Phase, Place, ResourceCall,
    RolledBackBecause, TransactionNews,
};

impl Canon {
    pub(super) fn locals(&mut self, locals: &[Local]) {
        self.len(locals.len());
        for local in locals {
            self.text(&local.name);
            self.text(&local.value);
        }
    }

    pub(super) fn message(&mut self, message: &Message) {
        match message {
            Message::Commands { commands, batch } => {
                self.u64(1);
                self.u64(match batch {
                    Batch::Single => 0,
                    Batch::Pipeline => 1,
                    Batch::Transaction => 2,
                    Batch::Replication => 3,
                    Batch::Subscription => 4,
                });
                self.len(commands.len());
                for argv in commands.iter() {
                    self.argv(argv);
                }
            }
            Message::Call(call) => {
                self.u64(2);
                self.call(call);
            }
            Message::Replies(replies) => {
                self.u64(3);
                self.values(replies);
            }
            Message::Returned(data) => {
                self.u64(4);
                self.data(data);
            }
            Message::Push(value) => {
                self.u64(6);
                self.value(value);
            }
            Message::Refused { kind, message } => {
                self.u64(5);
                self.text(kind);
                self.text(message);
            }
        }
    }

    pub(super) fn call(&mut self, call: &ResourceCall) {
        self.text(&call.resource);
        self.text(&call.method);
        self.len(call.args.len());
        for arg in &call.args {
            self.data(arg);
        }
        self.fields(&call.named);
        self.len(call.believing.len());
        for lock in &call.believing {
            self.u64(u64::from(*lock));
        }
    }

    pub(super) fn fields(&mut self, fields: &[(String, Data)]) {
        self.len(fields.len());
        for (name, value) in fields {
            self.text(name);
            self.data(value);
        }
    }

    pub(super) fn data(&mut self, data: &Data) {
        match data {
            Data::Null => self.u64(1),
            Data::Bool(yes) => {
                self.u64(2);
                self.flag(*yes);
            }
            Data::Int(n) => {
                self.u64(3);
                self.int(*n);
            }
            Data::Float(x) => {
                self.u64(4);
                self.float(*x);
            }
            Data::Text(text) => {
                self.u64(5);
                self.text(text);
            }
            Data::List(items) => {
                self.u64(6);
                self.len(items.len());
                for item in items {
                    self.data(item);
                }
            }
            Data::Map(fields) => {
                self.u64(7);
                self.fields(fields);
            }
        }
    }

    pub(super) fn values(&mut self, values: &[Value]) {
        self.len(values.len());
        for value in values {
            self.value(value);
        }
    }

    pub(super) fn value(&mut self, value: &Value) {
        let mut encoded = Vec::new();
        redwind_resp::encode(value, redwind_resp::Protocol::Resp3, &mut encoded);
        self.bytes(&encoded);
    }

    pub(super) fn changes(&mut self, changes: &[KeyChange]) {
        self.len(changes.len());
        for change in changes {
            self.u64(u64::from(change.db));
            self.bytes(&change.key);
            self.text(change.what);
            self.u64(match change.changed {
                Changed::Created => 0,
                Changed::Updated => 1,
                Changed::Deleted => 2,
            });
            self.maybe(change.view.as_ref(), Self::view);
            self.maybe(change.expires_at, |canon, at| canon.u64(at.0));
        }
    }

    pub(super) fn view(&mut self, view: &KeyView) {
        self.text(view.kind);
        self.text(view.encoding);
        self.len(view.len);
        self.maybe(view.expires_at, |canon, at| canon.u64(at.0));
        match &view.preview {
            Preview::Text(text) => {
                self.u64(1);
                self.bytes(text);
            }
            Preview::Items(items) => {
                self.u64(2);
                self.argv(items);
            }
            Preview::Fields(fields) => {
                self.u64(3);
                self.pairs(fields);
            }
            Preview::Scores(members) => {
                self.u64(4);
                self.len(members.len());
                for (member, score) in members {
                    self.bytes(member);
                    self.float(*score);
                }
            }
            Preview::Stream { entries, groups } => {
                self.u64(5);
                self.len(entries.len());
                for (id, fields) in entries {
                    self.bytes(id);
                    self.pairs(fields);
                }
                self.len(groups.len());
                for group in groups {
                    self.bytes(&group.name);
                    self.bytes(&group.delivered);
                    self.len(group.pending_len);
                    for pending in &group.pending {
                        self.bytes(&pending.id);
                        self.bytes(&pending.consumer);
                        self.int(pending.deliveries);
                    }
                }
            }
        }
    }

    pub(super) fn pairs(&mut self, pairs: &[(Bytes, Bytes)]) {
        self.len(pairs.len());
        for (name, value) in pairs {
            self.bytes(name);
            self.bytes(value);
        }
    }

    pub(super) fn effect(&mut self, effect: &Effect) {
        self.text(&effect.target);
        self.text(&effect.value);
        self.maybe(effect.token, Self::int);
        self.flag(effect.accepted);
    }

    pub(super) fn exit(&mut self, exit: &Exit) {
        match exit {
            Exit::Finished => self.u64(1),
            Exit::Raised {
                kind,
                message,
                line,
                traceback,
            } => {
                self.u64(2);
                self.text(kind);
                self.text(message);
                self.maybe(*line, |canon, line| canon.u64(u64::from(line)));
                self.text(traceback);
            }
            Exit::Stopped { why, line } => {
                self.u64(3);
                self.text(why);
                self.maybe(*line, |canon, line| canon.u64(u64::from(line)));
            }
        }
    }

    /// Nothing for what no transaction has to do with.
    pub(super) fn phase(&mut self, phase: Phase) {
        match phase {
            Phase::Alone => {}
            Phase::Pending => self.u64(1),
            Phase::Committed => self.u64(2),
        }
    }

    pub(super) fn transaction(&mut self, by: Place, news: &TransactionNews) {
        self.u64(110);
        self.place(by);
        match news {
            TransactionNews::Waits {
                packet,
                call,
                lock,
                holder,
            } => {
                self.u64(1);
                self.u64(u64::from(packet.0));
                self.call(call);
                self.text(lock);
                self.place(*holder);
            }
            TransactionNews::RolledBack { writes, because } => {
                self.u64(2);
                self.u64(u64::from(*writes));
                self.u64(match because {
                    RolledBackBecause::Left => 1,
                    RolledBackBecause::Failed => 2,
                    RolledBackBecause::Deadlock => 3,
                });
            }
        }
    }
}
