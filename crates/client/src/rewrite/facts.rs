//! What has to be known of a whole program before it is rewritten.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use super::names::{BUILTIN_ERRORS, CALLERS, REDIS_ERRORS, WAITING_METHODS};

/// What has to be known of a whole program before it is rewritten.
#[derive(Default)]
pub(crate) struct Facts {
    /// Every name that is read or written anywhere.
    pub(crate) names: BTreeSet<String>,
    /// Every attribute that is read, written or called anywhere.
    pub(crate) attributes: BTreeSet<String>,
    /// Names that the module itself gives values to, functions, classes and imports aside.
    pub(crate) variables: BTreeSet<String>,
    /// The modules that are imported, as they are written: `redis`, `redis.exceptions`.
    pub(crate) modules: BTreeSet<String>,
    /// The names that are imported from modules.
    pub(crate) imported: BTreeSet<String>,
    /// The classes by name.
    pub(crate) classes: BTreeMap<String, Class>,
    /// Functions and methods that may run where the interpreter cannot stop.
    pub(crate) hurried: BTreeSet<String>,
    /// Whether a class has a decorator.
    pub(crate) dressed: bool,
    /// Whether an exception class of Python's own is called.
    pub(crate) builtins: bool,
    /// Whether classes are made by calling `type`.
    pub(crate) types: bool,
    /// Whether `len` may meet a pipeline or an object of the program.
    pub(crate) lengths: bool,
    /// Whether the program leaves by `sys.exit()`.
    pub(crate) leaves: bool,
    /// Whether there is an `except`.
    pub(crate) handlers: bool,
    /// Whether there is a `raise`.
    pub(crate) raises: bool,
    /// Whether there is a `with`.
    pub(crate) withs: bool,
    /// Whether a class defines `__exit__`.
    pub(crate) exits: bool,
    /// Whether it may have several threads.
    pub(crate) threaded: bool,
    /// Whether the exceptions' part of the prelude is needed.
    pub(crate) errors: bool,
}

/// A class of the program.
#[derive(Default)]
pub(crate) struct Class {
    /// Its bases as written.
    pub(crate) bases: Vec<String>,
    /// Methods and class variables that it defines itself.
    pub(crate) members: Vec<String>,
}

impl Facts {
    /// Gathers the facts of a program.
    pub(crate) fn of(source: &str, body: &[Stmt]) -> Self {
        let mut gather = Gather {
            source,
            facts: Self {
                threaded: body.iter().any(imports_threading),
                ..Self::default()
            },
            depth: 0,
            functions: BTreeMap::new(),
            inside: Vec::new(),
            seeds: BTreeSet::new(),
            hurry: 0,
            globals: BTreeSet::new(),
        };
        gather.visit_body(body);
        let Gather {
            mut facts,
            functions,
            seeds,
            globals,
            ..
        } = gather;
        facts.variables.extend(globals);
        facts.lengths = facts.names.contains("len")
            && (facts.attributes.contains("pipeline") || functions.contains_key("__len__"));
        facts.exits = functions.contains_key("__exit__");
        let needs = crate::prelude::Needs::of(&facts);
        facts.errors = facts.threaded
            || facts.handlers
            || facts.raises
            || facts.exits
            || needs.pipelines
            || needs.locks
            || needs.cluster
            || facts.classes.values().any(|class| !class.bases.is_empty())
            || facts
                .attributes
                .iter()
                .any(|name| crate::prelude::is_resource_error(name))
            || REDIS_ERRORS
                .iter()
                .any(|(name, _)| facts.attributes.contains(*name));
        facts.leaves = facts.attributes.contains("exit")
            || facts.names.contains("exit")
            || facts.names.contains("quit");
        // A function that a hurried one calls is hurried too. Names are all there is to go by: a method is
        // whatever is defined under its name, in any class.
        let mut left: Vec<String> = seeds.into_iter().collect();
        while let Some(name) = left.pop() {
            let constructor = facts.classes.contains_key(&name);
            let name = if constructor {
                "__init__".to_owned()
            } else {
                name
            };
            let Some(calls) = functions.get(&name) else {
                continue;
            };
            if facts.hurried.insert(name) {
                left.extend(calls.iter().cloned());
            }
        }
        facts
    }

    /// Whether the prelude keeps an instance of every class, to be handed out before anything else: the
    /// interpreter can't hand out a class and after it an instance of it.
    pub(crate) fn instances(&self) -> bool {
        self.errors || self.types || !self.classes.is_empty()
    }

