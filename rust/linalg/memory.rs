//! How much memory there is for large blocks: the machine's, a control group's, and what the process may address.

use std::fs::read_to_string;
use std::path::Path;

/// Bytes below which memory is not looked up before it is taken.
const LARGE: usize = 100_000_000;

/// Bytes that are free for a process; its control groups and its own limits count.  None where the system does not tell.
pub fn available() -> Option<usize> {
    let machine = kilobytes(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = read_to_string("/proc/self/limits").unwrap_or_default();
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let free = groups.lines().filter_map(free_in_groups).chain(free_in_limits(&limits, &status));
    Some(free.fold(machine, usize::min))
}

/// `rows` times `columns` zeros; None where memory does not hold them.
pub fn zeros(rows: usize, columns: usize) -> Option<Vec<f64>> {
    let mut values = room(rows, columns)?;
    values.resize(rows * columns, 0.0);
    Some(values)
}

/// An empty vector with room for `rows` times `columns` values; None where memory does not hold them.
pub fn room<T>(rows: usize, columns: usize) -> Option<Vec<T>> {
    let n = rows.checked_mul(columns)?;
    let n_bytes = n.checked_mul(size_of::<T>())?;
    if n_bytes >= LARGE && available().is_some_and(|free| n_bytes >= free) {
        return None;
    }
    let mut values = Vec::new();
    values.try_reserve_exact(n).ok()?;
    Some(values)
}

/// A line `name   10 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<usize>().ok()? * 1024)
}

/// What the groups of a line of /proc/self/cgroup leave free, the process's own and those that it lies in.
fn free_in_groups(line: &str) -> Option<usize> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, own) = (parts.next()?, parts.next()?);
    let (root, limit, used, cache) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "),
        _ if controllers.split(',').any(|c| c == "memory") => {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
        }
        _ => return None,
    };
    let free = |path: &Path| free_in_group(&Path::new(root).join(path), limit, used, cache);
    Path::new(own.trim_start_matches('/')).ancestors().filter_map(free).min()
}

/// A limit less what is used; files that are cached are given back where memory is needed.
fn free_in_group(folder: &Path, limit: &str, used: &str, cache: &str) -> Option<usize> {
    let number = |name: &str| read_to_string(folder.join(name)).ok()?.trim().parse::<usize>().ok();
    let limit = number(limit)?;
    let statistics = read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = statistics.lines().find_map(|line| line.strip_prefix(cache)?.parse().ok()).unwrap_or(0);
    Some(limit.saturating_sub(number(used).unwrap_or(0).saturating_sub(cached)))
}

/// What the limits of address space and of data (`ulimit -v`, `ulimit -d`) leave free.
fn free_in_limits<'a>(limits: &'a str, status: &'a str) -> impl Iterator<Item = usize> + 'a {
    let names = [("Max address space", "VmSize:"), ("Max data size", "VmData:")];
    names.into_iter().filter_map(move |(limit, used)| {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        let most: usize = line.split_whitespace().next()?.parse().ok()?;
        Some(most.saturating_sub(kilobytes(status, used)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_bytes() {
        assert_eq!(kilobytes("MemTotal: 10 kB\nMemAvailable:    3 kB\n", "MemAvailable:"), Some(3072));
        assert_eq!(kilobytes("nothing", "MemAvailable:"), None);
    }

    #[test]
    fn a_limit_of_address_space_leaves_what_is_not_used() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax data size  unlimited  unlimited  bytes\n\
                      Max address space         1000000              unlimited            bytes     \n";
        let free: Vec<usize> = free_in_limits(limits, "VmSize:\t     100 kB\nVmData: 7 kB\n").collect();
        assert_eq!(free, [1_000_000 - 102_400]);
    }

    #[test]
    fn the_group_around_a_group_limits_it_too() {
        let folder = std::env::temp_dir().join(format!("hlmrs-groups-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("memory.max", "1000\n");
        write("memory.current", "700\n");
        write("memory.stat", "anon 500\ninactive_file 200\n");
        let free = free_in_group(&folder, "memory.max", "memory.current", "inactive_file ");
        write("memory.max", "max\n");
        let unlimited = free_in_group(&folder, "memory.max", "memory.current", "inactive_file ");
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((free, unlimited), (Some(500), None));
    }

    #[test]
    fn what_memory_does_not_hold_is_refused() {
        assert_eq!(zeros(2, 3), Some(vec![0.0; 6]));
        assert_eq!(room::<u8>(2, 3).unwrap().capacity(), 6);
        assert_eq!(zeros(usize::MAX / 4, 8), None);
        assert_eq!(zeros(1 << 44, 1), None);
    }
}
