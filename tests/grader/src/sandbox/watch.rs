//! Somebody who looks, ten times a second, whether all that runs in a sandbox stays within its walls.
//!
//! The limits of setrlimit(2) hold for one process at a time, and cgroups not everybody may make.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::limits::Walls;
use crate::process::Process;

const EVERY: Duration = Duration::from_millis(100);

/// The one who looks.
pub(super) struct Watch {
    first: Process,
    walls: Walls,
    until: Instant,
    is_over: AtomicBool,
    why: Mutex<Option<String>>,
    bell: Condvar,
}

impl Watch {
    /// Begins to look.
    pub(super) fn over(first: Process, walls: Walls) -> Arc<Self> {
        let watch = Arc::new(Self {
            first,
            walls,
            until: Instant::now() + walls.time,
            is_over: AtomicBool::new(false),
            why: Mutex::new(None),
            bell: Condvar::new(),
        });
        let own = Arc::clone(&watch);
        std::thread::spawn(move || own.look());
        watch
    }

    /// Why it put an end to all, if it did.
    pub(super) fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(|failed| failed.into_inner()).clone()
    }

    /// Looks no longer.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Release);
        self.bell.notify_all();
    }

    fn look(&self) {
        let mut why = self.why.lock().unwrap_or_else(|failed| failed.into_inner());
        while !self.is_over.load(Ordering::Acquire) {
            *why = self.breach();
            if why.is_some() {
                self.first.kill();
                return;
            }
            let waited = self.bell.wait_timeout(why, EVERY);
            why = waited.unwrap_or_else(|failed| failed.into_inner()).0;
        }
    }

    fn breach(&self) -> Option<String> {
        let processes = self.first.descendants();
        let memory: u64 = processes.iter().map(|process| process.memory()).sum();
        if Instant::now() > self.until {
            return Some(format!("it took longer than {} seconds", self.walls.time.as_secs()));
        }
        if processes.len() as u64 > self.walls.processes {
            return Some(format!("there were more than {} processes", self.walls.processes));
        }
        (memory > self.walls.memory).then(|| format!("it used more than {} MiB of memory", self.walls.memory >> 20))
    }
}
