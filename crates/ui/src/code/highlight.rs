//! Highlighted source.

use yew::prelude::*;

use super::python::{Token, lines};

/// The lines of a source, each highlighted.
pub(super) fn highlighted(source: &str) -> Vec<Html> {
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
