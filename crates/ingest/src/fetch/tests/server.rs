//! A server on the loopback that does what a script says, and stops by itself.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// No test needs more.
const MOST_REQUESTS: usize = 40;
const LONGEST: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// How many requests for this path came before.
    pub(super) nth: usize,
    pub(super) path: String,
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
    pub(super) at: Instant,
}

/// An answer: the head, then pieces of body with pauses before them, then the end of the connection.
pub(super) struct Reply {
    head: String,
    pieces: Vec<(Duration, Vec<u8>)>,
}

impl Reply {
    pub(super) fn new(status: u16, headers: &[(&str, String)]) -> Self {
        let mut head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        Self {
            head,
            pieces: Vec::new(),
        }
    }

    /// Sends these bytes after a pause.
    pub(super) fn then(mut self, pause_ms: u64, bytes: &[u8]) -> Self {
        self.pieces
            .push((Duration::from_millis(pause_ms), bytes.to_vec()));
        self
    }

    /// An answer with its length.
    pub(super) fn whole(status: u16, bytes: &[u8]) -> Self {
        Self::new(status, &[("Content-Length", bytes.len().to_string())]).then(0, bytes)
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(self.head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        for (pause, bytes) in &self.pieces {
            stream.flush()?;
            thread::sleep(*pause);
            stream.write_all(bytes)?;
        }
        Ok(())
    }
}

/// The server.
pub(super) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    busiest: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let busiest = Arc::new(AtomicUsize::new(0));
        let running = Arc::new(AtomicUsize::new(0));
        let script = Arc::new(script);
        let thread = thread::spawn({
            let (asked, stop, busiest) = (asked.clone(), stop.clone(), busiest.clone());
            move || {
                let begun = Instant::now();
                let mut served = 0;
                while served < MOST_REQUESTS && begun.elapsed() < LONGEST && !stop.load(Ordering::Relaxed) {
                    let Ok((stream, _)) = listener.accept() else {
                        thread::sleep(Duration::from_millis(1));
                        continue;
                    };
                    served += 1;
                    let (asked, script) = (asked.clone(), script.clone());
                    let (busiest, running) = (busiest.clone(), running.clone());
                    thread::spawn(move || {
                        busiest.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        serve(stream, &asked, script.as_ref());
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self {
            address,
            asked,
            busiest,
            stop,
            thread: Some(thread),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, for paths that end like this.
    pub(super) fn asked(&self, end: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|one| one.path.ends_with(end))
            .cloned()
            .collect()
    }

    /// Most requests that were answered at one time.
    pub(super) fn busiest(&self) -> usize {
        self.busiest.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(mut stream: TcpStream, asked: &Mutex<Vec<Asked>>, script: &dyn Fn(&Asked) -> Reply) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let header = |name: &str| {
        headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.clone())
    };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let one = {
        let mut asked = asked.lock().unwrap();
        let one = Asked {
            nth: asked.iter().filter(|other| other.path == path).count(),
            path,
            range: header("range"),
            if_range: header("if-range"),
            at: Instant::now(),
        };
        asked.push(one.clone());
        one
    };
    // The other side may be gone: some tests are about that.
    let _ = script(&one).send(&mut stream);
}
