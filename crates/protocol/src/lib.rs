//! Messages between the page and its worker: the only serde types on that boundary.
