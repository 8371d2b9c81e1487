//! A client of the control socket. Replies use the format of the request, text or JSON. Nothing a client does can stop
//! the run.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::engine::{Command, Order, Reply};
use crate::escape::{EscapedText, is_unsafe};

use super::control_lock::Client;
use super::lines::{LineRead, LineReader};
use super::run::RunAccess;
use super::showing::{News, Showing};
use super::wire::{Message, Payload, Request, RequestMessage};
use super::{parse, spoken, words};

/// Maximum length of a line, in bytes; a longer one ends the session.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024;

/// How long a client may take to read a message, or to read why it is disconnected.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a client without an attached console may stay silent.
const IDLE: Duration = Duration::from_mins(10);

/// Maximum length of a console's name, in characters; longer ones are cut.
const MAX_NAME_LENGTH: usize = 64;

/// Maximum number of commands of a client awaiting a reply.
const MAX_PENDING: usize = 16;

/// What all clients of a run share, so that together they take little of its memory.
#[derive(Debug, Clone)]
pub(super) struct ClientLimits {
    /// Bytes of the lines whose commands await a reply.
    commands: Arc<Semaphore>,
    /// Turns to send the whole state of the run.
    turns: Arc<Semaphore>,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            commands: Arc::new(Semaphore::new(16 * MAX_LINE_BYTES)),
            turns: Arc::new(Semaphore::new(4)),
        }
    }
}

impl ClientLimits {
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }
}

/// The format of a request, used for its reply too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestFormat {
    Words,
    Json(Option<u64>),
}

#[derive(Debug)]
pub(super) struct Session {
    lines: LineReader<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
    run: RunAccess,
    limits: ClientLimits,
    showing: Option<Showing>,
    closing: watch::Receiver<()>,
    answers: mpsc::Sender<(RequestFormat, Reply)>,
    answered: mpsc::Receiver<(RequestFormat, Reply)>,
    waiting: usize,
}

struct MustDisconnect;

impl Session {
    pub(super) fn new(
        stream: UnixStream,
        run: RunAccess,
        limits: ClientLimits,
        closing: watch::Receiver<()>,
    ) -> Self {
        let (read, out) = stream.into_split();
        let (answers, answered) = mpsc::channel(MAX_PENDING);
        Self {
            lines: LineReader::new(BufReader::new(read), MAX_LINE_BYTES),
            out,
            run,
            limits,
            showing: None,
            closing,
            answers,
            answered,
            waiting: 0,
        }
    }

    /// Serves the client until it leaves or must be disconnected. A client that has closed its sending side still gets
    /// its replies.
    pub(super) async fn serve(mut self) {
        let mut listening = true;
        while listening || self.waiting > 0 {
            let step = tokio::select! {
                biased;
                Some((manner, reply)) = self.answered.recv(), if self.waiting > 0 => {
                    self.waiting -= 1;
                    self.send(manner, Payload::Reply(reply)).await
                }
                news = news(&mut self.showing) => self.show(news).await,
                _ = self.closing.changed() => {
                    // The console keeps showing the last snapshot.
                    let _ = self.show(News::Over).await;
                    return;
                }
                line = self.lines.next(), if listening && self.waiting < MAX_PENDING => match line {
                    Ok(LineRead::Whole(line)) => self.receive(&line).await,
                    // A console that closes its sending side has left.
                    Ok(LineRead::End) if self.showing.is_some() => Err(MustDisconnect),
                    Ok(LineRead::End) => {
                        listening = false;
                        Ok(())
                    }
                    Ok(LineRead::TooLong) => {
                        let sentence = format!("refused: a line can have at most {MAX_LINE_BYTES} bytes\n");
                        let rest = self.lines.into_inner();
                        return disconnect(rest, self.out, &sentence).await;
                    }
                    Err(_) => Err(MustDisconnect),
                },
                () = sleep(IDLE), if self.waiting == 0 && self.showing.is_none() => Err(MustDisconnect),
            };
            if step.is_err() {
                return;
            }
        }
    }

    async fn receive(&mut self, line: &[u8]) -> Result<(), MustDisconnect> {
        let manner = RequestFormat::of(line);
        let asked = match parse::parse(line) {
            Ok(asked) => asked,
            Err(sentence) => return self.send(manner, Payload::Reply(Reply::Refused(sentence))).await,
        };
        let manner = match manner {
            RequestFormat::Words => RequestFormat::Words,
            RequestFormat::Json(_) => RequestFormat::Json(asked.id),
        };
        let RequestMessage { request, by, .. } = asked;
        let bytes = u32::try_from(line.len()).unwrap_or(u32::MAX);
        match request {
            Request::Help => self.send(manner, Payload::Help(words::help())).await,
            Request::Status => {
                let _turn = self.limits.turn().await;
                let snapshot = self.run.access.snapshots.borrow().clone();
                let status = Box::new(spoken::without_units(&snapshot));
                self.send(manner, Payload::Status(status)).await
            }
            Request::Command(command) => self.command(manner, command, by, bytes).await,
            Request::Attach { .. } if self.showing.is_some() => self.refuse(manner, "already attached").await,
            Request::Attach { name, read_only } => self.attach(&name, read_only).await,
            Request::TakeControl => match &self.showing {
                Some(showing) => {
                    showing.client.take();
                    Ok(())
                }
                None => {
                    self.refuse(manner, "only an attached console can take control")
                        .await
                }
            },
        }
    }

