#![no_main]
//! For `cargo fuzz run dispatcher --features libfuzzer`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| redwind_fuzz::dispatcher(bytes));
