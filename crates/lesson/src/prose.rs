//! Prose as HTML that is safe to show: raw HTML becomes text, links lead to the web or to other lessons.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// Markdown as HTML. A client's name in backticks becomes a span in that client's colour.
pub(crate) fn html(markdown: &str, clients: &[&str]) -> String {
    let mut dropped = Vec::new();
    let events = Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    );
    let events = events.filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Code(code) => Some(match clients.iter().position(|client| *client == &*code) {
            Some(index) => Event::InlineHtml(CowStr::from(who(&code, index))),
            None => Event::Code(code),
        }),
        Event::Start(Tag::Link { ref dest_url, .. }) if !leads_somewhere_known(dest_url) => {
            dropped.push(());
            None
        }
        Event::End(TagEnd::Link) if dropped.pop().is_some() => None,
        // Pictures would be fetched from elsewhere; their description stays as text.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

/// Text without its Markdown: for a heading.
pub(crate) fn plain(markdown: &str) -> String {
    Parser::new(markdown)
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.into_string()),
            Event::SoftBreak | Event::HardBreak => Some(" ".to_owned()),
            _ => None,
        })
        .collect()
}

/// `who-a` for the first client, `who-b` for the second: the page has a colour for each.
fn who(name: &str, index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
    let mut escaped = String::new();
    for c in name.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c => escaped.push(c),
        }
    }
    format!("<span class=\"who-{letter}\">{escaped}</span>")
}

/// The web, or a place relative to the page; no other scheme.
fn leads_somewhere_known(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let relative = scheme.is_none_or(|scheme| scheme.contains(['/', '?', '#']));
    relative && !url.starts_with("//")
        || scheme.is_some_and(|scheme| {
            scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_name_is_shown_in_its_colour() {
        let shown = html(
            "`worker-b` waits for `worker-a`, not for `SET`.",
            &["worker-a", "worker-b"],
        );
        assert_eq!(
            shown,
            "<p><span class=\"who-b\">worker-b</span> waits for <span class=\"who-a\">worker-a</span>, not for \
             <code>SET</code>.</p>\n"
        );
    }

    #[test]
    fn raw_html_is_shown_not_obeyed() {
        let shown = html("a <b onclick=x>b</b>\n\n<script>alert(1)</script>\n", &[]);
        assert!(
            !shown.contains("<b") && !shown.contains("<script"),
            "{shown}"
        );
        assert!(shown.contains("&lt;script&gt;"), "{shown}");
    }

    #[test]
    fn links_lead_to_the_web_or_to_a_place_beside_the_lesson() {
        for (url, kept) in [
            ("https://redis.io/docs", true),
            ("HTTP://redis.io", true),
            ("../locks/fencing", true),
            ("#a:b", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//elsewhere.example", false),
            ("JaVaScRiPt:alert(1)", false),
        ] {
            let shown = html(&format!("[text](<{url}>)"), &[]);
            assert_eq!(shown.contains("<a "), kept, "{url}: {shown}");
            assert!(shown.contains("text"));
        }
        assert_eq!(
            html("![a lock](https://elsewhere.example/x.png)", &[]),
            "<p>a lock</p>\n"
        );
    }

    #[test]
    fn a_heading_is_plain_text() {
        assert_eq!(
            plain("`worker-a` takes *the* lock"),
            "worker-a takes the lock"
        );
    }
}
