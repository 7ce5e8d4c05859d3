//! The terminal on the page: a prompt that keeps its place below what was answered.

use redwind_protocol::{LaneKind, Suggestion};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::model::{self, Completion, History, Tab};
use crate::browser;
use crate::shared::Shared;
use crate::store::{Action, Engine, Entry, Shown};
use crate::story::Story;
use crate::time;

/// What was typed, and the moment.
#[derive(Properties, PartialEq)]
pub struct TerminalProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// What was typed and answered.
    pub log: Shared<Vec<Entry>>,
    /// How the line that is being typed may go on.
    pub suggestion: Shared<Suggestion>,
    /// Whether what is missing from it is shown.
    pub hints: bool,
    /// How the simulator is.
    pub engine: Engine,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// So many nodes have a button each, if their names are no longer than this together; others are in a list.
const TABS: usize = 2;
const LONGEST: usize = 16;

/// The name under which the browser keeps what was typed.
const KEPT: &str = "typed";

/// A redis-cli on a node.
#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let TerminalProps {
        story,
        position,
        log,
        suggestion,
        engine,
        act,
        ..
    } = props;
    let line = use_state_eq(String::new);
    // What a screen reader says of the line that Tab made.
    let said = use_state_eq(String::new);
    let history = use_mut_ref(|| History::new(&browser::remembered(KEPT).unwrap_or_default()));
    let completion = use_mut_ref(Completion::default);
    let screen = use_node_ref();
    let nodes: Vec<&str> = story
        .lanes(LaneKind::Node)
        .chain(story.lanes(LaneKind::Sentinel))
        .map(|(_, lane)| lane.name.as_str())
        .collect();
    let chosen = use_state_eq(|| 0_usize);
    let node = nodes.get(*chosen).or(nodes.first()).copied();
    let heard = node.map_or_else(Vec::new, |node| story.heard(node, *position, MOST_HEARD));
    {
        let screen = screen.clone();
        let latest = heard.last().map(|(at, _)| *at);
        use_effect_with((log.clone(), latest, heard.len()), move |_| {
            if let Some(element) = screen.cast::<web_sys::Element>() {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    {
        let (act, untouched) = (act.clone(), suggestion.line.is_empty());
        use_effect_with((*line).clone(), move |line| {
            if !(untouched && line.is_empty()) {
                act.emit(Action::Typing(line.clone()));
            }
        });
    }
    let complete = {
        let (line, said) = (line.clone(), said.clone());
        move |tab: Tab| {
            if let Tab::Line(text, spoken) = tab {
                line.set(text);
                said.set(spoken);
            }
        }
    };
    {
        let (line, completion, complete) = (line.clone(), completion.clone(), complete.clone());
        use_effect_with(suggestion.clone(), move |suggestion| {
            let tab = completion.borrow_mut().arrived(&line, suggestion);
            tab.into_iter().for_each(complete);
        });
    }
    let hint = match props.hints {
        true => model::hint(&line, suggestion).to_owned(),
        false => String::new(),
    };
    // A hint that does not fit behind the line is shown whole above it.
    let ghost = use_node_ref();
    let cut = use_state_eq(|| false);
    {
        let (ghost, cut) = (ghost.clone(), cut.clone());
        use_effect_with(((*line).clone(), hint.clone()), move |_| {
            let ghost = ghost.cast::<web_sys::Element>();
            cut.set(ghost.is_some_and(|ghost| ghost.scroll_width() > ghost.client_width()));
        });
    }
    let Some(node) = node.map(str::to_owned) else {
        return Html::default();
    };
    let change = {
        let (line, said) = (line.clone(), said.clone());
        let (history, completion) = (history.clone(), completion.clone());
        move |text: String| {
            history.borrow_mut().leave();
            completion.borrow_mut().leave();
            said.set(String::new());
            line.set(text);
        }
    };
    let send = {
        let (history, act, node) = (history.clone(), act.clone(), node.clone());
        move |typed: &str| {
            let typed = typed.trim();
            let mut history = history.borrow_mut();
            history.add(typed);
            if !typed.is_empty() {
                browser::remember(KEPT, &history.kept());
                act.emit(Action::Command {
                    node: node.clone(),
                    line: typed.to_owned(),
                });
            }
        }
    };
    let oninput = {
        let change = change.clone();
        Callback::from(move |event: InputEvent| {
            change(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let onpaste = {
        let (change, send) = (change.clone(), send.clone());
        Callback::from(move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            let Some(text) = browser::pasted(&event) else {
                return;
            };
            let (before, after) = browser::around_selection(&input);
            if let Some((lines, rest)) = model::pasted(&before, &text, &after) {
                event.prevent_default();
                lines.iter().for_each(|line| send(line));
                change(rest);
            }
        })
    };
    let onkeydown = {
        let (line, act, screen) = (line.clone(), act.clone(), screen.clone());
        let (history, completion) = (history.clone(), completion.clone());
        let (suggestion, change, complete) = (suggestion.clone(), change.clone(), complete.clone());
        let asked = *engine == Engine::Ready;
        Callback::from(move |event: KeyboardEvent| {
            let control = event.ctrl_key() && !event.alt_key() && !event.meta_key();
            let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
            let input = event.target_unchecked_into::<HtmlInputElement>();
            match event.key().as_str() {
                // An input method has its own use for the keys.
                _ if event.is_composing() => return,
                up @ ("ArrowUp" | "ArrowDown") if plain => {
                    completion.borrow_mut().leave();
                    let mut history = history.borrow_mut();
                    let shown = match up {
                        "ArrowUp" => history.up(&line),
                        _ => history.down(),
                    };
                    if let Some(shown) = shown {
                        line.set(shown.to_owned());
                    }
                }
                "Tab" if plain && !event.shift_key() => {
                    match completion.borrow_mut().tab(&line, &suggestion, asked) {
                        Tab::Leave => return,
                        tab => complete(tab),
                    }
                }
                "Escape" if plain => match completion.borrow_mut().escape(&line) {
                    Some(typed) => line.set(typed),
                    None => return,
                },
                key @ ("PageUp" | "PageDown") if plain => {
                    if let Some(screen) = screen.cast::<web_sys::Element>() {
                        let page = screen.client_height() * 9 / 10;
                        let by = if key == "PageUp" { -page } else { page };
                        screen.set_scroll_top(screen.scroll_top() + by);
                    }
                }
                "l" | "L" if control => act.emit(Action::ClearTerminal),
                // Where something is selected, it is copied.
                "c" if control && browser::nothing_selected(&input) => change(String::new()),
                _ => return,
            }
            event.prevent_default();
        })
    };
    let onsubmit = {
        let line = line.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            send(&line);
            change(String::new());
        })
    };
    // A click that selects text is not a wish to type.
    let focus = Callback::from(|_: MouseEvent| {
        if !browser::selecting() {
            browser::focus(".terminal input");
        }
    });
    let about = match hint.trim() {
        "" => "Tab completes. Escape, then Tab, leaves.".to_owned(),
        missing => format!("Still to come: {missing}. Tab completes. Escape, then Tab, leaves."),
    };
    html! {
        <section class="terminal" aria-label={format!("Terminal on {node}")}>
            <div class="h"><h2>{ "Terminal" }</h2>
                if nodes.len() > TABS || nodes.concat().len() > LONGEST {
                    <select class="node-choice" aria-label="Node" data-testid="terminal-node"
                        onchange={{
                            let chosen = chosen.clone();
                            Callback::from(move |event: Event| {
                                chosen.set(event.target_unchecked_into::<HtmlSelectElement>().value().parse().unwrap_or(0));
                            })
                        }}>
                        { for nodes.iter().enumerate().map(|(index, name)| html! {
                            <option value={index.to_string()} selected={index == *chosen}>{ *name }</option>
                        }) }
                    </select>
                } else if nodes.len() > 1 {
                    { for nodes.iter().enumerate().map(|(index, name)| {
                        let chosen = chosen.clone();
                        let on = *chosen == index;
                        html! { <button class={classes!("chip", on.then_some("on"))} onclick={move |_| chosen.set(index)}>{ *name }</button> }
                    }) }
                }
                <em>{ format!("at {}", time::clock(story.at(*position))) }</em>
            </div>
            <div class="screen" ref={screen} onclick={focus} tabindex="0" role="log" aria-live="polite" aria-label={format!("What {node} answered")} data-testid="terminal-output">
                if log.is_empty() {
                    <p class="term-hint">{ "Try " }<code>{ "KEYS *" }</code>{ ". Reading changes nothing; writing starts a branch." }</p>
                }
                <Log log={log.clone()} />
                { for heard.into_iter().map(message) }
            </div>
            <form class="prompt" {onsubmit}>
                <label for="terminal-line">{ story.prompt(&node, *position).trim_end() }</label>
                <span class="line">
                    <span ref={ghost} class="ghost" aria-hidden="true" data-testid="terminal-hint"><i>{ &*line }</i>{ hint.clone() }</span>
                    <input id="terminal-line" value={(*line).clone()} {oninput} {onkeydown} {onpaste} data-testid="terminal-input" autocomplete="off"
                        autocapitalize="off" autocorrect="off" spellcheck="false" enterkeyhint="send" aria-label={format!("Command for {node}")}
                        aria-describedby="terminal-about" />
                </span>
                if *cut && !hint.is_empty() {
                    <code class="rest" aria-hidden="true" data-testid="terminal-rest">{ hint.trim() }</code>
                }
                <span class="sr" id="terminal-about">{ about }</span>
                <span class="sr" role="status">{ &*said }</span>
            </form>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct LogProps {
    log: Shared<Vec<Entry>>,
}

/// Everything typed and answered: drawn when something is added, not with every key that is pressed.
#[component]
fn Log(props: &LogProps) -> Html {
    html! { <>{ for props.log.iter().map(entry) }</> }
}

/// So many messages of channels are shown, the last ones.
const MOST_HEARD: usize = 50;

/// A message that came at its own time. It is there as long as the moment that is looked at is not before it.
fn message((at, text): (u64, &str)) -> Html {
    let (text, more) = shown(text);
    html! {
        <div class="entry heard" data-testid="terminal-heard">
            <em>{ time::clock(at) }</em>
            <pre>{ text }{ more }</pre>
        </div>
    }
}

/// More of one line or one answer is not laid out: it would stop the page.
const LONGEST_SHOWN: usize = 50_000;

/// As much of a text as can be shown, and how much was left out.
fn shown(text: &str) -> (&str, Option<String>) {
    if text.len() <= LONGEST_SHOWN {
        return (text, None);
    }
    let (begin, rest) = text.split_at(text.floor_char_boundary(LONGEST_SHOWN));
    (begin, Some(format!("… and {} bytes more", rest.len())))
}

fn entry(entry: &Entry) -> Html {
    let (class, text) = match &entry.shown {
        Shown::Waiting => ("waiting", "…"),
        Shown::Answer(text) | Shown::Branched(text) if text.starts_with("(error)") => {
            ("wrong", text.as_str())
        }
        Shown::Answer(text) | Shown::Branched(text) => ("", text.as_str()),
        Shown::Refused(text) => ("wrong", text.as_str()),
    };
    let branched = matches!(entry.shown, Shown::Branched(_));
    let ((line, more_line), (text, more_text)) = (shown(&entry.line), shown(text));
    html! {
        <div class="entry">
            <p class="typed"><span>{ &entry.prompt }</span>{ line }{ more_line }<em>{ time::clock(entry.at) }</em></p>
            <pre {class}>{ text }{ more_text }</pre>
            if branched { <p class="term-hint">{ "You are on a new branch, with this command in it." }</p> }
        </div>
    }
}
