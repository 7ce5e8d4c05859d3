//! What clients can ask a sentinel.

use bytes::Bytes;
use redwind_engine::{Micros, pattern_matches};
use redwind_resp::Value;

use super::answers::HELLO;
use super::{Sentinel, Watched};
use crate::Place;
use crate::notice::{Finding, NODE_PORT, sentinel_id};
use crate::world::World;
use crate::world::network::Connection;

/// Commands that a sentinel leaves to its engine: they are about connections and channels.
const OF_THE_ENGINE: [&str; 11] = [
    "AUTH",
    "CLIENT",
    "COMMAND",
    "HELLO",
    "PING",
    "PSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "RESET",
    "QUIT",
];

const NO_SUCH: &str = "ERR No such master with that name";

/// The subcommands, each with how many words the whole command has (below zero: at least).
const SUBCOMMANDS: [(&str, i32); 19] = [
    ("ckquorum", 3),
    ("config", -3),
    ("debug", -2),
    ("failover", 3),
    ("flushconfig", 2),
    ("get-master-addr-by-name", 3),
    ("help", 2),
    ("is-master-down-by-addr", 6),
    ("master", 3),
    ("masters", 2),
    ("monitor", 6),
    ("myid", 2),
    ("pending-scripts", 2),
    ("remove", 3),
    ("replicas", 3),
    ("reset", 3),
    ("sentinels", 3),
    ("set", -5),
    ("slaves", 3),
];

const HELP: &[&str] = &[
    "SENTINEL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CKQUORUM <master-name>",
    "    Says whether enough sentinels can be reached to fail over.",
    "CONFIG GET <param>",
    "    Gives a setting of the sentinel.",
    "DEBUG",
    "    Lists the times that a sentinel goes by.",
    "FAILOVER <master-name>",
    "    Fails over without asking other sentinels.",
    "FLUSHCONFIG",
    "    Writes the configuration.",
    "GET-MASTER-ADDR-BY-NAME <master-name>",
    "    Gives the address of the primary of that name.",
    "IS-MASTER-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
    "    Says whether this sentinel finds that primary down, and its vote.",
    "MASTER <master-name>, MASTERS",
    "    Tells what is known about one primary, or all.",
    "MONITOR <master-name> <ip> <port> <quorum>",
    "    Watches another primary.",
    "MYID",
    "    Gives this sentinel's identity.",
    "REMOVE <master-name>",
    "    Watches a primary no longer.",
    "REPLICAS <master-name>",
    "    Tells what is known about the replicas.",
    "RESET <pattern>",
    "    Forgets replicas and other sentinels of primaries with such a name.",
    "SENTINELS <master-name>",
    "    Tells what is known about the other sentinels.",
    "SET <master-name> <option> <value> [<option> <value> ...]",
    "    Changes how a primary is watched.",
    "HELP",
    "    Prints this help.",
];

