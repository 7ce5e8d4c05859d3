//! What a command goes through: it is looked up, checked, queued or run; then those it woke are served.

use std::collections::VecDeque;

use bytes::Bytes;
use redwind_resp::{Protocol, Value};
use triomphe::Arc;

use crate::args::Args;
use crate::commands;
use crate::cx::{Cx, Effect};
use crate::refusal::error_reply;
use crate::session::{Blocked, Replies};
use crate::{Choose, Command, Engine, Flags, Micros, Output, Outputs, Refusal, SessionId};

/// After how many commands it is looked how much memory is taken.
const PEAK_EVERY: u64 = 64;

/// How a command ended.
#[derive(Default)]
struct Done {
    /// `None` while it waits.
    reply: Option<Value>,
    close: bool,
    /// Other sessions that it freed from waiting.
    freed: Vec<SessionId>,
}

impl Done {
    fn reply(value: Value) -> Done {
        Done {
            reply: Some(value),
            ..Done::default()
        }
    }
}

fn not_while_listening(name: &str) -> Refusal {
    Refusal::err(format_args!(
        "Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
         allowed in this context"
    ))
}

impl Engine {
    /// Runs one command at one frozen instant. While the session waits, the command is kept until it
    /// is served, as a server leaves it in the connection's buffer.
    pub fn execute(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        from: SessionId,
        argv: &[Bytes],
        out: &mut Outputs,
    ) {
        let over = self.end_pause(now);
        if !over.is_empty() {
            self.settle(now, luck, over, out);
        }
        let freed = self.submit(now, luck, from, argv, out);
        // What a command wakes runs after it, and so after its sleep.
        let now = now + std::mem::take(&mut self.slept);
        self.settle(now, luck, freed, out);
    }

