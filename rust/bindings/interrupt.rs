//! Long work on a thread of its own, so that Ctrl-C is answered at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::prelude::*;

use super::errors::{finish, pool_of, run_here};
use crate::{Error, Result};

const POLL: Duration = Duration::from_millis(40);

/// Numbers to work on, or tens of operations, below which starting a thread takes longer than the work.
const SMALL: usize = 20_000;

/// Runs `work` on the default pool without the GIL.  On Ctrl-C the call returns, and what the work makes is dropped.
pub fn run<T: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send + 'static) -> PyResult<T> {
    run_interruptible(py, 0, move |_| work())
}

/// Runs `work` on the pool of `n_threads` without the GIL and polls for signals meanwhile.  On Ctrl-C the flag
/// is set and the call returns; the work ends by itself at its next look at the flag.
pub fn run_interruptible<T: Send + 'static>(
    py: Python<'_>,
    n_threads: usize,
    work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    run_counted(py, n_threads, None, |_, stop| work(stop))
}

/// The same for work on `size` numbers, which stays on the caller's thread where they are few.
pub fn run_interruptible_sized<T: Send + 'static>(
    py: Python<'_>,
    n_threads: usize,
    size: usize,
    work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    if size > SMALL {
        return run_interruptible(py, n_threads, work);
    }
    run_here(py, move || work(&AtomicBool::new(false)))
}

/// The same for work that counts what is done: `progress` is called with the count now and then; its error stops the
/// work.
pub fn run_counted<T: Send + 'static>(
    py: Python<'_>,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&AtomicUsize, &AtomicBool) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let shared = Arc::new((AtomicUsize::new(0), AtomicBool::new(false)));
    let (sender, receiver) = channel();
    let flags = shared.clone();
    pool_of(py, n_threads)?.spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&flags.0, &flags.1)));
        let _ = sender.send(outcome); // the receiver is gone after Ctrl-C
    });
    let mut receiver = Some(receiver);
    loop {
        let waiting = receiver.take().expect("the channel");
        let (outcome, back) = py.detach(move || {
            let outcome = waiting.recv_timeout(POLL);
            (outcome, waiting)
        });
        receiver = Some(back);
        match outcome {
            Ok(outcome) => return finish(py, outcome),
            Err(RecvTimeoutError::Timeout) => {
                let tell = |call: &Py<PyAny>| call.call1(py, (shared.0.load(Ordering::Relaxed),)).map(|_| ());
                if let Err(signal) = py.check_signals().and_then(|()| progress.as_ref().map_or(Ok(()), tell)) {
                    shared.1.store(true, Ordering::Relaxed);
                    return Err(signal);
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                return finish(py, Ok(Err(Error::Numerical("the computation ended without a result".into()))));
            }
        }
    }
}