impl World {
    /// A command sent to a sentinel. `None` leaves it to the engine.
    pub(crate) fn sentinel_command(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Option<Value>> {
        let name = word(argv, 0).to_ascii_uppercase();
        let reply = match name.as_str() {
            known if OF_THE_ENGINE.contains(&known) => return None,
            "SENTINEL" => self.sentinel_subcommand(node, connection, argv),
            "ROLE" => {
                let names = self.watched_names(node);
                let names = names.iter().map(|name| Value::bulk(&**name)).collect();
                Value::Array(vec![Value::bulk("sentinel"), Value::Array(names)])
            }
            "INFO" => Value::bulk(self.sentinel_info(node, argv)),
            "PUBLISH" if argv.len() == 3 && word(argv, 1) != HELLO => {
                Value::error("ERR Only HELLO messages are accepted by Sentinel instances.")
            }
            "PUBLISH" if argv.len() == 3 => Value::Int(1),
            _ => {
                let mut text = format!(
                    "ERR unknown command '{}', with args beginning with: ",
                    word(argv, 0)
                );
                for arg in argv.iter().skip(1).take(20) {
                    text.push_str(&format!("'{}' ", String::from_utf8_lossy(arg)));
                }
                Value::error(text)
            }
        };
        let place = &self.nodes[usize::from(node)];
        let session = place.sessions.get(&connection);
        let protocol = session.map(|session| place.engine.protocol(session.id));
        Some(Some(match protocol {
            Some(protocol) => reply.for_protocol(protocol),
            None => reply,
        }))
    }

    fn watched_names(&self, node: u16) -> Vec<std::sync::Arc<str>> {
        let sentinel = self.sentinels.all.get(&node);
        let watched = sentinel.into_iter().flat_map(|sentinel| &sentinel.watched);
        watched.map(|watched| watched.name.clone()).collect()
    }

    fn sentinel_subcommand(&mut self, node: u16, connection: Connection, argv: &[Bytes]) -> Value {
        if argv.len() < 2 {
            return Value::error("ERR wrong number of arguments for 'sentinel' command");
        }
        let sub = word(argv, 1).to_ascii_lowercase();
        let Some((_, arity)) = SUBCOMMANDS.iter().find(|(known, _)| *known == sub) else {
            let text = format!(
                "ERR unknown subcommand '{}'. Try SENTINEL HELP.",
                word(argv, 1)
            );
            return Value::error(text);
        };
        let count = i32::try_from(argv.len()).unwrap_or(i32::MAX);
        if *arity >= 0 && count != *arity || count < -*arity {
            let text = format!("ERR wrong number of arguments for 'sentinel|{sub}' command");
            return Value::error(text);
        }
        let cause = self.nodes[usize::from(node)]
            .sessions
            .get(&connection)
            .and_then(|session| session.work.front())
            .map(|work| work.packet.sent);
        let mut reply = Value::Null;
        self.with_sentinel(node, |world, sentinel| {
            reply = world.sentinel_reply(sentinel, &sub, argv, cause);
        });
        reply
    }

    fn sentinel_reply(
        &mut self,
        sentinel: &mut Sentinel,
        sub: &str,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Value {
        match sub {
            "help" => Value::Array(HELP.iter().map(|line| Value::text(line)).collect()),
            "myid" => Value::bulk(sentinel_id(&self.plan.scenario, Place::Node(sentinel.node))),
            "flushconfig" => Value::OK,
            "pending-scripts" => Value::Array(Vec::new()),
            "config" => settings(argv),
            "debug" => periods(),
            "masters" => {
                let all = sentinel.watched.iter();
                let all = all.map(|watched| self.primary_fields(sentinel, watched));
                Value::Array(all.collect())
            }
            "is-master-down-by-addr" => self.asked_by_client(sentinel, argv, cause),
            "reset" => self.reset_watched(sentinel, argv, cause),
            "monitor" => match self.begin_to_watch(sentinel, argv, cause) {
                Ok(()) => Value::OK,
                Err(why) => Value::error(format!("ERR {why}")),
            },
            _ => {
                let name = word(argv, 2);
                let mut all = sentinel.watched.iter();
                let Some(index) = all.position(|watched| *watched.name == *name) else {
                    return match sub {
                        "get-master-addr-by-name" => Value::NullArray,
                        _ => Value::error(NO_SUCH),
                    };
                };
                let mut watched = sentinel.watched[index].clone();
                if sub == "remove" {
                    self.announces(sentinel, &mut watched, cause, Finding::Unwatches);
                    sentinel.watched.remove(index);
                    return Value::OK;
                }
                let reply = self.about_watched(sentinel, &mut watched, sub, argv, cause);
                sentinel.watched[index] = watched;
                reply
            }
        }
    }

    fn about_watched(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
        sub: &str,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Value {
        match sub {
            "master" => self.primary_fields(sentinel, watched),
            "get-master-addr-by-name" => {
                let host = &self.plan.scenario.nodes[usize::from(watched.current())].name;
                Value::Array(vec![Value::bulk(host), Value::bulk(NODE_PORT.to_string())])
            }
            "sentinels" => {
                let all = watched.others.values();
                let all = all.map(|other| self.sentinel_fields(sentinel, watched, other));
                Value::Array(all.collect())
            }
            "ckquorum" => check_quorum(watched),
            "failover" => {
                if watched.in_failover() {
                    return Value::error("INPROG Failover already in progress");
                }
                if self.best_replica(sentinel, watched).is_none() {
                    return Value::error("NOGOODSLAVE No suitable replica to promote");
                }
                watched.last = cause;
                self.start_failover(sentinel, watched);
                watched.failover.forced = true;
                Value::OK
            }
            "set" => self.set_options(sentinel, watched, argv, cause),
            _ => {
                let all = watched.replicas.values();
                let all = all.map(|peer| self.replica_fields(sentinel, watched, peer));
                Value::Array(all.collect())
            }
        }
    }

    fn set_options(
        &mut self,
        sentinel: &Sentinel,
        watched: &mut Watched,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Value {
        let mut at = 3;
        while at < argv.len() {
            let (option, value) = (word(argv, at).to_ascii_lowercase(), word(argv, at + 1));
            let number = value.parse::<u64>().ok().filter(|number| *number > 0);
            let small = number.and_then(|number| u16::try_from(number).ok());
            let known = [
                "down-after-milliseconds",
                "failover-timeout",
                "parallel-syncs",
                "quorum",
            ];
            if !known.contains(&option.as_str()) || at + 1 >= argv.len() {
                return Value::error(format!(
                    "ERR Unknown option or number of arguments for SENTINEL SET '{}'",
                    word(argv, at)
                ));
            }
            match (option.as_str(), number, small) {
                ("down-after-milliseconds", Some(ms), _) => watched.down_after = ms,
                ("failover-timeout", Some(ms), _) => watched.failover_timeout = ms,
                ("parallel-syncs", _, Some(count)) => watched.parallel_syncs = count,
                ("quorum", _, Some(count)) => watched.quorum = count,
                _ => {
                    return Value::error(format!(
                        "ERR Invalid argument '{value}' for SENTINEL SET '{}'",
                        word(argv, at)
                    ));
                }
            }
            self.announces(sentinel, watched, cause, Finding::Set(option, value));
            at += 2;
        }
        Value::OK
    }

    fn reset_watched(
        &mut self,
        sentinel: &mut Sentinel,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Value {
        let pattern = argv.get(2).cloned().unwrap_or_default();
        let mut count = 0;
        for index in 0..sentinel.watched.len() {
            let mut watched = sentinel.watched[index].clone();
            if !pattern_matches(&pattern, watched.name.as_bytes()) {
                continue;
            }
            count += 1;
            watched.forget(sentinel.now);
            self.announces(sentinel, &mut watched, cause, Finding::Reset);
            sentinel.watched[index] = watched;
        }
        Value::Int(count)
    }

    /// The question of another sentinel, asked by a person.
    fn asked_by_client(
        &mut self,
        sentinel: &mut Sentinel,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Value {
        let numbers = (word(argv, 3).parse::<i64>(), word(argv, 4).parse::<i64>());
        let (Ok(_), Ok(epoch)) = numbers else {
            return Value::error("ERR value is not an integer or out of range");
        };
        let primary = self.plan.node(Some(&word(argv, 2)));
        let mut all = sentinel.watched.iter();
        let index = all.position(|watched| Some(watched.primary.node) == primary);
        let Some(index) = index else {
            return self.told(false, None);
        };
        let mut watched = sentinel.watched[index].clone();
        let finds_down = sentinel.tilt.is_none() && watched.primary.down;
        let id = word(argv, 5);
        let scenario = &self.plan.scenario;
        let candidate = (0..self.plan.nodes())
            .find(|node| self.watches(*node) && sentinel_id(scenario, Place::Node(*node)) == id);
        let vote = candidate.and_then(|candidate| {
            let epoch = u64::try_from(epoch).unwrap_or(0);
            self.vote(sentinel, &mut watched, epoch, candidate, cause)
        });
        sentinel.watched[index] = watched;
        self.told(finds_down, vote)
    }

    fn sentinel_info(&self, node: u16, argv: &[Bytes]) -> String {
        let Some(sentinel) = self.sentinels.all.get(&node) else {
            return String::new();
        };
        let wanted = word(argv, 1).to_ascii_lowercase();
        let wants = |section: &str| {
            matches!(wanted.as_str(), "" | "all" | "default" | "everything") || wanted == section
        };
        let mut parts = Vec::new();
        let place = &self.nodes[usize::from(node)];
        let Micros(local) = place.now(self.now);
        if wants("server") {
            parts.push(format!(
                "# Server\r\nredis_version:8.2.3\r\nredis_mode:sentinel\r\nrun_id:{}\r\ntcp_port:26379\r\nserver_time_usec:{local}\r\n",
                sentinel_id(&self.plan.scenario, Place::Node(node))
            ));
        }
        if wants("sentinel") {
            let since = sentinel
                .tilt
                .map(|since| (local / 1000).saturating_sub(since) / 1000);
            let mut text = format!(
                "# Sentinel\r\nsentinel_masters:{}\r\nsentinel_tilt:{}\r\nsentinel_tilt_since_seconds:{}\r\nsentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\nsentinel_simulate_failure_flags:0\r\n",
                sentinel.watched.len(),
                u8::from(since.is_some()),
                since.map_or(-1, |since| i64::try_from(since).unwrap_or(i64::MAX)),
            );
            for (index, watched) in sentinel.watched.iter().enumerate() {
                let status = match (watched.agreed, watched.primary.down) {
                    (true, _) => "odown",
                    (false, true) => "sdown",
                    (false, false) => "ok",
                };
                text.push_str(&format!(
                    "master{index}:name={},status={status},address={}:{NODE_PORT},slaves={},sentinels={}\r\n",
                    watched.name,
                    self.plan.scenario.nodes[usize::from(watched.primary.node)].name,
                    watched.replicas.len(),
                    watched.others.len() + 1,
                ));
            }
            parts.push(text);
        }
        parts.join("\r\n")
    }
}

fn word(argv: &[Bytes], at: usize) -> String {
    argv.get(at)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .unwrap_or_default()
}

fn check_quorum(watched: &Watched) -> Value {
    let voters = watched.others.len() + 1;
    let down = watched.others.values().filter(|other| other.peer.down);
    let usable = voters - down.count();
    let quorum = usable >= usize::from(watched.quorum);
    let majority = usable > voters / 2;
    if quorum && majority {
        let text = format!(
            "OK {usable} usable Sentinels. Quorum and failover authorization can be reached"
        );
        return Value::Simple(Bytes::from(text));
    }
    let mut missing = Vec::new();
    if !quorum {
        missing
            .push("Not enough available Sentinels to reach the specified quorum for this master");
    }
    if !majority {
        missing
            .push("Not enough available Sentinels to reach the majority and authorize a failover");
    }
    let missing = missing.join(". ");
    Value::error(format!("NOQUORUM {usable} usable Sentinels. {missing}"))
}

fn settings(argv: &[Bytes]) -> Value {
    const ALL: [(&str, &str); 6] = [
        ("resolve-hostnames", "yes"),
        ("announce-hostnames", "yes"),
        ("announce-ip", ""),
        ("announce-port", "0"),
        ("sentinel-user", ""),
        ("sentinel-pass", ""),
    ];
    if !word(argv, 2).eq_ignore_ascii_case("get") || argv.len() < 4 {
        return Value::error("ERR Only SENTINEL CONFIG GET <param> is supported.");
    }
    let wanted = |name: &str| {
        let mut patterns = argv.iter().skip(3);
        patterns.any(|pattern| pattern_matches(&pattern.to_ascii_lowercase(), name.as_bytes()))
    };
    let found = ALL.iter().filter(|(name, _)| wanted(name));
    let found = found.map(|(name, value)| (Value::bulk(name), Value::bulk(value)));
    Value::Map(found.collect())
}

fn periods() -> Value {
    const ALL: [(&str, u64); 11] = [
        ("INFO-PERIOD", super::INFO_PERIOD),
        ("PING-PERIOD", super::PING_PERIOD),
        ("ASK-PERIOD", super::ASK_PERIOD),
        ("PUBLISH-PERIOD", super::PUBLISH_PERIOD),
        ("DEFAULT-DOWN-AFTER", 30_000),
        ("DEFAULT-FAILOVER-TIMEOUT", 180_000),
        ("TILT-TRIGGER", super::TILT_TRIGGER),
        ("TILT-PERIOD", super::TILT_PERIOD),
        ("SLAVE-RECONF-TIMEOUT", super::failover::RECONF_TIMEOUT),
        ("MIN-LINK-RECONNECT-PERIOD", super::letters::MIN_RECONNECT),
        ("ELECTION-TIMEOUT", super::failover::ELECTION_TIMEOUT),
    ];
    let pair = |(name, value): &(&str, u64)| (Value::bulk(name), Value::bulk(value.to_string()));
    Value::Map(ALL.iter().map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::SUBCOMMANDS;
    use crate::TOPICS;

    #[test]
    fn a_terminal_knows_every_subcommand_and_no_other() {
        let topics = TOPICS
            .iter()
            .filter_map(|topic| topic.name.strip_prefix("sentinel|"));
        let there: Vec<&str> = SUBCOMMANDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(topics.collect::<Vec<_>>(), there);
    }
}
