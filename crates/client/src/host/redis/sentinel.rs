//! Clients that ask sentinels where their node is, each time that they connect.

use bytes::Bytes;
use monty::{FunctionCall, RunProgress};
use monty_types::MontyObject;
use redwind_resp::Value;
use redwind_sim::{Answer, Batch, Failure, Request};

use super::super::{Host, Next, Waits, arg, int, text};
use super::{Aside, Stage, Waiting, aside};
use crate::redis::{Address, Arg, Refusal, positional, primary_of, refusal_of, replicas_of};
use crate::values::exception;

/// A question that goes from sentinel to sentinel.
#[derive(Clone, Debug)]
pub(super) struct Search {
    manager: usize,
    service: String,
    /// Whether a replica is wanted; the primary will do when there is none.
    wants_replica: bool,
    asks_for_replicas: bool,
    /// The sentinel that is asked, in the order of the list.
    nth: usize,
    /// The connection on which it is asked.
    connection: u32,
    errors: Vec<String>,
    then: Then,
}

/// What an address is wanted for.
#[derive(Clone, Debug)]
enum Then {
    /// To send this.
    Send(Stage, Vec<Vec<Bytes>>, Batch),
    /// To hand it to the program.
    Return,
}

impl Host {
    /// `_rw_sentinels(ids, least_others, force_ip)`: the clients of a `Sentinel` object.
    pub(crate) fn sentinels(&mut self, call: FunctionCall) -> Next {
        let ids = positional(arg(&call, 0))
            .into_iter()
            .filter_map(|id| match id {
                Arg::Int(id) => Some(id),
                _ => None,
            })
            .collect();
        let force_ip = match arg(&call, 2) {
            Arg::Text(ip) => Some(ip),
            _ => None,
        };
        let manager = self.clients.add_manager(ids, int(&call, 1), force_ip);
        self.run(call, MontyObject::int(manager))
    }

    /// `_rw_manage(id, manager, service, primary)`: where this client connects to is for sentinels to say.
    pub(crate) fn manage(&mut self, call: FunctionCall) -> Next {
        let manager = usize::try_from(int(&call, 1)).unwrap_or_default();
        let primary = arg(&call, 3).truth();
        let service = text(&call, 2);
        self.clients
            .manage(int(&call, 0), manager, service, primary);
        self.run(call, MontyObject::none())
    }

    /// `_rw_discover(manager, service, replicas)`
    pub(crate) fn discover(&mut self, call: FunctionCall) -> Next {
        let replicas = arg(&call, 2).truth();
        let search = Search {
            manager: usize::try_from(int(&call, 0)).unwrap_or_default(),
            service: text(&call, 1),
            wants_replica: replicas,
            asks_for_replicas: replicas,
            nth: 0,
            connection: 0,
            errors: Vec::new(),
            then: Then::Return,
        };
        let mut waiting = aside(-1, 0, Aside::Told);
        waiting.search = Some(Box::new(search));
        self.ask_sentinel(RunProgress::FunctionCall(call), waiting)
    }

    /// Finds out where a new connection goes, and then sends on it.
    pub(super) fn search(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        commands: Vec<Vec<Bytes>>,
        batch: Batch,
    ) -> Next {
        let Some(managed) = self.clients.managed(waiting.client) else {
            return self.resume(progress, MontyObject::none());
        };
        // All replicas were tried in vain: the primary is left.
        let asks_for_replicas = !managed.primary && !waiting.replicas_tried;
        waiting.search = Some(Box::new(Search {
            manager: managed.manager,
            service: managed.service.clone(),
            wants_replica: !managed.primary,
            asks_for_replicas,
            nth: 0,
            connection: 0,
            errors: Vec::new(),
            then: Then::Send(waiting.stage, commands, batch),
        }));
        self.ask_sentinel(progress, waiting)
    }

    fn ask_sentinel(&mut self, progress: RunProgress, mut waiting: Waiting) -> Next {
        let Some(mut search) = waiting.search.take() else {
            return self.resume(progress, MontyObject::none());
        };
        let Some(id) = self.clients.sentinel(search.manager, search.nth) else {
            return self.nobody_knows(progress, waiting, *search);
        };
        let (connection, _) = self.clients.take(id);
        search.connection = connection;
        let words = if search.asks_for_replicas {
            vec!["SENTINEL", "SLAVES", &search.service]
        } else {
            vec!["SENTINEL", "MASTERS"]
        };
        let words = words.into_iter().map(|word| Bytes::from(word.to_owned()));
        let client = self.clients.get(id);
        let request = Request::Redis {
            node: client.map(|client| client.host.clone()),
            connection,
            commands: vec![words.collect()],
            batch: Batch::Single,
            timeout: client.and_then(|client| client.timeout),
        };
        waiting.search = Some(search);
        self.waiting = Waits::Redis(Box::new(waiting));
        Next::Asks(progress, request)
    }

