//! Icons: drawn here, so that they look the same everywhere and no font is needed.

use yew::prelude::*;

/// An icon of 20 by 20, in the colour of the text around it, hidden from screen readers.
pub fn icon(name: &str) -> Html {
    let (path, filled) = match name {
        "start" => ("M5 4v12M16 4.5v11L8 10z", true),
        "end" => ("M15 4v12M4 4.5v11L12 10z", true),
        "back" => ("M13.5 4.5v11L6 10z", true),
        "step" => ("M6.5 4.5v11L14 10z", true),
        "play" => ("M6 3.8v12.4L16.5 10z", true),
        "stop" => ("M5.5 4h3v12h-3zM11.5 4h3v12h-3z", true),
        "violation" => ("M4 4.5v11l6-5.5zM14 4v7M14 14.6v1.2", true),
        "pause" => ("M7.2 4.5v11M12.8 4.5v11", false),
        "crash" | "kill" => ("M5 5l10 10M15 5L5 15", false),
        "restart" => ("M15.5 10a5.5 5.5 0 1 1-1.8-4.1M14.6 2.8v3.4h-3.4", false),
        "drop" | "lose" | "fail" => ("M3.5 10h6M13 7l4 6M17 7l-4 6", false),
        "delay" => ("M10 5.5V10l3 2M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14", false),
        "partition" => (
            "M10 3v3M10 8.5v3M10 14v3M2.5 10h4M17.5 10h-4M5 7.5L2.5 10L5 12.5M15 7.5l2.5 2.5L15 12.5",
            false,
        ),
        "clock" | "jump-clock" | "drift" => (
            "M10 6.5V11l2.6 1.6M10 4a6.6 6.6 0 1 0 0 13.2a6.6 6.6 0 0 0 0-13.2M7.5 2.2h5",
            false,
        ),
        "slow" | "slow-cpu" | "slow-disk" | "slow-link" => {
            ("M3 14.5a7 7 0 0 1 14 0M10 14.5L6.4 10.2M10 14.5h.1", false)
        }
        "failover" => ("M4 14.5h12M4 14.5L3 6.5l4 3L10 5l3 4.5l4-3l-1 8", false),
        "cut-power" => ("M10 3v6M6.2 5.6a6 6 0 1 0 7.6 0", false),
        "reset" => ("M3 10h4.5M12.5 10H17M9 6.5l-1.5 7M12.5 6.5l-1.5 7", false),
        "move-slot" => ("M3 6h6v8H3zM12 10h5M14.5 7.5L17 10l-2.5 2.5", false),
        "share" => ("M10 12.5V3.2M6.6 6.3L10 3l3.4 3.3M5 9.5v6.8h10V9.5", false),
        "theme" => (
            "M10 2.6a7.4 7.4 0 1 0 0 14.8a7.4 7.4 0 0 0 0-14.8m0 1.6a5.8 5.8 0 0 1 0 11.6z",
            true,
        ),
        "text" => ("M4 5.5h12M4 10h12M4 14.5h8", false),
        "diagram" => ("M3 5h14M3 10h14M3 15h14M6 5l3 5M11 10l3 5", false),
        "zoom-in" => ("M10 5v10M5 10h10", false),
        "zoom-out" => ("M5 10h10", false),
        "fit" => ("M3 10h14M6 7l-3 3 3 3M14 7l3 3-3 3", false),
        "close" => ("M5.5 5.5l9 9M14.5 5.5l-9 9", false),
        "edit" | "write" => ("M4 16l.8-3.4L13.6 3.8l2.6 2.6-8.8 8.8z", false),
        "left" => ("M12.5 4.5L7 10l5.5 5.5", false),
        "right" => ("M7.5 4.5L13 10l-5.5 5.5", false),
        "type" => ("M4 5.5l4.5 4.5L4 14.5M10.5 15h6", false),
        "branch" => (
            "M6 6.5v7M6 6.5a1.8 1.8 0 1 0 0-3.6a1.8 1.8 0 0 0 0 3.6M6 17.1a1.8 1.8 0 1 0 0-3.6a1.8 1.8 0 0 0 0 3.6M14 8.1a1.8 1.8 0 1 0 0-3.6a1.8 1.8 0 0 0 0 3.6M14 8.1c0 3.4-8 2-8 5.4",
            false,
        ),
        "out" => ("M8 5H4.5v10.5H15V12M11 4.5h4.5V9M15.2 4.8L9 11", false),
        "departs" => (
            "M3 10h5M8 10l5-4.5h4M8 10l5 4.5h4M14.8 3.2L17 5.5l-2.2 2.3",
            false,
        ),
        "check" => ("M4 10.5l4 4 8-9", false),
        "help" => (
            "M7.4 7.6a2.6 2.6 0 1 1 3.9 2.3c-.9.5-1.3 1-1.3 2M10 14.6v.6",
            false,
        ),
        "bolt" => ("M11 2.5L4.5 11.5H9l-.8 6L15 8.5h-4.6z", false),
        "broken" => ("M10 3.2L18 16.5H2zM10 8v4M10 14v.6", false),
        _ => ("", false),
    };
    let fill = if filled { "currentColor" } else { "none" };
    // The half disc is all area; strokes would blur it.
    let stroke = if name == "theme" {
        "none"
    } else {
        "currentColor"
    };
    html! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <path d={path} fill={fill} stroke={stroke} stroke-width="1.7" fill-rule="evenodd" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    }
}
