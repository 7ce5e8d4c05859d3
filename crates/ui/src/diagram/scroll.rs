//! The diagram's frame: how large it is, where it is scrolled to, where in it a pointer is.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::picture::Picture;
use crate::shared::Shared;

/// Where a pointer is within the diagram's picture. (The event itself only knows the root of the page.)
pub(super) fn local(picture: &NodeRef, event: &web_sys::MouseEvent) -> (f64, f64) {
    let Some(area) = picture
        .cast::<Element>()
        .map(|picture| picture.get_bounding_client_rect())
    else {
        return (0.0, 0.0);
    };
    (
        f64::from(event.client_x()) - area.left(),
        f64::from(event.client_y()) - area.top(),
    )
}

pub(super) fn scroll_to(scroller: &NodeRef, place: f64, down: bool) {
    let scroller = scroller.clone();
    // After the spacer has its new size.
    gloo_timers::callback::Timeout::new(0, move || {
        if let Some(element) = scroller.cast::<Element>() {
            let place = place.max(0.0) as i32;
            if down {
                element.set_scroll_top(place)
            } else {
                element.set_scroll_left(place)
            }
        }
    })
    .forget();
}

/// Keeps `size` at the inner size of the scroller.
#[hook]
pub(super) fn use_measure(scroller: &NodeRef, size: &UseStateHandle<(f64, f64)>) {
    let (scroller, size) = (scroller.clone(), size.clone());
    use_effect_with((), move |()| {
        let element = scroller.cast::<HtmlElement>();
        let measure = {
            let element = element.clone();
            move || {
                if let Some(element) = &element {
                    size.set((
                        f64::from(element.client_width()),
                        f64::from(element.client_height()),
                    ));
                }
            }
        };
        measure();
        let closure = Closure::<dyn FnMut()>::new(measure);
        let observer = web_sys::ResizeObserver::new(closure.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(closure);
        }
    });
}

/// Scrolls so that the cursor stays in sight.
#[hook]
pub(super) fn use_follow(
    scroller: &NodeRef,
    picture: &Shared<Picture>,
    position: u32,
    along: f64,
    down: bool,
) {
    let scroller = scroller.clone();
    let deps = (position, picture.clone(), along > 0.0);
    use_effect_with(deps, move |(position, picture, _)| {
        let Some(element) = scroller.cast::<Element>() else {
            return;
        };
        let offset = f64::from(if down {
            element.scroll_top()
        } else {
            element.scroll_left()
        });
        let place = picture.axis.record(*position);
        let margin = (along * 0.12).min(90.0);
        if place < offset + margin || place > offset + along - margin {
            scroll_to(&scroller, place - along * 0.45, down);
        }
    });
}
