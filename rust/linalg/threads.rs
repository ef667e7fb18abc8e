//! The pool of threads.  Its size never changes a result: work is cut by the data, not by the pool.

use std::cell::OnceCell;
use std::sync::{Mutex, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads asked for: `HLMRS_NUM_THREADS`, then `RAYON_NUM_THREADS`, then the processors there are.
pub fn default_threads() -> usize {
    ["HLMRS_NUM_THREADS", "RAYON_NUM_THREADS"]
        .iter()
        .find_map(|name| std::env::var(name).ok()?.parse().ok().filter(|&n: &usize| n > 0))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

type Pools = Vec<(u32, usize, &'static ThreadPool)>;

/// The pool of `n` threads (0: the default), built once a process; a forked child builds its own.
pub fn pool(n: usize) -> &'static ThreadPool {
    static POOLS: OnceLock<Mutex<Pools>> = OnceLock::new();
    let n = if n == 0 { default_threads() } else { n };
    let process = std::process::id();
    let mut pools = POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
    if let Some((_, _, pool)) = pools.iter().find(|(p, size, _)| *p == process && *size == n) {
        return pool;
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(n)
        .thread_name(|i| format!("hlmrs-{i}"))
        .build()
        .expect("the operating system refused a thread");
    let pool: &'static ThreadPool = Box::leak(Box::new(pool));
    pools.push((process, n, pool));
    pool
}

/// Runs small work on the caller's own thread, as a pool of one: to wake another would take longer than the work.
pub fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread_local! {
        static ALONE: OnceCell<Option<ThreadPool>> = const { OnceCell::new() };
    }
    ALONE.with(|alone| {
        // none where the thread belongs to a pool already
        let own = alone.get_or_init(|| ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok());
        own.as_ref().unwrap_or_else(|| pool(0)).install(work)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn small_work_stays_on_its_thread() {
        let here = std::thread::current().id();
        let seen: Vec<_> = alone(|| (0..100).into_par_iter().map(|_| std::thread::current().id()).collect());
        assert!(seen.iter().all(|id| *id == here));
        assert_eq!(alone(rayon::current_num_threads), 1);
    }

    #[test]
    fn small_work_of_a_pool_stays_in_its_pool() {
        assert_eq!(pool(2).install(|| alone(rayon::current_num_threads)), default_threads());
    }
}
