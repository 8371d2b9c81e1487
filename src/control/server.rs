//! The server of the control socket, on its own thread for the lifetime of the run's process.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::place::{PlaceError, Socket};
use super::run::RunAccess;
use super::session::{self, ClientLimits, Session};

/// Maximum number of clients; further ones are refused.
const MAX_CLIENTS: usize = 32;

/// Serves the clients of a run. Dropping it disconnects them and removes the socket.
#[derive(Debug)]
pub struct ControlServer {
    /// Dropped to end the thread.
    open: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ControlServer {
    /// Starts accepting clients.
    ///
    /// # Errors
    /// No threads or file descriptors are left.
    pub fn start(socket: Socket, run: RunAccess) -> Result<Self, PlaceError> {
        let path = socket.path();
        let (open, closing) = watch::channel(());
        let start = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let listener = socket.listener.try_clone()?;
            let listener = runtime.block_on(async { UnixListener::from_std(listener) })?;
            thread::Builder::new().name("control".into()).spawn(move || {
                let _socket = socket;
                runtime.block_on(listen(listener, run, closing));
            })
        };
        let thread = start().map_err(|cause| PlaceError { path, cause })?;
        Ok(Self {
            open: Some(open),
            thread: Some(thread),
        })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the control socket's thread panicked");
        }
    }
}

async fn listen(listener: UnixListener, run: RunAccess, mut closing: watch::Receiver<()>) {
    let own = rustix::process::geteuid().as_raw();
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    let limits = ClientLimits::default();
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let Some(refusal) = refusal(&stream, own) else {
                        match Arc::clone(&places).try_acquire_owned() {
                            Ok(place) => {
                                let session = Session::new(stream, run.clone(), limits.clone(), closing.clone());
                                clients.spawn(async move {
                                    session.serve().await;
                                    drop(place);
                                });
                            }
                            Err(_) => session::reject(stream, "too many clients; close one and try again").await,
                        }
                        continue;
                    };
                    tracing::warn!("control socket: refused a client: {refusal}");
                    session::reject(stream, &refusal).await;
                }
                Err(error) => {
                    // Most likely out of file descriptors: the run continues, and the server retries after a pause.
                    tracing::warn!("control socket: cannot accept a client: {error}");
                    tokio::time::sleep(session::TIMEOUT).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
    while clients.join_next().await.is_some() {}
}

/// Why this client is refused; `None` if it is accepted.
fn refusal(stream: &UnixStream, own: u32) -> Option<String> {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own => None,
        Ok(peer) => Some(format!(
            "this run belongs to user {own}, and you are user {}",
            peer.uid()
        )),
        Err(error) => Some(format!("cannot determine your user ({error})")),
    }
}
