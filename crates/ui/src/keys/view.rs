//! The keys at this moment.

use redwind_protocol::{Key, LaneKind};
use yew::prelude::*;

use crate::diagram::Picture;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::{KeyNow, Story};
use crate::time;

/// So many keys are listed; the terminal knows them all.
const MOST: usize = 60;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub struct KeysProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The keys at this moment, node by node.
#[component]
pub fn Keys(props: &KeysProps) -> Html {
    let KeysProps {
        story, position, ..
    } = props;
    let keys = story.keys_at(*position);
    let now = story.at(*position);
    let empty: Vec<&str> = story
        .lanes(LaneKind::Node)
        .filter(|(lane, _)| keys.iter().all(|key| key.node != *lane))
        .map(|(_, node)| node.name.as_str())
        .collect();
    html! {
        <>
            { for story.lanes(LaneKind::Node).filter(|(_, node)| !empty.contains(&node.name.as_str())).map(|(lane, node)| {
                let ours: Vec<_> = keys.iter().filter(|key| key.node == lane).collect();
                let there = ours.iter().filter(|key| key.key.is_some()).count();
                html! {
                    <section class="pane-part" aria-label={format!("Keys on {}", node.name)}>
                        <h2 class="h">{ format!("Keys on {}", node.name) }<em>{ format!("at {}", time::clock(now)) }</em></h2>
                        { for ours.iter().take(MOST).map(|key| props.key(key, now)) }
                        if there > MOST {
                            <p class="empty">{ format!("… and {} more. The terminal can list them: SCAN 0.", there - MOST) }</p>
                        }
                    </section>
                }
            }) }
            if !empty.is_empty() {
                <section class="pane-part" aria-label="Nodes without keys">
                    <h2 class="h">{ format!("Keys on {}", empty.join(", ")) }<em>{ format!("at {}", time::clock(now)) }</em></h2>
                    <p class="empty">{ "No keys at this moment." }</p>
                </section>
            }
        </>
    }
}

impl KeysProps {
    fn key(&self, now: &KeyNow<'_>, at: u64) -> Html {
        let db =
            (now.db > 0).then(|| html! { <span class="tag">{ format!("db {}", now.db) }</span> });
        // A new element at each change lets the flash play again.
        let key = format!(
            "{}-{}-{}-{}",
            now.node,
            now.db,
            now.name,
            if now.fresh { self.position } else { u32::MAX }
        );
        let Some(held) = now.key else {
            return html! {
                <div {key} class="key gone fresh" data-testid="key-row">
                    <div class="key-head"><code class="key-name">{ now.name }</code>{ db }<span class="gone-word">{ gone(now.what) }</span></div>
                </div>
            };
        };
        html! {
            <div {key} class={classes!("key", now.fresh.then_some("fresh"))} data-testid="key-row">
                <div class="key-head">
                    <code class="key-name">{ now.name }</code>{ db }
                    <span class="tag">{ &held.kind }</span>
                </div>
                <pre class="key-value">{ held.preview.join("\n") }</pre>
                if let Some(expires) = held.expires {
                    { self.ttl(held, expires, at) }
                }
                <p class="why">{ self.writer(now, held) }</p>
            </div>
        }
    }

    fn ttl(&self, key: &Key, expires: u64, now: u64) -> Html {
        let left = expires.saturating_sub(now);
        let whole = expires.saturating_sub(key.expiry_set.unwrap_or(0)).max(1);
        let share = (left as f64 / whole as f64 * 100.0).clamp(0.0, 100.0);
        let class = key
            .writer
            .and_then(|writer| self.story.actor(writer))
            .map_or("ct", |lane| Picture::class(&self.story, lane));
        let text = if left == 0 {
            "its time is over".to_owned()
        } else {
            format!("expires in {}", time::length(left))
        };
        html! {
            <div class="ttl-row">
                <div class={classes!("ttl", class)}><i style={format!("width:{share:.1}%")}></i></div><span>{ text }</span>
            </div>
        }
    }

    fn writer(&self, now: &KeyNow<'_>, key: &Key) -> Html {
        let Some(writer) = key.writer else {
            return html! { "there from the start" };
        };
        let lane = self.story.actor(writer);
        let who = lane.map_or("the node", |lane| self.story.name(lane));
        let class = lane.map_or("ct", |lane| Picture::class(&self.story, lane));
        let what = if now.what.is_empty() {
            "written"
        } else {
            now.what
        };
        let onclick = self
            .act
            .reform(move |_: MouseEvent| Action::Seek(Seek::Record(writer)));
        html! {
            <>
                <span class="what">{ what }</span>{ " by " }
                <button class={classes!("link", class)} {onclick} title="Go to the command that wrote it">
                    { format!("{who} at {}", time::clock(self.story.at(writer))) }
                </button>
            </>
        }
    }
}

fn gone(what: &str) -> &str {
    match what {
        "expired" => "expired just now",
        "del" => "deleted just now",
        "evicted" => "evicted just now",
        _ => "gone just now",
    }
}
