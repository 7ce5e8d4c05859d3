//! Lessons as authors write them, and the answers they get when something is wrong.

use std::sync::Arc;

use redwind_explore::Outcome;
use redwind_lesson::{Lesson, Level, Setup, SourceError};
use redwind_sim::{
    Answer, Exit, Fsync, Intervention, Persistence, Program, Request, Run, Source, Span, Start,
    Travel,
};

/// The smallest whole lesson; tests change one thing in it.
const SMALL: &str = r#"+++
id = "locks/small"
title = "Small"
track = "Locks"
level = "beginner"
minutes = 1
summary = "A lock."
seed = 1
+++

Read `worker-a`.

```toml world
clients = ["worker-a", "worker-b"]
locks = ["lock"]
faults = ["pause worker-a after worker-a's 1st SET for 15s"]

[client.worker-b]
starts = "1s"

[resource.storage]
values = { report = "x" }

[[invariant]]
is = "mutual exclusion"
lock = "lock"
over = "storage"
```

```toml verdicts
naive = { violated = ["mutual exclusion"] }
fixed = "held"
```

```python client=worker-a,worker-b variant=naive title="As it is"
one()
```

## Later
<!-- at: when lock expires -->

What now?

```toml predict
ask = "What?"
because = "That."

[[option]]
text = "It expires"
happens = "when lock expires"

[[option]]
text = "It does not"
happens = "not when lock expires"
```

And so.

## Better

```python client=worker-a,worker-b variant=fixed
two()
```
"#;

