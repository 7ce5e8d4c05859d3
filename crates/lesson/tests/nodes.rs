//! Worlds of several nodes as authors write them: roles, disks, clocks, links, sentinels.

mod small;

use std::sync::Arc;

use redwind_lesson::{Lesson, Setup};
use redwind_sim::{Fsync, Persistence, Run, SavePoint, SavePoints, Source, Span, Travel};

use small::{Nothing, SMALL};

/// A world of several nodes, in place of the small lesson's one.
fn with_nodes(more: &str) -> String {
    let clients = "clients = [\"worker-a\", \"worker-b\"]\n";
    SMALL
        .replacen(
            clients,
            &format!("{clients}nodes = [\"n1\", \"n2\", \"n3\"]\n"),
            1,
        )
        .replacen(
            "[client.worker-b]",
            &format!("{more}\n[client.worker-b]"),
            1,
        )
}

fn problems(text: &str) -> String {
    match Lesson::parse("small.md", text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn several_nodes_have_roles_disks_clocks_settings_and_links_of_their_own() {
    let text = with_nodes(
        r#"
setup = ["SET fence 32"]

[node.n1]
persistence = "appendfsync everysec"
restarts = "2s"
config = { maxmemory = "2mb", maxmemory-policy = "allkeys-lru" }

[node.n2]
replica_of = "n1"
clock = "-50ms"
drift = "200ppm"

[node.n3]
persistence = "snapshot every 60s"
setup = ["SET fence 7"]

[client.worker-a]
clock = "+2s"

[link."worker-a -> {n1, n2}"]
latency = ["5ms", "80ms"]

[link."n1 <-> n3"]
latency = "1ms"

[link."n2 -> n3"]
latency = { p999 = "1s", p50 = "2ms", p99 = "80ms" }
loss = "0.5%"
bandwidth = "64kb"
"#,
    );
    let lesson = Lesson::parse("small.md", &text).map_err(|problems| problems.to_string());
    let lesson = lesson.unwrap();
    let compile = |_: &str| Ok(Arc::new(Nothing) as Arc<dyn Source>);
    let scenario = lesson
        .scenario(&Setup::of(&lesson.variants[0]), &compile)
        .unwrap();

    let [n1, n2, n3] = &scenario.nodes[..] else {
        panic!("three nodes");
    };
    assert_eq!(n1.persistence, Persistence::Aof(Fsync::EverySecond));
    assert_eq!(n1.restarts_after, Some(Span::seconds(2)));
    assert_eq!(n1.config.len(), 2);
    assert_eq!(n2.replica_of.as_deref(), Some("n1"));
    assert_eq!((n2.clock.ahead_micros, n2.clock.drift_ppm), (-50_000, 200));
    assert_eq!(n3.persistence, Persistence::Snapshot(Span::seconds(60)));
    let saves = |points: &str| {
        let persistence = format!("[node.n2]\npersistence = \"save{points}\"\n");
        let lesson = Lesson::parse("small.md", &with_nodes(&persistence)).ok()?;
        Some(lesson.world.nodes[1].spec.persistence)
    };
    let point = |seconds, changes| SavePoint { seconds, changes };
    assert_eq!(
        saves(" 3600 1 60 1000"),
        Some(Persistence::Save(SavePoints([
            point(3_600, 1),
            point(60, 1_000),
            SavePoint::default(),
            SavePoint::default()
        ])))
    );
    for wrong in ["", " 60", " 60 0", " 60 many", " 1 1 2 2 3 3 4 4 5 5"] {
        assert_eq!(saves(wrong), None, "{wrong}");
    }
    assert_eq!(scenario.clients[0].clock.ahead_micros, 2_000_000);
    let setup: Vec<&str> = scenario
        .setup
        .iter()
        .map(|(node, _)| node.as_str())
        .collect();
    assert_eq!(setup, ["n1", "n3"]);
    let most = |travel: &Option<Travel>| match travel {
        Some(Travel::Range(range)) => range.most,
        other => panic!("{other:?}"),
    };
    let (own, ranges) = scenario.links.split_last().unwrap();
    let points = [(500_000, 2), (990_000, 80), (999_000, 1_000)];
    let points = points.map(|(share, ms)| (share, Span::millis(ms)));
    assert_eq!(own.latency, Some(Travel::Percentiles(points.to_vec())));
    assert_eq!(
        (own.loss_ppm, own.bytes_per_second),
        (Some(5_000), Some(65_536))
    );
    let links: Vec<(&str, &str, bool, Span)> = ranges
        .iter()
        .map(|link| {
            (
                link.from.as_str(),
                link.to.as_str(),
                link.both_ways,
                most(&link.latency),
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            ("worker-a", "n1", false, Span::millis(80)),
            ("worker-a", "n2", false, Span::millis(80)),
            ("n1", "n3", true, Span::millis(1)),
        ]
    );

    // And the world that it makes is so: a replica with its primary's data, wrong clocks, settings in place.
    let run = Run::new(scenario).unwrap();
    let world = run.world_at(0);
    let ask = |node: u16, words: &[&str]| {
        let argv: Vec<_> = words.iter().map(|word| word.to_string().into()).collect();
        redwind_resp::render(&world.peek(node, &argv).unwrap())
    };
    assert_eq!(ask(1, &["GET", "fence"]), "\"32\"");
    assert_eq!(ask(2, &["GET", "fence"]), "\"7\"");
    assert!(ask(0, &["CONFIG", "GET", "maxmemory"]).contains("2097152"));
    assert!(ask(1, &["CONFIG", "GET", "maxmemory"]).contains("\"0\""));
    let truth = redwind_sim::SimTime(0);
    let ahead = |clock: &redwind_sim::Clock| clock.ahead(run.scenario().epoch, truth);
    assert_eq!(ahead(world.node_clock(1).unwrap()), -50_000);
    assert_eq!(ahead(world.client_clock(0).unwrap()), 2_000_000);
}

#[test]
fn a_mistake_about_nodes_and_links_is_told_with_its_line_and_remedy() {
    for (more, told) in [
        ("[node.n9]\n", "there is no node `n9`"),
        (
            "[node.n2]\nreplica_of = \"n5\"\n",
            "`n2` is to be a replica of `n5`, which does not exist",
        ),
        (
            "[node.n2]\nreplica_of = \"n1\"\n[node.n3]\nreplica_of = \"n2\"\n",
            "`n3` can't be a replica of `n2`, which is no primary",
        ),
        (
            "[node.n2]\nreplica_of = \"n1\"\nsetup = [\"SET a 1\"]\n",
            "Put the commands under `[node.n1]`",
        ),
        (
            "[node.n2]\npersistence = \"appendfsync sometimes\"\n",
            "\"snapshot every 60s\"",
        ),
        (
            "[node.n2]\nconfig = { maxmemroy = 1 }\n",
            "`maxmemroy = 1` can't be set: ERR Unknown option",
        ),
        (
            "[node.n2]\nclock = \"soon\"\n",
            "how far the wall clock is ahead",
        ),
        ("[node.n2]\ndrift = \"2\"\n", "how much too fast"),
        (
            "[node.n2]\nreplcia_of = \"n1\"\n",
            "Did you mean `replica_of`?",
        ),
        (
            "[link.\"worker-a to n1\"]\nlatency = \"1ms\"\n",
            "the link \"worker-a to n1\" can't be read",
        ),
        (
            "[link.\"worker-a -> n7\"]\nlatency = \"1ms\"\n",
            "names `n7`, which does not exist",
        ),
        (
            "[link.\"worker-a -> n1\"]\nlatency = { p50 = \"5ms\", p99 = \"2ms\" }\n",
            "the percentiles of the latency don't grow",
        ),
        (
            "[link.\"worker-a -> n1\"]\nloss = \"much\"\n",
            "how many packets are lost",
        ),
        ("[link.\"worker-a -> n1\"]\n", "Add `latency = \"80ms\"`"),
        (
            "node = \"redis\"\n",
            "the world has both `node` and `nodes`",
        ),
    ] {
        let found = problems(&with_nodes(more));
        assert!(found.contains(told), "{more}: {found}");
        assert!(found.starts_with("small.md:"), "{found}");
    }
}

#[test]
fn sentinels_watch_a_primary_under_a_name_and_may_differ() {
    let text = with_nodes(
        r#"
sentinels = ["s1", "s2", "s3"]

[watch.mymaster]
primary = "n1"
down_after = "5s"
failover_timeout = "1m"

[sentinel.s3]
clock = "+50ms"
restarts = "2s"
down_after = "1s"
quorum = 1

[node.n2]
replica_of = "n1"
config = { replica-priority = 0 }
"#,
    );
    let lesson = Lesson::parse("small.md", &text).map_err(|problems| problems.to_string());
    let nodes = lesson.unwrap().world.nodes;
    let names: Vec<&str> = nodes.iter().map(|node| node.spec.name.as_str()).collect();
    assert_eq!(names, ["n1", "n2", "n3", "s1", "s2", "s3"]);
    let watch = |node: usize| nodes[node].spec.watches[0].clone();
    assert_eq!(watch(3).quorum, 2, "a majority, unless it says otherwise");
    assert_eq!(watch(3).down_after, Span::seconds(5));
    assert_eq!(watch(3).failover_timeout, Span::seconds(60));
    assert_eq!(
        (watch(5).quorum, watch(5).down_after),
        (1, Span::seconds(1))
    );
    assert_eq!(nodes[5].spec.clock.ahead_micros, 50_000);
    assert_eq!(nodes[5].spec.restarts_after, Some(Span::seconds(2)));
    assert!(nodes[0].spec.watches.is_empty());
}

#[test]
fn a_mistake_about_sentinels_is_told_with_its_remedy() {
    let told = problems(&with_nodes("sentinels = [\"s1\"]\n"));
    assert!(told.contains("the sentinels watch nobody"), "{told}");
    let told = problems(&with_nodes(
        "sentinels = [\"s1\", \"n2\"]\n[watch.mymaster]\nprimary = \"n9\"\nquorum = 3\n[sentinel.s9]\nquorum = 1\n",
    ));
    for expected in [
        "`n9`, to be watched as mymaster, is no primary",
        "two nodes are called `n2`",
        "there is no sentinel `s9`",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
