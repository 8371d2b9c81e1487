//! The HTTP server of the metrics, on its own thread for the lifetime of the run's process.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::engine::{Fact, Snapshot};
use crate::telemetry::Sampler;

use super::counters::EventTotals;
use super::exposition::{Scrape, text};

/// The only page.
const PATH: &str = "/metrics";

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Maximum number of connections; a monitoring system needs one.
const MAX_CONNECTIONS: usize = 8;

/// A connection that takes longer is closed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Pause after a failed `accept`, most likely for lack of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the metrics are served: a port of the loopback address, or an address with a port. Port 0 is a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsAddress(SocketAddr);

impl FromStr for MetricsAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(port) = text.parse() {
            return Ok(Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)));
        }
        let address = text.parse().map(Self);
        address.map_err(|_| {
            "expected a port such as 9464, or an address with a port such as 127.0.0.1:9464".to_owned()
        })
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the metrics of a run are made from.
#[derive(Debug)]
pub struct RunMetrics {
    /// The newest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Every event since the start.
    pub facts: broadcast::Receiver<Fact>,
    /// When the warehouse last confirmed the lease; `None` without one.
    pub lease: Option<watch::Receiver<Instant>>,
}

/// Serves the metrics of a run. Dropping it closes the port.
#[derive(Debug)]
pub struct MetricsServer {
    /// Dropped to end the thread.
    open: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A port that is bound before the run starts, so that it doesn't start if the port is taken.
#[derive(Debug)]
pub struct MetricsPort {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsPort {
    /// Binds the port.
    ///
    /// # Errors
    /// The port is taken, or the address isn't of this host.
    pub fn bind(address: MetricsAddress) -> io::Result<Self> {
        let listener = TcpListener::bind(address.0)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}

impl MetricsServer {
    /// Starts serving.
    ///
    /// # Errors
    /// No threads or file descriptors are left.
    pub fn start(port: MetricsPort, run: RunMetrics) -> io::Result<Self> {
        let (open, closing) = watch::channel(());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { tokio::net::TcpListener::from_std(port.listener) })?;
        tracing::info!("metrics at http://{}{PATH}", port.address);
        let thread = thread::Builder::new()
            .name("metrics".into())
            .spawn(move || runtime.block_on(serve(listener, run, closing)))?;
        Ok(Self {
            open: Some(open),
            thread: Some(thread),
        })
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the metrics panicked");
        }
    }
}

/// What connections share.
struct Shared {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    lease: Option<watch::Receiver<Instant>>,
    totals: Mutex<EventTotals>,
    sampler: Mutex<Option<Sampler>>,
}

async fn serve(listener: tokio::net::TcpListener, run: RunMetrics, mut closing: watch::Receiver<()>) {
    let RunMetrics {
        snapshots,
        mut facts,
        lease,
    } = run;
    let sampler = Sampler::new().inspect_err(|error| tracing::warn!("no process metrics: {error}"));
    let shared = Arc::new(Shared {
        snapshots,
        lease,
        totals: Mutex::default(),
        sampler: Mutex::new(sampler.ok()),
    });
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut has_more = true;
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            fact = facts.recv(), if has_more => has_more = shared.count(fact),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        let shared = Arc::clone(&shared);
                        connections.spawn(async move {
                            shared.answer(stream).await;
                            drop(place);
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!("metrics: cannot accept a connection: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Shared {
    /// Counts an event. Returns whether there may be more.
    fn count(&self, fact: Result<Fact, RecvError>) -> bool {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        match fact {
            Ok(fact) => totals.add(&fact),
            Err(RecvError::Lagged(events)) => totals.missed += events,
            Err(RecvError::Closed) => return false,
        }
        true
    }

    async fn answer(&self, stream: TcpStream) {
        let respond = |request: Request<Incoming>| async move { Ok::<_, Infallible>(self.respond(&request)) };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(TIMEOUT)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service_fn(respond));
        match timeout(TIMEOUT, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!("metrics: a connection failed: {error}"),
            Err(_) => tracing::debug!("metrics: a connection took too long"),
        }
    }

    fn respond(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() != PATH {
            return response(
                StatusCode::NOT_FOUND,
                "text/plain",
                format!("the metrics are at {PATH}\n"),
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused = response(
                StatusCode::METHOD_NOT_ALLOWED,
                "text/plain",
                "use GET\n".to_owned(),
            );
            refused
                .headers_mut()
                .insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match self.text() {
            Some(text) => response(StatusCode::OK, OPEN_METRICS, text),
            None => response(
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain",
                "the metrics can't be written\n".to_owned(),
            ),
        }
    }

    fn text(&self) -> Option<String> {
        let now = Instant::now();
        let snapshot = self.snapshots.borrow().clone();
        let process = {
            let mut sampler = self.sampler.lock().unwrap_or_else(PoisonError::into_inner);
            sampler.as_mut().map(|sampler| sampler.sample(now))
        };
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        text(&Scrape {
            snapshot: &snapshot,
            totals: &totals,
            process,
            lease_age: (self.lease.as_ref())
                .map(|confirmed| now.saturating_duration_since(*confirmed.borrow())),
        })
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    (response.headers_mut()).insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("9464", Some("127.0.0.1:9464"))]
    #[case("0", Some("127.0.0.1:0"))]
    #[case("10.0.0.5:9464", Some("10.0.0.5:9464"))]
    #[case("[::1]:9464", Some("[::1]:9464"))]
    #[case("localhost:9464", None)]
    #[case("10.0.0.5", None)]
    #[case("65536", None)]
    #[case("-1", None)]
    #[case("", None)]
    fn a_port_alone_is_one_of_this_host(#[case] text: &str, #[case] address: Option<&str>) {
        let parsed = text
            .parse::<MetricsAddress>()
            .ok()
            .map(|parsed| parsed.to_string());
        assert_eq!(parsed.as_deref(), address);
    }
}