fn changed(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    match Lesson::parse("small.md", &text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_lesson_is_read_as_it_is_written() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    assert_eq!(
        (lesson.id.as_str(), lesson.level, lesson.minutes),
        ("locks/small", Level::Beginner, 1)
    );
    let names: Vec<(&str, &str)> = lesson
        .variants
        .iter()
        .map(|v| (v.name.as_str(), v.title.as_str()))
        .collect();
    assert_eq!(names, [("naive", "As it is"), ("fixed", "fixed")]);
    assert_eq!(
        lesson.variants[0].claims,
        [("mutual exclusion".to_owned(), Outcome::Violated)]
    );
    assert_eq!(lesson.variants[1].programs[0].source, "two()\n");
    assert_eq!(lesson.world.faults.len(), 1);

    let beats: Vec<_> = lesson
        .beats
        .iter()
        .map(|b| (b.heading.as_deref(), b.html.as_str(), b.variant.as_str()))
        .collect();
    assert_eq!(
        beats,
        [
            (
                None,
                "<p>Read <span class=\"who-a\">worker-a</span>.</p>\n",
                "naive"
            ),
            (Some("Later"), "<p>What now?</p>\n", "naive"),
            (None, "<p>And so.</p>\n", "naive"),
            (Some("Better"), "", "fixed"),
        ]
    );
    assert!(lesson.beats[1].anchor.is_some());
    assert_eq!(
        lesson.beats[1].question.as_ref().map(|q| q.options.len()),
        Some(2)
    );
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_to_do() {
    let mut wrong = String::new();
    for (from, to, expected) in [
        (
            "minutes = 1",
            "minuts = 1",
            "small.md:2: the front matter has no `minutes`\n  Add `minutes = 5`.\n\
             small.md:6: the front matter has no key `minuts`\n  Did you mean `minutes`?",
        ),
        (
            "\"locks/small\"",
            "\"Small\"",
            "small.md:2: `Small` can't be the id of a lesson\n  Write track and name in small letters, digits and dashes: \"locks/gc-pause\".",
        ),
        (
            "level = \"beginner\"",
            "level = \"beginer\"",
            "small.md:5: there is no level `beginer`\n  Did you mean `beginner`?",
        ),
        (
            "locks = [",
            "lokcs = [",
            "small.md:15: the world has no key `lokcs`\n  Did you mean `locks`?\nsmall.md:26: `lock` is not among the world's locks\n  Add `locks = [\"lock\"]` to the world.",
        ),
        (
            "pause worker-a after",
            "pause worker-c after",
            "small.md:16: the fault \"pause worker-c after worker-a's 1st SET for 15s\" can't be: it names the client worker-c, which does not exist: did you mean worker-a?\n  Write it as in: pause worker-a after worker-a's 1st SET for 15s.",
        ),
        (
            "starts = \"1s\"",
            "starts = \"soon\"",
            "small.md:19: `starts = \"soon\"` can't be read\n  Write a time with its unit, such as \"250us\", \"31ms\", \"1.5s\" or \"2m\".",
        ),
        (
            "[client.worker-b]",
            "[client.worker-d]",
            "small.md:18: there is no client `worker-d`\n  Did you mean `worker-a`?",
        ),
        (
            "[resource.storage]",
            "[resource.store]",
            "small.md:21: there is no resource called `store`\n  Did you mean `storage`?\nsmall.md:27: there is no resource `storage`\n  Add it to the world: `[resource.storage]`.",
        ),
        (
            "is = \"mutual exclusion\"",
            "is = \"mutual exlusion\"",
            "small.md:25: there is no invariant `mutual exlusion`\n  Did you mean `mutual exclusion`?",
        ),
        (
            "fixed = \"held\"",
            "",
            "small.md:31: no verdict is claimed for the variant `fixed`\n  Add `fixed = \"held\"`, or what it violates.",
        ),
        (
            "fixed = \"held\"",
            "fixd = \"held\"",
            "small.md:32: there is no variant `fixd`\n  Did you mean `fixed`?",
        ),
        (
            "violated = [\"mutual exclusion\"]",
            "violated = [\"exclusion\"]",
            "small.md:31: there is no invariant `exclusion` in the world\n  There is `mutual exclusion`.",
        ),
        (
            "client=worker-a,worker-b variant=naive",
            "client=worker-a,worker-x variant=naive",
            "small.md:35: there is no client `worker-x` in the world\n  Did you mean `worker-a`?",
        ),
        (
            "client=worker-a,worker-b variant=naive",
            "client=worker-a,worker-b",
            "small.md:35: this program does not say its `variant`\n  Write it behind the fence: ```python … variant=naive",
        ),
        (
            "variant=fixed",
            "variant=naive",
            "small.md:61: the variant `naive` already has a program for `worker-a` and `worker-b`\n  Give this variant another name, or take the client out of one of the blocks.",
        ),
        (
            "one()\n```",
            "one()\n",
            "small.md:35: the block that begins here is never closed",
        ),
        (
            "<!-- at: when lock expires -->",
            "<!-- at: when lock is gone -->",
            "small.md:40: the moment \"when lock is gone\" can't be: ",
        ),
        (
            "happens = \"when lock expires\"",
            "happens = \"sometime\"",
            "small.md:50: the moment \"sometime\" can't be: ",
        ),
        (
            "```toml predict",
            "```toml predikt",
            "small.md:44: there is no block called `predikt`\n  Did you mean `predict`?",
        ),
        (
            "```toml world",
            "```toml",
            "small.md:1: the lesson has no `world` block\n  Add one that begins with ```toml world",
        ),
    ] {
        let found = changed(from, to);
        if !found.contains(expected) {
            wrong.push_str(&format!(
                "{from} -> {to}\n--- expected\n{expected}\n--- found\n{found}\n\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_their_lines() {
    let text = SMALL
        .replace("minutes = 1", "minutes = \"one\"")
        .replace("starts", "strats")
        .replace("because", "becuase");
    let problems = Lesson::parse("small.md", &text).unwrap_err();
    let lines: Vec<u32> = problems.list.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [6, 19, 45, 46], "{problems}");
}

struct Nothing;

impl Source for Nothing {
    fn start(&self, _: &Start) -> Box<dyn Program> {
        Box::new(Self)
    }
}

impl Program for Nothing {
    fn resume(&mut self, _: Answer) -> Request {
        Request::Exit(Exit::Finished)
    }

    fn fork(&self) -> Box<dyn Program> {
        Box::new(Self)
    }
}

#[test]
fn a_scenario_takes_the_variants_programs_with_a_persons_changes() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compiled = std::cell::RefCell::new(Vec::new());
    let compile = |text: &str| -> Result<Arc<dyn Source>, SourceError> {
        compiled.borrow_mut().push(text.to_owned());
        Ok(Arc::new(Nothing))
    };
    let fault: Intervention = "crash worker-b at 2s".parse().unwrap();
    let setup = Setup {
        seed: Some(9),
        edits: &[(0, "three()\n".to_owned())],
        interventions: Some(vec![fault.clone()]),
        ..Setup::of(&lesson.variants[0])
    };
    let scenario = lesson.scenario(&setup, &compile).unwrap();
    assert_eq!(*compiled.borrow(), ["three()\n"]);
    assert_eq!(scenario.seed, 9);
    assert_eq!(scenario.interventions, [fault]);
    let clients: Vec<(&str, u64)> = scenario
        .clients
        .iter()
        .map(|c| (c.name.as_str(), c.starts_at.0))
        .collect();
    assert_eq!(clients, [("worker-a", 0), ("worker-b", 1_000_000)]);
}

#[test]
fn a_program_that_cannot_be_run_is_named_by_its_line_in_the_lesson() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compile = |text: &str| -> Result<Arc<dyn Source>, SourceError> {
        let message = "generators are not supported".to_owned();
        match text {
            "two()\n" => Err(SourceError {
                message,
                line: Some(1),
                ..SourceError::default()
            }),
            _ => Ok(Arc::new(Nothing)),
        }
    };
    let problems = redwind_lesson::check(&lesson, &compile).unwrap_err();
    let told = problems.to_string();
    assert!(
        told.contains("small.md:62: variant `fixed`: generators are not supported"),
        "{told}"
    );
}

#[test]
fn claims_that_are_not_so_are_named() {
    let lesson = Lesson::parse("small.md", SMALL).unwrap();
    let compile = |_: &str| -> Result<Arc<dyn Source>, SourceError> { Ok(Arc::new(Nothing)) };
    let told = redwind_lesson::check(&lesson, &compile)
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        "small.md:31: variant `naive`: `mutual exclusion` is claimed to be violated, but it is held: \
         Nobody wrote to storage.\n\
         small.md:40: the moment \"when lock expires\" does not come in the variant `naive`\n  \
         Look at what does: redwind run locks/small --variant naive"
    );
}

#[test]
fn no_damage_to_a_file_makes_reading_it_panic() {
    let read = |text: &str| drop(Lesson::parse("small.md", text));
    for (at, _) in SMALL.char_indices() {
        read(&SMALL[..at]);
        read(&SMALL[at..]);
    }
    let lines: Vec<&str> = SMALL.lines().collect();
    for at in 0..lines.len() {
        let (before, after) = lines.split_at(at);
        read(&[before, &after[1..]].concat().join("\n"));
        read(
            &[before, &[after[0], after[0]], &after[1..]]
                .concat()
                .join("\n"),
        );
        for odd in [
            "```",
            "+++",
            "<!-- at: ",
            "-->",
            "\u{0}\u{feff}é = [[[",
            "## ",
            "[[option]]",
            "~~~~toml world",
        ] {
            read(&[before, &[odd], after].concat().join("\n"));
        }
    }
    read(&"[".repeat(100_000));
    read(&format!("+++\nid = {}\n+++\n", "[".repeat(100_000)));
    read(&format!("+++\n+++\n{}\n", "> ".repeat(10_000)));
}

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
