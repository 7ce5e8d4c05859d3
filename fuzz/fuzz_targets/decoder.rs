#![no_main]
//! For `cargo fuzz run decoder --features libfuzzer`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| redwind_fuzz::decoder(bytes));
