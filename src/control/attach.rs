//! The client of `attach`: gives a console the same access to a run in another process as to one in its own.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Level;

use crate::engine::{Fact, Link, Order, Reply, Snapshot};
use crate::ledger::RunState;
use crate::telemetry::{LogLine, LogRing, ProcessMetrics};

use super::client::{ClientError, Silence, TIMEOUT, message};
use super::control_lock::{Client, ControlLock};
use super::lines::{LineRead, LineReader};
use super::place;
use super::wire::{Message, Payload, Request, RequestMessage};

/// Maximum length of a line, in bytes. A full snapshot of the longest plan takes a few megabytes.
const MAX_LINE_BYTES: usize = 256 * 1024 * 1024;

/// How often a lasting silence of the run is reported.
const REMINDER: Duration = Duration::from_mins(1);

/// Log lines kept in this process.
const LOG_LINES: usize = 10_000;

/// A run in another process.
#[derive(Debug)]
pub struct Attached {
    /// Snapshots, events and commands of the run.
    pub link: Link,
    /// Its log, starting with the last lines before attaching.
    pub log: LogRing,
    /// The resource usage of its process.
    pub metrics: watch::Receiver<ProcessMetrics>,
    /// This console as a client of its control lock.
    pub client: Client,
}

/// Attaches to the run of a state folder; `None` if no run listens there. Call it inside a runtime, which drives the
/// connection.
///
/// # Errors
/// The run can't be reached or doesn't reply.
pub async fn attach(folder: &Path, name: &str, read_only: bool) -> Result<Option<Attached>, ClientError> {
    let Some(stream) = place::reach(folder)? else {
        return Ok(None);
    };
    stream.set_nonblocking(true)?;
    let (read, out) = UnixStream::from_std(stream)?.into_split();
    let (facts, incoming) = mpsc::unbounded_channel();
    let (orders, given) = mpsc::channel(64);
    let (metrics, sampled) = watch::channel(ProcessMetrics::default());
    let (requests, wanted) = mpsc::unbounded_channel();
    let run = Mirror {
        control_lock: ControlLock::default(),
        log: LogRing::new(LOG_LINES),
        metrics,
        facts,
    };
    let client = run.control_lock.remote_client(!read_only, requests);
    let mut wire = Wire {
        lines: LineReader::new(BufReader::new(read), MAX_LINE_BYTES),
        out,
    };
    let asked = RequestMessage::new(Request::Attach {
        name: name.to_owned(),
        read_only,
    });
    let first = timeout(TIMEOUT, first_snapshot(&mut wire, asked, &run)).await;
    let first = first.map_err(|_| ClientError::Silent(Silence::of(folder, TIMEOUT)))??;
    let (snapshots, seen) = watch::channel(Arc::new(first));
    let log = run.log.clone();
    let folder = folder.to_owned();
    tokio::spawn(exchange_messages(folder, wire, run, snapshots, given, wanted));
    Ok(Some(Attached {
        link: Link {
            snapshots: seen,
            facts: incoming,
            orders,
        },
        log,
        metrics: sampled,
        client,
    }))
}

/// Asks for the stream and returns its first snapshot.
async fn first_snapshot(
    wire: &mut Wire,
    asked: RequestMessage,
    run: &Mirror,
) -> Result<Snapshot, ClientError> {
    wire.ask(asked).await?;
    loop {
        match wire.next().await?.payload {
            Payload::Reply(Reply::Refused(sentence)) => return Err(ClientError::Refused(sentence)),
            Payload::Snapshot(update) => return Ok(update.onto(None)),
            payload => run.take(payload),
        }
    }
}

/// Both directions of the socket.
struct Wire {
    lines: LineReader<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
}

impl Wire {
    async fn ask(&mut self, asked: RequestMessage) -> Result<(), ClientError> {
        let mut line = serde_json::to_string(&asked).map_err(io::Error::from)?;
        line.push('\n');
        Ok(self.out.write_all(line.as_bytes()).await?)
    }

    /// The next message. Cancel-safe.
    async fn next(&mut self) -> Result<Message, ClientError> {
        match self.lines.next().await? {
            LineRead::Whole(line) => message(&line),
            LineRead::TooLong | LineRead::End => Err(ClientError::Gone),
        }
    }
}

