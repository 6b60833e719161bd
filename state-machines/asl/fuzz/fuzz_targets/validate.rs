//! Any bytes: diagnostics, never a panic. `cargo +nightly fuzz run validate -- -max_total_time=60`

#![no_main]

use asl::validate::{self, MachineType};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    validate::text(&text, MachineType::Standard);
    let _ = asl::path::Path::parse(&text);
});
