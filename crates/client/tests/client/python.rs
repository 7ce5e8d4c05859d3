//! Beside the real thing: programs print here what they print under CPython, and calls of redis-py return what
//! the real redis-py returns from a real server. Both say so when there is nothing to compare with.

#![expect(clippy::disallowed_types, reason = "it starts the real Python")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::transcript::prints;

/// Programs that need nothing but Python.
const PROGRAMS: &[&str] = &[
    // Control flow of every shape.
    "
def classify(n):
    '''Says what n is.'''
    if n < 0: return 'negative'
    elif n == 0:
        return 'zero'
    elif n % 2: return 'odd'
    else:
        return 'even'

for n in range(-1, 4): print(n, classify(n))
else: print('done')
i = 0
while i < 10:
    i += 1
    if i == 3: continue
    if i == 6:
        break
    print(i, end=' ')
else:
    print('never')
print()
while (left := 12 - i) > 3:
    i += 2
    print(left)
",
    // Strings that look like statements, continuations, several statements on a line.
    "
text = '''
if x:
    pass
\texcept:
'''; print(repr(text))
total = 1 + \\
    2 + (3 +
         4)
print(total); print(f'{total!r:>5}|{total:03d}|{\"nested\" + str(total)}')
data = {
    'a': [1,
          2],
    'b': lambda x: (
        x + 1),
}
print(data['b'](data['a'][1]), [
    y for y in data['a']
    if y > 1])
if True: a = 1; b = 2; print(a, b)
print('''end
of it''')  # a comment
",
    // Exceptions: order, else, finally, return through finally, nesting, re-raising.
    "
def f(n):
    try:
        if n == 0:
            raise ValueError('zero')
        if n == 1:
            return 'one'
        if n == 2:
            {}['missing']
        if n == 3: [][0]
    except ValueError as e:
        print('value', e)
        return 'v'
    except (KeyError,
            IndexError) as e:
        print('lookup', repr(e))
    else:
        print('else')
    finally:
        print('finally', n)
    return 'end'

for n in range(5):
    print(f(n))

def g():
    for i in range(3):
        try:
            try:
                if i == 1:
                    continue
                if i == 2:
                    break
                raise KeyError(i)
            except IndexError:
                print('no')
            finally:
                print('inner', i)
        except LookupError as e:
            print('outer', e)
            try:
                raise
            except KeyError as again:
                print('again', again is e)
    return i

print(g())
try:
    try: 1 / 0
    except ZeroDivisionError: raise RuntimeError('while handling')
except RuntimeError as e: print(type(e).__name__, e)
try:
    assert 1 == 2, 'not equal'
except AssertionError as e:
    print('assert', e)
",
    // Exception classes with an inheritance of their own.
    "
class Base(Exception):
    '''The base.'''

class Leaf(Base):
    code = 7
    def __init__(self, what, extra=None):
        super().__init__('about ' + what)
        self.extra = extra

class Other(ValueError): pass

for make in (lambda: Leaf('x', 1), lambda: Base('y', 2), lambda: Base(), lambda: Other('z'), Base):
    try:
        raise make() if make is not Base else Base
    except Leaf as e:
        print('leaf', e, e.args, e.extra, e.code, repr(e))
    except Base as e:
        print('base', str(e), e.args, repr(e))
    except ValueError as e:
        print('value', e, isinstance(e, Other), isinstance(e, Base), isinstance(e, Exception))
",
    // Classes, closures, decorators, with.
    "
import functools

def twice(f):
    def inner(*args, **kwargs):
        return f(*args, **kwargs) * 2
    return inner

@twice
def add(a, b=1):
    return a + b

class Counter:
    total = 0

    def __init__(self, start=0):
        self.n = start

    def up(self, by=1):
        self.n += by
        Counter.total += by
        return self

    def __repr__(self):
        return f'Counter({self.n})'

    def __eq__(self, other):
        return isinstance(other, Counter) and self.n == other.n

    def __len__(self):
        return self.n

class Shelf:
    def __init__(self, name):
        self.name = name
    def __enter__(self):
        print('open', self.name)
        return self
    def __exit__(self, kind, value, traceback):
        print('close', self.name, kind is None, value)
        return kind is ValueError

def make():
    count = 0
    def step():
        nonlocal count
        count += 1
        return count
    return step

step = make()
print(step(), step(), add(2), add(2, b=5))
c = Counter(1).up().up(3)
print(c, c == Counter(5), len(c), Counter.total, [Counter(1)])
with Shelf('a') as a, Shelf('b'):
    print(a.name)
    raise ValueError('inside')
print(functools.reduce(lambda x, y: x * y, [1, 2, 3, 4]))
print(sorted(['bb', 'a', 'ccc'], key=lambda s: -len(s)), max([3, 1, 2], key=lambda n: -n))
x = 5
def change():
    global x
    x = 6
change()
print(x)
",
    // Matching, comprehensions, unpacking, sorting with a function of the program.
    "
def kind(v):
    match v:
        case 0 | 1: return 'bit'
        case [a, *rest]:
            return f'list of {a} and {len(rest)}'
        case {'k': value}:
            return f'map {value}'
        case str() as s if s:
            return s.upper()
        case _:
            return 'other'

for v in (1, [3, 4, 5], {'k': 2}, 'text', None): print(kind(v))
first, *middle, last = range(5)
print(first, middle, last, {k: v for k, v in zip('ab', [1, 2])}, {n % 3 for n in range(7)})
def weight(item):
    name, n = item
    if n > 1:
        return -n
    return n
print(sorted([('a', 1), ('b', 3), ('c', 2)], key=weight))
print(list(map(weight, [('x', 4)])), any(weight(i) < 0 for i in [('q', 9)]))
matrix = [[r * c for c in range(3)] for r in range(3)]
print(matrix, sum(sum(row) for row in matrix), sum(range(100)), list(range(5, 0, -2)))
d = {'a': 1, 'b': 2, 3: 4, (1, 2): 5}
del d['a'], (d) [ (3) ]
print(d, len(d), 'a' in d)
print((type(d)).__name__, ValueError . __name__, [t.__name__ for t in (int, str)])
if (isinstance)(d, (dict)): print(len (d))
try: raise (KeyError)(
    1, 'two')
except (LookupError) as e: print(e.args, repr(e))
try:
    raise ValueError(5)
except ValueError as e:
    print(str(e), e.args)
",
];

fn cpython(program: &str) -> Option<String> {
    let mut child = Command::new("python3")
        .args(["-I", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(program.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{program}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn programs_print_what_they_print_under_cpython() {
    for program in PROGRAMS {
        let Some(expected) = cpython(program) else {
            say("nothing compared: python3 can't be started here");
            return;
        };
        assert_eq!(prints(program), expected, "{program}");
    }
}

fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}
