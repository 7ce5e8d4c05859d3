//! Program blocks, gathered into variants.

use crate::model::{Program, Variant};
use crate::problem::{Problem, did_you_mean, listed};
use crate::split::{Info, Kind, Part};

const KEYS: [&str; 3] = ["client", "variant", "title"];

/// Every variant with its programs, in the order in which the file names them.
pub(crate) fn variants(
    parts: &[Part],
    clients: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for part in parts {
        let Kind::Block { info, text } = &part.kind else {
            continue;
        };
        if info.language == "python" {
            add(&mut variants, part.line, info, text, clients, problems);
        }
    }
    for client in clients {
        let runs = |variant: &Variant| {
            variant
                .programs
                .iter()
                .any(|p| p.clients.iter().any(|name| name == client))
        };
        if !variants.is_empty() && !variants.iter().any(runs) {
            let idle = Problem::new(
                1,
                format!("the client `{client}` has no program in any variant"),
            );
            problems.push(idle.remedy(format!(
                "Name it in a block: ```python client={client} variant=…"
            )));
        }
    }
    if variants.is_empty() {
        let none = Problem::new(1, "the lesson has no program");
        problems.push(
            none.remedy("Add a block that begins with ```python client=worker-a variant=naive"),
        );
    }
    variants
}

fn add(
    variants: &mut Vec<Variant>,
    line: u32,
    info: &Info,
    text: &str,
    clients: &[&str],
    problems: &mut Vec<Problem>,
) {
    for name in info
        .words
        .iter()
        .chain(info.named.iter().map(|(name, _)| name))
    {
        if !KEYS.contains(&name.as_str()) {
            let unknown = Problem::new(line, format!("a program has no key `{name}`"));
            problems.push(unknown.remedy(did_you_mean(name, &KEYS)));
        }
    }
    let own = names(info, "client", line, "worker-a", problems);
    for name in &own {
        if !clients.contains(&name.as_str()) {
            let unknown = Problem::new(line, format!("there is no client `{name}` in the world"));
            problems.push(unknown.remedy(did_you_mean(name, clients)));
        }
    }
    let title = info
        .named
        .iter()
        .find(|(key, _)| key == "title")
        .map(|(_, title)| title);
    for name in names(info, "variant", line, "naive", problems) {
        let program = Program {
            clients: own.clone(),
            source: text.to_owned(),
            line: line + 1,
        };
        let at = variants
            .iter()
            .position(|variant| variant.name == name)
            .unwrap_or_else(|| {
                variants.push(Variant {
                    name: name.clone(),
                    title: String::new(),
                    programs: Vec::new(),
                    claims: Vec::new(),
                    claimed_at: line,
                });
                variants.len() - 1
            });
        let variant = &mut variants[at];
        let twice: Vec<&String> = own
            .iter()
            .filter(|own| {
                variant
                    .programs
                    .iter()
                    .any(|known| known.clients.contains(own))
            })
            .collect();
        if !twice.is_empty() {
            let again = Problem::new(
                line,
                format!(
                    "the variant `{name}` already has a program for {}",
                    listed(&twice)
                ),
            );
            problems.push(again.remedy(
                "Give this variant another name, or take the client out of one of the blocks.",
            ));
            continue;
        }
        match (title, variant.title.is_empty()) {
            (Some(title), true) => variant.title.clone_from(title),
            (Some(title), false) if *title != variant.title => {
                let other = Problem::new(
                    line,
                    format!(
                        "the variant `{name}` already has a title: {}",
                        variant.title
                    ),
                );
                problems
                    .push(other.remedy("Give the title once, with the variant's first program."));
            }
            _ => {}
        }
        variant.programs.push(program);
    }
}

/// The names that `key=a,b` lists; none is a problem.
fn names(
    info: &Info,
    key: &str,
    line: u32,
    example: &str,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let listed = info
        .named
        .iter()
        .find(|(name, _)| name == key)
        .map_or("", |(_, value)| value);
    let names: Vec<String> = listed
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        let missing = Problem::new(line, format!("this program does not say its `{key}`"));
        problems.push(missing.remedy(format!(
            "Write it behind the fence: ```python … {key}={example}"
        )));
    }
    names
}
