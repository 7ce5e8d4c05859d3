//! Two nodes of a cluster: where each sends a command, in the words recorded from two real servers of Redis 8.2.3 with
//! `cluster-enabled yes`.

use bytes::Bytes;
use redwind_engine::{
    Cluster, Config, Engine, FirstChoice, Health, Member, Micros, Output, Outputs, SessionId,
    key_slot,
};

const NOW: Micros = Micros(1_700_000_000_000_000);
const N1: &str = "0c9625165e98a80083af282aad5cb43b14d8bc1f";
const N2: &str = "34c8fd1456e772c39747ccedc875de528ebd4703";

struct Node {
    engine: Engine,
    session: SessionId,
}

/// Two primaries, `n1` with the slots 0 to 8000 and `n2` with the rest; `n3` is a replica of `n2`.
fn cluster() -> Vec<Node> {
    let mut members = vec![Member::new(N1, "n1", 6379), Member::new(N2, "n2", 6379)];
    members[0].epoch = 1;
    let mut replica = Member::new("5".repeat(40), "n3", 6379);
    replica.primary = Some(1);
    members.push(replica);
    let node = |index| {
        let mut cluster = Cluster::new(members.clone(), index).expect("it is a member");
        cluster.assign(0..=8000, Some(0));
        cluster.assign(8001..=16383, Some(1));
        let mut engine = Engine::new(Config::default());
        engine.join(Some(cluster));
        let session = engine.connect(NOW);
        Node { engine, session }
    };
    (0..3).map(node).collect()
}

fn say(node: &mut Node, line: &str) -> String {
    let words = redwind_resp::split_words(line.as_bytes()).expect("the quotes are closed");
    let argv: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
    let mut out = Outputs::new();
    let engine = &mut node.engine;
    engine.execute(NOW, &mut FirstChoice, node.session, &argv, &mut out);
    let reply = out.iter().find_map(|output| match output {
        Output::Reply { value, .. } => Some(redwind_resp::render(value)),
        _ => None,
    });
    reply.unwrap_or_default().trim_end().to_owned()
}

/// Lines `n1> command`, each followed by what that node answers.
#[track_caller]
fn check(nodes: &mut [Node], transcript: &str) {
    let lines: Vec<&str> = transcript.lines().map(str::trim).collect();
    let mut told = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        if let Some((node, command)) = line.split_once("> ")
            && let Some(node) = node.strip_prefix('n').and_then(|n| n.parse::<usize>().ok())
        {
            told.push((*line).to_owned());
            let reply = say(&mut nodes[node - 1], command);
            told.extend(reply.lines().map(|line| line.trim().to_owned()));
        }
    }
    let wanted: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(told.join("\n"), wanted.join("\n"));
}

#[test]
fn a_tag_in_braces_decides_the_slot() {
    assert_eq!(key_slot(b"foo"), 12182);
    assert_eq!(key_slot(b"{foo}bar"), 12182);
    assert_eq!(key_slot(b"x{a}y{b}"), key_slot(b"a"));
    assert_eq!(key_slot(b"123456789"), 12739);
    // An empty tag is none: the whole key counts.
    assert_ne!(key_slot(b"{}a"), key_slot(b"{}b"));
    assert_eq!(key_slot(b"{}a"), 10875);
}

