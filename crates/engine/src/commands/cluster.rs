//! Commands about the cluster: who owns which hash slot, and how slots move.

use std::fmt::Write;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cluster::{Cluster, Health, SLOTS, key_slot};
use crate::cx::Cx;
use crate::number::parse_int;
use crate::refusal::quoted;
use crate::table::{Answer, NO_KEYS, needs_subcommand, table};
use crate::{Refusal, order};

table! { TABLE, "cluster";
    "asking" => asking, Exactly(0), [FAST], NO_KEYS, "3.0.0", "",
        "Lets the next command use a slot that is being imported.";
    "cluster" => needs_subcommand {CLUSTER}, AtLeast(1), [CONTAINER], NO_KEYS, "3.0.0", "",
        "Looks at the cluster and moves its slots.";
    "readonly" => readonly, Exactly(0), [LOADING STALE FAST], NO_KEYS, "3.0.0", "",
        "Lets a replica answer this connection's reads.";
    "readwrite" => readwrite, Exactly(0), [LOADING STALE FAST], NO_KEYS, "3.0.0", "",
        "Sends this connection's reads to the primary again.";
}

table! { CLUSTER, "cluster";
    "cluster|countkeysinslot" => countkeysinslot, Exactly(1), [STALE], NO_KEYS, "3.0.0", "slot",
        "Counts the keys of a slot on this node.";
    "cluster|getkeysinslot" => getkeysinslot, Exactly(2), [STALE], NO_KEYS, "3.0.0", "slot count",
        "Lists keys of a slot on this node.";
    "cluster|help" => help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "cluster|info" => info, Exactly(0), [STALE], NO_KEYS, "3.0.0", "",
        "Describes the cluster's state as this node sees it.";
    "cluster|keyslot" => keyslot, Exactly(1), [STALE], NO_KEYS, "3.0.0", "key",
        "Gives the slot of a key.";
    "cluster|myid" => myid, Exactly(0), [STALE], NO_KEYS, "3.0.0", "",
        "Gives this node's identity.";
    "cluster|nodes" => nodes, Exactly(0), [STALE], NO_KEYS, "3.0.0", "",
        "Describes every node, one a line.";
    "cluster|replicas" => replicas, Exactly(1), [ADMIN STALE], NO_KEYS, "5.0.0", "node-id",
        "Describes the replicas of a primary.";
    "cluster|setslot" => setslot, AtLeast(2), [ADMIN STALE NO_ASYNC_LOADING], NO_KEYS, "3.0.0",
        "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
        "Begins, ends or gives up the move of a slot.";
    "cluster|shards" => shards, Exactly(0), [LOADING STALE], NO_KEYS, "7.0.0", "",
        "Lists the shards: their slots and nodes.";
    "cluster|slaves" => replicas, Exactly(1), [ADMIN STALE], NO_KEYS, "3.0.0", "node-id",
        "The old name of CLUSTER REPLICAS.";
    "cluster|slots" => slots, Exactly(0), [LOADING STALE], NO_KEYS, "3.0.0", "",
        "Lists ranges of slots with the nodes that serve them.";
}

/// What this node knows, if it is a node of a cluster.
fn known<'a>(cx: &'a Cx<'_>) -> Result<&'a Cluster, Refusal> {
    cx.engine.cluster().ok_or(Refusal::NoCluster)
}

/// `ASKING`
fn asking(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    known(cx)?;
    if let Some(session) = cx.session_mut() {
        session.redirection.asking = true;
    }
    Ok(Value::OK)
}

/// `READONLY`
fn readonly(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    reads_here(cx, true)
}

/// `READWRITE`
fn readwrite(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    reads_here(cx, false)
}

fn reads_here(cx: &mut Cx<'_>, yes: bool) -> Answer {
    known(cx)?;
    if let Some(session) = cx.session_mut() {
        session.redirection.readonly = yes;
    }
    Ok(Value::OK)
}

fn help(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    known(cx)?;
    Ok(super::help("CLUSTER", CLUSTER))
}

fn number(text: &[u8]) -> Result<i64, Refusal> {
    parse_int(text).ok_or(Refusal::NotAnInteger)
}

fn slot(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|slot| *slot < SLOTS)
}

fn keys_in<'a>(cx: &'a Cx<'_>, slot: u16) -> impl Iterator<Item = &'a [u8]> {
    cx.engine.keys(0).filter(move |key| key_slot(key) == slot)
}

/// `CLUSTER COUNTKEYSINSLOT slot`
fn countkeysinslot(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    known(cx)?;
    let slot = slot(number(&args[0])?).ok_or(Refusal::err("Invalid slot"))?;
    Ok(Value::from(keys_in(cx, slot).count()))
}

