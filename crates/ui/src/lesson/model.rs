//! Prose that knows the clients: their names get their lanes' colours.

use redwind_protocol::LaneKind;

use crate::diagram::Picture;
use crate::story::Story;

/// The prose of a beat, with every client's name in its lane's colour.
#[must_use]
pub fn coloured(html: &str, story: &Story) -> String {
    let mut clients: Vec<_> = story
        .lanes(LaneKind::Client)
        .map(|(lane, client)| (client.name.as_str(), Picture::class(story, lane)))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    // Of two names that begin alike, the longer one is meant where it fits.
    clients.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut done = String::with_capacity(html.len() + 64);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let (text, tag) = rest.split_at(open);
        mark(text, &clients, &mut done);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        done.push_str(&tag[..end]);
        rest = &tag[end..];
    }
    mark(rest, &clients, &mut done);
    done
}

/// Copies text, with names marked where they stand as words.
fn mark(text: &str, clients: &[(&str, &str)], done: &mut String) {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut rest = text;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let starts = before.is_none_or(|c| !part_of_a_word(c));
        let named = clients.iter().filter(|_| starts).find(|(name, _)| {
            rest.strip_prefix(name)
                .is_some_and(|after| !after.starts_with(part_of_a_word))
        });
        let length = match named {
            Some((name, class)) => {
                done.push_str("<span class=\"who ");
                done.push_str(class);
                done.push_str("\">");
                done.push_str(name);
                done.push_str("</span>");
                name.len()
            }
            None => {
                done.push(c);
                c.len_utf8()
            }
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn clients_names_are_coloured_as_words_and_nothing_else_is_touched() {
        let story = Story::new(fixture::gc_pause());
        let marked = |html: &str| coloured(html, &story);
        assert_eq!(
            marked("<p>worker-a's <code>worker-b</code></p>"),
            "<p><span class=\"who c0\">worker-a</span>'s <code><span class=\"who c1\">worker-b</span></code></p>"
        );
        for same in [
            "<a title=\"worker-a\">x</a>",
            "my-worker-a worker-a2 coworker-a",
            "é < ü &lt; <",
            "",
        ] {
            assert_eq!(marked(same), same);
        }
    }
}
