//! House rules that a machine can check. Each failure names the file and what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// At this many lines a source file must be split, or stand in `LARGE` with a reason.
const LINES: usize = 600;

/// Source files that may be longer, up to how many lines, and why. A ceiling here may only sink.
const LARGE: &[(&str, usize, &str)] = &[];

/// What work in progress leaves behind. Each is put together here so that this file does not find itself.
const LEFTOVERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("db", "g!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
];

/// Folders of what was built or fetched.
const SKIPPED: &[&str] = &[".git", "target", "dist", "prepared", "node_modules"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// All files of the repository whose names end in one of `endings`, by their path from the root.
fn files(endings: &[&str]) -> BTreeMap<String, PathBuf> {
    let root = root();
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let inside = path
                    .strip_prefix(&root)
                    .expect("it was found below the root");
                let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
                found.insert(parts.join("/"), path);
            }
        }
    }
    found
}

/// Fails with all complaints at once.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n\n{}\n", complaints.join("\n"));
}

/// The arrows that ARCHITECTURE.md draws: for each crate the crates that it may depend on.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let section = text
        .split("## Arrows")
        .nth(1)
        .expect("ARCHITECTURE.md has a section on arrows");
    let drawing = section
        .split("```")
        .nth(1)
        .expect("the section on arrows has a drawing");
    let words: Vec<&str> = drawing
        .split_whitespace()
        .map(|word| word.trim_end_matches(','))
        .collect();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut from = None;
    for (at, word) in words.iter().enumerate() {
        if words.get(at + 1) == Some(&"→") {
            from = Some((*word).to_owned());
        } else if *word != "→" {
            let from = from.clone().expect("the drawing begins with an arrow");
            arrows.entry(from).or_default().insert((*word).to_owned());
        }
    }
    arrows
}

/// The crates of ours that a manifest names, for whatever purpose and target.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else {
            continue;
        };
        if matches!(
            key.as_str(),
            "dependencies" | "dev-dependencies" | "build-dependencies"
        ) {
            found.extend(
                table
                    .keys()
                    .filter_map(|name| name.strip_prefix("redwind-"))
                    .map(str::to_owned),
            );
        } else {
            found.extend(dependencies(table));
        }
    }
    found
}

#[test]
fn crates_depend_on_each_other_only_as_architecture_md_draws() {
    let arrows = arrows();
    let mut complaints = Vec::new();
    for (name, path) in files(&["Cargo.toml"]) {
        let Some(krate) = name
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        // Developer tasks and the tests look into every room.
        if krate == "xtask" {
            continue;
        }
        let manifest = read(&path).parse().expect("cargo has read it too");
        let allowed = arrows.get(krate).cloned().unwrap_or_default();
        for target in dependencies(&manifest).difference(&allowed) {
            complaints.push(format!(
                "{name}: {krate} → {target} is no arrow of ARCHITECTURE.md: remove the dependency, or argue for the arrow there"
            ));
        }
    }
    none(&complaints);
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read(&root().join("ARCHITECTURE.md"));
    let complaints: Vec<String> = files(&["Cargo.toml"])
        .keys()
        .filter_map(|name| name.strip_suffix("/Cargo.toml"))
        .filter(|folder| folder.starts_with("crates/") && !map.contains(&format!("{folder} ")))
        .map(|folder| format!("{folder} is missing from the map in ARCHITECTURE.md"))
        .collect();
    none(&complaints);
}

#[test]
fn no_source_file_has_grown_into_a_hub() {
    let mut complaints = Vec::new();
    for (name, path) in files(&[".rs", ".js", ".css"]) {
        let lines = read(&path).lines().count();
        let large = LARGE.iter().find(|(large, ..)| *large == name);
        match large {
            None if lines >= LINES => {
                complaints.push(format!(
                    "{name}: {lines} lines; split it by subject, below {LINES}"
                ));
            }
            Some((_, ceiling, _)) if lines > *ceiling => {
                complaints.push(format!(
                    "{name}: {lines} lines, over its own ceiling of {ceiling}"
                ));
            }
            Some(_) if lines < LINES => {
                complaints.push(format!(
                    "{name}: now small enough; take it off the list of large files"
                ));
            }
            _ => {}
        }
    }
    none(&complaints);
}

