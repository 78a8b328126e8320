//! What the system's allocator keeps for the threads of a server.
//!
//! glibc gives up to eight times as many threads as there are cores a heap of their own, and each heap keeps what it has held
//! at most. The threads of exports come and go beside those of pages, so that an export leaves some of its memory in every
//! heap. And what lies beside the heaps, because it is large, goes back to the system when it is freed; but glibc calls large what is
//! larger than anything that was freed before, which is 19 MiB once somebody has signed in (the check of a password needs
//! them). From then on buffers lie in the heaps as well, with gaps between them. Both are limited here, at the same speed
//! (`docs/performance.md`). glibc reads them from the environment, once, before the program begins.

use super::args::Command;

/// Two heaps: one more than would do, so that pages and exports do not wait for one another. Large is, whatever was freed, what
/// glibc calls large at first: 128 KiB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LIMITS: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

/// Begins the program anew with these limits, in the same process, if the operator has chosen nothing else. Where that does not
/// work, the server works all the same.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn limit(command: &Command) {
    use std::env;
    use std::os::unix::process::CommandExt;
    use std::process;

    let serves = matches!(command, Command::Serve { .. } | Command::Demo { .. });
    let mut names = LIMITS.iter().map(|(name, _)| *name).chain(["GLIBC_TUNABLES"]);
    let chosen = names.any(|name| env::var_os(name).is_some());
    if serves
        && !chosen
        && let Ok(program) = env::current_exe()
    {
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_else(|| program.clone().into());
        // It returns only if it fails.
        let _failed = process::Command::new(program).arg0(name).args(arguments).envs(LIMITS).exec();
    }
}

/// Other systems' allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn limit(_command: &Command) {}
