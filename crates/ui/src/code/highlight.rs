//! Highlighted source.

use yew::prelude::*;

use super::python::{Token, lines};

/// More lines than a program to be read has: drawing each of them would stop the page for a while.
const MOST: usize = 3000;
/// The same of one that is all in few lines.
const LARGEST: usize = 300_000;

/// Whether a source is too long to be highlighted.
pub(super) fn long(source: &str) -> bool {
    source.len() > LARGEST || source.lines().nth(MOST).is_some()
}

/// The lines of a source, each highlighted; of a long one only the beginning.
pub(super) fn highlighted(source: &str) -> Vec<Html> {
    if long(source) {
        let mut shown: Vec<Html> = source
            .get(..source.floor_char_boundary(LARGEST))
            .unwrap_or_default()
            .lines()
            .take(MOST)
            .map(Html::from)
            .collect();
        shown.push(html! { <span class="c">{ "… too long to be shown whole" }</span> });
        return shown;
    }
    lines(source)
        .into_iter()
        .map(|line| {
            line.into_iter()
                .map(|(token, text)| match token {
                    Token::Plain => html! { { text } },
                    Token::Keyword => html! { <span class="k">{ text }</span> },
                    Token::Text => html! { <span class="s">{ text }</span> },
                    Token::Number => html! { <span class="m">{ text }</span> },
                    Token::Comment => html! { <span class="c">{ text }</span> },
                    Token::Call => html! { <span class="f">{ text }</span> },
                })
                .collect()
        })
        .collect()
}
