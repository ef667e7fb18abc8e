//! Memory of the extension: short arrays by mimalloc, long ones by the system.
//!
//! Fits of small models make thousands of short arrays, which take a fifth of their time from the allocator of the system.
//! Long ones stay with it, for it gives their pages back at once: a plan states what a fit takes.

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// Bytes of the longest array that is short.
const SHORT: usize = 16 * 1024;

/// Which of the two has an array follows from its size, which is known when it is freed.
pub struct BySize;

// SAFETY: every call is passed on unchanged to one allocator, the same for all calls of one size
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() <= SHORT { unsafe { MiMalloc.alloc(layout) } } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() <= SHORT {
            unsafe { MiMalloc.alloc_zeroed(layout) }
        } else {
            unsafe { System.alloc_zeroed(layout) }
        }
    }

    unsafe fn dealloc(&self, array: *mut u8, layout: Layout) {
        if layout.size() <= SHORT {
            unsafe { MiMalloc.dealloc(array, layout) }
        } else {
            unsafe { System.dealloc(array, layout) }
        }
    }

    unsafe fn realloc(&self, array: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match (layout.size() <= SHORT, size <= SHORT) {
            (true, true) => unsafe { MiMalloc.realloc(array, layout, size) },
            (false, false) => unsafe { System.realloc(array, layout, size) },
            _ => {
                // SAFETY: the caller vouches for the new size with the alignment there was
                let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
                if !moved.is_null() {
                    unsafe {
                        std::ptr::copy_nonoverlapping(array, moved, layout.size().min(size));
                        self.dealloc(array, layout);
                    }
                }
                moved
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_keep_their_values_across_both_allocators() {
        let (short, long) = (Layout::array::<u8>(SHORT / 2).unwrap(), 3 * SHORT);
        unsafe {
            let array = BySize.alloc(short);
            (0..short.size()).for_each(|k| *array.add(k) = k as u8);
            let longer = BySize.realloc(array, short, long);
            let is_kept = (0..short.size()).all(|k| *longer.add(k) == k as u8);
            let again = BySize.realloc(longer, Layout::array::<u8>(long).unwrap(), short.size());
            assert!(is_kept && (0..short.size()).all(|k| *again.add(k) == k as u8));
            BySize.dealloc(again, short);
        }
    }
}
