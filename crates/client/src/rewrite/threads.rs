//! Programs with several threads.
//!
//! The interpreter has tasks, which change places only where one waits by `await`. So in a program that uses
//! `threading`, every function that may wait becomes an `async def`, prelude and all, and every call of it is
//! awaited: each statement waits for the world, and there another thread has its turn. All share one memory, as
//! threads do. What Python calls by itself — `__init__`, a key of `sorted()` — can't be awaited: it runs in one
//! go, and asking the world there is refused when it happens.
//!
//! ```text
//! def renew(lock):                  async def renew(lock):
//!     lock.extend(10)                await _rw_line_(2, locals()); (await _rw_settle(lock.extend(10)))
//! ```
//!
//! This is a second pass, over what the first has made.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::edits::{Edits, line_starts};
use super::facts::Facts;

/// What the host answers only after a while. Awaited, it has an underscore more.
const WAITS: &[&str] = &[
    "_rw_line",
    "_rw_redis",
    "_rw_execute",
    "_rw_take",
    "_rw_tell",
    "_rw_listen",
    "_rw_release",
    "_rw_sleep",
    "_rw_resource",
    "_rw_discover",
];

/// Scripts that objects of the prelude hold, and call.
const SCRIPTS: &[&str] = &["_release", "_extend"];

/// What never waits and is called often: left as it is.
const PLAIN: &[&str] = &[
    "print",
    "len",
    "range",
    "str",
    "int",
    "float",
    "bool",
    "list",
    "dict",
    "set",
    "tuple",
    "bytes",
    "frozenset",
    "sorted",
    "min",
    "max",
    "sum",
    "any",
    "all",
    "abs",
    "round",
    "enumerate",
    "zip",
    "map",
    "filter",
    "isinstance",
    "type",
    "repr",
    "iter",
    "next",
    "reversed",
    "hasattr",
    "getattr",
    "setattr",
    "ord",
    "chr",
    "divmod",
    "pow",
    "hash",
    "id",
    "locals",
    "format",
    "callable",
    "super",
    "object",
];

/// Methods of Python's own values that are called often; left as they are unless something that waits has that name.
const PLAIN_METHODS: &[&str] = &[
    "append",
    "extend",
    "items",
    "keys",
    "values",
    "split",
    "join",
    "strip",
    "replace",
    "format",
    "encode",
    "decode",
    "startswith",
    "endswith",
    "lower",
    "upper",
    "update",
    "copy",
    "index",
    "hex",
    "dumps",
    "loads",
    "monotonic",
    "time",
    "uuid4",
    "random",
    "randint",
    "uniform",
];

