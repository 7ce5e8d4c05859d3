//! What sentinels tell, as redis-py converts it: text always, known numbers as numbers, and the flags one by one.

use monty_types::MontyObject;
use redwind_resp::Value;

use super::{Out, Reader, bytes_of, is_text, items, number, pairs};

/// Fields that are numbers.
const NUMBERS: [&str; 23] = [
    "can-failover-its-master",
    "config-epoch",
    "down-after-milliseconds",
    "failover-timeout",
    "info-refresh",
    "last-hello-message",
    "last-ok-ping-reply",
    "last-ping-reply",
    "last-ping-sent",
    "master-link-down-time",
    "master-port",
    "num-other-sentinels",
    "num-slaves",
    "o-down-time",
    "pending-commands",
    "parallel-syncs",
    "port",
    "quorum",
    "role-reported-time",
    "s-down-time",
    "slave-priority",
    "slave-repl-offset",
    "voted-leader-epoch",
];

/// Fields that are made of the flags.
const FLAGS: [(&str, &str); 7] = [
    ("is_master", "master"),
    ("is_slave", "slave"),
    ("is_sdown", "s_down"),
    ("is_odown", "o_down"),
    ("is_sentinel", "sentinel"),
    ("is_disconnected", "disconnected"),
    ("is_master_down", "master_down"),
];

impl Reader<'_> {
    pub(super) fn sentinel(&self, sub: &str, reply: &Value) -> Out {
        match sub {
            // Of CKQUORUM and RESET redis-py, too, only asks whether the reply is "OK".
            "CKQUORUM" | "FAILOVER" | "FLUSHCONFIG" | "MONITOR" | "RESET" | "REMOVE" | "SET" => {
                Ok(is_text(reply, b"OK"))
            }
            "GET-MASTER-ADDR-BY-NAME" => match items(reply) {
                Some([host, port]) => Ok(MontyObject::tuple([
                    self.plain(host)?,
                    MontyObject::int(number(port)),
                ])),
                _ => self.plain(reply),
            },
            "MASTER" => Ok(state(reply)),
            "MASTERS" => {
                let all = items(reply).unwrap_or_default().iter();
                let all: Vec<_> = all
                    .map(|one| (MontyObject::string(field(one, "name")), state(one)))
                    .collect();
                Ok(MontyObject::dict(all))
            }
            "SENTINELS" | "SLAVES" => self.each(reply, |one| Ok(state(one))),
            _ => self.plain(reply),
        }
    }
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(bytes_of(value).unwrap_or_default()).into_owned()
}

fn field(state: &Value, wanted: &str) -> String {
    let mut fields = pairs(state).into_iter();
    let found = fields.find(|(name, _)| text(name) == wanted);
    found.map_or(String::new(), |(_, value)| text(value))
}

fn state(reply: &Value) -> MontyObject {
    let mut fields: Vec<(MontyObject, MontyObject)> = Vec::new();
    for (name, value) in pairs(reply) {
        let name = text(name);
        let value = if NUMBERS.contains(&name.as_str()) {
            MontyObject::int(number(value))
        } else {
            MontyObject::string(text(value))
        };
        fields.push((MontyObject::string(name), value));
    }
    let flags = field(reply, "flags");
    for (name, flag) in FLAGS {
        let set = flags.split(',').any(|one| one == flag);
        fields.push((MontyObject::string(name), MontyObject::bool(set)));
    }
    MontyObject::dict(fields)
}