    /// Runs a command of a session, or keeps it; gives the other sessions that it freed from waiting.
    fn submit(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        from: SessionId,
        argv: &[Bytes],
        out: &mut Outputs,
    ) -> Vec<SessionId> {
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&from) else {
            return Vec::new();
        };
        if argv.is_empty() {
            return Vec::new();
        }
        if session.blocked.is_some() || session.postponed {
            session.pending.push_back(argv.to_vec());
            return Vec::new();
        }
        session.last_used = now;
        let (listened, before) = (session.is_listening(), out.len());
        let done = self
            .process(now, luck, from, argv, out)
            .unwrap_or_else(|refusal| self.reject(from, argv, &refusal));
        let session = Arc::make_mut(&mut self.sessions).get_mut(&from);
        if let Some(session) = session
            && session.replies == Replies::SkipNext
        {
            session.replies = Replies::Skip;
        }
        if let Some(value) = done.reply {
            self.reply(from, value, out);
            // It may have begun to listen in a transaction.
            if listened || self.is_listening(from) {
                // What the command sent to its own connection follows its reply.
                let mine = |o: &Output| matches!(o, Output::Push { to, .. } if *to == from);
                let (late, rest): (Outputs, Outputs) = out.drain(before..).partition(mine);
                out.extend(rest.into_iter().chain(late));
            }
        }
        self.flush_effects(out);
        if self.counters.commands.is_multiple_of(PEAK_EVERY) {
            self.note_peak(now);
        }
        if done.close {
            out.push(Output::Close { session: from });
        }
        done.freed
    }

    /// What a session is answered whose command was refused before it ran. It breaks a transaction that was begun, and
    /// a refused `EXEC` ends it.
    fn reject(&mut self, from: SessionId, argv: &[Bytes], refusal: &Refusal) -> Done {
        let name = commands::resolve_name(argv).map_or("NULL", |command| command.name);
        let ends = name == "exec";
        let mut value = refusal.reply();
        let session = Arc::make_mut(&mut self.sessions).get_mut(&from);
        if let Some(session) = session {
            session.last_command = name;
            if ends && !refusal.redirects() {
                session.multi = None;
                self.unwatch(from);
                let why = refusal.reason();
                value = error_reply(&format!(
                    "EXECABORT Transaction discarded because of: {why}"
                ));
            } else if let Some(multi) = session.multi.as_deref_mut() {
                multi.broken = true;
            }
        }
        self.count_refusal(argv, &value);
        Done::reply(value)
    }

    /// Counts a command that was refused before it ran.
    pub(crate) fn count_refusal(&mut self, argv: &[Bytes], value: &Value) {
        self.count_error(value);
        if let Ok(command) = commands::resolve_name(argv) {
            let stats = Arc::make_mut(&mut self.stats);
            stats.command(command.name).rejected += 1;
        }
        self.has_new_error();
    }

    /// Whether a host may run a command of its own, which the engine does not have, for this session: not before it
    /// gave the password, while it listens in RESP2, or inside a transaction. `Err` is the reply.
    pub fn admit(&mut self, now: Micros, from: SessionId, name: &str) -> Result<(), Value> {
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&from) else {
            return Ok(());
        };
        session.last_used = now;
        let Some(session) = self.sessions.get(&from) else {
            return Ok(());
        };
        let refusal = if self.needs_password(session) {
            Refusal::NoAuth
        } else if session.is_listening() && session.protocol == Protocol::Resp2 {
            not_while_listening(name)
        } else if session.multi.is_some() {
            Refusal::err("Command not allowed inside a transaction")
        } else {
            return Ok(());
        };
        Err(self.refuse(from, refusal.reply()))
    }

    /// Counts a command that a host refuses; a transaction that the session has begun will not run.
    pub fn refuse(&mut self, from: SessionId, reply: Value) -> Value {
        let session = Arc::make_mut(&mut self.sessions).get_mut(&from);
        if let Some(multi) = session.and_then(|s| s.multi.as_deref_mut()) {
            multi.broken = true;
        }
        self.count_error(&reply);
        reply
    }

    /// Checks a command and queues or runs it. `Err` means that it was refused before it ran.
    fn process(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        from: SessionId,
        argv: &[Bytes],
        out: &mut Outputs,
    ) -> Result<Done, Refusal> {
        let command = commands::resolve(argv)?;
        if !self.config.requirepass.is_empty()
            && !command.flags.has(Flags::NO_AUTH)
            && self.primary_link != Some(from)
            && self
                .sessions
                .get(&from)
                .is_some_and(|session| self.needs_password(session))
        {
            return Err(Refusal::NoAuth);
        }
        self.routed(now, from, command, argv)?;
        let flags = commands::flags_of(self, command, argv);
        let needs_memory = self.needs_memory(from, command, flags);
        // Memory comes before all that a primary or a subscription forbids.
        let has_room = self.primary_link.is_none();
        if has_room {
            Cx::new(self, now, luck, out, from, (0, Protocol::Resp2)).check_memory(needs_memory)?;
        }
        self.permitted(from, command, flags)?;
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&from) else {
            return Ok(Done::default());
        };
        session.last_command = command.name;
        if session.is_listening()
            && session.protocol == Protocol::Resp2
            && !commands::runs_while_listening(command.name)
        {
            return Err(not_while_listening(command.name));
        }
        let place = (session.db, session.protocol);
        let touches = !session.no_touch;
        let in_multi = session.multi.is_some();
        if self.pause.is_some() && self.postpones(from, command, argv) {
            return Ok(Done::default());
        }
        if in_multi && !commands::ends_or_nests_multi(command.name) {
            if command.flags.has(Flags::NO_MULTI) {
                return Err(Refusal::err("Command not allowed inside a transaction"));
            }
            if !has_room {
                Cx::new(self, now, luck, out, from, place).check_memory(needs_memory)?;
            }
            let session = Arc::make_mut(&mut self.sessions).get_mut(&from);
            let cas_broken = session.as_ref().is_some_and(|s| s.cas_broken);
            let Some(multi) = session.and_then(|s| s.multi.as_deref_mut()) else {
                return Ok(Done::default());
            };
            // One that will not run needs no memory.
            if !multi.broken && !cas_broken {
                multi.bytes += argv.iter().map(Bytes::len).sum::<usize>();
                multi.queue.push((command, argv.to_vec()));
            }
            return Ok(Done::reply(Value::simple("QUEUED")));
        }
        let mut cx = Cx::new(self, now, luck, out, from, place);
        cx.touches = touches;
        if !has_room {
            cx.check_memory(needs_memory)?;
        }
        let value = cx.call(command, argv);
        Ok(cx.conclude(command, argv, value))
    }

    /// Whether a command, or one of those that `EXEC` runs, is refused when memory is used up.
    fn needs_memory(&self, from: SessionId, command: &Command, flags: Flags) -> bool {
        let session = (command.name == "exec").then(|| self.sessions.get(&from));
        match session.flatten().and_then(|s| s.multi.as_deref()) {
            Some(multi) => {
                let mut queued = multi.queue.iter();
                queued.any(|(command, _)| command.flags.has(Flags::DENYOOM))
            }
            None => flags.has(Flags::DENYOOM),
        }
    }

    /// Whether the cluster lets this node run a command. A refused `EXEC` ends its transaction.
    fn routed(
        &mut self,
        now: Micros,
        from: SessionId,
        command: &'static Command,
        argv: &[Bytes],
    ) -> Result<(), Refusal> {
        if self.cluster().is_none() {
            return Ok(());
        }
        let multi = self.sessions.get(&from).and_then(|s| s.multi.as_deref());
        let verdict = match multi.filter(|_| command.name == "exec") {
            Some(multi) => {
                let queued = multi.queue.iter();
                let calls = queued.map(|(command, argv)| (*command, argv.as_slice()));
                self.route(now, from, command, calls)
            }
            None => self.route(now, from, command, [(command, argv)]),
        };
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&from) else {
            return verdict;
        };
        let ends_multi = verdict.is_err() && command.name == "exec";
        if ends_multi {
            session.multi = None;
        }
        // ASKING holds for one command, or for one whole transaction.
        let keeps_asking = session.multi.is_some() && command.name != "exec";
        if !keeps_asking && !matches!(command.name, "asking" | "multi") {
            session.redirection.asking = false;
        }
        if ends_multi {
            self.unwatch(from);
        }
        verdict
    }

    /// Serves those whom the last command woke, until nobody is left to be served; then runs what they had sent meanwhile,
    /// client by client, and serves those whom each of these commands wakes before the next.
    pub(crate) fn settle(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        free: Vec<SessionId>,
        out: &mut Outputs,
    ) {
        let mut free = VecDeque::from(free);
        self.serve_ready(now, luck, &mut free, out);
        while let Some(who) = free.pop_front() {
            while let Some(argv) = self.next_pending(who) {
                free.extend(self.submit(now, luck, who, &argv, out));
                self.serve_ready(now, luck, &mut free, out);
            }
        }
    }

    /// Serves those who wait for keys that are ready, and notes whom this frees.
    fn serve_ready(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        free: &mut VecDeque<SessionId>,
        out: &mut Outputs,
    ) {
        while !self.ready.is_empty() {
            for (db, key) in std::mem::take(&mut self.ready) {
                for who in self.waiting.for_key(db, &key) {
                    if self.serve(now, luck, who, (db, &key), out) {
                        free.push_back(who);
                    }
                }
            }
        }
    }

    /// The next command that a session sent while it waited, once it waits no more.
    fn next_pending(&mut self, who: SessionId) -> Option<Vec<Bytes>> {
        let session = self.sessions.get(&who)?;
        if session.blocked.is_some() || session.postponed || session.pending.is_empty() {
            return None;
        }
        Arc::make_mut(&mut self.sessions)
            .get_mut(&who)?
            .pending
            .pop_front()
    }

    /// Runs a waiting command again if this key may serve it; says whether it is done waiting.
    fn serve(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        who: SessionId,
        (db, key): (u32, &[u8]),
        out: &mut Outputs,
    ) -> bool {
        let Some(session) = self.sessions.get(&who) else {
            return false;
        };
        let Some(blocked) = session.blocked.as_deref() else {
            return false;
        };
        let entry = self.dbs[db as usize]
            .get(key)
            .filter(|entry| !entry.is_expired(now.millis()));
        let suits = entry.is_some_and(|entry| blocked.awaits.suits(&entry.data));
        if !suits && !blocked.even_if_missing {
            return false;
        }
        if self.pause.is_some() {
            // It is as if it came anew.
            let (command, argv) = (blocked.command, blocked.argv.clone());
            if self.postpones(who, command, &argv) {
                self.stop_waiting(who);
                return false;
            }
        }
        self.run_again(now, luck, who, out)
    }

    /// Runs a waiting command again; says whether it is done waiting.
    pub(crate) fn run_again(
        &mut self,
        now: Micros,
        luck: &mut dyn Choose,
        who: SessionId,
        out: &mut Outputs,
    ) -> bool {
        let Some(protocol) = self.sessions.get(&who).map(|session| session.protocol) else {
            return false;
        };
        let Some(blocked) = self.stop_waiting(who) else {
            return false;
        };
        let (command, argv) = (blocked.command, &blocked.argv);
        let flags = commands::flags_of(self, command, argv);
        let needs_memory = self.needs_memory(who, command, flags);
        // What may forbid it may have come while it waited.
        let mut allowed = Ok(());
        if self.primary_link.is_none() {
            let mut cx = Cx::new(self, now, luck, out, who, (blocked.db, protocol));
            allowed = cx.check_memory(needs_memory);
        }
        let allowed = allowed.and_then(|()| self.permitted(who, command, flags));
        let done = match allowed {
            Err(refusal) => self.reject(who, argv, &refusal),
            Ok(()) => {
                let mut cx = Cx::new(self, now, luck, out, who, (blocked.db, protocol));
                cx.waited_until = Some(blocked.deadline);
                let value = cx.call(command, argv);
                cx.conclude(command, argv, value)
            }
        };
        let served = done.reply.is_some();
        if let Some(value) = done.reply {
            self.reply(who, value, out);
        }
        self.flush_effects(out);
        served
    }

    /// Lets a session wait no longer; `false` when it does not wait for a key. Whoever calls this answers it.
    pub fn give_up_waiting(&mut self, who: SessionId) -> bool {
        self.stop_waiting(who).is_some()
    }

    /// Takes a session out of every queue; gives what it waited with.
    pub(crate) fn stop_waiting(&mut self, who: SessionId) -> Option<Blocked> {
        self.sessions.get(&who)?.blocked.as_ref()?;
        let blocked = Arc::make_mut(&mut self.sessions)
            .get_mut(&who)?
            .blocked
            .take()?;
        let alarm = blocked.alarm();
        Arc::make_mut(&mut self.waiting).remove(who, blocked.db, &blocked.keys, alarm);
        Some(*blocked)
    }
}