#[test]
fn a_key_of_another_node_is_redirected_and_keys_of_two_slots_are_refused() {
    check(
        &mut cluster(),
        "
        n1> GET foo
        (error) MOVED 12182 n2:6379
        n2> SET foo 1
        OK
        n1> MGET {foo}a {foo}b
        (error) MOVED 12182 n2:6379
        n1> MGET a b
        (error) CROSSSLOT Keys in request don't hash to the same slot
        n1> EVAL 'return 1' 2 a b
        (error) CROSSSLOT Keys in request don't hash to the same slot
        n1> SELECT 1
        (error) ERR SELECT is not allowed in cluster mode
        n1> MOVE b 1
        (error) ERR MOVE is not allowed in cluster mode
        n1> SWAPDB 0 1
        (error) ERR SWAPDB is not allowed in cluster mode
        n1> CLUSTER KEYSLOT {a}b
        (integer) 15495
        n1> CLUSTER SLOTS
        1) 1) (integer) 0
        2) (integer) 8000
        3) 1) \"n1\"
        2) (integer) 6379
        3) \"0c9625165e98a80083af282aad5cb43b14d8bc1f\"
        4) (empty array)
        2) 1) (integer) 8001
        2) (integer) 16383
        3) 1) \"n2\"
        2) (integer) 6379
        3) \"34c8fd1456e772c39747ccedc875de528ebd4703\"
        4) (empty array)
        4) 1) \"n3\"
        2) (integer) 6379
        3) \"5555555555555555555555555555555555555555\"
        4) (empty array)
        ",
    );
}

#[test]
fn a_transaction_is_redirected_at_the_command_or_at_its_end() {
    check(
        &mut cluster(),
        "
        n1> MULTI
        OK
        n1> GET a
        (error) MOVED 15495 n2:6379
        n1> EXEC
        (error) EXECABORT Transaction discarded because of previous errors.
        n1> MULTI
        OK
        n1> SET b 1
        QUEUED
        n1> SET c 1
        QUEUED
        n1> EXEC
        (error) CROSSSLOT Keys in request don't hash to the same slot
        n1> EXEC
        (error) ERR EXEC without MULTI
        n1> GET b
        (nil)
        ",
    );
}

#[test]
fn a_slot_moves_with_ask_asking_and_tryagain() {
    check(
        &mut cluster(),
        "
        n2> SET {foo}a 1
        OK
        n2> CLUSTER SETSLOT 12182 MIGRATING 0c9625165e98a80083af282aad5cb43b14d8bc1f
        OK
        n1> CLUSTER SETSLOT 12182 IMPORTING 34c8fd1456e772c39747ccedc875de528ebd4703
        OK
        n2> GET {foo}a
        \"1\"
        n2> GET foo
        (error) ASK 12182 n1:6379
        n2> MGET foo {foo}a
        (error) TRYAGAIN Multiple keys request during rehashing of slot
        n2> MSET foo 1 {foo}z 2
        (error) ASK 12182 n1:6379
        n1> GET foo
        (error) MOVED 12182 n2:6379
        n1> ASKING
        OK
        n1> GET foo
        (nil)
        n1> GET foo
        (error) MOVED 12182 n2:6379
        n1> ASKING
        OK
        n1> MGET foo {foo}b
        (error) TRYAGAIN Multiple keys request during rehashing of slot
        n1> ASKING
        OK
        n1> MULTI
        OK
        n1> SET foo 5
        QUEUED
        n1> EXEC
        1) OK
        n1> CLUSTER GETKEYSINSLOT 12182 10
        1) \"foo\"
        n1> CLUSTER COUNTKEYSINSLOT 12182
        (integer) 1
        n2> CLUSTER SETSLOT 12182 NODE 0c9625165e98a80083af282aad5cb43b14d8bc1f
        (error) ERR Can't assign hashslot 12182 to a different node while I still hold keys for this hash slot.
        n2> DEL {foo}a
        (integer) 1
        n1> CLUSTER SETSLOT 12182 NODE 0c9625165e98a80083af282aad5cb43b14d8bc1f
        OK
        n2> CLUSTER SETSLOT 12182 NODE 0c9625165e98a80083af282aad5cb43b14d8bc1f
        OK
        n1> GET foo
        \"5\"
        n2> GET foo
        (error) MOVED 12182 n1:6379
        ",
    );
}

