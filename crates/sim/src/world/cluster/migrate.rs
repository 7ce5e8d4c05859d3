//! `MIGRATE`: keys go from one node to another. The sender waits for the answer and does nothing else meanwhile, so no
//! key is ever seen on both nodes or on none.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Micros, key_slot};
use redwind_resp::Value;

use super::World;
use super::letters::Says;
use super::reader::Reader;
use crate::world::network::Connection;
use crate::world::queue::{Act, Class};
use crate::{ClusterNews, Place, Span};

/// A migration that waits for the other node's answer.
#[derive(Clone, Debug)]
pub(super) struct Migration {
    number: u64,
    connection: Connection,
    /// The keys that were sent.
    keys: Vec<Bytes>,
    /// They are to stay here too.
    copy: bool,
}

/// Keys on their way.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Counts the sender's migrations.
    pub(super) number: u64,
    replace: bool,
    /// Each key with the commands that make it.
    keys: Arc<[(Bytes, Vec<Vec<Bytes>>)]>,
}

/// What became of them: for each key nothing, or why not.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    number: u64,
    refusals: Vec<Option<Bytes>>,
}

/// What `MIGRATE` was asked for.
struct Asked {
    host: Bytes,
    keys: Vec<Bytes>,
    timeout: Span,
    copy: bool,
    replace: bool,
}