impl Cx<'_> {
    /// Runs a command that was found and checked; refusals become error replies.
    pub(crate) fn call(&mut self, command: &'static Command, argv: &[Bytes]) -> Value {
        let outer_dirty = std::mem::take(&mut self.dirty);
        let outer_effect = std::mem::take(&mut self.effect);
        let args = Args::new(argv, command.words());
        self.engine.counters.errors_seen = self.engine.counters.error_replies;
        let touches = self.touches;
        // `TOUCH` counts as use whatever the connection asked for, in scripts and transactions, too.
        self.touches |= command.name == "touch";
        let answer = (command.run)(self, &args);
        self.touches = touches;
        if self.engine.config.report_effects {
            let db = self.db;
            match std::mem::take(&mut self.effect) {
                Effect::Same if self.dirty > 0 => self.engine.effects.push((db, argv.to_vec())),
                Effect::Same => {}
                Effect::Instead(list) => {
                    self.engine
                        .effects
                        .extend(list.into_iter().map(|argv| (db, argv)));
                }
            }
        }
        self.engine.counters.dirty += self.dirty;
        self.dirty += outer_dirty;
        self.effect = outer_effect;
        let value = answer.unwrap_or_else(|refusal| refusal.reply());
        let blamed = std::mem::take(&mut self.blamed);
        if blamed.is_none() {
            self.engine.count_error(&value);
        }
        let failed = blamed.unwrap_or(0) + u64::from(self.engine.has_new_error());
        // One that waits counts once it has its reply.
        if self.block.is_none() {
            self.engine.count_command(self.session);
            let calls = Arc::make_mut(&mut self.engine.stats).command(command.name);
            calls.calls += 1;
            calls.failed += failed;
        }
        value
    }

    /// Registers the wish to wait, if there is one; else passes the reply on.
    fn conclude(self, command: &'static Command, argv: &[Bytes], value: Value) -> Done {
        let Some(block) = self.block else {
            return Done {
                reply: (!self.no_reply).then_some(value),
                close: self.close,
                freed: self.freed,
            };
        };
        let deadline = self.waited_until.unwrap_or(block.deadline);
        let blocked = Blocked {
            command,
            argv: self.block_argv.unwrap_or_else(|| argv.to_vec()),
            db: self.db,
            keys: block.keys,
            awaits: block.awaits,
            even_if_missing: block.even_if_missing,
            deadline,
            retry: block.retry,
            at_timeout: block.at_timeout,
        };
        let waiting = Arc::make_mut(&mut self.engine.waiting);
        waiting.add(self.session, self.db, &blocked.keys, blocked.alarm());
        if let Some(session) = Arc::make_mut(&mut self.engine.sessions).get_mut(&self.session) {
            session.blocked = Some(Box::new(blocked));
        }
        Done::default()
    }
}
