//! The pool of threads.  Its size never changes a result: work is cut by the data, not by the pool.

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
