//! When parts of the network did not hear each other.

use redwind_protocol::{Cut, RecordKind, Trace};

/// A time in which the network was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutSpell {
    /// The two sides.
    pub cut: Cut,
    /// The record that begins it.
    pub from: u32,
    /// The record that ends it; `None`: it lasts beyond the run.
    pub to: Option<u32>,
}

/// All of them in the order they begin.
pub(super) fn find(trace: &Trace) -> Vec<CutSpell> {
    let mut spells: Vec<CutSpell> = Vec::new();
    for (index, record) in (0_u32..).zip(&trace.records) {
        let Some(cut) = &record.cut else {
            continue;
        };
        if record.kind == RecordKind::Partitioned {
            spells.push(CutSpell {
                cut: cut.clone(),
                from: index,
                to: None,
            });
            continue;
        }
        let healed = spells.iter_mut().find(|spell| {
            spell.to.is_none() && (&spell.cut.from, &spell.cut.to) == (&cut.from, &cut.to)
        });
        if let Some(spell) = healed {
            spell.to = Some(index);
        }
    }
    spells
}
