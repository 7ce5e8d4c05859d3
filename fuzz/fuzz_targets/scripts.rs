#![no_main]
//! For `cargo fuzz run scripts --features libfuzzer`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| redwind_fuzz::scripts(bytes));
