//! Inheritance, which the interpreter has not: a class is given the members of its base by name, its line of
//! bases in `_bases`, and `super().method(…)` names the base itself.

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::logical_end;
use super::names::builtin_line;
use super::walk::{Place, Walk, is_string};

impl Walk<'_> {
    pub(super) fn class_def(&mut self, class: &ast::StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        if let Some(arguments) = &class.arguments {
            let range = arguments.range;
            self.edits
                .replace(range.start().to_usize(), range.end().to_usize(), "");
        }
        self.given_members(class);
        let place = std::mem::replace(&mut self.place, Place::Class);
        let outer = self.class.replace(class.name.to_string());
        self.block(&class.body, true);
        self.class = outer;
        self.place = place;
        if let Some(last) = class.body.last() {
            let name = class.name.as_str();
            let plain = !self
                .facts
                .inherited(name)
                .iter()
                .any(|member| member == "__init__");
            let plain = if plain { "True" } else { "False" };
            let indent = self.indent(class.range.start().to_usize()).to_owned();
            let end = logical_end(self.tokens, last, self.source);
            // A decorator may give the class parameters that nobody knows here.
            let keep = if class.decorator_list.is_empty() {
                format!("_rw_class({name}, {plain})")
            } else {
                format!("_rw_dressed({name})")
            };
            self.edits.insert(end, format!("\n{indent}{keep}"));
        }
    }

    /// Writes what the class inherits into its body.
    fn given_members(&mut self, class: &ast::StmtClassDef) {
        let name = class.name.as_str();
        let Some(known) = self.facts.classes.get(name) else {
            return;
        };
        let bases: Vec<&String> = known
            .bases
            .iter()
            .filter(|base| *base != "object")
            .collect();
        if bases.is_empty() {
            return;
        }
        let mut given = Vec::new();
        let mut line = Vec::new();
        for base in &bases {
            let builtin = builtin_line(base);
            if self.facts.classes.contains_key(*base) || builtin.is_empty() {
                line.push((*base).clone());
            }
            line.extend(builtin.into_iter().map(str::to_owned));
        }
        given.push(format!("_bases = ({},)", line.join(", ")));
        let own = |member: &str| known.members.iter().any(|known| known == member);
        let mut have: Vec<String> = Vec::new();
        for base in &bases {
            if self.facts.classes.contains_key(*base) {
                for member in self.facts.inherited(base) {
                    if !own(&member) && !have.contains(&member) {
                        given.push(format!("{member} = {base}.{member}"));
                        have.push(member);
                    }
                }
            }
        }
        if self.facts.is_error(name) {
            for (member, from) in [
                ("__init__", "_rw_error_init"),
                ("__str__", "_rw_error_str"),
                ("__repr__", "_rw_error_repr"),
            ] {
                if !own(member) && !have.iter().any(|known| known == member) {
                    given.push(format!("{member} = {from}"));
                }
            }
        }
        let given = given.join("; ");
        match class.body.first() {
            Some(first) if is_string(first) => self
                .edits
                .insert(first.end().to_usize(), format!("; {given}")),
            Some(first) => self.before(first, &given),
            None => {}
        }
    }

    /// Rewrites `super().method(…)`; `false` when the call is something else.
    pub(super) fn super_call(&mut self, call: &ast::ExprCall) -> bool {
        let Expr::Attribute(method) = &*call.func else {
            return false;
        };
        let Expr::Call(super_) = &*method.value else {
            return false;
        };
        let is_super = matches!(&*super_.func, Expr::Name(name) if name.id.as_str() == "super");
        let (Some(class), Some(receiver)) = (self.class.clone(), self.receiver.clone()) else {
            return false;
        };
        if !is_super || !super_.arguments.is_empty() {
            return false;
        }
        let base = self
            .facts
            .classes
            .get(&class)
            .and_then(|class| class.bases.iter().find(|base| *base != "object").cloned());
        let attr = method.attr.as_str();
        let function = match &base {
            Some(base) if self.facts.classes.contains_key(base) => format!("{base}.{attr}"),
            Some(base) if self.facts.is_error(base) => match attr {
                "__init__" => "_rw_error_init".to_owned(),
                "__str__" => "_rw_error_str".to_owned(),
                "__repr__" => "_rw_error_repr".to_owned(),
                _ => return false,
            },
            None if attr == "__init__" => "_rw_nothing".to_owned(),
            _ => return false,
        };
        self.edits
            .replace(call.start().to_usize(), method.end().to_usize(), function);
        let open = call.arguments.range.start().to_usize() + 1;
        let separator = if call.arguments.is_empty() { "" } else { ", " };
        self.edits.insert(open, format!("{receiver}{separator}"));
        for argument in &call.arguments.args {
            self.visit_expr(argument);
        }
        for keyword in &call.arguments.keywords {
            self.visit_expr(&keyword.value);
        }
        true
    }
}
