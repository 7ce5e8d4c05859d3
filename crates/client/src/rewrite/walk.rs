//! The edits, statement by statement.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::edits::{Edits, position};
use super::facts::Facts;

/// All edits of a program, and its functions.
pub(crate) fn edits(
    source: &str,
    lines: &[usize],
    tokens: &Tokens,
    body: &[Stmt],
    facts: &Facts,
) -> (Edits, Vec<Function>) {
    let mut walk = Walk {
        source,
        lines,
        tokens,
        facts,
        edits: Edits::default(),
        place: Place::Module,
        class: None,
        receiver: None,
        plain_range: None,
        functions: Vec::new(),
        tries: 0,
        handling: None,
    };
    walk.block(body, true);
    (walk.edits, walk.functions)
}

/// Where a statement stands: it decides how a step is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Module,
    Function,
    /// A function that may run where the interpreter can't stop.
    Hurried,
    Class,
}

pub(super) struct Walk<'s> {
    pub(super) source: &'s str,
    pub(super) lines: &'s [usize],
    pub(super) tokens: &'s Tokens,
    pub(super) facts: &'s Facts,
    pub(super) edits: Edits,
    pub(super) place: Place,
    /// The class around, when directly in its methods.
    pub(super) class: Option<String>,
    /// The name that a method gives its object.
    pub(super) receiver: Option<String>,
    /// A `range(…)` that a loop steps through itself.
    plain_range: Option<TextRange>,
    /// The functions, in the order of their starts.
    functions: Vec<Function>,
    /// How many `try` statements there were; each names what it catches by its number.
    pub(super) tries: usize,
    /// The `try` whose handler this is, within the same function.
    pub(super) handling: Option<usize>,
}

/// A function of the program: its first and last line, and its name.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) name: String,
}

