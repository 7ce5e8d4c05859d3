//! Imports of the modules that the prelude brings become assignments.

use ruff_python_ast as ast;

use super::walk::Walk;
use crate::prelude;

impl Walk<'_> {
    pub(super) fn import(&mut self, import: &ast::StmtImport) {
        if !import
            .names
            .iter()
            .any(|alias| prelude::provides(alias.name.as_str()))
        {
            return;
        }
        let parts: Vec<String> = import
            .names
            .iter()
            .map(|alias| {
                let module = alias.name.as_str();
                let top = module.split('.').next().unwrap_or(module);
                match &alias.asname {
                    _ if !prelude::provides(module) => match &alias.asname {
                        Some(name) => format!("import {module} as {name}"),
                        None => format!("import {module}"),
                    },
                    Some(name) => format!("{name} = _rw_module_{module}"),
                    None => format!("{top} = _rw_module_{top}"),
                }
            })
            .collect();
        let range = import.range;
        self.edits.replace(
            range.start().to_usize(),
            range.end().to_usize(),
            parts.join("; "),
        );
    }

    pub(super) fn import_from(&mut self, import: &ast::StmtImportFrom) {
        let Some(module) = import.module.as_ref().map(ast::Identifier::as_str) else {
            return;
        };
        if !prelude::provides(module) {
            return;
        }
        let parts: Vec<String> = import
            .names
            .iter()
            .map(|alias| {
                let name = alias.name.as_str();
                let bound = alias.asname.as_ref().map_or(name, ast::Identifier::as_str);
                format!("{bound} = _rw_module_{module}.{name}")
            })
            .collect();
        let range = import.range;
        self.edits.replace(
            range.start().to_usize(),
            range.end().to_usize(),
            parts.join("; "),
        );
    }
}