/// `CLUSTER GETKEYSINSLOT slot count`
fn getkeysinslot(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    known(cx)?;
    let (wanted, most) = (number(&args[0])?, number(&args[1])?);
    let (Some(slot), Ok(most)) = (slot(wanted), usize::try_from(most)) else {
        return Err(Refusal::err("Invalid slot or number of keys"));
    };
    let keys = keys_in(cx, slot).take(most);
    Ok(Value::Array(
        keys.map(|key| Value::Bulk(Bytes::copy_from_slice(key)))
            .collect(),
    ))
}

/// `CLUSTER KEYSLOT key`
fn keyslot(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    known(cx)?;
    Ok(Value::Int(i64::from(key_slot(&args[0]))))
}

/// `CLUSTER MYID`
fn myid(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    Ok(Value::Bulk(cluster.members()[cluster.myself()].id.clone()))
}

/// `CLUSTER INFO`
fn info(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let me = &cluster.members()[cluster.myself()];
    // A replica has its primary's epoch.
    let mine = me
        .primary
        .and_then(|primary| cluster.members().get(primary));
    let owned = |health| cluster.owned_by(|owner| owner.health == health);
    let lines: [(&str, u64); 9] = [
        ("slots_assigned", cluster.owned_by(|_| true) as u64),
        ("slots_ok", owned(Health::Online) as u64),
        ("slots_pfail", owned(Health::Suspected) as u64),
        ("slots_fail", owned(Health::Failed) as u64),
        ("known_nodes", cluster.members().len() as u64),
        ("size", cluster.voters().len() as u64),
        ("current_epoch", cluster.current_epoch),
        ("my_epoch", mine.unwrap_or(me).epoch),
        ("stats_messages_sent", cluster.messages.0),
    ];
    let state = if cluster.is_up() { "ok" } else { "fail" };
    let mut text = format!("cluster_state:{state}\r\n");
    for (name, value) in lines {
        let _ = write!(text, "cluster_{name}:{value}\r\n");
    }
    let _ = write!(
        text,
        "cluster_stats_messages_received:{}\r\n",
        cluster.messages.1
    );
    text.push_str("total_cluster_links_buffer_limit_exceeded:0\r\n");
    Ok(verbatim(text))
}

fn verbatim(text: String) -> Value {
    Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(text),
    }
}

/// One line of `CLUSTER NODES`.
fn line(cluster: &Cluster, index: usize) -> String {
    let member = &cluster.members()[index];
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let mut flags = String::new();
    if index == cluster.myself() {
        flags.push_str("myself,");
    }
    flags.push_str(if member.primary.is_some() {
        "slave"
    } else {
        "master"
    });
    flags.push_str(match member.health {
        Health::Online => "",
        Health::Suspected => ",fail?",
        Health::Failed => ",fail",
    });
    let primary = member.primary.and_then(|at| cluster.members().get(at));
    let mut line = format!(
        "{} {}:{}@{} {flags} {} {} {} {} {}",
        text(&member.id),
        text(&member.host),
        member.port,
        u32::from(member.port) + 10_000,
        primary.map_or_else(|| "-".to_owned(), |primary| text(&primary.id)),
        member.pinged_ms,
        member.ponged_ms,
        primary.unwrap_or(member).epoch,
        if member.health == Health::Online {
            "connected"
        } else {
            "disconnected"
        },
    );
    for (first, last) in cluster.ranges(index) {
        let _ = match first == last {
            true => write!(line, " {first}"),
            false => write!(line, " {first}-{last}"),
        };
    }
    if index == cluster.myself() {
        let (migrating, importing) = cluster.moves();
        let id = |member: &usize| text(&cluster.members()[*member].id);
        for (slot, to) in migrating {
            let _ = write!(line, " [{slot}->-{}]", id(to));
        }
        for (slot, from) in importing {
            let _ = write!(line, " [{slot}-<-{}]", id(from));
        }
    }
    line
}

/// `CLUSTER NODES`
fn nodes(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let lines = (0..cluster.members().len()).map(|index| line(cluster, index) + "\n");
    Ok(verbatim(lines.collect()))
}

/// `CLUSTER REPLICAS node-id`
fn replicas(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let primary = named(cluster, &args[0])?;
    if cluster.members()[primary].primary.is_some() {
        return Err(Refusal::err("The specified node is not a master"));
    }
    let lines = followers(cluster, primary).map(|index| Value::bulk(line(cluster, index)));
    Ok(Value::array(lines))
}

fn named(cluster: &Cluster, id: &Bytes) -> Result<usize, Refusal> {
    cluster
        .find(id)
        .ok_or_else(|| Refusal::err(format_args!("Unknown node {}", quoted(id))))
}

fn followers(cluster: &Cluster, primary: usize) -> impl Iterator<Item = usize> {
    (0..cluster.members().len())
        .filter(move |index| cluster.members()[*index].primary == Some(primary))
}

