//! The engine's public face; what one command goes through is in `dispatch`.

use bytes::Bytes;
use redwind_resp::{Protocol, Value};
use triomphe::Arc;

use crate::blob::Blob;
use crate::cluster::Cluster;
use crate::db::{Data, Db};
use crate::memory::Pool;
use crate::packed::Text;
use crate::pause::Pause;
use crate::pubsub::PubSub;
use crate::scripting::{Drand, JsonSettings, Script};
use crate::session::{Replies, Session};
use crate::sorted::Sorted;
use crate::statistics::{Counters, Stats};
use crate::types::stream::Id;
use crate::view::{KeyView, Preview};
use crate::waiting::Waiting;
use crate::{Choose, Command, Config, Micros, Output, Outputs, SessionId, Standing};

/// One Redis server's state.
///
/// A clone is independent and cheap: it shares each database until one of the two writes to it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) config: Arc<Config>,
    pub(crate) dbs: Vec<Arc<Db>>,
    pub(crate) sessions: Arc<Sorted<SessionId, Session>>,
    next_session: u64,
    pub(crate) waiting: Arc<Waiting>,
    /// Keys watched by transactions.
    pub(crate) watched: Arc<Sorted<(u32, Blob), Vec<SessionId>>>,
    /// Keys that may serve a waiter, in the order in which they became so.
    pub(crate) ready: Vec<(u32, Blob)>,
    /// What the running command wants repeated on replicas.
    pub(crate) effects: Vec<(u32, Vec<Bytes>)>,
    pub(crate) counters: Counters,
    /// No room could be made when memory was last looked after.
    pub(crate) memory_was_full: bool,
    /// The most memory it was seen to take, and when.
    pub(crate) peak_memory: (u64, Micros),
    pub(crate) stats: Arc<Stats>,
    pub(crate) pubsub: Arc<PubSub>,
    pub(crate) scripts: Arc<Sorted<[u8; 40], Script>>,
    /// What `math.random` draws from in scripts.
    pub(crate) script_luck: Drand,
    /// What may have to go when memory runs out.
    pub(crate) pool: Pool,
    /// What scripts have told `cjson`.
    pub(crate) script_json: JsonSettings,
    pub(crate) started: Option<Micros>,
    /// When everything was last counted as saved.
    pub(crate) saved: Option<Micros>,
    /// Expired keys are deleted though nobody asks for them.
    pub(crate) expires_by_itself: bool,
    /// For how many microseconds the command that runs has slept.
    pub(crate) slept: u64,
    /// Until when clients wait, and which.
    pub(crate) pause: Option<Pause>,
    /// Whose commands wait for the end of the pause, in the order in which they came.
    pub(crate) postponed: Vec<SessionId>,
    /// On a replica: the connection through which its primary writes.
    pub(crate) primary_link: Option<SessionId>,
    /// What a host last said of the other servers.
    pub(crate) standing: Standing,
    /// What it knows of its cluster, if it is a node of one.
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// What `INFO replication` tells, when a host knows more than that this is a server on its own.
    pub(crate) replication: Option<Arc<str>>,
}

impl Engine {
    /// An empty server.
    pub fn new(config: Config) -> Engine {
        let databases = config.databases.max(1) as usize;
        Engine {
            config: Arc::new(config),
            dbs: (0..databases).map(|_| Arc::new(Db::default())).collect(),
            sessions: Arc::default(),
            next_session: 1,
            waiting: Arc::default(),
            watched: Arc::default(),
            ready: Vec::new(),
            effects: Vec::new(),
            counters: Counters::default(),
            memory_was_full: false,
            peak_memory: (0, Micros(0)),
            stats: Arc::default(),
            pubsub: Arc::default(),
            scripts: Arc::default(),
            script_luck: Drand::default(),
            pool: Pool::default(),
            script_json: JsonSettings::default(),
            started: None,
            saved: None,
            expires_by_itself: true,
            slept: 0,
            pause: None,
            postponed: Vec::new(),
            primary_link: None,
            standing: Standing::default(),
            cluster: None,
            replication: None,
        }
    }

