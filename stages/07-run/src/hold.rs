//! Whose a container is at this moment: the lock on its record, which the kernel takes from a process that has ended.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use anyhow::Result;

use crate::bundle::Bundle;

/// Whose a record is.
#[derive(Debug)]
pub enum Hold {
    /// Ours, until this is dropped.
    Ours(File),
    /// Nobody's: it has been removed.
    Gone,
    /// Of a boxwright that makes a container, or takes one away.
    Theirs,
}

impl Bundle {
    /// True while the boxwright that made it lives.
    pub fn has_parent(&self) -> bool {
        File::open(self.record_path()).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Waits until the boxwright that made it has cleaned up.
    ///
    /// # Errors
    /// Its record cannot be opened.
    pub fn await_parent(&self) -> Result<()> {
        match File::open(self.record_path()) {
            // One that was to vanish at its end has done so.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            lock => Ok(lock?.lock_shared()?),
        }
    }

    /// Takes the record in hand, so that nobody begins a container of this name. Who is `patient` waits for the boxwright
    /// that made it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn hold(&self, patient: bool) -> Result<Hold> {
        let record = match File::open(self.record_path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Hold::Gone),
            record => record?,
        };
        if patient {
            record.lock()?;
        }
        // Who only looks has it for a moment too, as in `has_parent`.
        while !patient && record.try_lock().is_err() {
            if self.has_parent() {
                return Ok(Hold::Theirs);
            }
        }
        Ok(if record.metadata()?.nlink() > 0 { Hold::Ours(record) } else { Hold::Gone })
    }
}