    /// A sentinel has answered, or has not.
    pub(super) fn sentinel_answers(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        mut search: Search,
        answer: Answer,
    ) -> Next {
        let id = self
            .clients
            .sentinel(search.manager, search.nth)
            .unwrap_or(-1);
        if let Answer::Failed(failure) = answer {
            self.clients.broke(search.connection);
            let Refusal { kind, message } = self.connection_error(id, failure);
            let described = self.clients.described(id);
            search
                .errors
                .push(format!("{described} - {kind}('{message}')"));
        }
        self.clients.give(id, search.connection);
        if let Answer::Replies(replies) = answer {
            let reply = replies.first().unwrap_or(&Value::Null);
            if let (Value::Error(text), false) = (reply, search.asks_for_replicas) {
                return self.resume(progress, exception(&refusal_of(text)));
            }
            let found = if search.asks_for_replicas {
                replicas_of(reply)
            } else {
                let least = self.clients.least_others(search.manager);
                Vec::from_iter(primary_of(reply, &search.service, least))
            };
            if !found.is_empty() {
                return self.found(progress, waiting, search, found);
            }
        }
        search.nth += 1;
        waiting.search = Some(Box::new(search));
        self.ask_sentinel(progress, waiting)
    }

    fn found(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        search: Search,
        mut found: Vec<Address>,
    ) -> Next {
        if !search.asks_for_replicas {
            self.clients.prefer(search.manager, search.nth);
            if let (Some(ip), Some(first)) =
                (self.clients.forced_ip(search.manager), found.first_mut())
            {
                first.0 = ip;
            }
        }
        let pair = |(host, port): Address| {
            MontyObject::tuple([MontyObject::string(host), MontyObject::int(port)])
        };
        let (stage, commands, batch) = match search.then {
            Then::Return if search.wants_replica => {
                let all = MontyObject::list(found.into_iter().map(pair));
                return self.resume(progress, all);
            }
            Then::Return => {
                let first = found
                    .into_iter()
                    .next()
                    .map_or_else(MontyObject::none, pair);
                return self.resume(progress, first);
            }
            Then::Send(stage, commands, batch) => (stage, commands, batch),
        };
        if search.asks_for_replicas {
            let luck = self.luck();
            let first = self.clients.turn(waiting.client, found.len(), luck);
            found.rotate_left(first);
            waiting.replicas_tried = true;
            waiting.left = found.split_off(1);
        }
        if let Some(address) = found.into_iter().next() {
            let idle = self
                .clients
                .settle(waiting.client, waiting.connection, address);
            for connection in idle {
                self.queue.push_back(Request::HangUp { connection });
            }
        }
        waiting.stage = stage;
        self.transmit(progress, waiting, commands, batch)
    }

    /// No sentinel could say.
    fn nobody_knows(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        mut search: Search,
    ) -> Next {
        let returns = matches!(search.then, Then::Return);
        if search.asks_for_replicas && returns {
            return self.resume(progress, MontyObject::list([]));
        }
        if search.asks_for_replicas {
            search.asks_for_replicas = false;
            search.nth = 0;
            search.errors.clear();
            waiting.replicas_tried = true;
            waiting.search = Some(Box::new(search));
            return self.ask_sentinel(progress, waiting);
        }
        let service = &search.service;
        let refusal = if search.wants_replica {
            no_replica(service)
        } else {
            let why = match search.errors.as_slice() {
                [] => String::new(),
                errors => format!(" : {}", errors.join(", ")),
            };
            let message = format!("No master found for '{service}'{why}");
            Refusal::new("MasterNotFoundError", message)
        };
        if returns {
            return self.resume(progress, exception(&refusal));
        }
        waiting.failures += 1;
        self.failed_with(progress, waiting, refusal)
    }

    /// Whether there is another place to connect to for a client that found nobody.
    pub(super) fn try_elsewhere(&mut self, waiting: &mut Waiting, failure: Failure) -> bool {
        let managed = self.clients.managed(waiting.client);
        let replica = managed.is_some_and(|managed| !managed.primary);
        if failure != Failure::Refused || !replica || !waiting.replicas_tried {
            return false;
        }
        if waiting.left.is_empty() {
            self.clients.unsettle(waiting.connection);
            return !std::mem::replace(&mut waiting.primary_tried, true);
        }
        let address = waiting.left.remove(0);
        self.clients
            .settle(waiting.client, waiting.connection, address);
        true
    }

    /// What redis-py raises for a reply that is an error, if it tells a client that its primary is no longer one.
    pub(super) fn demoted(&self, client: i64, replies: &[Value]) -> Option<Refusal> {
        self.clients
            .managed(client)
            .filter(|managed| managed.primary)?;
        let read_only =
            |reply: &Value| matches!(reply, Value::Error(text) if text.starts_with(b"READONLY"));
        let told = "The previous master is now a slave";
        replies
            .iter()
            .any(read_only)
            .then(|| Refusal::new("ConnectionError", told))
    }
}

/// What redis-py raises when neither a replica nor the primary can be had.
pub(super) fn no_replica(service: &str) -> Refusal {
    Refusal::new(
        "SlaveNotFoundError",
        format!("No slave found for '{service}'"),
    )
}
