//! What the users of each client do with it. `make clients-test` fetches the clients and runs this.

use redwind_clients_test::play;

#[test]
fn redis_cli_types_pipes_scans_listens_and_looks() {
    play("cli", "redis_cli.sh");
}

#[test]
fn redis_benchmark_runs_its_whole_suite() {
    play("cli", "redis_benchmark.sh");
}

#[test]
fn redis_py_has_every_type_in_both_protocols() {
    play("python", "redis_py_types.py");
}

#[test]
fn redis_py_builds_pipelines_transactions_scripts_locks_and_pools() {
    play("python", "redis_py_patterns.py");
}

#[test]
fn redis_py_listens_and_reads_streams() {
    play("python", "redis_py_messages.py");
}

#[test]
fn redis_py_does_many_things_at_once_with_asyncio() {
    play("python", "redis_py_asyncio.py");
}

#[test]
fn redis_py_outlives_a_restart() {
    play("python", "redis_py_restart.py");
}

#[test]
fn rq_runs_retries_and_schedules_jobs() {
    play("python", "rq_jobs.py");
}

#[test]
fn huey_runs_retries_and_schedules_tasks() {
    play("python", "huey_tasks.py");
}

#[test]
fn ioredis_does_everything_in_both_protocols() {
    play("node", "ioredis.js");
}

#[test]
fn ioredis_outlives_a_restart() {
    play("node", "ioredis_restart.js");
}

#[test]
fn node_redis_does_everything_in_both_protocols() {
    play("node", "node_redis.js");
}

#[test]
fn node_redis_outlives_a_restart() {
    play("node", "node_redis_restart.js");
}

#[test]
fn bullmq_works_retries_delays_limits_and_rescues() {
    play("node", "bullmq.js");
}

#[test]
fn bullmq_outlives_a_restart() {
    play("node", "bullmq_restart.js");
}

#[test]
fn redlock_acquires_extends_and_gives_way() {
    play("node", "redlock.js");
}
