//! A redis-cli on a node, at the moment that is looked at.

use redwind_protocol::LaneKind;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

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
    /// How the simulator is.
    pub engine: Engine,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// So many nodes have a button each, if their names are no longer than this together; others are in a list.
const TABS: usize = 2;
const LONGEST: usize = 16;

const HELP: &str = "To get help about Redis commands type:
      \"help @<group>\" to get a list of commands in <group>
      \"help <command>\" for help on <command>

This is redis-cli on the node, at the moment you look at:
      a command that reads (GET, TTL, KEYS *) is answered as of now and changes nothing;
      one that writes starts a branch: the run goes on from here with your command in it;
      one that waits (BLPOP) is answered when somebody serves it, or its time is up.
      ↑ ↓ earlier lines, \"clear\" or Ctrl-L empties this window";

/// Commands of redis-cli that never reach a server: what the page says to them. `None`: the node is asked.
fn said_here(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let first = words.next()?.to_lowercase();
    let second = words.next().map(str::to_lowercase);
    match (first.as_str(), second.as_deref()) {
        ("help" | "?", None) => Some(HELP.to_owned()),
        ("quit" | "exit", _) => {
            Some("(the terminal is part of the page: it stays open)".to_owned())
        }
        (":set", Some("hints" | "nohints")) => Some(String::new()),
        (":set", Some(what)) => Some(format!("unknown redis-cli preference '{what}'")),
        (what, _) if what.starts_with(':') => {
            Some(format!("unknown redis-cli internal command '{what}'"))
        }
        _ => None,
    }
}

/// A redis-cli on a node.
#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let TerminalProps {
        story,
        position,
        log,
        engine,
        act,
    } = props;
    let line = use_state_eq(String::new);
    let recalled = use_state_eq(|| None::<usize>);
    // What was typed stays at hand when the window is emptied, and what is half typed while others are looked at.
    let history = use_mut_ref(|| {
        let lines = log.iter().map(|entry| entry.line.clone());
        lines.collect::<Vec<String>>()
    });
    let begun = use_mut_ref(String::new);
    let bottom = use_node_ref();
    let nodes: Vec<&str> = story
        .lanes(LaneKind::Node)
        .chain(story.lanes(LaneKind::Sentinel))
        .map(|(_, lane)| lane.name.as_str())
        .collect();
    let chosen = use_state_eq(|| 0_usize);
    {
        let bottom = bottom.clone();
        use_effect_with(log.clone(), move |_| {
            if let Some(element) = bottom.cast::<web_sys::Element>() {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    let Some(node) = nodes
        .get(*chosen)
        .or(nodes.first())
        .map(|node| (*node).to_owned())
    else {
        return Html::default();
    };
    let oninput = {
        let (line, recalled) = (line.clone(), recalled.clone());
        Callback::from(move |event: InputEvent| {
            recalled.set(None);
            line.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let onkeydown = {
        let (line, recalled, act) = (line.clone(), recalled.clone(), act.clone());
        let (history, begun) = (history.clone(), begun.clone());
        Callback::from(move |event: KeyboardEvent| {
            let history = history.borrow();
            let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
            let up = match event.key().as_str() {
                "ArrowUp" if plain => true,
                "ArrowDown" if plain => false,
                "l" | "L" if event.ctrl_key() && !event.alt_key() => {
                    event.prevent_default();
                    act.emit(Action::ClearTerminal);
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            let next = match (*recalled, up) {
                (None, true) => history.len().checked_sub(1),
                (Some(at), true) => Some(at.saturating_sub(1)),
                (None, false) => return,
                (Some(at), false) => Some(at + 1).filter(|at| *at < history.len()),
            };
            if recalled.is_none() {
                begun.replace((*line).clone());
            }
            recalled.set(next);
            let shown = next.and_then(|at| history.get(at));
            line.set(shown.unwrap_or(&begun.borrow()).clone());
        })
    };
    let onsubmit = {
        let (line, recalled, act, node) =
            (line.clone(), recalled.clone(), act.clone(), node.clone());
        let engine = *engine;
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let typed = line.trim().to_owned();
            recalled.set(None);
            line.set(String::new());
            let node = node.clone();
            let mut history = history.borrow_mut();
            if !typed.is_empty() && history.last() != Some(&typed) {
                history.push(typed.clone());
            }
            match typed.to_ascii_lowercase().as_str() {
                "" => {}
                "clear" => act.emit(Action::ClearTerminal),
                _ if said_here(&typed).is_some() => act.emit(Action::Say {
                    node,
                    text: said_here(&typed).unwrap_or_default(),
                    line: typed,
                }),
                _ if engine == Engine::Failed => {
                    let text = "Could not connect: the simulator is not running on this page (see the message above).";
                    act.emit(Action::Say {
                        node,
                        line: typed,
                        text: text.to_owned(),
                    });
                }
                _ => act.emit(Action::Command { node, line: typed }),
            }
        })
    };
    // A click that selects text is not a wish to type.
    let focus = Callback::from(|_: MouseEvent| {
        if !browser::selecting() {
            browser::focus(".terminal input");
        }
    });
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
            <div class="screen" ref={bottom} onclick={focus} role="log" aria-live="polite" data-testid="terminal-output">
                if log.is_empty() {
                    <p class="term-hint">{ "Try " }<code>{ "KEYS *" }</code>{ ". Reading changes nothing; writing starts a branch." }</p>
                }
                <Log log={log.clone()} />
            </div>
            <form class="prompt" {onsubmit}>
                <label for="terminal-line">{ story.prompt(&node, *position).trim_end() }</label>
                <input id="terminal-line" value={(*line).clone()} {oninput} {onkeydown} data-testid="terminal-input" autocomplete="off"
                    autocapitalize="off" spellcheck="false" aria-label={format!("Command for {node}")} />
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
