//! A small disk of its own, to be filled or made read-only.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk, until the end of the test.
pub struct Disk(PathBuf);

impl Disk {
    /// Nothing where this process may not mount: it says so, and fails where `CI=true`.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn mount(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "tmpfs"], at);
        if !mounted {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this process may not mount a small disk");
            eprintln!("skipped: this process may not mount a small disk");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    /// Changes it: `size=100m`, `ro`, `rw`.
    pub fn remount(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], &self.0), "remount,{options}");
    }

    /// Writes a file until there is no room for a byte more.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    /// Removes that file.
    pub fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, because the server may still read from it.
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()));
    }
}

fn mount(options: &[&str], at: &Path) -> bool {
    Command::new("mount").args(options).arg(at).output().is_ok_and(|done| done.status.success())
}