/// The edits of the second pass over `code`, of which so many bytes are the prelude.
pub(super) fn edits(code: &str, prelude: usize, body: &[Stmt], facts: &Facts) -> Edits {
    let mut gather = Gather {
        functions: BTreeMap::new(),
        classes: BTreeSet::new(),
        asynchronous: BTreeSet::new(),
        inside: Vec::new(),
        prelude,
    };
    gather.visit_body(body);
    let Gather {
        functions,
        classes,
        asynchronous: written,
        ..
    } = gather;
    let mut waiting = written;
    loop {
        let more: Vec<String> = functions
            .iter()
            .filter(|(name, function)| {
                !waiting.contains(*name)
                    && !is_special(name)
                    && !(facts.hurried.contains(*name) && !function.prelude)
                    && function.waits(name, &waiting)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        waiting.extend(more);
    }
    let known_plain = functions
        .keys()
        .filter(|name| name.starts_with(super::names::HIDDEN) && !waiting.contains(*name))
        .cloned()
        .chain(classes)
        .collect();
    let mut colour = Colour {
        code,
        lines: line_starts(code),
        prelude,
        waiting,
        plain: known_plain,
        edits: Edits::default(),
        may_wait: false,
        renames: false,
        withs: 0,
    };
    for stmt in body {
        // What the prelude does while it is loaded is written as it must run.
        colour.may_wait = stmt.start().to_usize() >= prelude;
        colour.visit_stmt(stmt);
    }
    let mut edits = colour.edits;
    edits.insert(code.len(), "\nawait _rw_join_all()\n");
    edits
}

fn is_special(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// The name by which an awaited context manager is entered and left.
fn renamed(name: &str) -> Option<&'static str> {
    match name {
        "__enter__" => Some("enter_"),
        "__exit__" => Some("exit_"),
        _ => None,
    }
}

/// A function by its name; several of one name count as one.
#[derive(Default)]
struct Function {
    calls: BTreeSet<String>,
    /// Whether it stands in the prelude, at least once.
    prelude: bool,
}

impl Function {
    fn waits(&self, name: &str, waiting: &BTreeSet<String>) -> bool {
        let asks = |call: &str| WAITS.contains(&call) || SCRIPTS.contains(&call);
        let root = self.calls.iter().any(|call| asks(call));
        // The prelude's own functions are plain unless they ask the world themselves: what they call are values.
        root || (!name.starts_with(super::names::HIDDEN)
            && self.calls.iter().any(|call| waiting.contains(call)))
    }
}

struct Gather {
    functions: BTreeMap<String, Function>,
    classes: BTreeSet<String>,
    asynchronous: BTreeSet<String>,
    inside: Vec<String>,
    prelude: usize,
}

impl<'a> Visitor<'a> for Gather {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let name = def.name.as_str();
                let name = renamed(name).unwrap_or(name).to_owned();
                if def.is_async {
                    self.asynchronous.insert(name.clone());
                }
                self.functions.entry(name.clone()).or_default().prelude |=
                    def.start().to_usize() < self.prelude;
                self.inside.push(name);
                visitor::walk_stmt(self, stmt);
                self.inside.pop();
                return;
            }
            Stmt::ClassDef(class) => {
                self.classes.insert(class.name.to_string());
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Some(name) = callee(call)
            && let Some(inside) = self.inside.last()
            && let Some(function) = self.functions.get_mut(inside)
        {
            function.calls.insert(name.to_owned());
        }
        visitor::walk_expr(self, expr);
    }
}

fn callee(call: &ast::ExprCall) -> Option<&str> {
    match &*call.func {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

struct Colour<'s> {
    code: &'s str,
    lines: Vec<usize>,
    prelude: usize,
    /// Functions that may wait, by name.
    waiting: BTreeSet<String>,
    /// Functions and classes that are known not to.
    plain: BTreeSet<String>,
    edits: Edits,
    /// Whether `await` may stand here.
    may_wait: bool,
    /// Whether what the host answers is handed on to be awaited by the caller.
    renames: bool,
    withs: usize,
}

impl Colour<'_> {
    fn indent(&self, at: usize) -> &str {
        let line = self.lines.partition_point(|start| *start <= at).max(1) - 1;
        let text = &self.code[self.lines[line]..at];
        let end = text
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(text.len());
        &text[..end]
    }

    fn function(&mut self, def: &ast::StmtFunctionDef) {
        if def.is_async {
            // Of the prelude, which says itself what it awaits.
            return;
        }
        for decorator in &def.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        for parameter in def.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        let name = def.name.as_str();
        let new_name = renamed(name);
        let in_prelude = def.start().to_usize() < self.prelude;
        let waits = self.waiting.contains(new_name.unwrap_or(name));
        if let Some(new_name) = new_name {
            let (start, end) = (def.name.start().to_usize(), def.name.end().to_usize());
            self.edits.replace(start, end, new_name);
        }
        // `with` awaits both, whether they wait or not.
        let waits = waits || new_name.is_some();
        if waits {
            let after_decorators = def.decorator_list.last().map_or(def.start(), Ranged::end);
            let from = after_decorators.to_usize();
            let keyword = self.code[from..].find("def").map_or(from, |at| from + at);
            self.edits.insert(keyword, "async ");
        }
        let outer = std::mem::replace(&mut self.may_wait, waits);
        let renames = std::mem::replace(&mut self.renames, in_prelude && name == "__call__");
        self.visit_body(&def.body);
        self.may_wait = outer;
        self.renames = renames;
    }

    fn call(&mut self, call: &ast::ExprCall, awaited: bool) {
        let (start, end) = (call.start().to_usize(), call.end().to_usize());
        if let Expr::Name(name) = &*call.func
            && WAITS.contains(&name.id.as_str())
        {
            if self.may_wait || self.renames {
                self.edits.insert(name.end().to_usize(), "_");
            }
            if self.may_wait && !awaited {
                self.edits.insert(start, "(await ");
                visitor::walk_arguments(self, &call.arguments);
                self.edits.insert(end, ")");
                return;
            }
            return visitor::walk_arguments(self, &call.arguments);
        }
        let waits = !awaited && self.may_be_waiting(&call.func);
        let wraps = waits && (self.may_wait || start >= self.prelude);
        if wraps {
            // Where nothing can be awaited, what would have to be is at least not passed over.
            let with = if self.may_wait {
                "await _rw_settle"
            } else {
                "_rw_plain"
            };
            self.edits.insert(start, format!("({with}("));
        }
        match &*call.func {
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == "sleep"
                    && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "time") =>
            {
                self.sleeps(&call.func);
            }
            Expr::Name(name) if name.id.as_str() == "sleep" => self.sleeps(&call.func),
            other => self.visit_expr(other),
        }
        visitor::walk_arguments(self, &call.arguments);
        if wraps {
            self.edits.insert(end, "))");
        }
    }

    fn sleeps(&mut self, callee: &Expr) {
        if self.may_wait {
            let (start, end) = (callee.start().to_usize(), callee.end().to_usize());
            self.edits.replace(start, end, "_rw_time_sleep");
        }
    }

    fn may_be_waiting(&self, callee: &Expr) -> bool {
        match callee {
            Expr::Name(name) => {
                let name = name.id.as_str();
                self.waiting.contains(name)
                    || !(name.starts_with(super::names::HIDDEN)
                        || self.plain.contains(name)
                        || PLAIN.contains(&name))
            }
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                self.waiting.contains(name) || !PLAIN_METHODS.contains(&name)
            }
            _ => true,
        }
    }

    /// `with lock:` is entering, and leaving whatever happens: both may wait.
    fn with(&mut self, with: &ast::StmtWith) {
        let [item] = &with.items[..] else {
            return visitor::walk_stmt(self, &Stmt::With(with.clone()));
        };
        let Some(first) = with.body.first() else {
            return;
        };
        self.withs += 1;
        let manager = format!("_rw_with{}", self.withs);
        let start = with.start().to_usize();
        let indent = self.indent(start).to_owned();
        let context = &item.context_expr;
        self.edits
            .replace(start, context.start().to_usize(), format!("{manager} = "));
        self.visit_expr(context);
        let entered = match &item.optional_vars {
            Some(target) => format!(
                "{} = ",
                &self.code[target.start().to_usize()..target.end().to_usize()]
            ),
            None => String::new(),
        };
        // From behind the expression, and the brackets it may stand in, to the colon.
        let behind = item.end().to_usize();
        let until = first.start().to_usize();
        let colon = self.code[behind..until]
            .find(':')
            .map_or(behind, |at| behind + at);
        self.edits.replace(
            context.end().to_usize(),
            colon,
            format!("\n{indent}{entered}await {manager}.enter_()\n{indent}try"),
        );
        self.visit_body(&with.body);
        let last = with.end().to_usize();
        let end = self.code[last..]
            .find('\n')
            .map_or(self.code.len(), |at| last + at);
        self.edits.insert(
            end,
            format!("\n{indent}finally:\n{indent} await {manager}.exit_(None, None, None)"),
        );
    }
}

impl<'a> Visitor<'a> for Colour<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(class) => {
                let outer = std::mem::replace(&mut self.may_wait, false);
                self.visit_body(&class.body);
                self.may_wait = outer;
            }
            Stmt::With(with) if self.may_wait => self.with(with),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(_) => {
                let outer = std::mem::replace(&mut self.may_wait, false);
                visitor::walk_expr(self, expr);
                self.may_wait = outer;
            }
            Expr::Await(await_) => match &*await_.value {
                Expr::Call(call) => self.call(call, true),
                other => self.visit_expr(other),
            },
            Expr::Call(call) => self.call(call, false),
            _ => visitor::walk_expr(self, expr),
        }
    }
}
