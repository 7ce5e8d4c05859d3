//! `INFO replication`: a node's place among the others, in Redis's fields.

use std::fmt::Write as _;

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

    /// Fields that nothing here gives a value to (the size of buffers, counts of attempts) are left out rather than invented.
    pub(crate) fn replication_lines(&self, node: u16) -> String {
        let seconds = self.seconds(node);
        let place = &self.nodes[usize::from(node)];
        let (replication, settings) = (&place.replication, place.engine.config().replication);
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
                let io = match replication.link_up {
                    true => i64::try_from(seconds.saturating_sub(replication.heard)).unwrap_or(-1),
                    false => -1,
                };
                put("master_last_io_seconds_ago", &io);
                put(
                    "master_sync_in_progress",
                    &u8::from(replication.asked.is_some()),
                );
                put("slave_read_repl_offset", &replication.offset);
                put("slave_repl_offset", &replication.offset);
                let since = (self.now - replication.link_since).0 / 1_000_000;
                match replication.link_up {
                    true => put("master_link_up_since_seconds", &since),
                    false => put("master_link_down_since_seconds", &since),
                }
                put("slave_priority", &settings.priority);
                put("slave_read_only", &u8::from(settings.read_only));
                put("replica_announced", &1);
            }
        }
        put("connected_slaves", &replication.followers.len());
        if settings.min_replicas > 0 && settings.max_lag > 0 && replication.primary.is_none() {
            let good = replication.followers.values().filter(|follower| {
                let lag = seconds.saturating_sub(follower.heard);
                follower.online && lag <= settings.max_lag.unsigned_abs()
            });
            put("min_slaves_good_slaves", &good.count());
        }
        for (index, (node, follower)) in replication.followers.iter().enumerate() {
            let state = match follower.online {
                true => "online",
                false => "send_bulk",
            };
            let lag = seconds.saturating_sub(follower.heard);
            let value = format!(
                "ip={},port=6379,state={state},offset={},lag={lag}",
                name(*node),
                follower.acked
            );
            put(&format!("slave{index}"), &value);
        }
        let failover = match replication.failover {
            Some(_) => "waiting-for-sync",
            None => "no-failover",
        };
        put("master_failover_state", &failover);
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
        put("repl_backlog_size", &settings.backlog_size);
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
