//! The object store that `scripts/object-store` has started, and a way to it on which connections break, stall and lie.
//!
//! Without it, tests say so and pass, unless the variable `CI` is `true`.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use compliance_exports::config::{Overrides, Settings};

/// A place in the store that no other test has.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    pub endpoint: String,
    pub url: String,
    pub id: String,
    pub secret: String,
}

impl ObjectStore {
    /// Nothing if no store was started.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn find() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let variable = |name: &str| std::env::var(format!("TEST_S3_{name}")).ok();
        let Some(endpoint) = variable("ENDPOINT") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no object store: scripts/object-store COMMAND");
            eprintln!("skipped: no object store; scripts/object-store starts one");
            return None;
        };
        let prefix = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        Some(Self {
            endpoint,
            url: format!("s3://{}/{prefix}/exports", variable("BUCKET")?),
            id: variable("ACCESS_KEY_ID")?,
            secret: variable("SECRET_ACCESS_KEY")?,
        })
    }

    /// The same store by another way.
    pub fn at(&self, endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), ..self.clone() }
    }

    /// The settings that lead there.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variable = |name: &str, value: &str| (format!("COMPLIANCE_EXPORTS_ARCHIVES__{name}"), value.to_owned());
        vec![
            variable("URL", &self.url),
            variable("S3__ENDPOINT", &self.endpoint),
            variable("S3__ACCESS_KEY_ID", &self.id),
            variable("S3__SECRET_ACCESS_KEY", &self.secret),
        ]
    }

    pub fn settings(&self) -> Settings {
        Settings::load(None, self.variables(), Overrides::default()).unwrap()
    }
}

/// What becomes of the bytes on the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// They pass.
    Open,
    /// Connections are ended.
    Closed,
    /// Nothing passes, and nobody is told.
    Stalled,
    /// Each chunk waits so long.
    Slow(Duration),
    /// Connections are ended, so many times, after so many bytes have gone there.
    Cut { times: u32, after: usize },
    /// One byte of a long chunk that goes there, or comes back, is changed, once.
    Damaged { back: bool },
}

/// A way to a server on which bytes meet what a test says.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    way: Mutex<(Way, usize)>,
    ended: AtomicBool,
}

impl Proxy {
    /// To the server at `endpoint`, `http://HOST:PORT`.
    pub fn to(endpoint: &str) -> Self {
        let server: SocketAddr = endpoint.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { way: Mutex::new((Way::Open, 0)), ended: AtomicBool::new(false) });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if of_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { continue };
                for (from, to, back) in [(&client, &server, false), (&server, &client, true)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let shared = Arc::clone(&of_thread);
                    thread::spawn(move || pass(from, to, back, &shared));
                }
            }
        });
        Self { address, shared }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub fn set(&self, way: Way) {
        *self.shared.way.lock().unwrap() = (way, 0);
    }

    pub fn way(&self) -> Way {
        self.shared.way.lock().unwrap().0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Way::Closed);
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

/// Passes on what comes, until one of the two ends.
fn pass(mut from: TcpStream, mut to: TcpStream, back: bool, shared: &Shared) {
    let mut chunk = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if !meets(&mut chunk[..count], back, shared) || to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    // The other may have ended already.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// Whether the chunk is passed on.
fn meets(chunk: &mut [u8], back: bool, shared: &Shared) -> bool {
    loop {
        let mut way = shared.way.lock().unwrap();
        match way.0 {
            Way::Open => return true,
            Way::Closed => return false,
            Way::Stalled => {}
            Way::Slow(wait) => {
                drop(way);
                thread::sleep(wait);
                return true;
            }
            Way::Cut { times: 0, .. } => return true,
            Way::Cut { times, after } => {
                way.1 += if back { 0 } else { chunk.len() };
                if way.1 < after {
                    return true;
                }
                *way = (Way::Cut { times: times - 1, after }, 0);
                return false;
            }
            Way::Damaged { back: which } => {
                if which == back && chunk.len() > 8 << 10 {
                    *chunk.last_mut().unwrap() ^= 1;
                    *way = (Way::Open, 0);
                }
                return true;
            }
        }
        drop(way);
        thread::sleep(Duration::from_millis(20));
    }
}