impl Walk<'_> {
    /// The statements of a block; `documented` when a first string is its documentation.
    pub(super) fn block(&mut self, body: &[Stmt], documented: bool) {
        for (i, stmt) in body.iter().enumerate() {
            if !(documented && i == 0 && is_string(stmt)) {
                self.step_before(stmt);
            }
            self.stmt(stmt);
        }
    }

    /// The white space before a statement on its line.
    pub(super) fn indent(&self, at: usize) -> &str {
        let line = self.lines.partition_point(|start| *start <= at).max(1) - 1;
        let text = &self.source[self.lines[line]..at];
        let end = text
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(text.len());
        &text[..end]
    }

    fn line(&self, at: usize) -> u32 {
        position(self.source, self.lines, at).0
    }

    fn variables(&self) -> &'static str {
        match self.place {
            Place::Module if self.facts.variables.is_empty() => "{}",
            Place::Module => "_rw_view(locals())",
            _ => "locals()",
        }
    }

    /// Text that runs before `stmt`: on its line when it is simple, on a line before it when it is not.
    pub(super) fn before(&mut self, stmt: &Stmt, text: &str) {
        let at = stmt.start().to_usize();
        let text = if is_compound(stmt) {
            format!("{text}\n{}", self.indent(at))
        } else {
            format!("{text}; ")
        };
        self.edits.insert(at, text);
    }

    fn step_before(&mut self, stmt: &Stmt) {
        let line = self.line(stmt.start().to_usize());
        let told_by_itself = match stmt {
            Stmt::Global(_) | Stmt::Nonlocal(_) => true,
            Stmt::ImportFrom(import) => import
                .module
                .as_ref()
                .is_some_and(|module| module == "__future__"),
            // Its condition tells the step, each time round.
            Stmt::While(ast::StmtWhile { test, .. }) => !is_constant(test),
            _ => false,
        };
        if told_by_itself {
            return;
        }
        match self.place {
            Place::Class => {}
            Place::Hurried => self.before(stmt, &format!("_rw_mark({line})")),
            Place::Module | Place::Function => {
                let variables = self.variables();
                let known = if self.facts.instances() {
                    "_rw_known, "
                } else {
                    ""
                };
                self.before(stmt, &format!("_rw_line({known}{line}, {variables})"));
            }
        }
    }

    /// A step told by a condition: of `while` each time round, of `elif` when it is reached.
    fn step_in(&mut self, test: &Expr) {
        if is_constant(test) {
            return;
        }
        let line = self.line(test.start().to_usize());
        let tell = match self.place {
            Place::Class => return,
            Place::Hurried => format!("_rw_mark({line}) or ("),
            Place::Module | Place::Function => {
                let known = if self.facts.instances() {
                    "_rw_known, "
                } else {
                    ""
                };
                format!("_rw_line({known}{line}, {}) or (", self.variables())
            }
        };
        self.edits.insert(test.start().to_usize(), tell);
        self.visit_expr(test);
        self.edits.insert(test.end().to_usize(), ")");
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(class) => self.class_def(class),
            Stmt::While(ast::StmtWhile {
                test, body, orelse, ..
            }) => {
                if is_constant(test) {
                    self.visit_expr(test);
                } else {
                    self.step_in(test);
                }
                self.block(body, false);
                self.block(orelse, false);
            }
            Stmt::If(ast::StmtIf {
                test,
                body,
                elif_else_clauses,
                ..
            }) => {
                self.visit_expr(test);
                self.block(body, false);
                for clause in elif_else_clauses {
                    match &clause.test {
                        Some(test) if is_constant(test) => self.visit_expr(test),
                        Some(test) => self.step_in(test),
                        None => {}
                    }
                    self.block(&clause.body, false);
                }
            }
            Stmt::For(ast::StmtFor {
                target,
                iter,
                body,
                orelse,
                ..
            }) => {
                if !self.listening(stmt, target, iter) {
                    self.visit_expr(target);
                    self.plain_range = Some(iter.range());
                    self.visit_expr(iter);
                }
                self.block(body, false);
                self.block(orelse, false);
            }
            Stmt::With(ast::StmtWith { items, body, .. }) => {
                for item in items {
                    self.visit_with_item(item);
                }
                self.block(body, false);
            }
            Stmt::Match(ast::StmtMatch { subject, cases, .. }) => {
                self.visit_expr(subject);
                for case in cases {
                    if let Some(guard) = &case.guard {
                        self.visit_expr(guard);
                    }
                    self.block(&case.body, false);
                }
            }
            Stmt::Try(try_) => self.try_stmt(try_),
            Stmt::Raise(raise) => self.raise(raise),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Delete(delete) => self.delete(delete),
            Stmt::AnnAssign(ast::StmtAnnAssign { target, value, .. }) => {
                // An annotation is never run, so it is left as it is.
                self.visit_expr(target);
                if let Some(value) = value {
                    self.visit_expr(value);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    /// `for m in p.listen():` is `while (m := p._listen()) is not None:`, as there are no generators.
    fn listening(&mut self, stmt: &Stmt, target: &Expr, iter: &Expr) -> bool {
        let (Expr::Name(name), Expr::Call(call)) = (target, iter) else {
            return false;
        };
        let Expr::Attribute(method) = &*call.func else {
            return false;
        };
        let plain = call.arguments.args.is_empty() && call.arguments.keywords.is_empty();
        if method.attr.as_str() != "listen" || !plain || !self.facts.attributes.contains("pubsub") {
            return false;
        }
        let start = stmt.start().to_usize();
        let begin = format!("while ({} := ", name.id);
        self.edits.replace(start, iter.start().to_usize(), begin);
        self.visit_expr(&method.value);
        self.edits.insert(method.attr.start().to_usize(), "_");
        self.edits.insert(iter.end().to_usize(), ") is not None");
        true
    }

    fn function(&mut self, def: &ast::StmtFunctionDef) {
        for decorator in &def.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        for parameter in def.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        let method = self.place == Place::Class;
        let place = if self.facts.hurried.contains(def.name.as_str()) {
            Place::Hurried
        } else {
            Place::Function
        };
        self.functions.push(Function {
            first: self.line(def.range.start().to_usize()),
            last: self.line(def.range.end().to_usize()),
            name: def.name.to_string(),
        });
        let outer_handling = self.handling.take();
        let outer = std::mem::replace(&mut self.place, place);
        let receiver = def
            .parameters
            .posonlyargs
            .iter()
            .chain(&def.parameters.args)
            .next();
        let receiver = receiver
            .filter(|_| method)
            .map(|parameter| parameter.parameter.name.to_string());
        let class = self.class.clone().filter(|_| method);
        let outer_receiver = std::mem::replace(&mut self.receiver, receiver);
        let outer_class = std::mem::replace(&mut self.class, class);
        if method {
            self.method_start(def);
        }
        self.block(&def.body, true);
        self.handling = outer_handling;
        self.class = outer_class;
        self.receiver = outer_receiver;
        self.place = outer;
    }

    /// Where the first token of a kind starts between two places.
    fn token_between(&self, kind: TokenKind, from: TextSize, to: TextSize) -> usize {
        self.tokens
            .after(from)
            .iter()
            .take_while(|token| token.end() <= to)
            .find(|token| token.kind() == kind)
            .map_or(from, |token| token.start())
            .to_usize()
    }

    /// `del d[k]` is `d.pop(k)`, for dicts and lists alike.
    fn delete(&mut self, delete: &ast::StmtDelete) {
        let start = delete.range.start().to_usize();
        let Some(first) = delete.targets.first() else {
            return;
        };
        self.edits.replace(start, first.start().to_usize(), "");
        let mut previous_end = None;
        for target in &delete.targets {
            let Expr::Subscript(subscript) = target else {
                continue;
            };
            if let Some(end) = previous_end {
                self.edits.replace(end, target.start().to_usize(), "; ");
            }
            self.visit_expr(&subscript.value);
            let (value, slice) = (subscript.value.end(), subscript.slice.start());
            let bracket = self.token_between(TokenKind::Lsqb, value, slice);
            self.edits.replace(bracket, bracket + 1, ".pop(");
            self.visit_expr(&subscript.slice);
            let end = target.end().to_usize();
            self.edits.replace(end - 1, end, ")");
            previous_end = Some(target.end().to_usize());
        }
        let end = delete.range.end().to_usize();
        if let Some(last) = previous_end.filter(|last| *last < end) {
            self.edits.replace(last, end, "");
        }
    }
}

impl<'a> Visitor<'a> for Walk<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.stmt(stmt);
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_comprehension(&mut self, comprehension: &'a ast::Comprehension) {
        self.plain_range = Some(comprehension.iter.range());
        visitor::walk_comprehension(self, comprehension);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name)
                if name.id.as_str() == "isinstance"
                    && self.facts.errors
                    && !self.facts.variables.contains("isinstance") =>
            {
                self.edits.replace(
                    name.range.start().to_usize(),
                    name.range.end().to_usize(),
                    "_rw_is",
                );
            }
            Expr::Name(name) if name.id.as_str() == "len" && self.facts.lengths => {
                self.edits.replace(
                    name.range.start().to_usize(),
                    name.range.end().to_usize(),
                    "_rw_len",
                );
            }
            Expr::Name(name)
                if matches!(name.id.as_str(), "exit" | "quit")
                    && !self.facts.variables.contains(name.id.as_str()) =>
            {
                self.edits.replace(
                    name.range.start().to_usize(),
                    name.range.end().to_usize(),
                    "_rw_leave",
                );
            }
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == "exit"
                    && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys") =>
            {
                let range = attribute.range;
                self.edits.replace(
                    range.start().to_usize(),
                    range.end().to_usize(),
                    "_rw_leave",
                );
            }
            // The interpreter's own exception classes have no name to ask for.
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == "__name__" && attribute.ctx.is_load() =>
            {
                self.edits.insert(attribute.start().to_usize(), "_rw_name(");
                self.visit_expr(&attribute.value);
                // From the dot: the value may stand in brackets.
                let (value, name) = (attribute.value.end(), attribute.attr.start());
                let dot = self.token_between(TokenKind::Dot, value, name);
                self.edits.replace(dot, attribute.end().to_usize(), ")");
            }
            Expr::Call(call) => {
                if self.super_call(call) {
                    return;
                }
                self.builtin_error(call);
                if let Expr::Name(name) = &*call.func
                    && name.id.as_str() == "type"
                    && call.arguments.args.len() == 3
                {
                    self.edits.replace(
                        name.range.start().to_usize(),
                        name.range.end().to_usize(),
                        "_rw_type",
                    );
                }
                if let Expr::Name(name) = &*call.func
                    && name.id.as_str() == "range"
                    && self.plain_range != Some(call.range())
                {
                    self.edits.replace(
                        name.range.start().to_usize(),
                        name.range.end().to_usize(),
                        "_rw_range",
                    );
                }
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Whether the statement is a bare string.
pub(super) fn is_string(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(ast::StmtExpr { value, .. }) if value.is_string_literal_expr())
}

/// Whether the statement needs a line of its own.
pub(super) fn is_compound(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Try(_)
    )
}

fn is_constant(test: &Expr) -> bool {
    test.is_literal_expr()
}