/// The local copy of the run's state, except its snapshots.
struct Mirror {
    control_lock: ControlLock,
    log: LogRing,
    metrics: watch::Sender<ProcessMetrics>,
    facts: mpsc::UnboundedSender<Fact>,
}

impl Mirror {
    /// Adds a line of this process to the log.
    fn warn(&self, message: String) {
        self.log.push(LogLine {
            number: 0,
            time: Utc::now(),
            level: Level::WARN,
            target: "attach".to_owned(),
            message,
            date: None,
            last_date: None,
            stage: None,
            worker: None,
        });
    }

    fn take(&self, payload: Payload) {
        match payload {
            Payload::Control(view) => self.control_lock.mirror(view),
            Payload::Log(lines) => lines
                .into_iter()
                .for_each(|line| self.log.push(Arc::unwrap_or_clone(line))),
            Payload::ProcessMetrics(metrics) => drop(self.metrics.send_replace(metrics)),
            // The receiver is gone once the screen is closed.
            Payload::Event(fact) => drop(self.facts.send(*fact)),
            Payload::Reply(_) | Payload::Help(_) | Payload::Status(_) | Payload::Snapshot(_) => {}
        }
    }
}

/// Relays messages in both directions until the run or the screen is gone.
async fn exchange_messages(
    folder: PathBuf,
    mut wire: Wire,
    run: Mirror,
    snapshots: watch::Sender<Arc<Snapshot>>,
    mut orders: mpsc::Receiver<Order>,
    mut requests: mpsc::UnboundedReceiver<Request>,
) {
    let mut waiting: HashMap<u64, oneshot::Sender<Reply>> = HashMap::new();
    let mut asked = 0;
    let mut last_message = Instant::now();
    let mut reported = None;
    let why = loop {
        let step = tokio::select! {
            message = wire.next() => match message.inspect(|_| last_message = Instant::now()) {
                Ok(message) => {
                    receive(message, &mut waiting, &run, &snapshots);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            order = orders.recv() => match order {
                Some(Order { command, by, answer }) => {
                    asked += 1;
                    waiting.insert(asked, answer);
                    let request = Request::Command(command);
                    wire.ask(RequestMessage { id: Some(asked), by, ..RequestMessage::new(request) }).await
                }
                // The screen has been closed.
                None => return,
            },
            Some(request) = requests.recv() => wire.ask(RequestMessage::new(request)).await,
            // A run sends its process metrics several times a second.
            () = sleep_until((last_message + TIMEOUT).max(reported.map_or(last_message, |at| at + REMINDER))) => {
                run.warn(Silence::of(&folder, last_message.elapsed()).to_string());
                snapshots.send_modify(|_| ());
                reported = Some(Instant::now());
                Ok(())
            }
        };
        if let Err(error) = step {
            break error;
        }
    };
    tracing::info!("{why}");
    mark_interrupted(&snapshots);
}

fn mark_interrupted(snapshots: &watch::Sender<Arc<Snapshot>>) {
    snapshots.send_modify(|last| {
        if !last.run.state.has_ended() {
            let last = Arc::make_mut(last);
            last.version += 1;
            last.run.state = RunState::Interrupted;
            last.run.ending =
                Some("the process of the run is gone; start backcourt again to resume".to_owned());
        }
    });
}

fn receive(
    message: Message,
    waiting: &mut HashMap<u64, oneshot::Sender<Reply>>,
    run: &Mirror,
    snapshots: &watch::Sender<Arc<Snapshot>>,
) {
    match message.payload {
        Payload::Reply(reply) => {
            if let Some(answer) = message.id.and_then(|id| waiting.remove(&id)) {
                // The screen may have been closed.
                let _ = answer.send(reply);
            }
        }
        Payload::Snapshot(update) => {
            let before = Snapshot::clone(&snapshots.borrow());
            snapshots.send_replace(Arc::new(update.onto(Some(before))));
        }
        payload => {
            let is_log = matches!(payload, Payload::Log(_));
            run.take(payload);
            if is_log {
                // A paused run sends no new snapshot; resending this one makes the screen read its log.
                snapshots.send_modify(|_| ());
            }
        }
    }
}
