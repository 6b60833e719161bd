//! Any bytes as a definition: diagnostics, or machines that Step Functions would take; never a panic.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none definition -- -max_total_time=60`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    compiler_fuzz::check(&String::from_utf8_lossy(bytes));
});
