//! A lesson's page.

use std::rc::Rc;

use redwind_protocol::{Link, Prepared};
use yew::prelude::*;

use super::bars::{BranchBar, notices};
use super::effects::{
    NARROW, use_focus_kept, use_keys, use_layout, use_link, use_playback, use_simulator,
};
use super::help::Help;
use super::host::use_host;
use super::keyboard;
use super::share::Share;
use crate::code::CodePane;
use crate::diagram::Diagram;
use crate::faults::FaultBar;
use crate::icon::icon;
use crate::keys::{Keys, Resources};
use crate::lesson::LessonPane;
use crate::shared::Shared;
use crate::store::{Action, Engine, Page, Reason, Tab};
use crate::table::Table;
use crate::terminal::Terminal;
use crate::theme::ThemeButton;
use crate::transport::Transport;
use crate::verdict::Verdicts;
use crate::{browser, time};

/// A lesson, and where in it to begin.
#[derive(Properties, PartialEq)]
pub(crate) struct LessonPageProps {
    pub(crate) prepared: Shared<Prepared>,
    pub(crate) link: Link,
    pub(crate) notice: Option<String>,
}

/// A lesson's page.
#[component]
pub(crate) fn LessonPage(props: &LessonPageProps) -> Html {
    let page = use_reducer(|| {
        let mut page = Page::open(props.prepared.clone(), &props.link);
        // Where only one pane fits, who comes to the lesson itself begins to read; a link to a moment shows the moment.
        let itself = props.link == Link::to_lesson(&props.link.scene.lesson);
        if itself && !browser::embedded() && browser::matches(NARROW) {
            page.tab = Tab::Lesson;
        }
        page
    });
    let act = {
        let dispatcher = page.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    use_link(&page, props, &act);
    use_simulator(&page, &act);
    use_playback(&page, &act);
    use_host(&page, &act);
    let layout = use_layout();
    use_keys();
    use_focus_kept();
    let help = use_state_eq(|| false);

    let story = page.story();
    let evidence: Rc<[u32]> = {
        let why = page.why.and_then(|index| story.trace.verdicts.get(index));
        let records = why
            .map(|verdict| verdict.evidence.clone())
            .unwrap_or_default();
        (*use_memo(records, |records| Rc::<[u32]>::from(records.as_slice()))).clone()
    };
    let edits: Rc<[(u32, String)]> = (*use_memo(page.current().scene.edits.clone(), |edits| {
        Rc::<[_]>::from(edits.as_slice())
    }))
    .clone();
    let onkeydown = {
        let (page, act, help) = (page.clone(), act.clone(), help.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.default_prevented() || keyboard::taken(&event) {
                return;
            }
            if event.key() == "?" {
                help.set(true);
            } else if let Some(action) = keyboard::action(&event, &page) {
                event.prevent_default();
                act.emit(action);
            } else if !event.ctrl_key()
                && !event.meta_key()
                && !event.alt_key()
                && keyboard::moves_focus(&event)
            {
                event.prevent_default();
            }
        })
    };
    let toggle_help = {
        let help = help.clone();
        Callback::from(move |_: MouseEvent| help.set(!*help))
    };
    let close_help = {
        let help = help.clone();
        Callback::from(move |()| help.set(false))
    };
    let skip = Callback::from(|_: MouseEvent| {
        browser::focus(".pane-trace");
    });
    let vocabulary = (*use_memo(page.prepared.clone(), |prepared| {
        Shared::new(prepared.vocabulary.clone())
    }))
    .clone();
    let as_text = page.as_text;
    let lesson = &page.prepared.lesson;
    let running = page.pending.is_some();
    let running_edit = page
        .pending
        .as_ref()
        .is_some_and(|pending| pending.reason == Reason::Edit);
    let position = page.position;
    html! {
        <div class={classes!("app", layout.compact.then_some("compact"), layout.embedded.then_some("embedded"))} data-tab={page.tab.name()} style={format!("--lanes:{}", story.trace.lanes.len())}>
            <button class="skip" onclick={skip}>{ "Skip to the diagram" }</button>
            if layout.embedded {
                <header class="top">
                    <h1>{ &lesson.title }</h1>
                    <a class="btn small line" href={browser::address(&page.link().fragment())} target="_blank" rel="noopener" data-testid="open-full"
                        title="This very moment on a page of its own" aria-label="Open in Redwind, on a page of its own">{ "Redwind" }{ icon("out") }</a>
                </header>
            } else {
            <header class="top">
                <a class="brand" href="#/" aria-label="Redwind, all lessons">{ icon("left") }<span>{ "Redwind" }</span></a>
                <div class="crumb"><a href="#/">{ &lesson.track }</a><h1>{ &lesson.title }</h1></div>
                <nav aria-label="Page">
                    if page.engine == Engine::Loading && (running || !page.outbox.is_empty()) {
                        <span class="quiet" role="status" data-testid="engine">{ "The simulator is loading …" }</span>
                    }
                    <Share link={page.link()} />
                    <ThemeButton />
                    <button class="btn line square" onclick={toggle_help.clone()} title="Keys and marks (?)" aria-label="Help: keys and marks"
                        aria-expanded={help.to_string()} data-testid="help">{ icon("help") }</button>
                </nav>
            </header>
            }
            if layout.compact { { tabs(page.tab, &act) } }
            <main>
            <section class="pane pane-lesson" tabindex="-1" aria-label="Lesson">
                <LessonPane prepared={page.prepared.clone()} story={story.clone()} beat={page.beat}
                    answer={page.answers.get(page.beat).copied().flatten()} act={act.clone()} />
            </section>
            <section class={classes!("pane", "pane-trace", (!as_text).then_some("with-tools"))} tabindex="-1" aria-label="Trace" onkeydown={onkeydown.clone()}>
                { notices(&page, &act) }
                <div class="trace-bar">
                    <BranchBar prepared={page.prepared.clone()} branches={page.branches.clone()} current={page.branch} {running} act={act.clone()} />
                    <button class="btn small" onclick={act.reform(move |_: MouseEvent| Action::AsText(!as_text))} aria-pressed={as_text.to_string()}
                        data-testid="as-text" title="The same trace as text (t)">
                        { icon(if as_text { "diagram" } else { "text" }) }<span>{ if as_text { "As a diagram" } else { "As text" } }</span>
                    </button>
                </div>
                if as_text {
                    <Table story={story.clone()} {position} by_line={page.by_line} act={act.clone()} />
                } else {
                    <Diagram story={story.clone()} {position} {evidence} departs={page.current().departs} down={layout.down} act={act.clone()} />
                }
                { sentence(&page) }
            </section>
            <section class="pane pane-code" tabindex="-1" aria-label="Code">
                <CodePane prepared={page.prepared.clone()} variant={page.current().scene.variant.clone()} story={story.clone()} {position}
                    client={page.client} thread={page.thread.clone()} {edits} draft={page.draft.clone()} refusal={page.refusal.clone()} running={running_edit} tab={page.tab} act={act.clone()} />
            </section>
            <aside class="pane pane-side" tabindex="-1" aria-label="State at this moment">
                <div class="side-scroll">
                    <Keys story={story.clone()} {position} act={act.clone()} />
                    <Resources story={story.clone()} {position} act={act.clone()} />
                </div>
                <Terminal story={story.clone()} {position} log={page.terminal.clone()} suggestion={page.suggestion.clone()} hints={page.hints}
                    engine={page.engine} act={act.clone()} />
            </aside>
            </main>
            <footer class="deck" tabindex="-1" aria-label="Transport and verdicts" {onkeydown}>
                <Verdicts story={story.clone()} {position} why={page.why} act={act.clone()} />
                <div class="deck-row">
                    <Transport story={story.clone()} {position} departs={page.current().departs} playing={page.playing} speed={page.speed} by_line={page.by_line}
                        client={page.client} act={act.clone()} />
                    <FaultBar story={story.clone()} {position} client={page.client} vocabulary={vocabulary.clone()} act={act.clone()} />
                </div>
            </footer>
            if *help { <Help on_close={close_help} /> }
        </div>
    }
}

/// The current record in one sentence: under the diagram for everybody, and spoken while stepping.
fn sentence(page: &Page) -> Html {
    let record = page.story().record(page.position);
    let text = record.map_or("", |record| record.sentence.as_str());
    let at = record.map(|record| time::clock_exact(record.at));
    html! {
        <p class="sentence" data-testid="narration" aria-live={if page.playing { "off" } else { "polite" }} aria-atomic="true">
            <b>{ at }</b>{ " " }{ text }
        </p>
    }
}

fn tabs(current: Tab, act: &Callback<Action>) -> Html {
    html! {
        <nav class="tabs" aria-label="Views">
            { for Tab::ALL.into_iter().map(|tab| html! {
                <button class={classes!((tab == current).then_some("on"))} aria-current={(tab == current).then_some("page")}
                    data-testid={format!("tab-{}", tab.name())}
                    onclick={act.reform(move |_: MouseEvent| Action::Tab(tab))}>{ tab.title() }</button>
            }) }
        </nav>
    }
}