#[test]
fn what_setslot_refuses_is_said_in_redis_words() {
    check(
        &mut cluster(),
        "
        n1> CLUSTER SETSLOT 12182 MIGRATING x
        (error) ERR I'm not the owner of hash slot 12182
        n1> CLUSTER SETSLOT 1 MIGRATING x
        (error) ERR I don't know about node x
        n1> CLUSTER SETSLOT 1 IMPORTING x
        (error) ERR I'm already the owner of hash slot 1
        n1> CLUSTER SETSLOT 12182 IMPORTING zz
        (error) ERR I don't know about node zz
        n1> CLUSTER SETSLOT 1 NODE zz
        (error) ERR Unknown node zz
        n1> CLUSTER SETSLOT 1 BLA BLA
        (error) ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP
        n1> CLUSTER SETSLOT 99999 STABLE
        (error) ERR Invalid or out of range slot
        n1> CLUSTER GETKEYSINSLOT 99999 1
        (error) ERR Invalid slot or number of keys
        n1> CLUSTER COUNTKEYSINSLOT 99999
        (error) ERR Invalid slot
        n1> CLUSTER COUNTKEYSINSLOT x
        (error) ERR value is not an integer or out of range
        n1> CLUSTER REPLICAS zz
        (error) ERR Unknown node zz
        n1> CLUSTER foo
        (error) ERR unknown subcommand 'foo'. Try CLUSTER HELP.
        ",
    );
}

#[test]
fn a_replica_answers_reads_only_after_readonly() {
    check(
        &mut cluster(),
        "
        n3> GET foo
        (error) MOVED 12182 n2:6379
        n3> READONLY
        OK
        n3> GET foo
        (nil)
        n3> SET foo 1
        (error) MOVED 12182 n2:6379
        n3> GET b
        (error) MOVED 3300 n1:6379
        n3> CLUSTER SETSLOT 1 STABLE
        (error) ERR Please use SETSLOT only with masters.
        n3> READWRITE
        OK
        n3> GET foo
        (error) MOVED 12182 n2:6379
        ",
    );
}

#[test]
fn only_a_node_of_a_cluster_helps_with_clusters() {
    let help = say(&mut cluster()[0], "CLUSTER HELP");
    assert!(help.contains("CLUSTER <subcommand>"), "{help}");
    for name in ["NODES", "SHARDS", "SETSLOT slot"] {
        assert!(help.contains(&format!(") {name}")), "{help}");
    }
    let mut engine = Engine::new(Config::default());
    let session = engine.connect(NOW);
    assert_eq!(
        say(&mut Node { engine, session }, "CLUSTER HELP"),
        "(error) ERR This instance has cluster support disabled"
    );
}

#[test]
fn a_node_that_reaches_no_majority_or_misses_a_slot_serves_nobody() {
    let mut nodes = cluster();
    let suspect = |nodes: &mut Vec<Node>, health| {
        let cluster = nodes[0].engine.cluster_mut().expect("it is a node of one");
        cluster.update(1, |member| member.health = health);
    };
    suspect(&mut nodes, Health::Suspected);
    check(
        &mut nodes,
        "n1> GET b\n(error) CLUSTERDOWN The cluster is down",
    );
    suspect(&mut nodes, Health::Online);
    check(&mut nodes, "n1> GET b\n(nil)");
    let cluster = nodes[0].engine.cluster_mut().expect("it is a node of one");
    cluster.assign([12182], None);
    check(
        &mut nodes,
        "
        n1> GET foo
        (error) CLUSTERDOWN Hash slot not served
        n1> GET b
        (error) CLUSTERDOWN The cluster is down
        n1> PING
        PONG
        ",
    );
}

#[test]
fn a_server_of_its_own_knows_no_cluster() {
    let mut engine = Engine::new(Config::default());
    let session = engine.connect(NOW);
    let mut nodes = [Node { engine, session }];
    check(
        &mut nodes,
        "
        n1> CLUSTER INFO
        (error) ERR This instance has cluster support disabled
        n1> ASKING
        (error) ERR This instance has cluster support disabled
        n1> READONLY
        (error) ERR This instance has cluster support disabled
        n1> MGET a b
        1) (nil)
        2) (nil)
        ",
    );
}

