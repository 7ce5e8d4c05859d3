//! What Python has and the interpreter has not: found before a program runs, each with what to write instead.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Operator, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::facts::{Facts, THREADING};
use super::names::{ABSENT, HIDDEN, MODULES, REDIS_ERRORS};
use crate::prelude;

/// Something that is not supported: where, what, and what to write instead.
pub(crate) struct Refused {
    pub(crate) range: TextRange,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

/// The first thing in the program that is not supported.
pub(crate) fn first(source: &str, body: &[Stmt], facts: &Facts) -> Option<Refused> {
    let mut search = Search {
        source,
        facts,
        found: None,
        in_class: false,
        in_function: false,
    };
    search.visit_body(body);
    search.found
}

struct Search<'s> {
    source: &'s str,
    facts: &'s Facts,
    found: Option<Refused>,
    in_class: bool,
    in_function: bool,
}

impl Search<'_> {
    fn refuse(&mut self, range: TextRange, message: impl Into<String>, remedy: impl Into<String>) {
        let earlier = self
            .found
            .as_ref()
            .is_some_and(|found| found.range.start() <= range.start());
        if !earlier {
            self.found = Some(Refused {
                range,
                message: message.into(),
                remedy: remedy.into(),
            });
        }
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        let name = class.name.as_str();
        if self.in_class {
            self.refuse(
                class.name.range,
                "A class inside a class is not supported here.",
                "Define it beside the outer class.",
            );
        }
        if let Some(arguments) = &class.arguments {
            if let Some(keyword) = arguments.keywords.first() {
                self.refuse(
                    keyword.range,
                    "Metaclasses and class keywords are not supported here.",
                    format!("Write `class {name}:`."),
                );
            }
            self.bases(name, &arguments.args);
        }
        for stmt in &class.body {
            match stmt {
                Stmt::FunctionDef(method) => {
                    if self.facts.threaded
                        && matches!(method.name.as_str(), "__enter__" | "__exit__")
                    {
                        self.refuse(
                            method.name.range,
                            "A context manager of one's own is not supported in a program with threads.",
                            "Write `try:` and `finally:` where you need it.",
                        );
                    }
                    if let Some(decorator) = method.decorator_list.first() {
                        let (what, instead) = match self.source[decorator.expression.range()].trim()
                        {
                            "staticmethod" => {
                                ("@staticmethod", "Make it a function outside the class.")
                            }
                            "classmethod" => (
                                "@classmethod",
                                "Make it a function outside the class that builds one.",
                            ),
                            "property" => ("@property", "Make it a method and call it with ()."),
                            _ => (
                                "A decorator on a method",
                                "Decorate a function outside the class, or call the helper inside the method.",
                            ),
                        };
                        self.refuse(
                            decorator.range,
                            format!("{what} is not supported here."),
                            instead,
                        );
                    }
                }
                Stmt::Assign(ast::StmtAssign { targets, .. })
                    if matches!(targets.as_slice(), [Expr::Name(_)]) => {}
                Stmt::AnnAssign(_) | Stmt::Pass(_) | Stmt::ClassDef(_) => {}
                Stmt::Expr(ast::StmtExpr { value, .. })
                    if matches!(**value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)) => {}
                other => self.refuse(
                    other.range(),
                    "A class may hold only methods and simple variables here.",
                    "Move this statement out of the class, or into `__init__`.",
                ),
            }
        }
        let outside = std::mem::replace(&mut self.in_class, true);
        for decorator in &class.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        self.visit_body(&class.body);
        self.in_class = outside;
    }

    fn bases(&mut self, name: &str, bases: &[Expr]) {
        let texts: Vec<&str> = bases
            .iter()
            .map(|base| &self.source[base.range()])
            .collect();
        let all_errors = texts.iter().all(|base| self.facts.is_error(base));
        if all_errors {
            return;
        }
        let plain: Vec<(&str, &Expr)> = texts
            .iter()
            .copied()
            .zip(bases)
            .filter(|(text, _)| *text != "object")
            .collect();
        if let Some((_, base)) = plain.get(1) {
            self.refuse(
                base.range(),
                "A class with several base classes is not supported here.",
                format!("Give `{name}` one base class, and keep the other in an attribute."),
            );
        }
        if let Some((text, base)) = plain.first()
            && !self.facts.classes.contains_key(*text)
        {
            self.refuse(
                base.range(),
                format!("A class can't inherit from `{text}` here."),
                "Inherit from a class of this program or from an exception; or write `class` without a base.",
            );
        }
    }

    fn import(&mut self, range: TextRange, module: &str) {
        let top = module.split('.').next().unwrap_or(module);
        if module == THREADING && !self.facts.threaded {
            self.refuse(
                range,
                "`threading` must be imported at the top of the program.",
                "Move the import there: a program with threads is prepared in another way.",
            );
        }
        if MODULES.contains(&top) || prelude::provides(module) {
            return;
        }
        let remedy = ABSENT
            .iter()
            .find(|(names, _)| names.contains(&top))
            .map_or(
                "Available are redis, time, datetime, random, uuid, secrets, json, hashlib, logging, math, re, collections, itertools, functools, dataclasses and a few more; and db, storage and mailer.",
                |(_, remedy)| remedy,
            );
        self.refuse(
            range,
            format!("There is no module `{module}` here."),
            remedy,
        );
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom) {
        let Some(module) = &import.module else {
            self.refuse(
                import.range,
                "A relative import has nothing to import from: a program here is one file.",
                "Put the code into this program.",
            );
            return;
        };
        let module = module.as_str();
        if import.level > 0 {
            self.refuse(
                import.range,
                "A relative import has nothing to import from: a program here is one file.",
                "Put the code into this program.",
            );
        }
        self.import(import.range, module);
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.refuse(
                    alias.range,
                    "`import *` is not supported here.",
                    "Name what you need.",
                );
            } else if prelude::provides(module)
                && !prelude::has(module, name)
                && !(module.starts_with("redis")
                    && REDIS_ERRORS.iter().any(|(known, _)| *known == name))
            {
                self.refuse(
                    alias.range,
                    format!("`{module}` has no `{name}` here."),
                    prelude::contents(module),
                );
            }
        }
    }
}

