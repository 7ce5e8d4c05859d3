//! Prose that knows the clients: their names get their lanes' colours.

use redwind_protocol::LaneKind;

use crate::diagram::Picture;
use crate::story::Story;

/// The prose of a beat, with every client's name in code or bold in its lane's colour.
#[must_use]
pub fn coloured(html: &str, story: &Story) -> String {
    let mut html = html.to_owned();
    for (lane, client) in story.lanes(LaneKind::Client) {
        let class = Picture::class(story, lane);
        // Names come from a lesson's file, where the parser admits no markup in them.
        for tag in ["code", "strong"] {
            let plain = format!("<{tag}>{}</{tag}>", client.name);
            let marked = format!("<{tag} class=\"who {class}\">{}</{tag}>", client.name);
            html = html.replace(&plain, &marked);
        }
    }
    html
}
