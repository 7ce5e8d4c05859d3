//! A lesson's page: the panes around one run, and how they hang together.
//!
//! What tests in a browser look for, as `data-testid`:
//!
//! | name | what |
//! | --- | --- |
//! | `lesson-list`, `lesson-link` | the start page's list and its entries (`data-lesson` has the id) |
//! | `begin` | the emblem, which leads to the lesson it draws |
//! | `diagram`, `trace-text`, `as-text` | the diagram, the trace as a table, the button between them |
//! | `to-start`, `step-back`, `play`, `step-forward`, `to-end`, `by-line`, `next-violation` | the transport |
//! | `scrubber`, `position` | the slider (`aria-valuenow` is the record) and the time readout |
//! | `verdict`, `why`, `evidence` | each promise (`data-standing`: `so-far`, `broken`, `held`, `undecided`), its button, its records |
//! | `inject-pause`, `inject-crash`, `inject-restart`, `inject-drop`, `inject-delay` | the buttons of faults |
//! | `fault-form`, `fault-client`, `fault-at`, `fault-for`, `fault-restart`, `fault-message`, `fault-apply` | the form of a fault |
//! | `fault-error` | why a fault could not be run |
//! | `lane-menu`, `menu-pause` … `menu-delay` | the menu at a place of the diagram |
//! | `branch-list`, `branch`, `intervention`, `undo` | branches, and the chips of this one's interventions |
//! | `client`, `variant`, `locals`, `doing` | the code pane |
//! | `code-edit`, `editor`, `code-run`, `code-cancel`, `code-reset`, `code-error` | editing |
//! | `stop-run` | gives up the run that was asked for |
//! | `key-row`, `effect` | keys and effects at this moment |
//! | `terminal-input`, `terminal-output` | the terminal |
//! | `thread`, `departs`, `legend` | a thread of the client, the button to where a branch departs, the marks in the help |
//! | `embed-code`, `open-full` | what to paste to embed this moment; in an embedded page, the way out of it |
//! | `beat`, `beat-back`, `beat-next`, `predict`, `predict-option`, `because` | the lesson |
//! | `share`, `share-link`, `theme`, `help`, `notice`, `engine`, `narration`, `tab-lesson` … `tab-keys` | the rest |

mod bars;
mod effects;
mod help;
mod host;
mod keyboard;
mod share;
mod view;

pub(crate) use view::LessonPage;