    /// Whether a class or a base as written is an exception.
    pub(crate) fn is_error(&self, name: &str) -> bool {
        self.is_error_at(name, 0)
    }

    fn is_error_at(&self, name: &str, depth: usize) -> bool {
        if let Some(class) = self.classes.get(name) {
            return depth < 64
                && class
                    .bases
                    .iter()
                    .any(|base| self.is_error_at(base, depth + 1));
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        BUILTIN_ERRORS.iter().any(|(known, _)| *known == last)
            || REDIS_ERRORS.iter().any(|(known, _)| *known == last)
            || crate::prelude::is_resource_error(last)
    }

    /// The members that a class has, its own and those of the program's classes above it, with the class each
    /// comes from.
    pub(crate) fn inherited(&self, base: &str) -> Vec<String> {
        let mut members = Vec::new();
        let mut next = Some(base.to_owned());
        let mut depth = 0;
        while let Some(class) = next.as_ref().and_then(|name| self.classes.get(name)) {
            for member in &class.members {
                if !members.contains(member) {
                    members.push(member.clone());
                }
            }
            depth += 1;
            next = class.bases.first().cloned().filter(|_| depth < 64);
        }
        if self.is_error(base) {
            for member in ["__init__", "__str__", "__repr__"] {
                if !members.iter().any(|known| known == member) {
                    members.push(member.to_owned());
                }
            }
        }
        members
    }
}

/// The module in which threads live.
pub(crate) const THREADING: &str = "threading";

fn imports_threading(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Import(import) => import
            .names
            .iter()
            .any(|alias| alias.name.as_str() == THREADING),
        Stmt::ImportFrom(import) => import
            .module
            .as_ref()
            .is_some_and(|module| module.as_str() == THREADING),
        _ => false,
    }
}

struct Gather<'s> {
    source: &'s str,
    facts: Facts,
    /// How many functions and classes deep.
    depth: usize,
    /// What each function calls, by the function's name.
    functions: BTreeMap<String, BTreeSet<String>>,
    /// The functions around the current place.
    inside: Vec<String>,
    /// Functions that are known to be hurried.
    seeds: BTreeSet<String>,
    /// Inside an argument that is called without stopping.
    hurry: usize,
    globals: BTreeSet<String>,
}

