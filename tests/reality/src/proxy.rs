//! A link that can be cut: bytes wait while it is.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Passes connections on to a port of this machine.
pub struct Proxy {
    pub port: u16,
    cut: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Proxy {
    pub fn to(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (cut, over) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let flags = (Arc::clone(&cut), Arc::clone(&over));
        thread::spawn(move || {
            for near in listener.incoming() {
                if flags.1.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", target))) else {
                    continue;
                };
                let both = (near.try_clone(), far.try_clone());
                let (Ok(near_too), Ok(far_too)) = both else {
                    continue;
                };
                let (there, back) = (flags.clone(), flags.clone());
                thread::spawn(move || pass_on(near, far, &there));
                thread::spawn(move || pass_on(far_too, near_too, &back));
            }
        });
        Ok(Self { port, cut, over })
    }

    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.cut.store(false, Ordering::SeqCst);
        // Lets the listener look once more.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pass_on(
    mut from: TcpStream,
    mut to: TcpStream,
    (cut, over): &(Arc<AtomicBool>, Arc<AtomicBool>),
) {
    let mut buffer = [0; 65_536];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        while cut.load(Ordering::SeqCst) && !over.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(2));
        }
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            return;
        }
    }
}
