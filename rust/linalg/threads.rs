//! The pools of threads.  Their size never changes a result: work is cut by the data, not by the pool.

use std::cell::OnceCell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Threads that have a pool of their own for small work; rayon keeps 8 kB for each when it has ended.
const MOST_ALONE: usize = 64;

/// Threads asked for: `HLMRS_NUM_THREADS`, then `RAYON_NUM_THREADS`, then the processors there are.
pub fn default_threads() -> usize {
    ["HLMRS_NUM_THREADS", "RAYON_NUM_THREADS"]
        .iter()
        .find_map(|name| std::env::var(name).ok()?.parse().ok().filter(|&n: &usize| n > 0))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

/// A pool of a process, and those that were built before it.
struct Known {
    process: u32,
    size: usize,
    pool: ThreadPool,
    before: *const Known,
}

/// The last pool built.  No lock is held at any time: a fork would copy it locked.
static LAST: AtomicPtr<Known> = AtomicPtr::new(ptr::null_mut());

/// The pool of `n` threads (0: the default), built once a process; a forked child builds its own.
///
/// # Errors
/// Where the system refuses so many threads.
pub fn pool(n: usize) -> Result<&'static ThreadPool, ThreadPoolBuildError> {
    let (process, size) = (std::process::id(), if n == 0 { default_threads() } else { n });
    match known(process, size) {
        Some(pool) => Ok(pool),
        None => Ok(remember(process, size, build(size)?)),
    }
}

fn known(process: u32, size: usize) -> Option<&'static ThreadPool> {
    let mut next: *const Known = LAST.load(Ordering::Acquire);
    // SAFETY: `remember` leaks what it puts there, so that it lives as long as the process.
    while let Some(entry) = unsafe { next.as_ref() } {
        if (entry.process, entry.size) == (process, size) {
            return Some(&entry.pool);
        }
        next = entry.before;
    }
    None
}

fn build(size: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new().num_threads(size).thread_name(|i| format!("hlmrs-{i}")).build()
}

/// Puts a pool before the others; two threads may each build one, of which the later is found from then on.
fn remember(process: u32, size: usize, pool: ThreadPool) -> &'static ThreadPool {
    let entry: &'static mut Known = Box::leak(Box::new(Known { process, size, pool, before: ptr::null() }));
    let mut last = LAST.load(Ordering::Acquire);
    loop {
        entry.before = last;
        match LAST.compare_exchange_weak(last, entry, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return &entry.pool,
            Err(now) => last = now,
        }
    }
}

/// Runs small work on the caller's own thread, as a pool of one: to wake another would take longer than the work.
///
/// # Errors
/// Those of `pool`, to which threads turn after the first so many.
pub fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, ThreadPoolBuildError> {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static ALONE: OnceCell<Option<ThreadPool>> = const { OnceCell::new() };
    }
    // none where the thread belongs to a pool already
    let own = || ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok();
    let given = || if GIVEN.fetch_add(1, Ordering::Relaxed) < MOST_ALONE { own() } else { None };
    ALONE.with(|alone| match alone.get_or_init(given) {
        Some(own) => Ok(own.install(work)),
        None => Ok(pool(0)?.install(work)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn small_work_stays_on_its_thread() {
        let here = std::thread::current().id();
        let ids = || (0..100).into_par_iter().map(|_| std::thread::current().id()).collect::<Vec<_>>();
        assert!(alone(ids).unwrap().iter().all(|id| *id == here));
        assert_eq!(alone(rayon::current_num_threads).unwrap(), 1);
    }

    #[test]
    fn small_work_of_a_pool_stays_in_its_pool() {
        let inside = pool(2).unwrap().install(|| alone(rayon::current_num_threads));
        assert_eq!(inside.unwrap(), default_threads());
    }

    #[test]
    fn a_pool_is_built_once() {
        assert!(ptr::eq(pool(3).unwrap(), pool(3).unwrap()));
        assert!(!ptr::eq(pool(3).unwrap(), pool(4).unwrap()));
    }
}
