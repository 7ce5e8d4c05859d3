//! `[cluster]` as authors write it, and the answers they get when something is wrong.

use redwind_lesson::Lesson;
use redwind_sim::{ClusterSpec, Span};

fn lesson(more: &str) -> String {
    format!(
        r#"+++
id = "cluster/small"
title = "Small"
track = "Cluster"
level = "beginner"
minutes = 1
summary = "A cluster."
seed = 1
+++

Read `ada`.

```toml world
clients = ["ada"]
nodes = ["n1", "n2", "n3", "n4"]
{more}

[[invariant]]
is = "no key without ttl"
pattern = "*"
```

```toml verdicts
why = "It shows only what it shows."
one = "held"
```

```python client=ada variant=one title="As it is"
one()
```
"#
    )
}

fn cluster(more: &str) -> (ClusterSpec, Vec<Option<String>>) {
    let lesson = match Lesson::parse("small.md", &lesson(more)) {
        Ok(lesson) => lesson,
        Err(problems) => panic!("{problems}"),
    };
    let follows = lesson
        .world
        .nodes
        .iter()
        .map(|node| node.spec.replica_of.clone());
    let follows = follows.collect();
    (lesson.world.cluster.expect("there is a cluster"), follows)
}

fn slots(spec: &ClusterSpec) -> Vec<(&str, &[(u16, u16)])> {
    let members = spec.members.iter();
    members
        .map(|member| (member.node.as_str(), member.slots.as_slice()))
        .collect()
}

#[test]
fn without_more_all_nodes_share_the_slots() {
    let (spec, _) = cluster("[cluster]");
    assert_eq!(
        slots(&spec),
        [
            ("n1", &[(0, 4095)][..]),
            ("n2", &[(4096, 8191)]),
            ("n3", &[(8192, 12287)]),
            ("n4", &[(12288, 16383)]),
        ]
    );
    assert_eq!(spec.node_timeout, Span::seconds(15));
    assert!(spec.full_coverage);
}

#[test]
fn with_replicas_the_last_nodes_follow_the_first() {
    let (spec, follows) = cluster("[cluster]\nreplicas = 1\nnode_timeout = \"1s\"");
    assert_eq!(
        follows,
        [None, None, Some("n1".to_owned()), Some("n2".to_owned())]
    );
    assert_eq!(
        slots(&spec)[..2],
        [("n1", &[(0, 8191)][..]), ("n2", &[(8192, 16383)])]
    );
    assert_eq!(spec.node_timeout, Span::seconds(1));
}

#[test]
fn slots_may_be_divided_by_hand_among_some_of_the_nodes() {
    let text = "[cluster]\nnodes = [\"n1\", \"n3\"]\nslots.n3 = [\"0-99\", \"200\"]\n\
        slots.n1 = [\"100-199\", \"201-16383\"]";
    let (spec, _) = cluster(text);
    assert_eq!(
        slots(&spec),
        [
            ("n1", &[(100, 199), (201, 16383)][..]),
            ("n3", &[(0, 99), (200, 200)]),
        ]
    );
}

#[test]
fn a_mistake_is_told_with_its_line_and_remedy() {
    for (more, told) in [
        ("cluster = 3", "`cluster` is not a table"),
        (
            "[cluster]\nnodes = [\"n1\", \"n9\"]",
            "the cluster names `n9`, which does not exist",
        ),
        (
            "[cluster]\nnodes = [\"n1\", \"n1\"]",
            "the cluster names `n1` twice",
        ),
        (
            "[cluster]\nreplicas = 2",
            "4 nodes can't be primaries with 2 replicas each",
        ),
        (
            "[cluster]\nreplicas = 1\n[node.n4]\nreplica_of = \"n1\"",
            "and so does `replica_of` of `n4`",
        ),
        (
            "[cluster]\nnodes = [\"n1\", \"n2\"]\n[node.n2]\nreplica_of = \"n4\"",
            "`n2` is a replica of `n4`, which is no part of the cluster",
        ),
        ("[cluster]\nnode_timeout = \"5ms\"", "is too short"),
        (
            "[cluster]\nfull_coverage = \"yes\"",
            "Write `full_coverage = true`",
        ),
        ("[cluster]\nslots.n1 = \"0-100\"", "nobody owns slot 101"),
        (
            "[cluster]\nslots.n1 = \"0-16384\"",
            "slots go from 0 to 16383",
        ),
        (
            "[cluster]\nslots.n7 = \"0-16383\"",
            "`slots` names `n7`, which is no node of the cluster",
        ),
        (
            "[cluster]\nslots.n1 = \"0-16383\"\nslots.n2 = \"7\"",
            "slot 7 is given to `n1` and to `n2`",
        ),
        (
            "[cluster]\nslots.n1 = \"0-16383\"\nslots.n4 = \"7\"\n[node.n4]\nreplica_of = \"n1\"",
            "`n4` is a replica and can't own slots",
        ),
        ("[cluster]\nreplica = 1", "has no key `replica`"),
        ("faults = [\"move-slot 7 to n2 at 1s\"]", "needs a cluster"),
        (
            "faults = [\"move-slot 16384 to n2 at 1s\"]\n[cluster]",
            "a slot's number, from 0 to 16383",
        ),
    ] {
        let found = match Lesson::parse("small.md", &lesson(more)) {
            Ok(_) => "nothing is wrong".to_owned(),
            Err(problems) => problems.to_string(),
        };
        assert!(found.contains(told), "{more}: {found}");
        assert!(found.starts_with("small.md:"), "{found}");
    }
}
