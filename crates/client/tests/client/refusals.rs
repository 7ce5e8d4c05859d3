//! Programs that can't be run: what is said, and where.

use redwind_client::PythonSource;

#[track_caller]
fn refused(source: &str, line: u32, message: &str, remedy: &str) {
    let error = PythonSource::parse(source).expect_err(source);
    assert_eq!(error.line, line, "{error}");
    assert!(error.message.contains(message), "{error}");
    let said = error.remedy.clone().unwrap_or_default();
    assert!(
        said.contains(remedy) && (remedy.is_empty() == said.is_empty()),
        "{error}"
    );
    assert_eq!(
        error.text,
        source.lines().nth(line as usize - 1).unwrap_or_default()
    );
}

#[test]
fn wrong_syntax_is_named_with_its_place() {
    let error = PythonSource::parse("x = 1\nif x\n    pass\n").expect_err("no colon");
    assert_eq!((error.line, error.column), (2, 5), "{error}");
    assert!(error.message.ends_with('.'), "{error}");
    refused("x = (1,\n", 2, "", "");
    refused("def f():\nreturn 1\n", 2, "ndent", "");
    refused("return 1\n", 1, "outside a function", "sys.exit()");
    refused("break\n", 1, "outside loop", "");
    refused("def f():\n    continue\n", 2, "loop", "");
    refused("def f(a, a):\n    pass\n", 1, "", "");
    refused("def f():\n    nonlocal x\n", 2, "", "");
}

#[test]
fn what_is_not_supported_names_what_to_write_instead() {
    refused("x = 1\ndef f():\n    yield 1\n", 3, "Generators", "list");
    refused("async def f():\n    pass\n", 1, "async def", "plain `def`");
    refused(
        "import redis\nimport multiprocessing\n",
        2,
        "no module `multiprocessing`",
        "several clients",
    );
    refused("import requests\n", 1, "no module `requests`", "`redis`");
    refused(
        "from redis import Clutser\n",
        1,
        "`redis` has no `Clutser`",
        "StrictRedis",
    );
    refused(
        "class A:\n    @property\n    def x(self):\n        return 1\n",
        2,
        "@property",
        "call it with ()",
    );
    refused("import enum\n", 1, "no module `enum`", "few lines");
    refused(
        "class A(dict):\n    pass\n",
        1,
        "inherit from `dict`",
        "exception",
    );
    refused("x = 1\ndel x\n", 2, "`del`", "None");
    refused("from math import *\n", 1, "import *", "Name what you need");
    refused("class A:\n    print('hi')\n", 2, "only methods", "__init__");
    refused(
        "try:\n    pass\nexcept* ValueError:\n    pass\n",
        1,
        "except*",
        "Write `except`",
    );
    refused("_rw_line = 1\n", 1, "machinery", "another name");
}

#[test]
fn absurd_sources_are_refused_and_never_panic() {
    let deep = "(".repeat(5_000);
    assert!(PythonSource::parse(&deep).is_err());
    let deep = format!("x = {}1{}\n", "[".repeat(3_000), "]".repeat(3_000));
    assert!(PythonSource::parse(&deep).is_err());
    let deep: String = (0..300)
        .map(|n| format!("{}if x:\n", " ".repeat(n)))
        .collect();
    assert!(PythonSource::parse(&deep).is_err());
    let long = "x = 1\n".repeat(200_000);
    assert!(PythonSource::parse(&long).is_err());
    for source in [
        "\0",
        "\u{feff}x = 1\n",
        "x = '\u{1}'\n",
        "é = 1\nprint(é)\n",
        "#",
        "",
        "\\",
        "'''",
        "\r\nx = 1\r\n",
    ] {
        let _ = PythonSource::parse(source);
    }
}
