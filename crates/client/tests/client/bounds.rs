//! Programs that would never end, or take too much.

use redwind_client::MOST_STATEMENTS;

use crate::transcript::prints;

#[track_caller]
fn stops(source: &str, why: &str, line: u32) {
    let text = prints(source);
    let last = text.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("stopped: ") && last.contains(why),
        "{last}"
    );
    assert!(last.ends_with(&format!("(line Some({line}))")), "{last}");
}

#[test]
fn a_loop_without_end_is_stopped_after_a_fixed_number_of_statements() {
    let why = format!("it ran {MOST_STATEMENTS} statements");
    stops("n = 0\nwhile True:\n    n += 1\n", &why, 3);
    stops("while True: pass\n", &why, 1);
}

#[test]
fn no_handler_can_keep_a_program_going() {
    let source = "while True:\n    try:\n        pass\n    except:\n        pass\n    finally:\n        x = 1\n";
    let text = prints(source);
    assert!(text.starts_with("stopped: "), "{text}");
    let source = "\
def work(n):
    while True:
        try:
            n = n + 1
        except:
            pass

try:
    print(sorted([1, 2], key=work))
except:
    print('caught')
";
    let text = prints(source);
    assert!(text.starts_with("stopped: "), "{text}");
}

#[test]
fn one_statement_without_end_is_stopped_too() {
    stops(
        "x = 1\ny = len([a for a in range(10**12)])\n",
        "one statement ran",
        2,
    );
    let text =
        prints("try:\n    y = sum(1 for a in range(10**12))\nexcept:\n    print('caught')\n");
    assert!(text.starts_with("stopped: one statement ran"), "{text}");
}

#[test]
fn values_too_large_are_refused_before_they_are_made() {
    stops("x = 'ab' * 10**12\n", "64 MB", 1);
    stops("x = [0] * 10**12\n", "64 MB", 1);
    stops("x = 10 ** 10 ** 10\n", "64 MB", 1);
    let text = prints("x = sum(range(10**12))\n");
    assert!(
        text.contains("can only be gone through by a for loop"),
        "{text}"
    );
}

#[test]
fn variables_of_many_parts_count_among_the_statements() {
    let source =
        "x = list(range(20000))\ntotal = 0\nfor i in range(2000):\n    total += i\nprint(total)\n";
    assert_eq!(prints(source), "1999000\n");
    let source = "x = list(range(200000))\nwhile True:\n    y = 1\n";
    stops(source, "hold so many values", 3);
}

#[test]
fn a_class_and_its_instances_may_be_variables_of_one_moment() {
    let source = "\
class Job:
    def __init__(self, name):
        self.name = name

class Quick(Job):
    pass

class Bare:
    kind = 'bare'

def run(cls, *more):
    made = [cls, cls('a'), Bare, Bare()]
    both = {'c': cls, 'o': Quick('b')}
    return made[1].name + both['o'].name

print(run(Job), run(Quick, Quick('x')))

from dataclasses import dataclass

@dataclass
class Row:
    id: int
    tags: list

def rows(kind):
    made = [kind, kind(1, ['x']), type('Made', (), {'n': 3})]
    return made[1], made[2]().n

print(rows(Row))
";
    assert_eq!(prints(source), "ab ab\n(Row(id=1, tags=['x']), 3)\n");
}