impl<'a> Visitor<'a> for Search<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::ClassDef(class) => return self.class(class),
            Stmt::FunctionDef(def) => {
                if def.is_async {
                    self.refuse(
                        def.range,
                        "`async def` is not supported here.",
                        "Write a plain `def`: every call waits for its answer, and other clients run meanwhile.",
                    );
                }
                let outside = std::mem::replace(&mut self.in_class, false);
                let in_function = std::mem::replace(&mut self.in_function, true);
                visitor::walk_stmt(self, stmt);
                self.in_class = outside;
                self.in_function = in_function;
                return;
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    let simple = matches!(target, Expr::Subscript(subscript) if !matches!(*subscript.slice, Expr::Slice(_) | Expr::Tuple(_)));
                    if !simple {
                        self.refuse(
                            target.range(),
                            "`del` works here for one entry only, as in `del d[key]`.",
                            "To forget a variable, set it to None; to empty a list, use `.clear()`.",
                        );
                    }
                }
            }
            Stmt::Return(return_) if !self.in_function => self.refuse(
                return_.range,
                "`return` outside a function.",
                "To end the program here, call `sys.exit()`.",
            ),
            Stmt::TypeAlias(alias) => self.refuse(
                alias.range,
                "`type` aliases are not supported here.",
                "Leave it out: annotations are not checked.",
            ),
            Stmt::For(ast::StmtFor {
                is_async: true,
                range,
                ..
            })
            | Stmt::With(ast::StmtWith {
                is_async: true,
                range,
                ..
            }) => self.refuse(
                *range,
                "`async` is not supported here.",
                "Leave the word out: every call waits for its answer.",
            ),
            Stmt::With(ast::StmtWith { items, range, .. })
                if self.facts.threaded && items.len() > 1 =>
            {
                self.refuse(
                    *range,
                    "`with` for several at once is not supported in a program with threads.",
                    "Write one `with` inside the other.",
                );
            }
            Stmt::Try(ast::StmtTry {
                is_star: true,
                range,
                ..
            }) => self.refuse(
                *range,
                "`except*` is not supported here.",
                "Write `except`.",
            ),
            Stmt::AugAssign(ast::StmtAugAssign {
                op: Operator::MatMult,
                range,
                ..
            }) => self.refuse(
                *range,
                "Matrix multiplication is not supported here.",
                "Write the loop.",
            ),
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(alias.range, alias.name.as_str());
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.id.as_str().starts_with(HIDDEN) => self.refuse(
                name.range,
                format!("Names that begin with `{HIDDEN}` belong to the machinery."),
                "Choose another name.",
            ),
            Expr::Yield(ast::ExprYield { range, .. })
            | Expr::YieldFrom(ast::ExprYieldFrom { range, .. }) => self.refuse(
                *range,
                "Generators (`yield`) are not supported here.",
                "Collect the values in a list and return it, or write a loop where you need them.",
            ),
            Expr::Await(ast::ExprAwait { range, .. }) => self.refuse(
                *range,
                "`await` is not supported here.",
                "Leave the word out: every call waits for its answer.",
            ),
            Expr::Named(named) if self.in_class => self.refuse(
                named.range,
                "`:=` in a class body is not supported here.",
                "Write an assignment before the class.",
            ),
            Expr::BinOp(ast::ExprBinOp {
                op: Operator::MatMult,
                range,
                ..
            }) => self.refuse(
                *range,
                "Matrix multiplication is not supported here.",
                "Write the loop.",
            ),
            Expr::TString(string) => self.refuse(
                string.range,
                "Template strings (t\"…\") are not supported here.",
                "Write an f-string.",
            ),
            _ => {}
        }
        if matches!(expr, Expr::Lambda(_)) {
            let outside = std::mem::replace(&mut self.in_class, false);
            visitor::walk_expr(self, expr);
            self.in_class = outside;
        } else {
            visitor::walk_expr(self, expr);
        }
    }
}
