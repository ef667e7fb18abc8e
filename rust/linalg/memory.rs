//! How much memory there is for large blocks.

use std::fs::read_to_string;

/// Bytes that are free for a process; control groups count.  None where the system does not tell.
pub fn available() -> Option<usize> {
    let free = meminfo(&read_to_string("/proc/meminfo").ok()?)?;
    let number = |path: &str| read_to_string(path).ok()?.trim().parse::<usize>().ok();
    match number("/sys/fs/cgroup/memory.max") {
        Some(limit) => Some(free.min(limit.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)))),
        None => Some(free),
    }
}

fn meminfo(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<usize>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_bytes() {
        assert_eq!(meminfo("MemTotal: 10 kB\nMemAvailable:    3 kB\n"), Some(3072));
        assert_eq!(meminfo("nothing"), None);
    }
}