    async fn command(
        &mut self,
        manner: RequestFormat,
        command: Command,
        by: Option<String>,
        bytes: u32,
    ) -> Result<(), MustDisconnect> {
        let client = self.showing.as_ref().map(|showing| &showing.client);
        if let Some(sentence) = client.and_then(Client::refusal).filter(|_| command.changes()) {
            return self.send(manner, Payload::Reply(Reply::Refused(sentence))).await;
        }
        let Ok(share) = Arc::clone(&self.limits.commands).try_acquire_many_owned(bytes) else {
            let sentence = "too many commands await a reply; try again in a moment";
            return self.refuse(manner, sentence).await;
        };
        self.order(manner, command, by, share);
        Ok(())
    }

    async fn attach(&mut self, name: &str, read_only: bool) -> Result<(), MustDisconnect> {
        let name: String = name
            .chars()
            .filter(|letter| !is_unsafe(*letter))
            .take(MAX_NAME_LENGTH)
            .collect();
        tracing::info!("{name} attached over the socket");
        let _turn = self.limits.turn().await;
        let showing = self.showing.insert(Showing::of(&self.run, &name, !read_only));
        let all = showing.everything();
        self.send_all(all).await
    }

    /// Sends a command to the engine. The client may send more while its reply is pending.
    fn order(
        &mut self,
        manner: RequestFormat,
        command: Command,
        by: Option<String>,
        share: OwnedSemaphorePermit,
    ) {
        self.waiting += 1;
        let (orders, answers) = (self.run.access.orders.clone(), self.answers.clone());
        tokio::spawn(async move {
            let word = command.word();
            let changes = command.changes();
            let (answer, reply) = oneshot::channel();
            let order = Order {
                command,
                by: by.clone(),
                answer,
            };
            let reply = match orders.send(order).await {
                Ok(()) => reply.await.ok(),
                Err(_) => None,
            };
            let gone = || Reply::Refused("the run has ended and takes no more commands".to_owned());
            let reply = reply.unwrap_or_else(gone);
            if changes && matches!(reply, Reply::Accepted(_)) {
                tracing::info!(
                    "{word}, sent over the socket by {}",
                    by.as_deref().unwrap_or("its user")
                );
            }
            drop(share);
            // The client may have disconnected.
            let _ = answers.send((manner, reply)).await;
        });
    }

    async fn refuse(&mut self, manner: RequestFormat, sentence: &str) -> Result<(), MustDisconnect> {
        self.send(manner, Payload::Reply(Reply::Refused(sentence.to_owned())))
            .await
    }

    /// Sends news to the attached console.
    async fn show(&mut self, news: News) -> Result<(), MustDisconnect> {
        let Some(showing) = &mut self.showing else {
            return Ok(());
        };
        let over = matches!(news, News::Over);
        let Some(new) = showing.take(news) else {
            tracing::warn!(
                "disconnected {}: it does not keep up with the run",
                showing.client.name()
            );
            return Err(MustDisconnect);
        };
        self.send_all(new).await?;
        if over { Err(MustDisconnect) } else { Ok(()) }
    }

    async fn send_all(&mut self, new: Vec<Payload>) -> Result<(), MustDisconnect> {
        for payload in new {
            self.send(RequestFormat::Json(None), payload).await?;
        }
        Ok(())
    }

    async fn send(&mut self, manner: RequestFormat, payload: Payload) -> Result<(), MustDisconnect> {
        let text = match manner {
            RequestFormat::Words => spoken::text(&payload),
            RequestFormat::Json(id) => {
                EscapedText::json(&Message::new(id, payload)).map_err(|_| MustDisconnect)?
            }
        };
        self.write(text.as_str()).await
    }

    /// Writes to the client, or disconnects it if it doesn't read.
    async fn write(&mut self, text: &str) -> Result<(), MustDisconnect> {
        match timeout(TIMEOUT, self.out.write_all(text.as_bytes())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(MustDisconnect),
            Err(_) => {
                tracing::warn!("control socket: disconnected a client that does not read");
                Err(MustDisconnect)
            }
        }
    }
}

impl RequestFormat {
    fn of(line: &[u8]) -> Self {
        match line.trim_ascii_start() {
            [b'{', ..] => Self::Json(None),
            _ => Self::Words,
        }
    }
}

/// The next news for an attached console; never resolves without one.
async fn news(showing: &mut Option<Showing>) -> News {
    match showing {
        Some(showing) => showing.news().await,
        None => std::future::pending().await,
    }
}

/// Refuses a client before it has sent anything.
pub(super) async fn reject(stream: UnixStream, why: &str) {
    let (_, mut out) = stream.into_split();
    // One sentence fits into the socket buffer; there is no wait for a client that doesn't read.
    let _ = out.try_write(format!("refused: {why}\n").as_bytes());
    let _ = out.shutdown().await;
}

/// Sends the reason, then keeps reading for a while, so that the client can receive it.
async fn disconnect(mut rest: BufReader<OwnedReadHalf>, mut out: OwnedWriteHalf, sentence: &str) {
    let farewell = async {
        out.write_all(sentence.as_bytes()).await?;
        out.shutdown().await?;
        let mut unread = [0; 4096];
        while rest.read(&mut unread).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // Whether the client received it doesn't matter.
    let _ = timeout(TIMEOUT, farewell).await;
}
