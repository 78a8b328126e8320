//! How many heaps the system's allocator keeps for the threads of a server.
//!
//! glibc gives up to eight times as many threads as there are cores a heap of their own, and each heap keeps what it has held
//! at most. The threads of exports come and go beside those of pages, so that an export leaves some of its memory in every
//! heap: a hundred MiB, where two heaps keep fifty, at the same speed (`docs/performance.md`). glibc reads the number from
//! the environment, once, before the program begins.

use super::args::Command;

/// Two: one more than would do, so that pages and exports do not wait for one another.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: &str = "2";

/// Begins the program anew with few heaps, in the same process, if the operator has chosen nothing else. Where that does not
/// work, the server works all the same.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn limit(command: &Command) {
    use std::env;
    use std::os::unix::process::CommandExt;
    use std::process;

    let serves = matches!(command, Command::Serve { .. } | Command::Demo { .. });
    let chosen = ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"].iter().any(|name| env::var_os(name).is_some());
    if serves
        && !chosen
        && let Ok(program) = env::current_exe()
    {
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_else(|| program.clone().into());
        // It returns only if it fails.
        let _failed = process::Command::new(program).arg0(name).args(arguments).env("MALLOC_ARENA_MAX", HEAPS).exec();
    }
}

/// Other systems' allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn limit(_command: &Command) {}
