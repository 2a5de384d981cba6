//! How much memory is in use, by whom.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What the machine could still give away.
///
/// # Errors
/// /proc/meminfo does not say.
pub fn available_kib() -> Result<f64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    field(&text, "MemAvailable:").context("/proc/meminfo has no MemAvailable")
}

/// What the kernel itself has taken, beside files: structures, stacks, page tables, and what each processor has its own of.
///
/// # Errors
/// /proc/meminfo does not say.
pub fn kernels_kib() -> Result<f64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    Ok(["SUnreclaim:", "KernelStack:", "PageTables:", "Percpu:"].iter().filter_map(|name| field(&text, name)).sum())
}

/// What all processes of a program hold, where what several share counts for each in part.
///
/// # Errors
/// /proc is not there.
pub fn resident_kib(program: &Path) -> Result<f64> {
    let processes = fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
    let its = processes.filter(|process| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == program));
    let shares = its.filter_map(|process| field(&fs::read_to_string(process.join("smaps_rollup")).ok()?, "Pss:"));
    Ok(shares.sum())
}

/// The number after a word: `Pss:   52 kB`.
fn field(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_number_after_its_name() {
        assert_eq!(field("MemFree: 7 kB\nMemAvailable:   23115 kB\n", "MemAvailable:"), Some(23115.0));
        assert_eq!(field("MemFree: 7 kB\n", "MemAvailable:"), None);
    }

    #[test]
    fn this_process_holds_something() {
        let here = std::env::current_exe().unwrap();
        assert!(resident_kib(&here).unwrap() > 100.0);
        assert_eq!(resident_kib(Path::new("/no/such/program")).unwrap(), 0.0);
    }
}
