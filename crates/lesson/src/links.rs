//! Links: `[link."worker-a -> n1"]`, with a latency, a loss or a bandwidth of their own.

use redwind_sim::{LinkSpec, Names, Span, Travel};
use toml::de::DeValue;

use crate::fields::{At, Section};
use crate::problem::did_you_mean;
use crate::world::latency;

const FORM: &str = "Write `[link.\"worker-a -> n1\"]` for one direction, `[link.\"worker-a <-> n1\"]` for both, \
    `{n1, n2}` for several places.";

const LOSS: &str = "Write how many packets are lost: \"2%\" or \"0.5%\".";
const BANDWIDTH: &str = "Write how many bytes get through in a second: \"64kb\" or \"1mb\".";
const PERCENTILES: &str = "Write for example `latency = { p50 = \"2ms\", p99 = \"80ms\", p100 = \"1s\" }`, the larger the later.";

pub(crate) fn read(section: &Section<'_>, names: &Names) -> Vec<LinkSpec> {
    let mut links = Vec::new();
    for (At { line, it }, details) in section.named("link") {
        let read = one(&details);
        details.finish();
        let Some((from, to, both_ways)) = ends(&it) else {
            section.report(line, format!("the link \"{it}\" can't be read"), FORM);
            continue;
        };
        let known: Vec<&str> = [&names.clients, &names.nodes, &names.resources]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let unknown = from.iter().chain(&to).find(|name| !known.contains(name));
        if let Some(name) = unknown {
            let message = format!("the link \"{it}\" names `{name}`, which does not exist");
            section.report(line, message, did_you_mean(name, &known));
            continue;
        }
        if read == Said::default() {
            let remedy = "Add `latency = \"80ms\"`, a range `latency = [\"1ms\", \"80ms\"]`, percentiles `latency = { p50 = \"2ms\", \
                p99 = \"80ms\" }`, `loss = \"2%\"` or `bandwidth = \"64kb\"`.";
            section.report(line, format!("the link \"{it}\" says nothing"), remedy);
            continue;
        }
        for (from, to) in from
            .iter()
            .flat_map(|from| to.iter().map(move |to| (from, to)))
        {
            links.push(LinkSpec {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                both_ways,
                latency: read.latency.clone(),
                loss_ppm: read.loss_ppm,
                bytes_per_second: read.bytes_per_second,
            });
        }
    }
    links
}

/// What a link says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    latency: Option<Travel>,
    loss_ppm: Option<u32>,
    bytes_per_second: Option<u64>,
}

fn one(details: &Section<'_>) -> Said {
    let percentiles = percentiles(details);
    let range = || latency(details).map(Travel::Range);
    let loss = details.parsed("loss", redwind_sim::language::ppm, LOSS);
    let bandwidth = details.parsed("bandwidth", bytes, BANDWIDTH);
    Said {
        latency: percentiles.or_else(range),
        loss_ppm: loss.map(|loss| loss.it),
        bytes_per_second: bandwidth.map(|bandwidth| bandwidth.it),
    }
}

/// `latency = { p50 = "2ms", p99 = "80ms", p100 = "1s" }`.
fn percentiles(details: &Section<'_>) -> Option<Travel> {
    let (line, value) = details.value("latency")?;
    let name = At {
        line,
        it: "latency".to_owned(),
    };
    if !matches!(value, DeValue::Table(_)) {
        return None;
    }
    let section = details.open(&name, value)?;
    let mut points = Vec::new();
    for (name, value) in section.entries() {
        let share = name.it.strip_prefix('p').and_then(share);
        let span = match &value {
            DeValue::String(text) => Span::parse(text),
            _ => None,
        };
        match share.zip(span) {
            Some(point) => points.push(point),
            None => {
                let message = format!("the percentile `{}` can't be read", name.it);
                details.report(name.line, message, PERCENTILES);
            }
        }
    }
    points.sort_by_key(|(share, _)| *share);
    let grows = points.is_sorted_by_key(|(_, span)| *span);
    if points.is_empty() || !grows {
        let message = "the percentiles of the latency don't grow".to_owned();
        details.report(line, message, PERCENTILES);
        return None;
    }
    Some(Travel::Percentiles(points))
}

/// `50`, `99`, `999` (99.9 %) in millionths: two digits are whole percents, what follows are fractions; 100 is all.
fn share(digits: &str) -> Option<u32> {
    if digits == "100" {
        return Some(1_000_000);
    }
    if digits == "0" {
        return Some(0);
    }
    if !(2..=6).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<6}").parse().ok()
}

/// `64kb`, `1mb`: bytes, perhaps a second.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_suffix("/s").unwrap_or(&text);
    let units: [(&str, u64); 3] = [("kb", 1 << 10), ("mb", 1 << 20), ("b", 1)];
    let (unit, scale) = units.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    number.checked_mul(*scale).filter(|bytes| *bytes > 0)
}

/// `a -> b`, `a <-> {b, c}`.
fn ends(text: &str) -> Option<(Vec<&str>, Vec<&str>, bool)> {
    let (from, to, both_ways) = match text.split_once("<->") {
        Some((from, to)) => (from, to, true),
        None => {
            let (from, to) = text.split_once("->")?;
            (from, to, false)
        }
    };
    Some((group(from)?, group(to)?, both_ways))
}

fn group(text: &str) -> Option<Vec<&str>> {
    let text = text.trim();
    let names = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?.split(',').map(str::trim).collect(),
        None => vec![text],
    };
    let plain = |name: &&str| !name.is_empty() && !name.contains(char::is_whitespace);
    names.iter().all(plain).then_some(names)
}