#[test]
fn no_work_in_progress_is_left_behind() {
    let mut complaints = Vec::new();
    for (name, path) in files(&[".rs", ".js", ".css", ".html", ".toml", ".md", ".yml"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for leftover in LEFTOVERS
                .iter()
                .filter(|leftover| line.contains(**leftover))
            {
                complaints.push(format!(
                    "{name}:{}: {leftover}; finish it, or file an issue",
                    number + 1
                ));
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_lesson_is_listed_and_every_listed_lesson_exists() {
    let index = root().join("lessons/index.toml");
    let listed: toml::Table = read(&index).parse().expect("lessons/index.toml is TOML");
    let mut ids = BTreeSet::new();
    collect_ids(&toml::Value::Table(listed), &mut ids);
    let found: BTreeSet<String> = files(&[".md"])
        .keys()
        .filter_map(|name| {
            name.strip_prefix("lessons/")?
                .strip_suffix(".md")
                .map(str::to_owned)
        })
        .filter(|id| id.contains('/'))
        .collect();
    let unlisted = found
        .difference(&ids)
        .map(|id| format!("lessons/{id}.md is not in lessons/index.toml"));
    let missing = ids
        .difference(&found)
        .map(|id| format!("lessons/index.toml lists {id}, but there is no lessons/{id}.md"));
    none(&unlisted.chain(missing).collect::<Vec<_>>());
}

/// Lesson ids are the texts of the form `track/name`.
fn collect_ids(value: &toml::Value, ids: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) if text.contains('/') && !text.contains(' ') => {
            ids.insert(text.trim_end_matches(".md").to_owned());
        }
        toml::Value::Array(values) => values.iter().for_each(|value| collect_ids(value, ids)),
        toml::Value::Table(table) => table.values().for_each(|value| collect_ids(value, ids)),
        _ => {}
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut complaints = Vec::new();
    for (name, path) in files(&[".md"]) {
        let text = read(&path);
        let folder = path.parent().expect("a file is in a folder");
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split(['#', ' ']).next().unwrap_or_default();
            let elsewhere =
                target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !folder.join(target).exists() {
                complaints.push(format!("{name}: the link to {target} leads nowhere"));
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_document_can_be_reached_from_the_readme() {
    let documents = files(&[".md"]);
    let mut reached = BTreeSet::new();
    let mut next = vec!["README.md".to_owned()];
    while let Some(name) = next.pop() {
        let Some(path) = documents.get(&name) else {
            continue;
        };
        if !reached.insert(name.clone()) {
            continue;
        }
        let folder = name
            .rsplit_once('/')
            .map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for link in read(path)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
        {
            next.push(normal(&format!("{folder}{link}")));
        }
    }
    let complaints: Vec<String> = documents
        .keys()
        .filter(|name| !name.contains('/') || name.starts_with("docs/"))
        .filter(|name| !reached.contains(*name))
        .map(|name| format!("{name}: no document that the README leads to links to it"))
        .collect();
    none(&complaints);
}

/// What cargo compiles for some packages and their tests: each dependency with its features.
fn compiled(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--format", "{p} {f}"])
        .args(selection)
        .current_dir(root())
        .output()
        .expect("cargo runs: it runs this test");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told.lines()
        .map(|line| line.trim_end_matches("(*)").trim_end().to_owned())
        .collect()
}

#[test]
fn a_dependency_is_compiled_with_the_same_features_whichever_package_wants_it() {
    let whole = compiled(&["--workspace"]);
    let mut complaints = Vec::new();
    for package in [
        "cli",
        "xtask",
        "tests",
        "clients-test",
        "conformance",
        "lesson",
        "client",
    ] {
        for other in compiled(&["--package", &format!("redwind-{package}")]).difference(&whole) {
            complaints.push(format!(
                "redwind-{package} alone has {other}, the workspace other features of it: add them to crates/workspace-hack/Cargo.toml"
            ));
        }
    }
    none(&complaints);
}

/// `docs/../README.md` as `README.md`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
