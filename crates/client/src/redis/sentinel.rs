//! `Sentinel(…)`: which sentinels are asked, in which order, and where the connections of their clients go.

use redwind_resp::Value;

use super::Clients;

/// A host and a port.
pub(crate) type Address = (String, i64);

/// The clients of one `Sentinel` object.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    /// In the order in which they are asked: who could say comes first.
    sentinels: Vec<i64>,
    least_others: i64,
    force_ip: Option<String>,
}

/// What makes a client one whose address sentinels know.
#[derive(Clone, Debug)]
pub(crate) struct Managed {
    pub(crate) manager: usize,
    pub(crate) service: String,
    pub(crate) primary: bool,
    /// The primary that it last connected to.
    address: Option<Address>,
    /// Which replica had its turn.
    turn: Option<usize>,
}

impl Clients {
    pub(crate) fn add_manager(
        &mut self,
        sentinels: Vec<i64>,
        least_others: i64,
        force_ip: Option<String>,
    ) -> i64 {
        self.managers.push(Manager {
            sentinels,
            least_others,
            force_ip,
        });
        self.managers.len() as i64 - 1
    }

    pub(crate) fn manage(&mut self, id: i64, manager: usize, service: String, primary: bool) {
        if let Some(client) = self.client_mut(id) {
            client.managed = Some(Managed {
                manager,
                service,
                primary,
                address: None,
                turn: None,
            });
        }
    }

    pub(crate) fn managed(&self, id: i64) -> Option<&Managed> {
        self.get(id)?.managed.as_ref()
    }

    /// The nth sentinel to ask.
    pub(crate) fn sentinel(&self, manager: usize, nth: usize) -> Option<i64> {
        self.managers.get(manager)?.sentinels.get(nth).copied()
    }

    pub(crate) fn least_others(&self, manager: usize) -> i64 {
        self.managers
            .get(manager)
            .map_or(0, |manager| manager.least_others)
    }

    pub(crate) fn forced_ip(&self, manager: usize) -> Option<String> {
        self.managers.get(manager)?.force_ip.clone()
    }

    /// This one could say: it is asked first from now on.
    pub(crate) fn prefer(&mut self, manager: usize, nth: usize) {
        if let Some(manager) = self.managers.get_mut(manager)
            && nth < manager.sentinels.len()
        {
            manager.sentinels.swap(0, nth);
        }
    }

    /// Whether sentinels have to be asked where this connection goes.
    pub(crate) fn is_unsettled(&self, id: i64, connection: u32) -> bool {
        self.managed(id).is_some() && !self.addresses.contains_key(&connection)
    }

    /// The host that a connection goes to, if sentinels have said so.
    pub(crate) fn settled(&self, connection: u32) -> Option<&str> {
        let (host, _) = self.addresses.get(&connection)?;
        Some(host)
    }

    /// A connection goes to this address. When the primary is another than before, gives the idle connections to the
    /// old one, which are of no more use.
    pub(crate) fn settle(&mut self, id: i64, connection: u32, address: Address) -> Vec<u32> {
        self.addresses.insert(connection, address.clone());
        let Some(client) = self.client_mut(id) else {
            return Vec::new();
        };
        (client.host, client.port) = address.clone();
        match &mut client.managed {
            Some(managed) if managed.primary && managed.address.as_ref() != Some(&address) => {
                managed.address = Some(address);
                std::mem::take(&mut client.free)
            }
            _ => Vec::new(),
        }
    }

    /// A connection's address is open again.
    pub(crate) fn unsettle(&mut self, connection: u32) {
        self.addresses.remove(&connection);
    }

    /// Which of so many replicas has its turn; the first by luck.
    pub(crate) fn turn(&mut self, id: i64, count: usize, luck: f64) -> usize {
        let managed = self
            .client_mut(id)
            .and_then(|client| client.managed.as_mut());
        let Some(managed) = managed.filter(|_| count > 0) else {
            return 0;
        };
        let before = managed.turn.unwrap_or((luck * count as f64) as usize);
        let turn = (before + 1) % count;
        managed.turn = Some(turn);
        turn
    }

    /// A client as redis-py prints it in a message.
    pub(crate) fn described(&self, id: i64) -> String {
        let (host, port) = self
            .get(id)
            .map(|client| (client.host.as_str(), client.port))
            .unwrap_or_default();
        format!(
            "<redis.client.Redis(<redis.connection.ConnectionPool(<redis.connection.Connection(host={host},port={port},db=0)>)>)>"
        )
    }
}

/// One field of what a sentinel tells about a process.
fn field<'a>(state: &'a Value, name: &str) -> Option<&'a str> {
    let text = |value: &'a Value| match value {
        Value::Bulk(text) | Value::Simple(text) => std::str::from_utf8(text).ok(),
        _ => None,
    };
    match state {
        Value::Array(parts) => parts
            .as_chunks::<2>()
            .0
            .iter()
            .find(|[key, _]| text(key) == Some(name))
            .and_then(|[_, value]| text(value)),
        Value::Map(pairs) => pairs
            .iter()
            .find(|(key, _)| text(key) == Some(name))
            .and_then(|(_, value)| text(value)),
        _ => None,
    }
}

fn has_flag(state: &Value, wanted: &str) -> bool {
    field(state, "flags").is_some_and(|flags| flags.split(',').any(|flag| flag == wanted))
}

fn address(state: &Value) -> Option<Address> {
    let port = field(state, "port")?.parse().ok()?;
    Some((field(state, "ip")?.to_owned(), port))
}

fn is_down(state: &Value) -> bool {
    has_flag(state, "s_down") || has_flag(state, "o_down")
}

/// The address of a service's primary in a reply to `SENTINEL MASTERS`, if that sentinel is fit to say.
pub(crate) fn primary_of(reply: &Value, service: &str, least_others: i64) -> Option<Address> {
    let Value::Array(states) = reply else {
        return None;
    };
    let mut named = states
        .iter()
        .filter(|state| field(state, "name") == Some(service));
    let state = named.next_back()?;
    let others = field(state, "num-other-sentinels").and_then(|count| count.parse::<i64>().ok());
    let fit = has_flag(state, "master") && !is_down(state) && others.unwrap_or(0) >= least_others;
    address(state).filter(|_| fit)
}

/// The replicas that are not down in a reply to `SENTINEL SLAVES`.
pub(crate) fn replicas_of(reply: &Value) -> Vec<Address> {
    match reply {
        Value::Array(states) => states
            .iter()
            .filter(|state| !is_down(state))
            .filter_map(address)
            .collect(),
        _ => Vec::new(),
    }
}
