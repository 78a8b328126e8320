//! What is logged as an error: a false alarm costs an operator's night.

use std::io;
use std::sync::{Arc, Mutex};

/// What threads have logged as an error.
#[derive(Clone, Default)]
pub struct Alarms(Arc<Mutex<Vec<u8>>>);

impl io::Write for Alarms {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Alarms {
    /// Does `work`, and keeps what this thread logs meanwhile.
    pub fn hear<T>(&self, work: impl FnOnce() -> T) -> T {
        let alarms = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::ERROR)
            .with_writer(move || alarms.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, work)
    }

    /// All that was heard.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
