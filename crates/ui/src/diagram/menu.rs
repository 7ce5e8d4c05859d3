//! The menu at a place of the diagram: what can be done to this client or this message.

use yew::prelude::*;

use super::hit::Hit;
use super::view::Opened;
use crate::faults::{Draft, FaultForm, Verb};
use crate::icon::icon;
use crate::popover::Popover;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;
use crate::time;

#[derive(Properties, PartialEq)]
pub(super) struct MenuProps {
    pub(super) story: Shared<Story>,
    pub(super) opened: Opened,
    pub(super) position: u32,
    pub(super) act: Callback<Action>,
    pub(super) on_close: Callback<()>,
    pub(super) room: (f64, f64),
}

#[component]
pub(super) fn Menu(props: &MenuProps) -> Html {
    let MenuProps {
        story,
        opened,
        position,
        act,
        on_close,
        room,
    } = props;
    let verb = use_state_eq(|| opened.lasts.map(|_| Verb::Pause));
    let (title, seek, verbs): (String, Seek, Vec<Verb>) = match opened.hit {
        Hit::Lane { lane, at } => (
            format!("{} at {}", story.name(lane), time::clock(at)),
            Seek::Time(at),
            Verb::ALL
                .into_iter()
                .filter(|verb| verb.fits(story, lane))
                .collect(),
        ),
        Hit::Flight(flight) => {
            let Some(told) = story.flights.get(flight as usize) else {
                return Html::default();
            };
            let title = if told.reply {
                format!("Reply to {}", told.call)
            } else {
                told.call.clone()
            };
            let named = story
                .lane(told.client)
                .is_some_and(|lane| lane.kind == redwind_protocol::LaneKind::Client);
            let verbs = if named {
                vec![Verb::Drop, Verb::Delay]
            } else {
                vec![]
            };
            (title, Seek::Record(told.sent), verbs)
        }
        Hit::Record(record) => (String::new(), Seek::Record(record), vec![]),
    };
    let draft = |verb: Verb| {
        let (lane, at) = match opened.hit {
            Hit::Lane { lane, at } => (lane, at),
            Hit::Flight(_) | Hit::Record(_) => (0, story.at(*position)),
        };
        let mut draft = Draft::new(story, verb, lane, at, *position);
        if let Hit::Flight(flight) = opened.hit {
            draft.flight = Some(flight);
        }
        if let Some(lasts) = opened.lasts {
            draft.lasts = time::span(lasts);
        }
        draft
    };
    let go = {
        let (act, on_close) = (act.clone(), on_close.clone());
        Callback::from(move |_: MouseEvent| {
            act.emit(Action::Seek(seek));
            on_close.emit(());
        })
    };
    let on_apply = {
        let (act, on_close) = (act.clone(), on_close.clone());
        Callback::from(move |text: String| {
            act.emit(Action::Intervene(vec![text]));
            on_close.emit(());
        })
    };
    let left = (opened.x - 20.0).clamp(4.0, (room.0 - 300.0).max(4.0));
    let place = if opened.y > room.1 * 0.55 {
        format!(
            "left:{left:.0}px;bottom:{:.0}px",
            (room.1 - opened.y + 12.0).max(4.0)
        )
    } else {
        format!("left:{left:.0}px;top:{:.0}px", opened.y + 14.0)
    };
    html! {
        <Popover class="lane-menu" style={place} label={title.clone()} testid="lane-menu" close={on_close.clone()}>
            <div class="menu-head">
                <b>{ &title }</b>
                <button class="tool" aria-label="Close" onclick={on_close.reform(|_| ())}>{ icon("close") }</button>
            </div>
            if let Some(verb) = *verb {
                <FaultForm story={story.clone()} position={*position} draft={draft(verb)} {on_apply} on_cancel={on_close.clone()} />
            } else {
                <div class="menu-verbs">
                    <button onclick={go}>{ icon("diagram") }{ "Go there" }</button>
                    { for verbs.iter().map(|choice| {
                        let (verb, choice) = (verb.clone(), *choice);
                        let onclick = Callback::from(move |_: MouseEvent| verb.set(Some(choice)));
                        html! { <button {onclick} data-testid={format!("menu-{}", choice.word())}>{ icon(choice.word()) }{ format!("{} …", choice.word()) }</button> }
                    }) }
                </div>
            }
        </Popover>
    }
}