impl World {
    /// `MIGRATE host port key|"" db timeout [COPY] [REPLACE] [KEYS key …]`
    pub(super) fn migrate(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Value> {
        let asked = match read(argv) {
            Ok(asked) => asked,
            Err(text) => return Some(Value::error(text)),
        };
        if let Some(refusal) = self.sends_migration_elsewhere(node, &asked.keys) {
            return Some(refusal);
        }
        let now = self.nodes[usize::from(node)].now(self.now);
        let mut reader = Reader::new(&self.nodes[usize::from(node)].engine, now);
        let keys: Vec<(Bytes, Vec<Vec<Bytes>>)> = asked
            .keys
            .iter()
            .filter_map(|key| Some((key.clone(), reader.commands_for(key)?)))
            .collect();
        if keys.is_empty() {
            return Some(Value::simple("NOKEY"));
        }
        let host = String::from_utf8_lossy(&asked.host).into_owned();
        let target = self.plan.node(Some(&host)).filter(|target| *target != node);
        let member = target.and_then(|target| self.plan.members.index(target));
        let Some(member) = member else {
            return Some(Value::error(
                "IOERR error or timeout writing to target instance",
            ));
        };
        let bus = self.bus(node)?;
        bus.migrations += 1;
        let number = bus.migrations;
        bus.migration = Some(Migration {
            number,
            connection,
            keys: keys.iter().map(|(key, _)| key.clone()).collect(),
            copy: asked.copy,
        });
        let parcel = Parcel {
            number,
            replace: asked.replace,
            keys: Arc::from(keys),
        };
        let cause = Some(self.records);
        self.tell(node, member, cause, Says::Keys(parcel));
        let place = &mut *self.nodes[usize::from(node)];
        place.migrating = true;
        let over = self.now + place.clock.lasts(self.now, asked.timeout);
        self.queue
            .push(over, Class::Timeout, Act::MigrationOver { node, number });
        None
    }

    /// A node migrates keys of its own slots, and of those that are being moved from or to it.
    fn sends_migration_elsewhere(&self, node: u16, keys: &[Bytes]) -> Option<Value> {
        let view = self.view(node)?;
        let slot = key_slot(keys.first()?);
        if keys.iter().any(|key| key_slot(key) != slot) {
            let text = "CROSSSLOT Keys in request don't hash to the same slot";
            return Some(Value::error(text));
        }
        let (migrating, importing) = view.moves();
        let Some(owner) = view.owner(slot) else {
            return Some(Value::error("CLUSTERDOWN Hash slot not served"));
        };
        if !view.is_up() {
            return Some(Value::error("CLUSTERDOWN The cluster is down"));
        }
        if owner == view.myself() || migrating.contains_key(&slot) || importing.contains_key(&slot)
        {
            return None;
        }
        let owner = &view.members()[owner];
        let host = String::from_utf8_lossy(&owner.host);
        let text = format!("MOVED {slot} {host}:{}", owner.port);
        Some(Value::error(text))
    }

    /// Keys arrive at the node that they are moved to.
    pub(super) fn keys_arrive(&mut self, node: u16, from: u16, parcel: Parcel, cause: Option<u32>) {
        let mut refusals = Vec::with_capacity(parcel.keys.len());
        let (mut changes, mut rans) = (Vec::new(), Vec::new());
        let now = self.nodes[usize::from(node)].now(self.now);
        for (key, commands) in parcel.keys.iter() {
            let mut refusal = self.refuses_key(node, key, parcel.replace, now);
            let del = parcel
                .replace
                .then(|| vec![Bytes::from_static(b"DEL"), key.clone()]);
            for argv in del.iter().chain(commands) {
                if refusal.is_some() {
                    break;
                }
                let mut ran = self.run_here(node, argv);
                if let Value::Error(text) = &ran.reply {
                    refusal = Some(text.clone());
                }
                changes.append(&mut ran.changes);
                rans.push(ran);
            }
            refusals.push(refusal);
        }
        let keys = refusals.iter().filter(|refusal| refusal.is_none()).count();
        let mut seq = cause;
        if keys > 0 {
            let news = ClusterNews::Takes {
                from: Place::Node(from),
                keys: u32::try_from(keys).unwrap_or(u32::MAX),
            };
            let record = self.report_with(node, cause, news, changes);
            self.conclude(node, rans, record);
            seq = Some(record);
        }
        let taken = Taken {
            number: parcel.number,
            refusals,
        };
        let member = self.member_of(from);
        self.tell(node, member, seq, Says::Taken(taken));
    }

    /// Why a node does not take a key.
    fn refuses_key(&self, node: u16, key: &Bytes, replace: bool, now: Micros) -> Option<Bytes> {
        let view = self.view(node)?;
        let slot = key_slot(key);
        let me = view.myself();
        if !view.is_up() {
            return Some(Bytes::from_static(b"CLUSTERDOWN The cluster is down"));
        }
        if view.owner(slot) != Some(me) && !view.moves().1.contains_key(&slot) {
            let Some(owner) = view.owner(slot) else {
                return Some(Bytes::from_static(b"CLUSTERDOWN Hash slot not served"));
            };
            let owner = &view.members()[owner];
            let host = String::from_utf8_lossy(&owner.host);
            return Some(Bytes::from(format!("MOVED {slot} {host}:{}", owner.port)));
        }
        let engine = &self.nodes[usize::from(node)].engine;
        let busy = !replace && engine.view(now, 0, key, 0).is_some();
        busy.then(|| Bytes::from_static(b"BUSYKEY Target key name already exists."))
    }

    /// The other node has answered: what it took is deleted here.
    pub(super) fn keys_taken(&mut self, node: u16, taken: &Taken, cause: Option<u32>) {
        let Some(migration) = self.end_migration(node, taken.number) else {
            return;
        };
        let mut argv = vec![Bytes::from_static(b"DEL")];
        let all = migration.keys.iter().zip(&taken.refusals);
        argv.extend(
            all.filter(|(_, refusal)| refusal.is_none())
                .map(|(key, _)| key.clone()),
        );
        let mut rans = Vec::new();
        if argv.len() > 1 && !migration.copy {
            rans.push(self.run_here(node, &argv));
        }
        let changes = rans
            .iter_mut()
            .flat_map(|ran| std::mem::take(&mut ran.changes))
            .collect();
        let refusal = taken.refusals.iter().flatten().next();
        let value = match refusal {
            None => Value::OK,
            Some(text) => {
                let text = String::from_utf8_lossy(text);
                Value::error(format!("ERR Target instance replied with error: {text}"))
            }
        };
        let seq = self.records;
        self.answer_wait_with(node, migration.connection, value, changes, cause);
        self.conclude(node, rans, seq);
        self.migration_ends(node);
    }

    /// Nobody listens at the other end.
    pub(super) fn migration_refused(&mut self, node: u16, number: u64) {
        self.migration_fails(
            node,
            number,
            "IOERR error or timeout writing to target instance",
        );
    }

    /// A migration's time is up.
    pub(crate) fn migration_over(&mut self, node: u16, number: u64) {
        let text = "IOERR error or timeout reading to target instance";
        self.migration_fails(node, number, text);
    }

    fn migration_fails(&mut self, node: u16, number: u64, text: &str) {
        if let Some(migration) = self.end_migration(node, number) {
            self.answer_wait(node, migration.connection, Value::error(text), None);
            self.migration_ends(node);
        }
    }

    fn end_migration(&mut self, node: u16, number: u64) -> Option<Migration> {
        let bus = self.bus(node)?;
        let ours = |migration: &Migration| migration.number == number;
        bus.migration.take_if(|migration| ours(migration))
    }

    /// The node does other things again.
    fn migration_ends(&mut self, node: u16) {
        let place = &mut *self.nodes[usize::from(node)];
        place.migrating = false;
        for connection in place.connections_with_work().into_iter().rev() {
            self.agenda.push_front(Act::Execute { node, connection });
        }
        self.bus_resumes(node);
    }
}

fn read(argv: &[Bytes]) -> Result<Asked, &'static str> {
    if argv.len() < 6 {
        return Err("ERR wrong number of arguments for 'migrate' command");
    }
    let number = |at: usize| std::str::from_utf8(&argv[at]).ok()?.parse::<i64>().ok();
    let (Some(timeout), Some(db)) = (number(5), number(4)) else {
        return Err("ERR value is not an integer or out of range");
    };
    if db != 0 {
        return Err(
            "ERR Target instance replied with error: ERR SELECT is not allowed in cluster mode",
        );
    }
    let mut asked = Asked {
        host: argv[1].clone(),
        keys: vec![argv[3].clone()],
        // As Redis does: a timeout that makes no sense is a second.
        timeout: Span::millis(
            u64::try_from(timeout)
                .ok()
                .filter(|ms| *ms > 0)
                .unwrap_or(1_000),
        ),
        copy: false,
        replace: false,
    };
    let mut at = 6;
    while let Some(word) = argv.get(at) {
        match word.to_ascii_uppercase().as_slice() {
            b"COPY" => asked.copy = true,
            b"REPLACE" => asked.replace = true,
            b"AUTH" if at + 1 < argv.len() => at += 1,
            b"AUTH2" if at + 2 < argv.len() => at += 2,
            b"KEYS" => {
                if !argv[3].is_empty() {
                    return Err(
                        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                    );
                }
                asked.keys = argv[at + 1..].to_vec();
                break;
            }
            _ => return Err("ERR syntax error"),
        }
        at += 1;
    }
    Ok(asked)
}
