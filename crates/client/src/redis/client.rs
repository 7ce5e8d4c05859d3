//! `redis.Redis(…)`: where a client connects, how it reads replies, and its pool of connections.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use redwind_sim::Span;

use super::arg::{Arg, Call, Refusal, bind, parameters};
use super::reply::Decode;
use super::sentinel::{Address, Managed, Manager};

/// What a `Redis` object was made with. Most settings of redis-py concern sockets and have no effect here.
const PARAMETERS: &str = "host='localhost', port=6379, db=0, password=None, socket_timeout=None, \
socket_connect_timeout=None, socket_read_size=32768, socket_keepalive=True, socket_keepalive_options=None, \
connection_pool=None, unix_socket_path=None, encoding='utf-8', encoding_errors='strict', decode_responses=False, \
retry_on_timeout=False, retry=None, retry_on_error=None, ssl=False, max_connections=None, \
single_connection_client=False, health_check_interval=0, client_name=None, username=None, protocol=None, \
legacy_responses=True, url=None!, _readonly=False!";

/// The settings of a new `Redis` object.
pub(crate) fn options(args: Vec<Arg>, named: Vec<(String, Arg)>) -> Result<Client, Refusal> {
    let call = bind(
        "Redis.__init__()",
        &parameters(PARAMETERS),
        args,
        named,
        true,
    )?;
    // What a pool was made with holds for its clients.
    if let Arg::Other(_, attributes) = call.get("connection_pool") {
        for (name, value) in attributes {
            if let (true, Arg::Map(pairs)) = (name == "connection_kwargs", value) {
                let named = pairs
                    .iter()
                    .filter_map(|(name, value)| match name {
                        Arg::Text(name) if name != "connection_pool" => {
                            Some((name.clone(), value.clone()))
                        }
                        _ => None,
                    })
                    .collect();
                return options(Vec::new(), named);
            }
        }
    }
    let mut client = Client {
        host: match call.get("host") {
            Arg::Text(host) => host.clone(),
            other => {
                return Err(Refusal::new(
                    "TypeError",
                    format!("host must be a str, not {}", other.type_name()),
                ));
            }
        },
        port: match call.get("port") {
            Arg::Int(port) => *port,
            Arg::Text(port) => port.parse().unwrap_or(6379),
            _ => 6379,
        },
        db: match call.get("db") {
            Arg::Int(db) => *db,
            Arg::Text(db) => db.parse().unwrap_or(0),
            _ => 0,
        },
        decode: if call.flag("decode_responses") {
            Decode::Text
        } else {
            Decode::Bytes
        },
        timeout: seconds(&call, "socket_timeout")?,
        retry: Retry::of(call.get("retry"), call.flag("retry_on_timeout")),
        free: Vec::new(),
        readonly: call.flag("_readonly"),
        managed: None,
    };
    if let Arg::Text(url) = call.get("url") {
        client.follow(url, &call)?;
    }
    Ok(client)
}

fn seconds(call: &Call, name: &str) -> Result<Option<Span>, Refusal> {
    match call.get(name) {
        Arg::None => Ok(None),
        value => match value.number() {
            Some(seconds) if seconds >= 0.0 => Ok(Some(Span((seconds * 1e6).round() as u64))),
            _ => Err(Refusal::new(
                "ValueError",
                format!("{name} must be a number of seconds or None"),
            )),
        },
    }
}

/// A `Redis` object.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) host: String,
    pub(crate) port: i64,
    db: i64,
    pub(crate) decode: Decode,
    pub(crate) timeout: Option<Span>,
    pub(crate) retry: Retry,
    /// Every connection says that it reads from replicas too.
    readonly: bool,
    /// Connections that are open and not in use.
    pub(super) free: Vec<u32>,
    /// Sentinels know where it connects to.
    pub(super) managed: Option<Managed>,
}

impl Client {
    /// What a new connection says before anything else.
    fn greeting(&self) -> Option<Vec<Bytes>> {
        if self.readonly {
            return Some(vec![Bytes::from_static(b"READONLY")]);
        }
        (self.db != 0).then(|| {
            vec![
                Bytes::from_static(b"SELECT"),
                Bytes::from(self.db.to_string()),
            ]
        })
    }

