//! A way to a server that takes longer: what is sent to it arrives so much later, what it answers comes at once. Only the time
//! of the way grows, not that of what is sent: much at once is as fast as before.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::measure::Figures;

/// Looks at how long a way is.
const ROUND_TRIPS: usize = 500;

/// Opens a way to `server`, for as long as the process runs; gives the address where it begins.
pub fn way(server: SocketAddr, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for near in listener.incoming().map(Result::unwrap) {
            let far = TcpStream::connect(server).unwrap();
            near.set_nodelay(true).unwrap();
            far.set_nodelay(true).unwrap();
            let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let (sent, arrives) = mpsc::channel();
            thread::spawn(move || send(near, delay, &sent));
            thread::spawn(move || arrive(&arrives, far));
            thread::spawn(move || answer(far_too, near_too));
        }
    });
    address
}

/// How long one byte takes to come back by such a way, and by the straight one: what is added in truth.
pub fn round_trips(delay: Duration) -> [Figures; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let straight = listener.local_addr().unwrap();
    thread::spawn(move || {
        for near in listener.incoming().map(Result::unwrap) {
            near.set_nodelay(true).unwrap();
            thread::spawn(move || std::io::copy(&mut &near, &mut &near));
        }
    });
    [way(straight, delay), straight].map(|address| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut figures = Figures::default();
        for _ in 0..ROUND_TRIPS {
            let began = Instant::now();
            stream.write_all(b"x").unwrap();
            stream.read_exact(&mut [0]).unwrap();
            figures.add(began.elapsed().as_secs_f64() * 1e3);
        }
        figures
    })
}

/// Notes when what is sent is to arrive. Whoever hangs up ends the way.
fn send(mut near: TcpStream, delay: Duration, sent: &Sender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = near.read(&mut buffer) {
        if sent.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
            return;
        }
    }
}

fn arrive(arrives: &Receiver<(Instant, Vec<u8>)>, mut far: TcpStream) {
    for (at, bytes) in arrives {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if far.write_all(&bytes).is_err() {
            return;
        }
    }
    let _gone = far.shutdown(Shutdown::Write);
}

fn answer(mut far: TcpStream, mut near: TcpStream) {
    let _gone = std::io::copy(&mut far, &mut near);
    let _gone = near.shutdown(Shutdown::Both);
}