impl Gather<'_> {
    fn called(&mut self, name: &str) {
        if let Some(function) = self.inside.last()
            && let Some(calls) = self.functions.get_mut(function)
        {
            calls.insert(name.to_owned());
        }
        if self.hurry > 0 {
            self.seeds.insert(name.to_owned());
        }
    }

    fn function(&mut self, def: &ast::StmtFunctionDef, method: bool) {
        let name = def.name.as_str();
        self.functions.entry(name.to_owned()).or_default();
        let special = name.starts_with("__") && name.ends_with("__");
        let waits = WAITING_METHODS.contains(&name) && !self.facts.threaded;
        if method && special && !waits {
            self.seeds.insert(name.to_owned());
        }
        for decorator in &def.decorator_list {
            // A decorator is called where it stands, so its name is no value that travels.
            match &decorator.expression {
                Expr::Name(name) => self.called(name.id.as_str()),
                other => self.visit_expr(other),
            }
        }
        self.visit_parameters(&def.parameters);
        self.inside.push(name.to_owned());
        self.depth += 1;
        self.visit_body(&def.body);
        self.depth -= 1;
        self.inside.pop();
    }

    fn class(&mut self, def: &ast::StmtClassDef) {
        let mut class = Class::default();
        if let Some(arguments) = &def.arguments {
            for base in &arguments.args {
                class.bases.push(self.source[base.range()].to_owned());
                self.visit_expr(base);
            }
        }
        for stmt in &def.body {
            match stmt {
                Stmt::FunctionDef(method) => class.members.push(method.name.to_string()),
                Stmt::Assign(assign) => {
                    for target in &assign.targets {
                        if let Expr::Name(name) = target {
                            class.members.push(name.id.to_string());
                        }
                    }
                }
                Stmt::AnnAssign(ast::StmtAnnAssign {
                    target,
                    value: Some(_),
                    ..
                }) => {
                    if let Expr::Name(name) = &**target {
                        class.members.push(name.id.to_string());
                    }
                }
                _ => {}
            }
        }
        self.facts.dressed |= !def.decorator_list.is_empty();
        self.facts.classes.insert(def.name.to_string(), class);
        for decorator in &def.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        self.depth += 1;
        for stmt in &def.body {
            match stmt {
                Stmt::FunctionDef(method) => self.function(method, true),
                other => self.visit_stmt(other),
            }
        }
        self.depth -= 1;
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let callee = match &*call.func {
            Expr::Name(name) => {
                self.facts.names.insert(name.id.to_string());
                self.called(name.id.as_str());
                name.id.as_str()
            }
            Expr::Attribute(attribute) => {
                self.facts.attributes.insert(attribute.attr.to_string());
                self.called(attribute.attr.as_str());
                self.visit_expr(&attribute.value);
                attribute.attr.as_str()
            }
            other => {
                self.visit_expr(other);
                ""
            }
        };
        self.facts.builtins |= BUILTIN_ERRORS.iter().any(|(name, _)| *name == callee);
        self.facts.types |= callee == "type" && call.arguments.args.len() == 3;
        let hurries = CALLERS.contains(&callee);
        for argument in &call.arguments.args {
            self.argument(argument, hurries);
        }
        for keyword in &call.arguments.keywords {
            let hurries = hurries
                || keyword
                    .arg
                    .as_ref()
                    .is_some_and(|name| matches!(name.as_str(), "key" | "default_factory"));
            self.argument(&keyword.value, hurries);
        }
    }

    fn argument(&mut self, argument: &Expr, hurries: bool) {
        match argument {
            Expr::Name(name) => {
                self.facts.names.insert(name.id.to_string());
                if hurries {
                    self.seeds.insert(name.id.to_string());
                }
            }
            Expr::Attribute(attribute) => {
                self.facts.attributes.insert(attribute.attr.to_string());
                self.visit_expr(&attribute.value);
                if hurries {
                    self.seeds.insert(attribute.attr.to_string());
                }
            }
            Expr::Lambda(_) if !hurries => visitor::walk_expr(self, argument),
            other => self.visit_expr(other),
        }
    }
}

impl<'a> Visitor<'a> for Gather<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => return self.function(def, false),
            Stmt::ClassDef(def) => return self.class(def),
            Stmt::Return(ast::StmtReturn {
                value: Some(value), ..
            }) => {
                // What a decorator returns is called in the open.
                if let Expr::Name(name) = &**value {
                    self.facts.names.insert(name.id.to_string());
                    return;
                }
            }
            Stmt::Global(global) => self
                .globals
                .extend(global.names.iter().map(ToString::to_string)),
            Stmt::Import(import) => {
                let modules = import.names.iter().map(|alias| alias.name.to_string());
                self.facts.modules.extend(modules);
            }
            Stmt::ImportFrom(ast::StmtImportFrom {
                module: Some(module),
                names,
                ..
            }) => {
                self.facts.modules.insert(module.to_string());
                let imported = names.iter().map(|alias| alias.name.to_string());
                self.facts.imported.extend(imported.clone());
                // A name that is imported is used as if it were an attribute.
                self.facts.attributes.extend(imported);
            }
            Stmt::Raise(_) => self.facts.raises = true,
            Stmt::With(_) => self.facts.withs = true,
            Stmt::Try(try_) => self.facts.handlers |= !try_.handlers.is_empty(),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(handler_) = handler;
        if let (Some(name), 0) = (&handler_.name, self.depth) {
            self.facts.variables.insert(name.to_string());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                self.facts.names.insert(name.id.to_string());
                match name.ctx {
                    ExprContext::Store if self.depth == 0 => {
                        self.facts.variables.insert(name.id.to_string());
                    }
                    // A function that is passed on as a value may end up anywhere.
                    ExprContext::Load => {
                        self.seeds.insert(name.id.to_string());
                    }
                    _ => {}
                }
            }
            Expr::Attribute(attribute) => {
                self.facts.attributes.insert(attribute.attr.to_string());
                if attribute.ctx == ExprContext::Load {
                    self.seeds.insert(attribute.attr.to_string());
                }
                self.visit_expr(&attribute.value);
            }
            Expr::Call(call) => {
                self.call(call);
            }
            // A lambda that is kept may be called anywhere.
            Expr::Lambda(_) => {
                self.hurry += 1;
                visitor::walk_expr(self, expr);
                self.hurry -= 1;
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
