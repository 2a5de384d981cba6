//! Several at once, told in their order.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::{available_parallelism, scope};

use anyhow::{Context, Result};

/// Does `work` for all, as many at once as there are processors, but two at least: while one is built, another is judged.
/// Tells `each` in the order of `jobs`.
pub(super) fn in_parallel<J: Sync, T: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> Result<T> + Sync,
    each: &dyn Fn(&T),
) -> Result<Vec<T>> {
    let workers = available_parallelism().map_or(2, NonZero::get).clamp(2, 8).min(jobs.len().max(1));
    let next = AtomicUsize::new(0);
    let (done, results) = channel();
    scope(|scope| {
        for _ in 0..workers {
            let (done, next, work) = (done.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((at, job)) = take(jobs, next) {
                    // Nobody listens any more once one has failed.
                    if done.send((at, work(job))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut found: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let mut told = 0;
        for (at, result) in &results {
            found[at] = Some(result?);
            while let Some(Some(one)) = found.get(told) {
                each(one);
                told += 1;
            }
        }
        found.into_iter().collect::<Option<Vec<_>>>().context("somebody who judges has died")
    })
}

fn take<'a, J>(jobs: &'a [J], next: &AtomicUsize) -> Option<(usize, &'a J)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, jobs.get(at)?))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn all_are_done_and_told_in_their_order() {
        let jobs: Vec<u32> = (0..50).collect();
        let told = RefCell::new(Vec::new());
        let found = in_parallel(&jobs, |job| Ok(job * 2), &|one| told.borrow_mut().push(*one)).unwrap();
        assert_eq!(found, jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
        assert_eq!(*told.borrow(), found);
    }

    #[test]
    fn one_that_fails_ends_all() {
        let jobs: Vec<u32> = (0..50).collect();
        let work = |job: &u32| if *job == 7 { anyhow::bail!("seven") } else { Ok(()) };
        assert_eq!(in_parallel(&jobs, work, &|()| {}).unwrap_err().to_string(), "seven");
    }
}
