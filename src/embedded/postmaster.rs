//! What a running or killed server tells about itself: its `postmaster.pid` and its processes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::folder::POLL;

/// How long leftover processes get to obey a signal before they get a harsher one.
const OBEY_LIMIT: Duration = Duration::from_secs(10);

/// The content of `postmaster.pid`. A killed server leaves it behind, so it is a hint until a connection succeeds.
#[derive(Debug)]
pub(super) struct Postmaster {
    /// Process id of the server.
    pub(super) pid: Pid,
    /// Folder of its socket.
    pub(super) socket: PathBuf,
    /// Whether it says that it accepts connections.
    pub(super) ready: bool,
}

impl Postmaster {
    /// Reads the file of a cluster; `None` while there is none or it is being written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read(cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.split(|&byte| byte == b'\n');
        let mut line = |index| lines.nth(index);
        let pid = pid(line(0)?)?;
        let socket = line(3)?; // after data folder, start time and port
        let ready = line(2)?.trim_ascii() == b"ready"; // after listen address and shared memory key
        let socket = PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(socket));
        Some(Self { pid, socket, ready })
    }
}

/// The number in the first line of the file; below 0 it is that of a server in single-user mode.
fn pid(line: &[u8]) -> Option<Pid> {
    let number: i32 = str::from_utf8(line).ok()?.trim().parse().ok()?;
    Pid::from_raw(number.checked_abs()?)
}

/// Stops what still runs on a cluster that nobody supervises: a server whose supervisor was killed, or backends whose
/// server was killed. Returns when the last of them is gone.
pub(super) fn stop_leftovers(cluster: &Path) {
    let mark = fs::read(cluster.join("postmaster.pid")).unwrap_or_default();
    let server = mark.split(|&byte| byte == b'\n').next().and_then(pid);
    // A server understands INT as "disconnect everybody, then stop"; a backend without one ends its work at TERM.
    let gentle = |pid: Pid| if Some(pid) == server { Signal::INT } else { Signal::TERM };
    let orderly = processes(cluster).iter().any(|&pid| Some(pid) == server);
    let steps: [&dyn Fn(Pid) -> Option<Signal>; 3] =
        [&|pid| (!orderly || Some(pid) == server).then(|| gentle(pid)), &|_| Some(Signal::QUIT), &|_| {
            Some(Signal::KILL)
        }];
    for signal_for in steps {
        for pid in processes(cluster) {
            if let Some(signal) = signal_for(pid) {
                let _ = kill_process(pid, signal); // gone meanwhile is what we want
            }
        }
        let deadline = Instant::now() + OBEY_LIMIT;
        while !processes(cluster).is_empty() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
    }
    // The server trusts the number in its file alone. If another process, or a dead one that nobody reaped, has that
    // number now, it would refuse to start for ever. That no server works here is certain by now.
    let reused = server.is_some_and(|pid| test_kill_process(pid).is_ok());
    if reused && Path::new("/proc/self/cwd").exists() && processes(cluster).is_empty() {
        let _ = fs::remove_file(cluster.join("postmaster.pid"));
    }
}

/// The server processes whose working folder is the cluster, as that of every one of them is.
fn processes(cluster: &Path) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let working_here = |folder: &Path| {
        let is_server = fs::read(folder.join("comm")).is_ok_and(|name| name.trim_ascii() == b"postgres");
        is_server && fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd == cluster)
    };
    entries.filter_map(|e| pid(e.file_name().as_encoded_bytes()).filter(|_| working_here(&e.path()))).collect()
}

#[cfg(test)]
mod tests {
    use super::Postmaster;

    #[test]
    fn a_half_written_file_is_no_server() {
        let cluster = tempfile::tempdir().unwrap();
        let file = cluster.path().join("postmaster.pid");
        assert!(Postmaster::read(cluster.path()).is_none());
        let whole = "4711\n/data\n1700000000\n5432\n/run folder\n\n 12 34\nready   \n";
        std::fs::write(&file, whole).unwrap();
        let server = Postmaster::read(cluster.path()).unwrap();
        assert!(server.ready && server.pid.as_raw_pid() == 4711 && server.socket.as_os_str() == "/run folder");
        std::fs::write(&file, whole.replace("ready   ", "starting")).unwrap();
        assert!(!Postmaster::read(cluster.path()).unwrap().ready);
        std::fs::write(&file, &whole[..20]).unwrap();
        assert!(Postmaster::read(cluster.path()).is_none());
        std::fs::write(&file, "-4711\n/data\n1700000000\n5432\n\n").unwrap();
        assert!(Postmaster::read(cluster.path()).is_none(), "in single-user mode it lets nobody in");
    }
}
