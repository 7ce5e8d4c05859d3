//! `INFO replication`: a node's place among the others, in Redis's fields.

use std::fmt::Write as _;

use super::BACKLOG;
use crate::world::World;

impl World {
    /// Lets a node's engine know what `INFO replication` tells now, if this command may ask for it.
    pub(crate) fn describe_replication(&mut self, node: u16, command: &[u8]) {
        let asks = [b"INFO".as_slice(), b"EXEC", b"EVAL", b"EVALSHA"];
        if asks.iter().any(|name| command.eq_ignore_ascii_case(name)) {
            let lines = self.replication_lines(node);
            self.nodes[usize::from(node)]
                .engine
                .describe_replication(&lines);
        }
    }

    /// Fields that nothing here gives a value to (seconds since the last I/O, lag) are left out rather than invented.
    pub(crate) fn replication_lines(&self, node: u16) -> String {
        let replication = &self.nodes[usize::from(node)].replication;
        let name = |node: u16| &self.plan.scenario.nodes[usize::from(node)].name;
        let mut text = String::new();
        let mut put = |field: &str, value: &dyn std::fmt::Display| {
            let _ = write!(text, "{field}:{value}\r\n");
        };
        let up = |is: bool| if is { "up" } else { "down" };
        match replication.primary {
            None => put("role", &"master"),
            Some(primary) => {
                put("role", &"slave");
                put("master_host", name(primary));
                put("master_port", &6379);
                put("master_link_status", &up(replication.link_up));
                put("slave_read_repl_offset", &replication.offset);
                put("slave_repl_offset", &replication.offset);
                put("slave_priority", &100);
                put("slave_read_only", &1);
                put("replica_announced", &1);
            }
        }
        put("connected_slaves", &replication.followers.len());
        for (index, (follower, acked)) in replication.followers.iter().enumerate() {
            let value = format!(
                "ip={},port=6379,state=online,offset={acked}",
                name(*follower)
            );
            put(&format!("slave{index}"), &value);
        }
        put("master_failover_state", &"no-failover");
        put("master_replid", &replid(Some(replication.history)));
        let former = replication.former;
        put(
            "master_replid2",
            &replid(former.map(|(history, _)| history)),
        );
        put("master_repl_offset", &replication.offset);
        // Redis names the first byte that is no longer of the former history.
        match former {
            Some((_, until)) => put("second_repl_offset", &(until + 1)),
            None => put("second_repl_offset", &-1),
        }
        put("repl_backlog_active", &u8::from(replication.offset > 0));
        put("repl_backlog_size", &BACKLOG);
        let held = replication.offset.saturating_sub(replication.backlog_from);
        put(
            "repl_backlog_first_byte_offset",
            &(replication.backlog_from + 1),
        );
        put("repl_backlog_histlen", &held);
        text
    }
}

/// A history's name in forty digits, as Redis writes it; zeros for none.
fn replid(history: Option<u64>) -> String {
    format!("{:040x}", history.unwrap_or(0))
}
