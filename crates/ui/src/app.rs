//! Which page is shown: the list of lessons or a lesson, as the address says.

use gloo_events::EventListener;
use redwind_protocol::{Catalogue, Link, Prepared};
use yew::prelude::*;

use crate::browser::Lost;
use crate::page::LessonPage;
use crate::start::Start;
use crate::{browser, theme};

/// What the address asks for.
#[derive(Clone, Debug, PartialEq)]
struct Route {
    link: Option<Link>,
    notice: Option<String>,
}

impl Route {
    fn read() -> Self {
        match Link::read(&browser::fragment()) {
            Ok(link) => Self { link, notice: None },
            Err((lesson, error)) => Self {
                link: Some(Link::to_lesson(&lesson)),
                notice: Some(error.to_string()),
            },
        }
    }
}

/// The whole page.
#[component]
pub(crate) fn App() -> Html {
    let route = use_state_eq(Route::read);
    {
        let route = route.clone();
        use_effect_with((), move |()| {
            theme::restore();
            let window = web_sys::window();
            let listener = window.map(|window| {
                EventListener::new(&window, "hashchange", move |_| route.set(Route::read()))
            });
            move || drop(listener)
        });
    }
    match &route.link {
        None => html! { <CataloguePage notice={route.notice.clone()} /> },
        Some(link) => html! {
            <LessonLoader key={link.scene.lesson.clone()} link={link.clone()} notice={route.notice.clone()} />
        },
    }
}

#[derive(Properties, PartialEq)]
struct CatalogueProps {
    notice: Option<String>,
}

/// Fetches the list of lessons.
#[component]
fn CataloguePage(props: &CatalogueProps) -> Html {
    let fetched = use_fetch::<Catalogue>("prepared/index.json".to_owned());
    use_effect_with((), |()| browser::title("Redwind: a Redis you can rewind"));
    html! { <Start catalogue={fetched} notice={props.notice.clone()} /> }
}

#[derive(Properties, PartialEq)]
struct LoaderProps {
    link: Link,
    notice: Option<String>,
}

/// Fetches a lesson and its runs.
#[component]
fn LessonLoader(props: &LoaderProps) -> Html {
    let id = &props.link.scene.lesson;
    let fetched = use_fetch::<Prepared>(format!("prepared/{}", Prepared::file_name(id)));
    match fetched {
        Fetched::Waiting => {
            html! { <div class="loading" role="status"><p>{ "Loading the lesson …" }</p></div> }
        }
        Fetched::Failed(lost) => {
            let (title, text) = match lost {
                Lost::Missing => (
                    format!("There is no lesson {:?}", shortened(id)),
                    "Perhaps the link was cut or mistyped, or the lesson has another name now."
                        .to_owned(),
                ),
                Lost::Otherwise(error) => ("The lesson can't be loaded".to_owned(), error),
            };
            html! {
                <main class="loading" role="alert">
                    <h1>{ title }</h1>
                    <p>{ text }</p>
                    <p><a class="btn go" href="#/">{ "All lessons" }</a></p>
                </main>
            }
        }
        Fetched::Done(prepared) => html! {
            <LessonPage {prepared} link={props.link.clone()} notice={props.notice.clone()} />
        },
    }
}

/// As much of a name as can be read at a glance.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{} …", &name[..end]),
        None => name.to_owned(),
    }
}

/// A file that is being fetched.
#[derive(Debug, PartialEq)]
pub(crate) enum Fetched<T> {
    /// Not here yet.
    Waiting,
    /// It won't come.
    Failed(Lost),
    /// Here it is.
    Done(crate::Shared<T>),
}

#[hook]
fn use_fetch<T: serde::de::DeserializeOwned + 'static>(path: String) -> Fetched<T> {
    let fetched = use_state(|| Fetched::<T>::Waiting);
    {
        let fetched = fetched.clone();
        use_effect_with(path, move |path| {
            let path = path.clone();
            wasm_bindgen_futures::spawn_local(async move {
                fetched.set(match browser::fetch(&path).await {
                    Ok(value) => Fetched::Done(crate::Shared::new(value)),
                    Err(lost) => Fetched::Failed(lost),
                });
            });
        });
    }
    match &*fetched {
        Fetched::Waiting => Fetched::Waiting,
        Fetched::Failed(lost) => Fetched::Failed(lost.clone()),
        Fetched::Done(value) => Fetched::Done(value.clone()),
    }
}
