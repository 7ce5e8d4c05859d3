//! The smallest lesson, for tests to change.

use redwind_sim::{Answer, Exit, Program, Request, Source, Start};

/// The smallest whole lesson; tests change one thing in it.
pub(crate) const SMALL: &str = r#"+++
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

/// A program that ends at once.
pub(crate) struct Nothing;

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
