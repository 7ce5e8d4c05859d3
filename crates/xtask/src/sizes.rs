//! `sizes`: what the built site weighs, and whether a lesson can be read soon enough; `sizes npm` the same of the npm package.

use std::fmt::Write as _;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use brotli::enc::BrotliEncoderParams;

/// What a browser may have to receive before a lesson can be read and stepped, in bytes after brotli.
const READING_LIMIT: usize = 400_000;

/// What a browser shall receive at most for the engine alone with Lua, in bytes after brotli.
const PACKAGE_LIMIT: usize = 400_000;

/// Sizes found out before, by content.
const KNOWN: &str = "target/sizes";

/// One file of the site.
struct Weight {
    /// Its path inside `dist`, with `/` between its parts.
    name: String,
    raw: usize,
    brotli: usize,
    part: Part,
}

/// When a file is loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// With the page.
    Page,
    /// With whichever lesson is opened.
    Lesson,
    /// In the background, after the lesson can be read.
    Later,
}

/// Prints the sizes of the site in `dist`; fails when it is too heavy to be read soon.
pub(crate) fn run() -> Result<()> {
    let dist = Path::new("dist");
    let page = fs::read_to_string(dist.join("index.html"))
        .context("there is no site in dist: run `make build` first")?;
    let mut files = Vec::new();
    for path in super::files::below(dist)? {
        let name = super::files::name(dist, &path);
        if !name.starts_with('.') {
            files.push((name, path));
        }
    }
    let weights = std::thread::scope(|scope| {
        let page = &page;
        let threads: Vec<_> = files
            .into_iter()
            .map(|(name, path)| scope.spawn(move || weigh(name, &path, page)))
            .collect();
        let weighed = threads.into_iter().map(|thread| match thread.join() {
            Ok(weight) => weight,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        weighed.collect::<Result<Vec<_>>>()
    })?;
    let reading = reading(&weights);
    print!("{}", table(&weights, reading));
    ensure!(
        reading <= READING_LIMIT,
        "a lesson can be read only after {} kB; the limit is {} kB",
        kilobytes(reading),
        kilobytes(READING_LIMIT)
    );
    Ok(())
}

/// Prints what browsers and Node load of the npm package in `target/npm`; fails when it is too heavy for a browser.
pub(crate) fn run_package() -> Result<()> {
    let folder = Path::new("target/npm");
    let files = super::files::below(folder)
        .context("there is no package in target/npm: run `make npm` first")?;
    println!("{:<56} {:>10} {:>10}", "", "raw kB", "brotli kB");
    let mut received = 0;
    for (title, other) in [("A browser receives", "node"), ("Node loads", "browser")] {
        println!("{title}");
        let mut total = 0;
        for path in &files {
            let name = super::files::name(folder, path);
            if !is_loaded(&name, other) {
                continue;
            }
            let content =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let brotli = compressed(&content)?;
            total += brotli;
            let (raw, brotli) = (kilobytes(content.len()), kilobytes(brotli));
            println!("  {name:<54} {raw:>10} {brotli:>10}");
        }
        println!("{:<67} {:>10}", "  all of it", kilobytes(total));
        if other == "node" {
            received = total;
        }
    }
    println!(
        "{:<67} {:>10}",
        "The limit for a browser",
        kilobytes(PACKAGE_LIMIT)
    );
    ensure!(
        received <= PACKAGE_LIMIT,
        "a browser receives {} kB of the npm package; the limit is {} kB",
        kilobytes(received),
        kilobytes(PACKAGE_LIMIT)
    );
    Ok(())
}

/// Whether this file of the package is loaded where the `other` place's own files are not.
fn is_loaded(name: &str, other: &str) -> bool {
    let runs = name.ends_with(".js") || name.ends_with(".wasm");
    let others = name == format!("{other}.js") || name.starts_with(&format!("wasm/{other}/"));
    let element = name == "terminal.js" && other == "browser";
    runs && !others && !element
}

fn weigh(name: String, path: &Path, page: &str) -> Result<Weight> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let part = part(&name, page);
    Ok(Weight {
        raw: content.len(),
        brotli: compressed(&content)?,
        part,
        name,
    })
}

/// How many bytes a host of static files sends for this content.
///
/// The worker takes half a minute, so what was found out before about the same content is kept.
fn compressed(content: &[u8]) -> Result<usize> {
    let mut hash = std::hash::DefaultHasher::new();
    hash.write(content);
    let known = PathBuf::from(format!("{KNOWN}/{:016x}-{}", hash.finish(), content.len()));
    if let Some(size) = fs::read_to_string(&known)
        .ok()
        .and_then(|text| text.parse().ok())
    {
        return Ok(size);
    }
    let mut compressed = Vec::new();
    // The best quality and a window of 4 MiB, as for files that are compressed once and sent often.
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    fs::create_dir_all(KNOWN)?;
    fs::write(&known, compressed.len().to_string())?;
    Ok(compressed.len())
}

fn part(name: &str, page: &str) -> Part {
    if let Some(prepared) = name.strip_prefix("prepared/") {
        // A lesson's file is named by track and lesson, `locks~gc-pause.json`; the rest are lists of lessons.
        return if prepared.contains('~') {
            Part::Lesson
        } else {
            Part::Page
        };
    }
    // The page names the worker's script too, but only for its program to start it.
    let background = name.starts_with("worker") || name.starts_with("redwind-worker");
    if name == "index.html" || (page.contains(name) && !background) {
        Part::Page
    } else {
        Part::Later
    }
}

/// The page, and the heaviest lesson.
fn reading(weights: &[Weight]) -> usize {
    let of = |part: Part| {
        weights
            .iter()
            .filter(move |weight| weight.part == part)
            .map(|weight| weight.brotli)
    };
    of(Part::Page).sum::<usize>() + of(Part::Lesson).max().unwrap_or(0)
}

fn table(weights: &[Weight], reading: usize) -> String {
    let mut table = format!("{:<56} {:>10} {:>10}\n", "", "raw kB", "brotli kB");
    for (part, title) in [
        (Part::Page, "Loaded with the page"),
        (Part::Lesson, "Loaded with its lesson"),
        (Part::Later, "Loaded in the background or on demand"),
    ] {
        let _ = writeln!(table, "{title}");
        for weight in weights.iter().filter(|weight| weight.part == part) {
            let (raw, brotli) = (kilobytes(weight.raw), kilobytes(weight.brotli));
            let _ = writeln!(table, "  {:<54} {raw:>10} {brotli:>10}", weight.name);
        }
    }
    let _ = writeln!(
        table,
        "{:<67} {:>10}\n{:<67} {:>10}",
        "Before a lesson can be read and stepped (page and heaviest lesson)",
        kilobytes(reading),
        "  the limit",
        kilobytes(READING_LIMIT)
    );
    table
}

/// Thousands of bytes with one decimal, rounded up so that a limit never looks kept when it is not.
fn kilobytes(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_does_not_count_before_reading_although_the_page_names_it() {
        let page = r#"<meta content="./worker.js?v=1"><script>from './redwind-ui-1.js'</script>"#;
        assert!(part("redwind-ui-1.js", page) == Part::Page);
        assert!(part("index.html", page) == Part::Page);
        assert!(part("worker.js", page) == Part::Later);
        assert!(part("redwind-worker_bg.wasm", page) == Part::Later);
        assert!(part("prepared/catalogue.json", page) == Part::Page);
        assert!(part("prepared/locks~gc-pause.json", page) == Part::Lesson);
    }

    #[test]
    fn of_the_package_a_browser_loads_code_but_not_that_for_node() {
        let received = |name: &str| is_loaded(name, "node");
        let own = ["browser.js", "wasm/browser/redwind_bg.wasm"];
        assert!(own.into_iter().all(received) && received("wire.js"));
        let for_node = ["node.js", "wasm/node/redwind.js"];
        assert!(!for_node.into_iter().any(received));
        assert!(!["index.d.ts", "LICENSE-MIT"].into_iter().any(received));
        assert!(for_node.into_iter().all(|name| is_loaded(name, "browser")));
    }

    #[test]
    fn of_all_lessons_only_the_heaviest_counts() {
        let weight = |brotli, part| Weight {
            name: String::new(),
            raw: 0,
            brotli,
            part,
        };
        let weights = [
            weight(100, Part::Page),
            weight(7, Part::Lesson),
            weight(9, Part::Lesson),
            weight(1_000, Part::Later),
        ];
        assert_eq!(reading(&weights), 109);
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(kilobytes(400_000), "400.0");
        assert_eq!(kilobytes(400_001), "400.1");
    }
}
