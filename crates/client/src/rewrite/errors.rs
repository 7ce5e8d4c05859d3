//! `try` and `raise`: which handler fits is asked of the prelude, which knows the exception classes of redis
//! and of the program. The interpreter itself carries such an exception as a `RuntimeError` with a sign in it.
//!
//! ```text
//! except redis.WatchError as e:        except BaseException as _rw_e1:
//!     retry()                           _rw_x = _rw_open(_rw_e1)
//!                                       if _rw_is(_rw_x, redis.WatchError):
//!                                          e = _rw_x; retry()
//!                                       else:
//!                                        raise _rw_again(_rw_e1)
//! ```

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, ExceptHandler, Expr};
use ruff_text_size::{Ranged, TextSize};

use super::logical_end;
use super::names::builtin_line;
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn try_stmt(&mut self, try_: &ast::StmtTry) {
        self.block(&try_.body, false);
        let indent = self.indent(try_.range.start().to_usize()).to_owned();
        let mut catches_all = false;
        self.tries += 1;
        let number = self.tries;
        let outer = self.handling.replace(number);
        for (i, handler) in try_.handlers.iter().enumerate() {
            let ExceptHandler::ExceptHandler(handler) = handler;
            catches_all |= handler.type_.is_none();
            self.handler(handler, number, i == 0, &indent);
        }
        self.handling = outer;
        if let Some(ExceptHandler::ExceptHandler(last)) = try_.handlers.last()
            && let Some(stmt) = last.body.last()
            && !catches_all
        {
            let end = logical_end(self.tokens, stmt, self.source);
            self.edits.insert(
                end,
                format!("\n{indent} else:\n{indent}  raise _rw_again(_rw_e{number})"),
            );
        }
        self.block(&try_.orelse, false);
        self.block(&try_.finalbody, false);
    }

    fn handler(
        &mut self,
        handler: &ast::ExceptHandlerExceptHandler,
        number: usize,
        first: bool,
        indent: &str,
    ) {
        let start = handler.range.start();
        let keyword_end = start + TextSize::new("except".len() as u32);
        let opening = if first {
            format!(
                "except BaseException as _rw_e{number}:\n{indent} _rw_x = _rw_open(_rw_e{number})\n{indent} if"
            )
        } else {
            " elif".to_owned()
        };
        match &handler.type_ {
            Some(type_) => {
                self.edits.replace(
                    start.to_usize(),
                    keyword_end.to_usize(),
                    format!("{opening} _rw_is(_rw_x,"),
                );
                self.visit_expr(type_);
                if matches!(&**type_, Expr::Tuple(tuple) if !tuple.parenthesized) {
                    self.edits.insert(type_.start().to_usize(), "(");
                    self.edits.insert(type_.end().to_usize(), ")");
                }
                // From behind the type, and the brackets it may stand in, to the colon.
                let mut behind = type_.end();
                let mut bracketed = true;
                let mut colon = behind;
                for token in self.tokens.after(type_.end()) {
                    match token.kind() {
                        TokenKind::Rpar if bracketed => behind = token.end(),
                        TokenKind::NonLogicalNewline | TokenKind::Comment => {}
                        TokenKind::Colon => {
                            colon = token.start();
                            break;
                        }
                        _ => bracketed = false,
                    }
                }
                let (behind, colon) = (behind.to_usize(), colon.to_usize());
                self.edits.replace(behind, colon.max(behind), ")");
            }
            None => {
                let opening = if first {
                    format!("{opening} True")
                } else {
                    " else".to_owned()
                };
                self.edits
                    .replace(start.to_usize(), keyword_end.to_usize(), opening);
            }
        }
        if let (Some(name), Some(stmt)) = (&handler.name, handler.body.first()) {
            self.before(stmt, &format!("{name} = _rw_x"));
        }
        self.block(&handler.body, false);
    }

    pub(super) fn raise(&mut self, raise: &ast::StmtRaise) {
        if let Some(exc) = &raise.exc {
            self.edits.insert(exc.start().to_usize(), "_rw_raise(");
            self.visit_expr(exc);
            self.edits.insert(exc.end().to_usize(), ")");
        }
        match self.handling {
            // Told to the host, which remembers where it was raised first.
            Some(number) if raise.exc.is_none() => {
                let end = raise.range.end().to_usize();
                self.edits.insert(end, format!(" _rw_again(_rw_e{number})"));
            }
            _ => {}
        }
        if let Some(cause) = &raise.cause {
            self.visit_expr(cause);
        }
    }

    /// `KeyError(3)`: the interpreter's own exceptions hold at most one string, so the prelude makes the others.
    pub(super) fn builtin_error(&mut self, call: &ast::ExprCall) {
        let Expr::Name(name) = &*call.func else {
            return;
        };
        let line = builtin_line(name.id.as_str());
        let simple = match &*call.arguments.args {
            [] => true,
            [one] => one.is_string_literal_expr() || one.is_f_string_expr(),
            _ => false,
        };
        let ours = self.facts.variables.contains(name.id.as_str())
            || self.facts.classes.contains_key(name.id.as_str())
            || self.facts.imported.contains(name.id.as_str());
        if line.is_empty()
            || simple
            || ours
            || !self.facts.errors
            || !call.arguments.keywords.is_empty()
        {
            return;
        }
        let range = name.range;
        self.edits.replace(
            range.start().to_usize(),
            range.end().to_usize(),
            "_rw_builtin",
        );
        let open = call.arguments.range.start().to_usize() + 1;
        self.edits.insert(open, format!("({},), ", line.join(", ")));
    }

    /// What a method needs at its start: `__exit__` is given the exception that the program raised, and the
    /// `__init__` of an exception keeps its arguments, as Python does before it is called.
    pub(super) fn method_start(&mut self, def: &ast::StmtFunctionDef) {
        let Some(first) = def.body.first() else {
            return;
        };
        let parameters = &def.parameters;
        let mut names = parameters
            .posonlyargs
            .iter()
            .chain(&parameters.args)
            .map(|parameter| parameter.parameter.name.as_str());
        let Some(receiver) = names.next() else {
            return;
        };
        let names: Vec<&str> = names.collect();
        let text = match def.name.as_str() {
            "__exit__" => match (names.as_slice(), &parameters.vararg) {
                ([kind, value, ..], _) => format!("{kind}, {value} = _rw_exit({kind}, {value})"),
                ([], Some(rest)) => {
                    let rest = rest.name.as_str();
                    format!("{rest} = _rw_exit(*{rest}[:2]) + {rest}[2:]")
                }
                _ => return,
            },
            "__init__"
                if self
                    .class
                    .as_ref()
                    .is_some_and(|class| self.facts.is_error(class)) =>
            {
                let mut args: String = names.iter().map(|name| format!("{name}, ")).collect();
                if let Some(rest) = &parameters.vararg {
                    args.push_str(&format!("*{}", rest.name));
                }
                format!("{receiver}.args = ({args})")
            }
            _ => return,
        };
        // A documented method keeps its documentation first.
        match def.body.get(1) {
            Some(second) if super::walk::is_string(first) => self.before(second, &text),
            None if super::walk::is_string(first) => {}
            _ => self.before(first, &text),
        }
    }
}
