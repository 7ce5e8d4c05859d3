//! The `verdicts` block: what each variant is claimed to come to.

use redwind_explore::Outcome;
use toml::de::DeValue;

use crate::fields::Section;
use crate::model::Variant;
use crate::problem::did_you_mean;

/// Says why a lesson has no variant that breaks, or none that survives.
const EXCUSE: &str = "why";

pub(crate) fn read(section: &Section<'_>, variants: &mut [Variant], promises: &[&str]) {
    let names: Vec<String> = variants
        .iter()
        .map(|variant| variant.name.clone())
        .collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut claimed: Vec<String> = Vec::new();
    let mut excused = false;
    for (name, value) in section.entries() {
        if name.it == EXCUSE {
            excused = matches!(value, DeValue::String(why) if !why.trim().is_empty());
            continue;
        }
        let Some(variant) = variants.iter_mut().find(|variant| variant.name == name.it) else {
            section.report(
                name.line,
                format!("there is no variant `{}`", name.it),
                did_you_mean(&name.it, &known),
            );
            continue;
        };
        variant.claimed_at = name.line;
        claimed.push(name.it.clone());
        match (value, section.open(&name, value)) {
            (DeValue::String(text), _) if text == "held" => {}
            (_, Some(outcomes)) => {
                for (key, outcome) in [
                    ("violated", Outcome::Violated),
                    ("undecided", Outcome::Undecided),
                ] {
                    for promise in outcomes.texts(key) {
                        if promises.contains(&promise.it.as_str()) {
                            variant.claims.push((promise.it, outcome));
                        } else {
                            let message =
                                format!("there is no invariant `{}` in the world", promise.it);
                            section.report(
                                promise.line,
                                message,
                                did_you_mean(&promise.it, promises),
                            );
                        }
                    }
                }
                outcomes.finish();
            }
            _ => section.report(
                name.line,
                format!("what becomes of `{}` can't be read", name.it),
                "Write `= \"held\"` or `= { violated = [\"mutual exclusion\"] }`.",
            ),
        }
    }
    for name in &names {
        if !claimed.contains(name) {
            let message = format!("no verdict is claimed for the variant `{name}`");
            section.report(
                section.line(),
                message,
                format!("Add `{name} = \"held\"`, or what it violates."),
            );
        }
    }
    let breaks = |variant: &Variant| {
        variant
            .claims
            .iter()
            .any(|(_, outcome)| *outcome == Outcome::Violated)
    };
    let (broken, total) = (
        variants.iter().filter(|variant| breaks(variant)).count(),
        variants.len(),
    );
    if total > 0 && !excused && (broken == 0 || broken == total) {
        let missing = if broken == 0 {
            "that breaks"
        } else {
            "that survives"
        };
        let remedy = format!("Add one, or say here why not: `{EXCUSE} = \"…\"`.");
        section.report(
            section.line(),
            format!("the lesson has no variant {missing}"),
            remedy,
        );
    }
}
