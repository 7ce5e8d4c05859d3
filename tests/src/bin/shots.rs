//! `cargo shots`: pictures of the built page, to look at what was made.

#![expect(
    clippy::print_stdout,
    reason = "a command that tells where its pictures are"
)]

use std::path::Path;

use anyhow::{Result, bail};
use redwind_tests::browser::{Browser, Site, View};

const USAGE: &str = "\
Pictures of the built page, at 1280 and 360 pixels, light and dark, in target/screenshots.

usage: cargo shots [OPTION]... [FRAGMENT | URL]...

  FRAGMENT        what follows the page's address: '#/locks/gc-pause'; none means the page itself
  URL             http://… : a page that is served already, by `make serve` for example
  --size WxH      a window of this size, light and dark, instead of the four
  --whole         the whole page, not only what the window shows
  --wait TEXT     wait until the page says TEXT
  --eval JS       run a function body in the page before the picture is taken
  --press KEYS    press keys first: 'ArrowRight ArrowRight Control+Enter'
  --dist FOLDER   the site to show, instead of dist
  --serve PORT    only serve the site on loopback, with no trunk, until interrupted";

#[derive(Default)]
struct Wish {
    places: Vec<String>,
    size: Option<(u32, u32)>,
    whole: bool,
    wait: Option<String>,
    eval: Option<String>,
    press: Option<String>,
    dist: Option<String>,
    serve: Option<u16>,
}

fn main() -> Result<()> {
    let wish = wish(std::env::args().skip(1))?;
    let site = match &wish.dist {
        Some(folder) => Site::serve(Path::new(folder), wish.serve.unwrap_or(0))?,
        None => match wish.serve {
            Some(port) => Site::serve(Path::new("dist"), port)?,
            None => Site::dist()?,
        },
    };
    if wish.serve.is_some() {
        println!("{}", site.url(""));
        site.join();
        return Ok(());
    }
    let mut views = vec![
        ("1280-light".to_owned(), View::DESKTOP),
        ("1280-dark".to_owned(), View::DESKTOP.dark()),
        ("360-light".to_owned(), View::PHONE),
        ("360-dark".to_owned(), View::PHONE.dark()),
    ];
    if let Some((width, height)) = wish.size {
        let view = View {
            width,
            height,
            ..View::DESKTOP
        };
        let size = format!("{width}x{height}");
        views = vec![
            (format!("{size}-light"), view),
            (format!("{size}-dark"), view.dark()),
        ];
    }
    let browser = Browser::start(View::DESKTOP)?;
    for place in &wish.places {
        let url = if place.starts_with("http") {
            place.clone()
        } else {
            site.url(place)
        };
        for (name, view) in &views {
            browser.set_view(*view)?;
            // From an empty page, since a change of the fragment alone would not load anything.
            browser.open("about:blank")?;
            browser.open(&url)?;
            prepare(&browser, &wish)?;
            let file = format!("{}-{name}", slug(place));
            let picture = if wish.whole {
                browser.screenshot_whole(&file)?
            } else {
                browser.screenshot(&file)?
            };
            println!("{}", picture.display());
            let overflow = browser.overflow()?;
            if overflow > 0 {
                println!("  the page is {overflow} px wider than the window");
            }
            for problem in browser.problems()? {
                println!("  {problem}");
            }
        }
    }
    Ok(())
}

fn prepare(browser: &Browser, wish: &Wish) -> Result<()> {
    browser.wait("something on the page", "document.body.innerText.trim()")?;
    if let Some(text) = &wish.wait {
        browser.wait_text(text)?;
    }
    if let Some(body) = &wish.eval {
        browser.eval(body, serde_json::json!([]))?;
    }
    if let Some(keys) = &wish.press {
        browser.press(&keys.split_whitespace().collect::<Vec<_>>())?;
    }
    browser.next_frame()
}

fn wish(mut args: impl Iterator<Item = String>) -> Result<Wish> {
    let mut wish = Wish::default();
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| anyhow::anyhow!("{arg} needs a value\n\n{USAGE}"))
        };
        match arg.as_str() {
            "--help" | "-h" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            "--size" => {
                let value = value()?;
                let size = value
                    .split_once('x')
                    .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
                wish.size =
                    Some(size.ok_or_else(|| anyhow::anyhow!("--size wants 720x420, not {value}"))?);
            }
            "--whole" => wish.whole = true,
            "--wait" => wish.wait = Some(value()?),
            "--eval" => wish.eval = Some(value()?),
            "--press" => wish.press = Some(value()?),
            "--dist" => wish.dist = Some(value()?),
            "--serve" => wish.serve = Some(value()?.parse()?),
            option if option.starts_with("--") => bail!("there is no option {option}\n\n{USAGE}"),
            _ => wish.places.push(arg),
        }
    }
    if wish.places.is_empty() {
        wish.places.push(String::new());
    }
    Ok(wish)
}

/// `#/locks/gc-pause` as a file name.
fn slug(place: &str) -> String {
    let words: Vec<&str> = place
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        "page".to_owned()
    } else {
        words.join("-")
    }
}
