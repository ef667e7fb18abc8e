//! A value that one call at a time takes, works on and puts back.
//!
//! No lock is held on a worker of the pool: a worker that waits for its part of parallel work runs other calls meanwhile,
//! and one on the same value would wait for itself.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pyo3::prelude::*;

use super::errors::lock;

const POLL: Duration = Duration::from_millis(40);

/// A value of a Python object; nothing is there while a call works on it.
pub struct Shared<T>(Arc<Place<T>>);

struct Place<T> {
    value: Mutex<Option<T>>,
    is_back: Condvar,
}

/// The value, until this is dropped: then it is back.
pub struct Taken<T> {
    value: Option<T>,
    place: Arc<Place<T>>,
}

impl<T: Send> Shared<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(Place { value: Mutex::new(Some(value)), is_back: Condvar::new() }))
    }

    /// Waits without the GIL until no other call has the value; Ctrl-C ends the wait.
    pub fn take(&self, py: Python<'_>) -> PyResult<Taken<T>> {
        loop {
            if let Some(value) = py.detach(|| self.0.wait()) {
                return Ok(Taken { value: Some(value), place: self.0.clone() });
            }
            py.check_signals()?;
        }
    }

    /// What `look` finds, without the GIL.
    pub fn read<R: Send>(&self, py: Python<'_>, look: impl FnOnce(&T) -> R + Send) -> PyResult<R> {
        let value = self.take(py)?;
        Ok(py.detach(move || look(&value)))
    }

    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes two different values in one order, so that no two calls wait for each other.
    pub fn take_both(&self, other: &Self, py: Python<'_>) -> PyResult<(Taken<T>, Taken<T>)> {
        if Arc::as_ptr(&self.0) < Arc::as_ptr(&other.0) {
            let mine = self.take(py)?;
            return Ok((mine, other.take(py)?));
        }
        let theirs = other.take(py)?;
        Ok((self.take(py)?, theirs))
    }
}

impl<T> Place<T> {
    fn wait(&self) -> Option<T> {
        let held = lock(&self.value);
        let waited = self.is_back.wait_timeout_while(held, POLL, |value| value.is_none());
        waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0.take()
    }
}

impl<T> Deref for Taken<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until dropped")
    }
}

impl<T> DerefMut for Taken<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is there until dropped")
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        *lock(&self.place.value) = self.value.take();
        self.place.is_back.notify_one();
    }
}
