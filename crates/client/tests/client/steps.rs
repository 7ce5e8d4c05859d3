//! Steps: the lines a program runs, with its variables.

use crate::transcript::{prints, steps};

#[test]
fn every_statement_is_told_before_it_runs_with_the_variables_of_that_moment() {
    let told = steps(
        "total = 0\nfor n in range(2):\n    total += n\nprint(total)\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\n\
         line 2 total=0\n\
         line 3 n=0 total=0\n\
         line 3 n=1 total=0\n\
         line 4 n=1 total=1\n\
         print 1\n\
         finished\n"
    );
}

#[test]
fn a_function_tells_its_own_variables() {
    let told = steps(
        "def add(a, b):\n    \"\"\"Adds.\"\"\"\n    sum = a + b\n    return sum\n\nx = add(1, 2)\nprint(x)\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\n\
         line 6\n\
         line 3 a=1 b=2\n\
         line 4 a=1 b=2 sum=3\n\
         line 7 x=3\n\
         print 3\n\
         finished\n"
    );
}

#[test]
fn conditions_of_while_and_elif_are_steps_of_their_own() {
    let told = steps(
        "n = 2\nwhile n > 0:\n    n -= 1\nif n == 5:\n    pass\nelif n == 0:\n    print('zero')\nelse:\n    pass\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\n\
         line 2 n=2\n\
         line 3 n=2\n\
         line 2 n=1\n\
         line 3 n=1\n\
         line 2 n=0\n\
         line 4 n=0\n\
         line 6 n=0\n\
         line 7 n=0\n\
         print zero\n\
         finished\n"
    );
}

#[test]
fn statements_on_one_line_and_over_several_keep_their_lines() {
    let told = steps(
        "a = 1; b = [\n    2,\n    3]\nif a: print(a); print(\n    b)\ntext = '''x\n  y'''\nc = a + \\\n    1\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\n\
         line 1 a=1\n\
         line 4 a=1 b=[2, 3]\n\
         line 4 a=1 b=[2, 3]\n\
         print 1\n\
         line 4 a=1 b=[2, 3]\n\
         print [2, 3]\n\
         line 6 a=1 b=[2, 3]\n\
         line 8 a=1 b=[2, 3] text='x\\n  y'\n\
         finished\n"
    );
}

#[test]
fn functions_that_are_called_from_within_a_sort_are_stepped_too() {
    let told = steps(
        "def size(word):\n    return len(word)\n\nprint(sorted(['ccc', 'a'], key=size))\n",
        [],
    );
    assert_eq!(
        told,
        "line 1\nline 4\nline 2\nline 2\nprint ['a', 'ccc']\nfinished\n"
    );
}

#[test]
fn functions_classes_modules_and_the_machinery_are_no_variables() {
    let told = steps(
        "import json\n\nclass Point:\n    def __init__(self, x):\n        self.x = x\n\ndef f(p):\n    return p\n\nq = f(Point(3))\nlong = 'x' * 200\nprint(len(long))\n",
        [],
    );
    assert_eq!(
        told,
        format!(
            "line 1\nline 3\nline 7\nline 10\nline 5 self=Point() x=3\nline 8 p=Point(x=3)\nline 11 q=Point(x=3)\n\
             line 12 long='{}'… q=Point(x=3)\nprint 200\nfinished\n",
            "x".repeat(60)
        )
    );
}

#[test]
fn tabs_and_narrow_indentation_are_as_good_as_any() {
    let source = "def f(n):\n\ttry:\n\t\treturn 1 // n\n\texcept ZeroDivisionError as e:\n\t\tprint(e)\n\tfinally:\n\t\tprint('end')\n\nf(0)\n";
    assert_eq!(prints(source), "division by zero\nend\n");
    let source = "try:\n 1 // 0\nexcept ZeroDivisionError as e:\n print(e)\n";
    assert_eq!(prints(source), "division by zero\n");
}
