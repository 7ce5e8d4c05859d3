//! What clients believe about locks, derived from their commands and the replies: nobody has to declare it.
//!
//! A client believes that it holds a lock from the reply to its command that created the lock's key, until the
//! reply to its command that deleted the key or tried to, or until its process ends. Where a lock needs a quorum of nodes, it
//! believes so while that many nodes have granted it, as far as their replies tell. That the key expires meanwhile, or that another client deletes it, is not news to anybody: this is what makes locks dangerous.

use bytes::Bytes;
use redwind_engine::Flags;
use redwind_resp::Value;

use crate::{Changed, KeyChange, LockSpec};

/// What a client learns about a lock on a node.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// The lock, by index.
    pub(crate) lock: usize,
    /// The node, by index.
    pub(crate) node: u16,
    /// Whether the client holds the key there.
    pub(crate) holds: bool,
}

/// What a command's reply will tell the client that sent it. `queued` collects the locks that a transaction
/// names, until its EXEC.
pub(crate) fn told(
    locks: &[LockSpec],
    node: u16,
    argv: &[Bytes],
    reply: Option<&Value>,
    changes: &[KeyChange],
    queued: &mut Vec<usize>,
) -> Vec<News> {
    let name = argv
        .first()
        .map(|name| name.to_ascii_uppercase())
        .unwrap_or_default();
    let mut news = Vec::new();
    let mut learn = |lock, holds| news.push(News { lock, node, holds });
    let waits_for_exec = matches!(reply, Some(Value::Simple(text)) if text.as_ref() == b"QUEUED");
    for (index, lock) in locks.iter().enumerate() {
        let names = argv.iter().skip(1).any(|arg| *arg == lock.key) && may_write(&name);
        if waits_for_exec {
            if names {
                queued.push(index);
            }
            continue;
        }
        let names = names || name == b"EXEC" && queued.contains(&index);
        let own = changes
            .iter()
            .filter(|change| change.key == lock.key && !by_itself(change.what));
        match own.last() {
            Some(change) => match change.changed {
                Changed::Created => learn(index, true),
                Changed::Deleted => learn(index, false),
                Changed::Updated => {}
            },
            // A write that names the lock and changes nothing: a refused SET NX, a release that came too late. An error
            // (a script that is not loaded yet) tells nothing about the lock.
            None if names && reply.is_some_and(|reply| !reply.is_error()) => learn(index, false),
            None => {}
        }
    }
    if name == b"EXEC" || name == b"DISCARD" {
        queued.clear();
    }
    news
}

/// Whether the key went without anybody's command.
fn by_itself(what: &str) -> bool {
    matches!(what, "expired" | "evicted")
}

fn may_write(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    match name.as_str() {
        "eval" | "evalsha" | "fcall" => true,
        _ => redwind_engine::commands()
            .any(|command| command.name == name && command.flags.has(Flags::WRITE)),
    }
}
