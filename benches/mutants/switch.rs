//! Which mutant is on, read once from the environment; or which mutants were reached, if that is asked for.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};

const UNREAD: i32 = -3;
const NOTING: i32 = -2;
const NONE: i32 = -1;

static STATE: AtomicI32 = AtomicI32::new(UNREAD);
static REACHED: [AtomicBool; 100_000] = [const { AtomicBool::new(false) }; 100_000];

/// Returns whether the mutant is on.
#[inline]
pub fn on(mutant: usize) -> bool {
    let state = STATE.load(Relaxed);
    if state < NONE { noted(state, mutant) } else { state == mutant as i32 }
}

#[cold]
fn noted(state: i32, mutant: usize) -> bool {
    if state == UNREAD {
        STATE.store(asked(), Relaxed);
        return on(mutant);
    }
    REACHED[mutant].store(true, Relaxed);
    false
}

fn asked() -> i32 {
    if std::env::var_os("HLMRS_REACHED").is_some() {
        unsafe { atexit(write) };
        return NOTING;
    }
    std::env::var("HLMRS_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(NONE)
}

unsafe extern "C" {
    fn atexit(last: extern "C" fn()) -> i32;
}

extern "C" fn write() {
    let text: String = (0..REACHED.len()).filter(|&k| REACHED[k].load(Relaxed)).map(|k| format!("{k}\n")).collect();
    let folder = std::env::var("HLMRS_REACHED").unwrap_or_default();
    let _ = std::fs::write(format!("{folder}/{}.rust", std::process::id()), text);
}

/// Copies what was reached since the last call, a byte a mutant.
///
/// # Safety
/// `out` holds `n` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlmrs_mutants_reached(out: *mut u8, n: usize) {
    for k in 0..n.min(REACHED.len()) {
        unsafe { *out.add(k) = REACHED[k].swap(false, Relaxed) as u8 };
    }
}
