//! The redwind command.
fn main() {}