/// `CLUSTER SLOTS`
fn slots(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let node = |index: usize| {
        let member = &cluster.members()[index];
        Value::Array(vec![
            Value::Bulk(member.host.clone()),
            Value::Int(i64::from(member.port)),
            Value::Bulk(member.id.clone()),
            Value::Map(Vec::new()),
        ])
    };
    let mut ranges: Vec<(u16, u16, usize)> = Vec::new();
    for owner in cluster.voters() {
        let own = cluster.ranges(owner).into_iter();
        ranges.extend(own.map(|(first, last)| (first, last, owner)));
    }
    order::sort(&mut ranges);
    let range = |(first, last, owner): (u16, u16, usize)| {
        let alive = |index: &usize| cluster.members()[*index].health != Health::Failed;
        let ends = [first, last].map(|end| Value::Int(i64::from(end)));
        let replicas = followers(cluster, owner).filter(alive).map(node);
        Value::Array(
            ends.into_iter()
                .chain([node(owner)])
                .chain(replicas)
                .collect(),
        )
    };
    Ok(Value::array(ranges.into_iter().map(range)))
}

/// `CLUSTER SHARDS`
fn shards(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let word = Value::text;
    let node = |index: usize| {
        let member = &cluster.members()[index];
        Value::Map(vec![
            (word("id"), Value::Bulk(member.id.clone())),
            (word("port"), Value::Int(i64::from(member.port))),
            (word("ip"), Value::Bulk(member.host.clone())),
            (word("endpoint"), Value::Bulk(member.host.clone())),
            (
                word("role"),
                word(if member.primary.is_some() {
                    "replica"
                } else {
                    "master"
                }),
            ),
            (
                word("replication-offset"),
                Value::Int(i64::try_from(member.offset).unwrap_or(i64::MAX)),
            ),
            (
                word("health"),
                word(if member.health == Health::Failed {
                    "fail"
                } else {
                    "online"
                }),
            ),
        ])
    };
    let primaries =
        (0..cluster.members().len()).filter(|index| cluster.members()[*index].primary.is_none());
    let shard = |primary: usize| {
        let ends = cluster.ranges(primary).into_iter();
        let ends = ends.flat_map(|(first, last)| [first, last].map(|end| Value::Int(end.into())));
        let nodes = std::iter::once(primary).chain(followers(cluster, primary));
        Value::Map(vec![
            (word("slots"), Value::array(ends)),
            (word("nodes"), Value::array(nodes.map(node))),
        ])
    };
    Ok(Value::array(primaries.map(shard)))
}

/// `CLUSTER SETSLOT slot IMPORTING | MIGRATING | NODE id`, or `STABLE`
fn setslot(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let cluster = known(cx)?;
    let me = cluster.myself();
    if cluster.members()[me].primary.is_some() {
        return Err(Refusal::err("Please use SETSLOT only with masters."));
    }
    let slot = parse_int(&args[0])
        .and_then(slot)
        .ok_or(Refusal::err("Invalid or out of range slot"))?;
    let unknown = |id: &Bytes| {
        let id = String::from_utf8_lossy(id).into_owned();
        Refusal::err(format_args!("I don't know about node {id}"))
    };
    let mine = cluster.owner(slot) == Some(me);
    let has_keys = keys_in(cx, slot).next().is_some();
    let wrong =
        Refusal::err("Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
    let change: Box<dyn Fn(&mut Cluster)> = match (&args[1], args.get(2), args.len()) {
        (word, Some(id), 3) if is(word, "migrating") => {
            if !mine {
                let text = format!("I'm not the owner of hash slot {slot}");
                return Err(Refusal::err(text));
            }
            let to = cluster.find(id).ok_or_else(|| unknown(id))?;
            Box::new(move |cluster| cluster.migrate(slot, to))
        }
        (word, Some(id), 3) if is(word, "importing") => {
            if mine {
                let text = format!("I'm already the owner of hash slot {slot}");
                return Err(Refusal::err(text));
            }
            let from = cluster.find(id).ok_or_else(|| unknown(id))?;
            Box::new(move |cluster| cluster.import(slot, from))
        }
        (word, None, 2) if is(word, "stable") => Box::new(move |cluster| cluster.stop_moving(slot)),
        (word, Some(id), 3) if is(word, "node") => {
            let to = named(cluster, id)?;
            if mine && to != me && has_keys {
                return Err(Refusal::err(format_args!(
                    "Can't assign hashslot {slot} to a different node while I still hold keys for \
                     this hash slot."
                )));
            }
            Box::new(move |cluster| {
                // Who has imported a slot needs a newer epoch than its old owner, or nobody would believe it.
                if to == me && cluster.moves().1.contains_key(&slot) {
                    let (own, next) = (cluster.members()[me].epoch, cluster.current_epoch + 1);
                    if own == 0 || own + 1 != next {
                        cluster.update(me, |member| member.epoch = next);
                    }
                }
                if !has_keys {
                    cluster.stop_migrating(slot);
                }
                cluster.assign([slot], Some(to));
            })
        }
        _ => return Err(wrong),
    };
    if let Some(cluster) = cx.engine.cluster_mut() {
        change(cluster);
    }
    Ok(Value::OK)
}