#[test]
fn every_node_tells_of_the_others_as_real_ones_do() {
    check(
        &mut cluster(),
        "
        n1> CLUSTER MYID
        \"0c9625165e98a80083af282aad5cb43b14d8bc1f\"
        n1> CLUSTER NODES
        \"0c9625165e98a80083af282aad5cb43b14d8bc1f n1:6379@16379 myself,master - 0 0 1 connected 0-8000\\n\
         34c8fd1456e772c39747ccedc875de528ebd4703 n2:6379@16379 master - 0 0 0 connected 8001-16383\\n\
         5555555555555555555555555555555555555555 n3:6379@16379 slave 34c8fd1456e772c39747ccedc875de528ebd4703 0 0 0 connected\\n\"
        n1> CLUSTER INFO
        \"cluster_state:ok\\r\\n\
         cluster_slots_assigned:16384\\r\\n\
         cluster_slots_ok:16384\\r\\n\
         cluster_slots_pfail:0\\r\\n\
         cluster_slots_fail:0\\r\\n\
         cluster_known_nodes:3\\r\\n\
         cluster_size:2\\r\\n\
         cluster_current_epoch:1\\r\\n\
         cluster_my_epoch:1\\r\\n\
         cluster_stats_messages_sent:0\\r\\n\
         cluster_stats_messages_received:0\\r\\n\
         total_cluster_links_buffer_limit_exceeded:0\\r\\n\"
        n1> CLUSTER SHARDS
        1) 1) \"slots\"
        2) 1) (integer) 0
        2) (integer) 8000
        3) \"nodes\"
        4) 1)  1) \"id\"
        2) \"0c9625165e98a80083af282aad5cb43b14d8bc1f\"
        3) \"port\"
        4) (integer) 6379
        5) \"ip\"
        6) \"n1\"
        7) \"endpoint\"
        8) \"n1\"
        9) \"role\"
        10) \"master\"
        11) \"replication-offset\"
        12) (integer) 0
        13) \"health\"
        14) \"online\"
        2) 1) \"slots\"
        2) 1) (integer) 8001
        2) (integer) 16383
        3) \"nodes\"
        4) 1)  1) \"id\"
        2) \"34c8fd1456e772c39747ccedc875de528ebd4703\"
        3) \"port\"
        4) (integer) 6379
        5) \"ip\"
        6) \"n2\"
        7) \"endpoint\"
        8) \"n2\"
        9) \"role\"
        10) \"master\"
        11) \"replication-offset\"
        12) (integer) 0
        13) \"health\"
        14) \"online\"
        2)  1) \"id\"
        2) \"5555555555555555555555555555555555555555\"
        3) \"port\"
        4) (integer) 6379
        5) \"ip\"
        6) \"n3\"
        7) \"endpoint\"
        8) \"n3\"
        9) \"role\"
        10) \"replica\"
        11) \"replication-offset\"
        12) (integer) 0
        13) \"health\"
        14) \"online\"
        n1> CLUSTER REPLICAS 34c8fd1456e772c39747ccedc875de528ebd4703
        1) \"5555555555555555555555555555555555555555 n3:6379@16379 slave 34c8fd1456e772c39747ccedc875de528ebd4703 0 0 0 connected\"
        n1> CLUSTER REPLICAS 0c9625165e98a80083af282aad5cb43b14d8bc1f
        (empty array)
        n1> CLUSTER SLAVES 34c8fd1456e772c39747ccedc875de528ebd4703
        1) \"5555555555555555555555555555555555555555 n3:6379@16379 slave 34c8fd1456e772c39747ccedc875de528ebd4703 0 0 0 connected\"
        n1> CLUSTER SLAVES zz
        (error) ERR Unknown node zz
        n1> CLUSTER REPLICAS 5555555555555555555555555555555555555555
        (error) ERR The specified node is not a master
        n3> CLUSTER REPLICAS 34c8fd1456e772c39747ccedc875de528ebd4703
        1) \"5555555555555555555555555555555555555555 n3:6379@16379 myself,slave 34c8fd1456e772c39747ccedc875de528ebd4703 0 0 0 connected\"
        n3> ASKING
        OK
        ",
    );
}
