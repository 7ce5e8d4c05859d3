//! The page.

fn main() {
    redwind_ui::run();
}
