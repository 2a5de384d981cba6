//! Any bytes as a layer: see `unpack_anything`.
#![no_main]

#[path = "../unpack_anything.rs"]
mod unpack_anything;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unpack_anything::Place::new().unpack_anything(bytes));