    /// Takes over another server's settings, as when a process starts from the same configuration file; and what it
    /// knows of its cluster, which is kept in a file of its own.
    pub fn configure_like(&mut self, other: &Engine) {
        self.config = Arc::clone(&other.config);
        self.cluster.clone_from(&other.cluster);
    }

    /// What `INFO replication` tells from now on: lines `field:value`, each with its CRLF. The engine knows nothing of
    /// other servers.
    pub fn describe_replication(&mut self, lines: &str) {
        self.replication = Some(Arc::from(lines));
    }

    /// Makes this server a replica, to which its primary writes through `link`: it refuses everyone else's writes,
    /// hides keys whose time has come, and leaves it to the primary to delete them. `None` makes it a primary.
    pub fn follow(&mut self, link: Option<SessionId>) {
        self.primary_link = link;
    }

    /// When everything was last counted as saved; at the start there is nothing to save.
    pub(crate) fn saved_at(&self, now: Micros) -> Micros {
        self.saved.or(self.started).unwrap_or(now)
    }

    /// A client connects.
    pub fn connect(&mut self, now: Micros) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        self.started.get_or_insert(now);
        self.counters.connections += 1;
        let session = Session {
            authenticated: self.config.requirepass.is_empty(),
            ..Session::new(now)
        };
        Arc::make_mut(&mut self.sessions).insert(id, session);
        id
    }

    /// Says where a connection comes from and where it arrived, each as `ip:port`: what `CLIENT LIST` shows and `CLIENT
    /// KILL` looks for.
    pub fn set_addresses(&mut self, session: SessionId, from: String, to: String) {
        if let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&session) {
            session.addresses = Some(Box::new((from, to)));
        }
    }

    /// A client's connection is gone: it no longer waits, watches or listens.
    pub fn disconnect(&mut self, _now: Micros, session: SessionId, _out: &mut Outputs) {
        self.stop_waiting(session);
        self.postponed.retain(|who| *who != session);
        self.unwatch(session);
        self.stop_listening(session);
        Arc::make_mut(&mut self.sessions).remove(&session);
    }

    /// Whether a session must give the password before it may do anything else.
    pub(crate) fn needs_password(&self, session: &Session) -> bool {
        !self.config.requirepass.is_empty() && !session.authenticated
    }

    /// Whether a session may do more than give the password.
    pub fn is_authenticated(&self, session: SessionId) -> bool {
        // Asked before every command; mostly there is no password.
        self.config.requirepass.is_empty()
            || self.sessions.get(&session).is_none_or(|s| s.authenticated)
    }

    /// Whether a command of this session waits for a key, or for the end of a pause.
    pub fn is_blocked(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|s| s.blocked.is_some() || s.postponed)
    }

    /// Whether a command of this session waits for the end of a pause.
    pub fn is_postponed(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|s| s.postponed)
    }

    /// Answers a wait that was in vain; it counts as a call from now on.
    pub(crate) fn end_in_vain(
        &mut self,
        who: SessionId,
        command: &'static Command,
        reply: Value,
        out: &mut Outputs,
    ) {
        self.count_command(who);
        let calls = Arc::make_mut(&mut self.stats).command(command.name);
        calls.calls += 1;
        calls.failed += u64::from(reply.is_error());
        self.count_error(&reply);
        self.reply(who, reply, out);
    }

    /// Ends a session's wait, if it waits, with the reply of a wait that was in vain.
    pub fn stop_blocking(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        session: SessionId,
        out: &mut Outputs,
    ) {
        if let Some(blocked) = self.stop_waiting(session) {
            self.end_in_vain(session, blocked.command, blocked.at_timeout, out);
            self.settle(now, luck, vec![session], out);
        }
    }

    /// How many bytes the arguments have that a session has queued after `MULTI`: they count as what its connection has
    /// not worked off.
    pub fn queued_bytes(&self, session: SessionId) -> usize {
        let session = self.sessions.get(&session);
        session
            .and_then(|s| s.multi.as_deref())
            .map_or(0, |multi| multi.bytes)
    }

    /// Whether a session listens to a channel, a pattern or a shard channel.
    pub fn is_listening(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(Session::is_listening)
    }

    /// The version of the protocol that a session speaks.
    pub fn protocol(&self, session: SessionId) -> Protocol {
        self.sessions
            .get(&session)
            .map_or(Protocol::Resp2, |s| s.protocol)
    }

    /// How many changes its data has gone through, as Redis counts them for its save points.
    pub fn changes(&self) -> u64 {
        self.counters.dirty
    }

    /// The settings in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The database that a session has selected.
    pub fn selected_db(&self, session: SessionId) -> Option<u32> {
        self.sessions.get(&session).map(|s| s.db)
    }

    /// When [`Engine::wake`] next has work: a key or a field expires, or a waiting command's time is up.
    pub fn next_deadline(&self) -> Option<Micros> {
        let expiry = self
            .dbs
            .iter()
            .filter(|_| self.deletes_expired())
            .flat_map(|db| [db.soonest(), db.soonest_field()])
            .filter_map(|due| due.map(|(when, _)| *when))
            .min();
        // A key lives through the whole millisecond in which it expires.
        let expiry = expiry.map(|when| Micros::from_millis(when.saturating_add(1)));
        // Nothing expires while clients are paused.
        let (pause, expiry) = match &self.pause {
            Some(pause) => (Some(pause.until), None),
            None => (None, expiry),
        };
        [expiry, pause, self.waiting.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether it deletes what has expired before anybody asks for it.
    pub(crate) fn deletes_expired(&self) -> bool {
        self.primary_link.is_none() && self.expires_by_itself
    }

    /// Deletes the keys and fields that have expired and answers the waiting commands whose time is up.
    pub fn wake(&mut self, now: Micros, luck: &mut dyn Choose, out: &mut Outputs) {
        let mut free = self.end_pause(now);
        for db in 0..self.dbs.len() {
            while let Some((when, key)) = self.dbs[db].soonest()
                && self.deletes_expired()
                && self.pause.is_none()
                && now.millis() > *when
            {
                let key = key.clone();
                self.expire_key(db as u32, &key, out);
            }
            while let Some((when, key)) = self.dbs[db].soonest_field()
                && self.deletes_expired()
                && now.millis() > *when
            {
                let key = key.clone();
                self.expire_fields(now, db as u32, &key, out);
            }
        }
        self.flush_effects(out);
        while let Some(who) = self.waiting.overdue(now) {
            let session = self.sessions.get(&who);
            let deadline = session.and_then(|s| s.blocked.as_ref()?.deadline);
            if deadline.is_none_or(|when| when > now) {
                if self.run_again(now, luck, who, out) {
                    free.push(who);
                }
            } else if let Some(blocked) = self.stop_waiting(who) {
                self.end_in_vain(who, blocked.command, blocked.at_timeout, out);
                free.push(who);
            }
        }
        self.settle(now, luck, free, out);
    }

    /// What a key holds, for people: at most `limit` items or bytes. Nothing is touched.
    pub fn view(&self, now: Micros, db: u32, key: &[u8], limit: usize) -> Option<KeyView> {
        let entry = self.dbs.get(db as usize)?.get(key)?;
        if entry.is_expired(now.millis()) {
            return None;
        }
        let (len, preview) = match &entry.data {
            Data::Int(_) | Data::Short(_) | Data::Raw(_) => {
                let text = entry.data.string_bytes()?;
                (
                    text.len(),
                    Preview::Text(text.slice(..text.len().min(limit))),
                )
            }
            Data::List(list) => {
                let items = list.iter().take(limit).map(Text::to_bytes);
                (list.len(), Preview::Items(items.collect()))
            }
            Data::Hash(hash) => {
                let hash = hash.living(now.millis());
                let pairs = hash
                    .iter()
                    .take(limit)
                    .map(|(f, v)| (f.to_bytes(), v.to_bytes()));
                (hash.len(), Preview::Fields(pairs.collect()))
            }
            Data::Set(set) => {
                let members = set.iter().take(limit).map(|member| member.to_bytes());
                (set.len(), Preview::Items(members.collect()))
            }
            Data::Zset(zset) => {
                let members = zset
                    .iter()
                    .take(limit)
                    .map(|(m, score)| (m.to_bytes(), score));
                (zset.len(), Preview::Scores(members.collect()))
            }
            Data::Stream(stream) => {
                let newest = stream
                    .range_back(Id::ZERO, Id::MAX)
                    .take(limit)
                    .map(|entry| {
                        let pairs = entry.fields.as_chunks::<2>().0;
                        let pairs = pairs.iter().map(|[f, v]| (f.to_bytes(), v.to_bytes()));
                        (Bytes::from(entry.id.to_string()), pairs.collect())
                    });
                let preview = Preview::Stream {
                    entries: newest.collect(),
                    groups: stream.view_groups(limit),
                };
                (stream.len(), preview)
            }
        };
        Some(KeyView {
            kind: entry.data.type_name(),
            encoding: entry.data.encoding(),
            len,
            preview,
            expires_at: entry.expires().map(Micros::from_millis),
        })
    }

    /// The keys of a database in the engine's own, reproducible order.
    pub fn keys(&self, db: u32) -> impl Iterator<Item = &[u8]> {
        self.dbs
            .get(db as usize)
            .into_iter()
            .flat_map(|db| db.iter())
            .map(|(key, _)| key.as_slice())
    }

    pub(crate) fn reply(&mut self, to: SessionId, value: Value, out: &mut Outputs) {
        let Some(session) = self.sessions.get(&to) else {
            return;
        };
        match session.replies {
            Replies::On | Replies::SkipNext => {}
            Replies::Off => return,
            Replies::Skip => {
                if let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&to) {
                    session.replies = Replies::On;
                }
                return;
            }
        }
        out.push(Output::Reply {
            to,
            value: value.for_protocol(session.protocol),
        });
    }

    /// A session forgets what it listens to.
    pub(crate) fn stop_listening(&mut self, who: SessionId) {
        if !self.sessions.get(&who).is_some_and(Session::is_listening) {
            return;
        }
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&who) else {
            return;
        };
        let pubsub = Arc::make_mut(&mut self.pubsub);
        for ((kind, name), ()) in std::mem::take(&mut session.listening) {
            pubsub.remove(kind, &name, who);
        }
    }

    /// Notes that a key changed.
    pub(crate) fn touch(&mut self, db: u32, key: &[u8]) {
        self.break_transactions(db, key);
        self.wake_waiting(db, key);
    }

    /// Commands that wait for this key look again.
    pub(crate) fn wake_waiting(&mut self, db: u32, key: &[u8]) {
        if self.waiting.has(db, key) {
            self.ready.push((db, Blob::new(key)));
        }
    }

    /// A stream has gone: if it was waited for by someone who reads it in a group, all who wait for the key look again.
    pub(crate) fn wake_readers_in_groups(&mut self, db: u32, key: &[u8]) {
        if !self.waiting.has(db, key) {
            return;
        }
        let waiting = self.waiting.for_key(db, &Blob::new(key));
        let in_group = waiting.iter().any(|who| {
            let blocked = self.sessions.get(who).and_then(|s| s.blocked.as_deref());
            blocked.is_some_and(|blocked| blocked.even_if_missing)
        });
        if in_group {
            self.ready.push((db, Blob::new(key)));
        }
    }

    /// Hands the collected effects out; several of them belong together.
    pub(crate) fn flush_effects(&mut self, out: &mut Outputs) {
        let effects = std::mem::take(&mut self.effects);
        let Some((first_db, _)) = effects.first() else {
            return;
        };
        let (several, db) = (effects.len() > 1, *first_db);
        let word = |text: &'static str| Output::Propagate {
            db,
            argv: vec![Bytes::from_static(text.as_bytes())],
        };
        if several {
            out.push(word("MULTI"));
        }
        out.extend(
            effects
                .into_iter()
                .map(|(db, argv)| Output::Propagate { db, argv }),
        );
        if several {
            out.push(word("EXEC"));
        }
    }
}
