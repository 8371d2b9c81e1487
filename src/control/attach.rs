//! The client for a console: a run of another process, with the same ways to it as to one of this process.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::{Fact, Link, Order, Reply, Snapshot};
use crate::ledger::RunState;
use crate::telemetry::{LogRing, Vitals};

use super::client::ClientError;
use super::control_lock::{Client, ControlLock};
use super::lines::{Line, Lines};
use super::place;
use super::wire::{Asked, Message, Request, Said};

/// A whole picture of the longest plan is a few megabytes.
const LONGEST_LINE: usize = 256 * 1024 * 1024;

/// Log lines kept on this side.
const LOG_LINES: usize = 10_000;

/// A run of another process.
#[derive(Debug)]
pub struct Attached {
    /// The ways to it.
    pub link: Link,
    /// Its log, from when this began to watch and a little before.
    pub log: LogRing,
    /// What its process takes of the machine.
    pub vitals: watch::Receiver<Vitals>,
    /// The place at its helm.
    pub client: Client,
}

/// Attaches to the run of a state folder; none if no run listens there. Call inside a runtime, which does the rest.
///
/// # Errors
/// The run cannot be reached or does not answer.
pub async fn attach(folder: &Path, name: &str, read_only: bool) -> Result<Option<Attached>, ClientError> {
    let Some(stream) = place::reach(folder)? else {
        return Ok(None);
    };
    stream.set_nonblocking(true)?;
    let (read, out) = UnixStream::from_std(stream)?.into_split();
    let (facts, told) = mpsc::unbounded_channel();
    let (orders, given) = mpsc::channel(64);
    let (vitals, sampled) = watch::channel(Vitals::default());
    let (requests, wanted) = mpsc::unbounded_channel();
    let run = Mirror {
        control_lock: ControlLock::default(),
        log: LogRing::new(LOG_LINES),
        vitals,
        facts,
    };
    let client = run.control_lock.remote_client(!read_only, requests);
    let mut wire = Wire {
        lines: Lines::new(BufReader::new(read), LONGEST_LINE),
        out,
    };
    wire.ask(Asked::new(Request::Attach {
        name: name.to_owned(),
        read_only,
    }))
    .await?;
    let first = loop {
        match wire.next().await?.said {
            Said::Reply(Reply::Refused(sentence)) => return Err(ClientError::TurnedAway(sentence)),
            Said::Picture(picture) => break picture.onto(None).ok_or(ClientError::Gone)?,
            said => run.take(said),
        }
    };
    let (snapshots, seen) = watch::channel(Arc::new(first));
    let log = run.log.clone();
    tokio::spawn(converse(wire, run, snapshots, given, wanted));
    Ok(Some(Attached {
        link: Link {
            snapshots: seen,
            facts: told,
            orders,
        },
        log,
        vitals: sampled,
        client,
    }))
}

/// The two directions of the socket.
struct Wire {
    lines: Lines<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
}

impl Wire {
    async fn ask(&mut self, asked: Asked) -> Result<(), ClientError> {
        let mut line = serde_json::to_string(&asked).map_err(io::Error::from)?;
        line.push('\n');
        Ok(self.out.write_all(line.as_bytes()).await?)
    }

    /// What is said next. May be dropped and called again without losing any.
    async fn next(&mut self) -> Result<Message, ClientError> {
        match self.lines.next().await? {
            Line::Whole(line) => match line.strip_prefix(b"refused: ") {
                Some(why) => Err(ClientError::TurnedAway(String::from_utf8_lossy(why).into_owned())),
                None => Ok(serde_json::from_slice(&line).map_err(io::Error::from)?),
            },
            Line::TooLong | Line::End => Err(ClientError::Gone),
        }
    }
}

/// What this side holds of the run, its pictures apart.
struct Mirror {
    control_lock: ControlLock,
    log: LogRing,
    vitals: watch::Sender<Vitals>,
    facts: mpsc::UnboundedSender<Fact>,
}

impl Mirror {
    fn take(&self, said: Said) {
        match said {
            Said::Control(view) => self.control_lock.mirror(view),
            Said::Log(lines) => lines
                .into_iter()
                .for_each(|line| self.log.push(Arc::unwrap_or_clone(line))),
            Said::Vitals(vitals) => drop(self.vitals.send_replace(vitals)),
            // A screen that was left hears no more facts.
            Said::Fact(fact) => drop(self.facts.send(*fact)),
            Said::Reply(_) | Said::Help(_) | Said::Status(_) | Said::Picture(_) => {}
        }
    }
}

/// Carries everything to and fro until the run or the screen is gone.
async fn converse(
    mut wire: Wire,
    run: Mirror,
    snapshots: watch::Sender<Arc<Snapshot>>,
    mut orders: mpsc::Receiver<Order>,
    mut requests: mpsc::UnboundedReceiver<Request>,
) {
    let mut waiting: HashMap<u64, oneshot::Sender<Reply>> = HashMap::new();
    let mut asked = 0;
    let why = loop {
        let step = tokio::select! {
            message = wire.next() => match message {
                Ok(Message { id, said: Said::Reply(reply), .. }) => {
                    if let Some(answer) = id.and_then(|id| waiting.remove(&id)) {
                        // The screen may have been left meanwhile.
                        let _ = answer.send(reply);
                    }
                    Ok(())
                }
                Ok(Message { said: Said::Picture(picture), .. }) => {
                    let before = snapshots.borrow().clone();
                    picture.onto(Some(&before)).ok_or(ClientError::Gone).map(|now| {
                        snapshots.send_replace(Arc::new(now));
                    })
                }
                Ok(message) => {
                    let is_log = matches!(message.said, Said::Log(_));
                    run.take(message.said);
                    if is_log {
                        // A run that holds has no other picture to come: this one has the screen look at its log.
                        snapshots.send_modify(|_| ());
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            },
            order = orders.recv() => match order {
                Some(Order { command, by, answer }) => {
                    asked += 1;
                    waiting.insert(asked, answer);
                    let request = Request::Command(command);
                    wire.ask(Asked { id: Some(asked), by, ..Asked::new(request) }).await
                }
                // The screen has been left.
                None => return,
            },
            Some(request) = requests.recv() => wire.ask(Asked::new(request)).await,
        };
        if let Err(error) = step {
            break error;
        }
    };
    tracing::info!("{why}");
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
