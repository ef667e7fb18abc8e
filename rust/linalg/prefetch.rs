//! Hints for data that no pattern announces.

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines that a hint asks for at most; what lies behind them the machine sees coming.
const MOST_LINES: usize = 8;

/// Asks for `data[at]`, if it exists; changes no result.
#[inline(always)]
fn element<T>(data: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = data.get(at) {
        // SAFETY: a prefetch of a valid address neither writes nor faults
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(std::ptr::from_ref(value).cast())
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (data, at);
}

/// Asks for the first lines of `data[range]`.
#[inline(always)]
pub fn range<T>(data: &[T], range: std::ops::Range<usize>) {
    let step = (LINE / size_of::<T>()).max(1);
    range.step_by(step).take(MOST_LINES).for_each(|at| element(data, at));
}
