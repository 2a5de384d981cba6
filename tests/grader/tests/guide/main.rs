//! The guide as a learner meets it, from `start` to the last key in `watch`.

#![expect(unreachable_pub, reason = "a test is nobody's library")]

#[expect(dead_code, reason = "what judges without the guide is for other tests")]
#[path = "../common/mod.rs"]
mod common;
mod learner;
mod verbs;
mod watch;
