#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| majlis_protocol_fuzz::targets::have(data));
