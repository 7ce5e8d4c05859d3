//! Developer tasks, called by the Makefile.
fn main() {}