    /// `redis://[user:password@]host[:port][/db][?option=value]`
    fn follow(&mut self, url: &str, call: &Call) -> Result<(), Refusal> {
        let Some(rest) = ["redis://", "rediss://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
        else {
            return Err(Refusal::new(
                "ValueError",
                "Redis URL must specify one of the following schemes (redis://, rediss://, unix://)",
            ));
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, db) = rest.split_once('/').unwrap_or((rest, ""));
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        let (host, port) = place.split_once(':').unwrap_or((place, ""));
        if !host.is_empty() {
            host.clone_into(&mut self.host);
        }
        if !port.is_empty() {
            self.port = port.parse().map_err(|_| {
                Refusal::new(
                    "ValueError",
                    format!("Port could not be cast to integer value as '{port}'"),
                )
            })?;
        }
        if let Ok(db) = db.parse() {
            self.db = db;
        }
        for (name, value) in query.split('&').filter_map(|option| option.split_once('=')) {
            match name {
                "db" => self.db = value.parse().unwrap_or(self.db),
                "decode_responses" => {
                    let off = matches!(
                        value.to_ascii_lowercase().as_str(),
                        "" | "0" | "f" | "false" | "n" | "no"
                    );
                    self.decode = if off { Decode::Bytes } else { Decode::Text };
                }
                "socket_timeout" if !call.has("socket_timeout") => {
                    self.timeout = value
                        .parse::<f64>()
                        .ok()
                        .map(|s| Span((s.max(0.0) * 1e6) as u64));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// When a command is sent again after its connection failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retry {
    /// How often; below zero for ever.
    pub(crate) times: i64,
    shape: String,
    cap: f64,
    base: f64,
}

impl Retry {
    fn of(retry: &Arg, on_timeout: bool) -> Self {
        let never = Self {
            times: i64::from(on_timeout),
            shape: "constant".to_owned(),
            cap: 0.0,
            base: 0.0,
        };
        let Arg::Other(_, attributes) = retry else {
            return never;
        };
        let find = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        let times = match find("retries") {
            Some(Arg::Int(times)) => *times,
            _ => 0,
        };
        match find("delay") {
            Some(Arg::List(parts)) => match parts.as_slice() {
                [Arg::Text(shape), cap, base] => Self {
                    times,
                    shape: shape.clone(),
                    cap: cap.number().unwrap_or_default(),
                    base: base.number().unwrap_or_default(),
                },
                _ => Self { times, ..never },
            },
            _ => Self { times, ..never },
        }
    }

    /// How long to wait before the next try, after this many failures; `luck` is from 0 to 1.
    pub(crate) fn delay(&self, failures: u32, luck: f64) -> Span {
        let grown = self.base * f64::from(failures.min(60)).exp2();
        let seconds = match self.shape.as_str() {
            "exponential" => grown.min(self.cap),
            "full" => luck * grown.min(self.cap),
            "equal" => grown.min(self.cap) / 2.0 * (1.0 + luck),
            "jitter" => (luck * grown).min(self.cap),
            _ => self.base,
        };
        Span((seconds.max(0.0) * 1e6) as u64)
    }
}

/// The `Redis` objects of a program, and the connections that it has opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    clients: Vec<Client>,
    opened: u32,
    /// Connections that failed: they are never used again.
    broken: BTreeSet<u32>,
    pub(super) managers: Vec<Manager>,
    /// Where connections go of which sentinels have said so.
    pub(super) addresses: BTreeMap<u32, Address>,
}

impl Clients {
    /// Notes that a connection failed.
    pub(crate) fn broke(&mut self, connection: u32) {
        self.broken.insert(connection);
    }

    /// Whether a connection failed.
    pub(crate) fn is_broken(&self, connection: u32) -> bool {
        self.broken.contains(&connection)
    }

    /// Adds a client; the number by which the program calls it.
    pub(crate) fn add(&mut self, client: Client) -> i64 {
        self.clients.push(client);
        self.clients.len() as i64 - 1
    }

    pub(super) fn client_mut(&mut self, id: i64) -> Option<&mut Client> {
        self.clients.get_mut(usize::try_from(id).ok()?)
    }

    /// The client of that number.
    pub(crate) fn get(&self, id: i64) -> Option<&Client> {
        self.clients.get(usize::try_from(id).ok()?)
    }

    /// Takes a connection out of the client's pool, opening one when all are in use; with what a new one has to say
    /// first.
    pub(crate) fn take(&mut self, id: i64) -> (u32, Option<Vec<Bytes>>) {
        let client = usize::try_from(id)
            .ok()
            .and_then(|id| self.clients.get_mut(id));
        let Some(client) = client else {
            return (0, None);
        };
        if let Some(connection) = client.free.pop() {
            return (connection, None);
        }
        let connection = self.opened;
        self.opened += 1;
        (connection, self.greeting(id))
    }

    /// What a new connection of a client says first.
    pub(crate) fn greeting(&self, id: i64) -> Option<Vec<Bytes>> {
        self.get(id)?.greeting()
    }

    /// Gives a connection back to the pool, unless it failed.
    pub(crate) fn give(&mut self, id: i64, connection: u32) {
        if self.broken.remove(&connection) {
            return;
        }
        if let Some(client) = usize::try_from(id)
            .ok()
            .and_then(|id| self.clients.get_mut(id))
        {
            client.free.push(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arg, Client, Decode, Retry, Span, options};

    fn made(named: &[(&str, Arg)]) -> Client {
        let named = named
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        options(Vec::new(), named).expect("good options")
    }

    #[test]
    fn a_url_says_where_to_connect_and_how_to_read() {
        let url = "redis://:secret@cache:7000/3?decode_responses=true&socket_timeout=0.5";
        let client = made(&[("url", Arg::Text(url.to_owned()))]);
        assert_eq!(
            (client.host.as_str(), client.port, client.db),
            ("cache", 7000, 3)
        );
        assert_eq!(client.decode, Decode::Text);
        assert_eq!(client.timeout, Some(Span(500_000)));
    }

    #[test]
    fn a_client_waits_for_ever_and_tries_once_unless_it_is_told_otherwise() {
        let client = made(&[]);
        assert_eq!(client.timeout, None);
        assert_eq!(client.retry.times, 0);
    }

    #[test]
    fn an_exponential_backoff_doubles_up_to_its_cap() {
        let retry = Retry {
            times: 5,
            shape: "exponential".to_owned(),
            cap: 1.0,
            base: 0.1,
        };
        let delays: Vec<u64> = (1..6).map(|n| retry.delay(n, 0.5).0).collect();
        assert_eq!(delays, [200_000, 400_000, 800_000, 1_000_000, 1_000_000]);
    }
}
