//! A proxy between backcourt and a local server, as unreliable as a network and as strict as `BigQuery`: answers are
//! lost, truncated or replaced, the limits on table changes are enforced, and jobs are billed. It counts what it sees.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::emulator::{PREFIX, PROJECT, flags};
use super::pace::Pace;

/// `BigQuery`'s time window and limits for statements and updates per table.
const SPAN: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 25;
const UPDATES: usize = 50;
/// Limits for single statements that change a table: running and queued.
const RUNNING: usize = 2;
const QUEUED: usize = 20;

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Inserting a job.
    Insert,
    /// Getting the result of a job.
    Results,
    /// Getting the state of a job.
    Get,
    /// Any other call.
    Other,
}

/// A call, as passed to a rule.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    /// The verb and the path, as in `GET /bigquery/v2/projects/p`.
    pub target: String,
    /// The id of its job.
    pub job: String,
    /// The location in the request; empty if it has none.
    pub location: String,
    /// Whether it lists the jobs of all accounts.
    pub of_everybody: bool,
    /// The query, if it sends one.
    pub sql: String,
    /// Whether it is a dry run.
    pub is_dry: bool,
}

impl Call {
    /// Whether it sends a transaction that changes a table.
    pub fn is_replace(&self) -> bool {
        self.method == Method::Insert && is_replace(&self.sql)
    }
}

/// Whether a query is about leases, owners or reading progress, which isn't billed to a run. Appending progress is.
fn keeps_a_lease(sql: &str) -> bool {
    let is_in = |end: char| sql.contains(&format!("`{PREFIX}backcourt{end}"));
    let adds = sql.starts_with("BEGIN TRANSACTION");
    (is_in('.') || is_in('`')) && !adds
}

pub fn is_replace(sql: &str) -> bool {
    sql.starts_with("BEGIN TRANSACTION") && !changes(sql).is_empty()
}

/// What the proxy does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Forwards it.
    Pass,
    /// Answers with this; the server doesn't receive it.
    Say(u16, String),
    /// Closes the connection before the server receives it.
    Reset,
    /// Forwards it and drops the answer after the job has ended.
    LoseReply,
    /// Forwards it without an answer and leaves the connection open until the client closes it.
    Hang,
    /// Forwards it and returns half of the answer.
    Truncate,
    /// Starts the job, which fails with this reason and message.
    Fail(&'static str, &'static str),
}

/// An error body in `BigQuery`'s format.
pub fn body(code: u16, reason: &str, message: &str) -> String {
    let error = json!({"message": message, "domain": "global", "reason": reason});
    json!({"error": {"code": code, "message": message, "errors": [error], "status": "X"}}).to_string()
}

/// What the proxy has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Number of all calls.
    pub calls: usize,
    /// The `Authorization` headers.
    pub authorizations: BTreeSet<String>,
    /// Calls that were not just forwarded.
    pub hurt: usize,
    /// The query of every job sent, without dry runs and lease upkeep, which belong to no stage.
    pub sent: HashMap<String, String>,
    /// The queries of dry runs.
    pub dry: Vec<String>,
    /// How often the server accepted a changing job with this id.
    pub taken: HashMap<String, u32>,
    /// Concurrent transactions on the same table.
    pub collisions: usize,
    /// Jobs over the limit in ten seconds.
    pub too_many: usize,
    /// Answers that were never delivered.
    pub unanswered: usize,
    /// Statements over the queue limit.
    pub outstanding: usize,
    /// Cancelled jobs, each with the content length of the request.
    pub cancelled: Vec<(String, Option<usize>)>,
    /// Every call, in the order of completion.
    pub made: Vec<Made>,
    /// The minimum duration of each job, if latencies are drawn.
    pub drawn: HashMap<String, Duration>,
}

/// A call that was answered.
#[derive(Debug, Clone)]
pub struct Made {
    /// When it arrived, and when its answer was sent.
    pub span: (Instant, Instant),
    /// Its minimum duration without its job, if latencies are drawn.
    pub least: Duration,
    /// The request's first line.
    pub line: String,
    /// The id of its job.
    pub job: String,
    /// The query it sent.
    pub sql: String,
    /// Whether it was a dry run.
    pub is_dry: bool,
}

#[derive(Debug, Default)]
struct Held {
    seen: Seen,
    /// The newest transaction on each table.
    transaction: HashMap<String, String>,
    /// Times of statements and of jobs, by table.
    statements: HashMap<String, VecDeque<Instant>>,
    updates: HashMap<String, VecDeque<Instant>>,
    /// When single DML statements end, by table.
    lone: HashMap<String, Vec<Instant>>,
    /// Jobs that failed without reaching the server.
    doomed: HashMap<String, (String, String)>,
    /// The earliest end of each job.
    over_at: HashMap<String, Instant>,
}

type Rule = dyn Fn(&Call) -> Fate + Send + Sync;

/// The bytes billed and slot milliseconds of a query; a dry run estimates the bytes.
type Tariff = dyn Fn(&str) -> (u64, u64) + Send + Sync;

struct Shared {
    upstream: Option<u16>,
    rule: Box<Rule>,
    tariff: Box<Tariff>,
    /// The latency of a changing statement.
    latency: Duration,
    /// The latencies of everything, if drawn.
    pace: Option<Pace>,
    held: Mutex<Held>,
}

/// A proxy on its own port; it lives as long as the test.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

/// A request as received.
pub struct Request {
    pub line: String,
    /// Lower-case names, and values.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, if present.
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The content length, if present.
    fn length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }
}

impl Proxy {
    /// A proxy for the server on this port. With `None`, every forwarded call succeeds with an empty result.
    pub fn start(
        upstream: Option<u16>,
        latency: Duration,
        rule: impl Fn(&Call) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self::billing(upstream, latency, rule, |_| (0, 0))
    }

    /// A proxy with the latencies of `BigQuery`, all drawn.
    pub fn paced(upstream: u16, pace: Pace, rule: impl Fn(&Call) -> Fate + Send + Sync + 'static) -> Self {
        Self::serving(Shared {
            upstream: Some(upstream),
            rule: Box::new(rule),
            tariff: Box::new(|_| (0, 0)),
            latency: Duration::ZERO,
            pace: Some(pace),
            held: Mutex::default(),
        })
    }

    /// A proxy that bills jobs, unlike the local server.
    pub fn billing(
        upstream: Option<u16>,
        latency: Duration,
        rule: impl Fn(&Call) -> Fate + Send + Sync + 'static,
        tariff: impl Fn(&str) -> (u64, u64) + Send + Sync + 'static,
    ) -> Self {
        Self::serving(Shared {
            upstream,
            rule: Box::new(rule),
            tariff: Box::new(tariff),
            latency,
            pace: None,
            held: Mutex::default(),
        })
    }

    fn serving(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(shared);
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(client));
            }
        });
        Self { port, shared }
    }

    /// The port to connect to.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address after `bigquery:`.
    pub fn address(&self) -> String {
        format!("{PROJECT}@http://127.0.0.1:{}", self.port)
    }

    /// The program's flags for this proxy.
    pub fn flags(&self) -> [String; 4] {
        flags(&self.address())
    }

    /// Number of replaces accepted by the server so far.
    pub fn replaces(&self) -> usize {
        self.seen(|seen| {
            let is_replace = |job: &&String| seen.sent.get(*job).is_some_and(|sql| is_replace(sql));
            seen.taken.keys().filter(is_replace).count()
        })
    }

    /// Reads what was seen so far.
    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.shared.held.lock().unwrap().seen)
    }

    /// Asserts that no transactions collided and no job ran twice.
    pub fn assert_good_manners(&self) {
        self.seen(|seen| {
            assert_eq!(seen.collisions, 0, "transactions met on a table");
            assert_eq!(
                seen.too_many, 0,
                "more statements in ten seconds than a table takes"
            );
            let twice: Vec<_> = seen.taken.iter().filter(|(_, times)| **times > 1).collect();
            assert!(twice.is_empty(), "jobs that happened twice: {twice:?}");
        });
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let Some(request) = read(&client) else { return };
        let (call, began) = (call(&request), Instant::now());
        let least = self
            .pace
            .as_ref()
            .map_or(Duration::ZERO, |pace| pace.call(&request.line));
        std::thread::sleep(least);
        let fate = (self.rule)(&call);
        let answer = {
            let mut held = self.held.lock().unwrap();
            held.seen.calls += 1;
            let authorization = request.header("authorization").unwrap_or_default();
            held.seen.authorizations.insert(authorization.to_owned());
            held.seen.hurt += usize::from(fate != Fate::Pass);
            if let Some(job) = to_cancel(&request.line) {
                held.over_at.remove(job);
                held.seen.cancelled.push((job.to_owned(), request.length()));
            }
            if call.is_dry {
                held.seen.dry.push(call.sql.clone());
            } else if call.method == Method::Insert && !keeps_a_lease(&call.sql) {
                held.seen.sent.insert(call.job.clone(), call.sql.clone());
            }
            drop(held);
            match &fate {
                Fate::Reset => return,
                Fate::Say(code, text) => Some(reply(*code, text)),
                Fate::Fail(reason, message)
                    if call.method == Method::Insert && !self.has_taken(&call.job) =>
                {
                    self.doom(&call.job, reason, message);
                    Some(accepted(&call.job))
                }
                _ => self.answer(&call, &request),
            }
        };
        let Some(answer) = answer else { return };
        self.held.lock().unwrap().seen.made.push(Made {
            span: (began, Instant::now()),
            least,
            line: request.line,
            job: call.job.clone(),
            sql: call.sql.clone(),
            is_dry: call.is_dry,
        });
        match fate {
            Fate::LoseReply => self.wait_for(&call.job),
            Fate::Hang => {
                self.held.lock().unwrap().seen.unanswered += 1;
                drop(client.read(&mut [0]));
            }
            Fate::Truncate => drop(client.write_all(&answer[..answer.len() - answer.len() / 4])),
            _ => drop(client.write_all(&answer)),
        }
    }

    /// Jobs accepted by the server can't fail in the proxy any more.
    fn has_taken(&self, job: &str) -> bool {
        self.held.lock().unwrap().seen.taken.contains_key(job)
    }

    /// The answer of a server with `BigQuery`'s limits.
    fn answer(&self, call: &Call, request: &Request) -> Option<Vec<u8>> {
        match call.method {
            Method::Insert if !call.is_dry && !changes(&call.sql).is_empty() => self.change(call, request),
            Method::Results | Method::Get => {
                if let Some(answer) = self.failed(call) {
                    return Some(answer);
                }
                let over_at = self.held.lock().unwrap().over_at.get(&call.job).copied();
                let left = over_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
                if left.is_zero() {
                    let answer = self.forward(request)?;
                    return Some(if call.method == Method::Get {
                        self.billed(call, &answer)
                    } else {
                        answer
                    });
                }
                let job = json!({"projectId": PROJECT, "jobId": call.job, "location": "US"});
                if call.method == Method::Get {
                    let running = json!({"jobReference": job, "status": {"state": "RUNNING"}});
                    return Some(reply(200, &running.to_string()));
                }
                let most = Duration::from_secs(10);
                std::thread::sleep(left.min(most));
                if left <= most {
                    return self.forward(request);
                }
                let waits = json!({"jobReference": job, "jobComplete": false});
                Some(reply(200, &waits.to_string()))
            }
            Method::Insert if call.is_dry => Some(self.billed(call, &self.forward(request)?)),
            Method::Insert => {
                if let Some(pace) = &self.pace {
                    let takes = pace.job(&call.sql);
                    let mut held = self.held.lock().unwrap();
                    held.over_at.insert(call.job.clone(), Instant::now() + takes);
                    held.seen.drawn.insert(call.job.clone(), takes);
                }
                self.forward(request)
            }
            Method::Other => self.forward(request),
        }
    }

    /// The answer about a job, with its cost instead of the server's zero.
    fn billed(&self, call: &Call, answer: &[u8]) -> Vec<u8> {
        let mut told = content(answer);
        if told.get("status").is_none() {
            return answer.to_vec();
        }
        let sql = if call.is_dry {
            call.sql.clone()
        } else {
            let held = self.held.lock().unwrap();
            held.seen.sent.get(&call.job).cloned().unwrap_or_default()
        };
        let (bytes, slot_ms) = (self.tariff)(&sql);
        let (bytes, slot_ms) = (bytes.to_string(), slot_ms.to_string());
        told["statistics"]["totalBytesProcessed"] = json!(bytes);
        if !call.is_dry {
            told["statistics"]["totalSlotMs"] = json!(slot_ms);
            told["statistics"]["query"]["totalBytesBilled"] = json!(bytes);
        }
        reply(200, &told.to_string())
    }

    /// Handles a job that changes tables: accepts it, or fails it like `BigQuery`. One at a time, so that the limits
    /// hold.
    fn change(&self, call: &Call, request: &Request) -> Option<Vec<u8>> {
        let tables = changes(&call.sql);
        let mut held = self.held.lock().unwrap();
        let is_new = !held.seen.taken.contains_key(&call.job) && !held.doomed.contains_key(&call.job);
        let now = Instant::now();
        if is_new {
            for (table, statements) in &tables {
                let window = held.statements.entry(table.clone()).or_default();
                let over = take(window, *statements, STATEMENTS, now);
                let window = held.updates.entry(table.clone()).or_default();
                if take(window, 1, UPDATES, now) || over {
                    held.seen.too_many += 1;
                    let why = "Exceeded rate limits: too many table dml operations for this table.";
                    return Some(doom(&mut held, &call.job, "rateLimitExceeded", why));
                }
            }
            if call.is_replace() {
                for (table, _) in &tables {
                    let other = held.transaction.get(table).cloned();
                    if other.is_some_and(|other| self.is_under_way(&held, &other)) {
                        held.seen.collisions += 1;
                        let why = "Transaction is aborted due to concurrent update against table.";
                        return Some(doom(&mut held, &call.job, "invalidQuery", why));
                    }
                }
            }
        }
        let statements: usize = tables.iter().map(|(_, statements)| statements).sum();
        let takes = self.latency * u32::try_from(statements).unwrap();
        let takes = self.pace.as_ref().map_or(takes, |pace| pace.job(&call.sql));
        let mut over_at = now + takes;
        if is_new && !call.is_replace() && !call.sql.starts_with("INSERT") {
            let ends = held.lone.entry(tables[0].0.clone()).or_default();
            ends.retain(|end| *end > now);
            if ends.len() >= RUNNING + QUEUED {
                held.seen.outstanding += 1;
                let why =
                    "Resources exceeded: Too many DML statements outstanding against table, limit is 20.";
                return Some(doom(&mut held, &call.job, "quotaExceeded", why));
            }
            if ends.len() >= RUNNING {
                ends.sort();
                over_at = ends[ends.len() - RUNNING] + self.latency;
            }
            ends.push(over_at);
        }
        let answer = self.forward(request)?;
        if answer.starts_with(b"HTTP/1.1 200") {
            *held.seen.taken.entry(call.job.clone()).or_default() += 1;
            held.seen.drawn.insert(call.job.clone(), takes);
            held.over_at.insert(call.job.clone(), over_at);
            if call.is_replace() {
                for (table, _) in tables {
                    held.transaction.insert(table, call.job.clone());
                }
            }
        }
        Some(answer)
    }

    fn is_under_way(&self, held: &Held, job: &str) -> bool {
        held.over_at.get(job).is_some_and(|at| *at > Instant::now()) || !self.is_done(job)
    }

    fn is_done(&self, job: &str) -> bool {
        let asked = Request {
            line: format!("GET /bigquery/v2/projects/{PROJECT}/jobs/{job} HTTP/1.1"),
            headers: vec![("host".to_owned(), "127.0.0.1".to_owned())],
            body: Vec::new(),
        };
        let answer = self.forward(&asked).unwrap_or_default();
        let json = content(&answer);
        json["status"]["state"] == "DONE" || json["error"]["code"] == 404
    }

    /// Waits until the server has finished a job.
    fn wait_for(&self, job: &str) {
        while !self.is_done(job) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn doom(&self, job: &str, reason: &str, message: &str) {
        doom(&mut self.held.lock().unwrap(), job, reason, message);
    }

    fn failed(&self, call: &Call) -> Option<Vec<u8>> {
        let held = self.held.lock().unwrap();
        let (reason, message) = held.doomed.get(&call.job)?;
        if call.method == Method::Results {
            let code = if reason.ends_with("Exceeded") { 403 } else { 400 };
            return Some(reply(code, &body(code, reason, message)));
        }
        let error = json!({"reason": reason, "message": message});
        let job = json!({"projectId": PROJECT, "jobId": call.job, "location": "US"});
        let done = json!({"jobReference": job, "status": {"state": "DONE", "errorResult": error}});
        Some(reply(200, &done.to_string()))
    }

    fn forward(&self, request: &Request) -> Option<Vec<u8>> {
        match self.upstream {
            None => Some(agreeable(&call(request))),
            Some(port) => forwarded(request, port),
        }
    }
}

/// The answer of the server on this port.
pub fn forwarded(request: &Request, port: u16) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut head = format!("{}\r\nconnection: close\r\n", request.line);
    // Compressed answers couldn't be read here.
    let of_the_connection = ["connection", "accept-encoding", "content-length"];
    let kept = (request.headers.iter()).filter(|(name, _)| !of_the_connection.contains(&name.as_str()));
    for (name, value) in kept {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", request.body.len());
    server.write_all(head.as_bytes()).ok()?;
    server.write_all(&request.body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    Some(answer)
}

/// The answer of a server without tables: every call succeeds with an empty result.
fn agreeable(call: &Call) -> Vec<u8> {
    match call.method {
        Method::Insert if call.target.starts_with("POST /upload/") => {
            let place = format!("{}?upload_id=1", call.target.replace("POST ", "http://localhost"));
            format!("HTTP/1.1 200 X\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .into_bytes()
        }
        Method::Insert => accepted(&call.job),
        Method::Results => reply(200, r#"{"jobComplete": true}"#),
        Method::Get | Method::Other => reply(200, r#"{"status": {"state": "DONE"}}"#),
    }
}

/// Whether `count` more exceed the limit in the window; otherwise they are counted.
fn take(window: &mut VecDeque<Instant>, count: usize, most: usize, now: Instant) -> bool {
    while window.front().is_some_and(|taken| *taken + SPAN <= now) {
        window.pop_front();
    }
    if window.len() + count > most {
        return true;
    }
    window.extend(std::iter::repeat_n(now, count));
    false
}

fn doom(held: &mut Held, job: &str, reason: &str, message: &str) -> Vec<u8> {
    held.doomed
        .insert(job.to_owned(), (reason.to_owned(), message.to_owned()));
    accepted(job)
}

fn accepted(job: &str) -> Vec<u8> {
    let job = json!({"projectId": PROJECT, "jobId": job, "location": "US"});
    reply(
        200,
        &json!({"jobReference": job, "status": {"state": "RUNNING"}}).to_string(),
    )
}

/// The tables of a plan that a script changes, each with the number of its DML statements. The ledger is append-only
/// and conflicts with no other change.
fn changes(sql: &str) -> Vec<(String, usize)> {
    let mut tables: Vec<(String, usize)> = Vec::new();
    for line in sql.lines() {
        let verbs = ["DELETE FROM `", "INSERT INTO `", "UPDATE `", "MERGE `"];
        let changed = verbs
            .iter()
            .find_map(|verb| line.strip_prefix(verb)?.split('`').next())
            .filter(|table| !table.ends_with("backcourt.ledger"));
        if let Some(table) = changed {
            match tables.iter_mut().find(|(known, _)| known == table) {
                Some((_, count)) => *count += 1,
                None => tables.push((table.to_owned(), 1)),
            }
        }
    }
    tables
}

/// The job that a request cancels.
fn to_cancel(line: &str) -> Option<&str> {
    let path = line.strip_prefix("POST ")?.split([' ', '?']).next()?;
    path.strip_suffix("/cancel")?.rsplit('/').next()
}

fn call(request: &Request) -> Call {
    let mut words = request.line.split(' ');
    let (verb, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let last = path.rsplit('/').next().unwrap_or_default().to_owned();
    let sent: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let method = match (verb, path) {
        ("POST", path) if path.ends_with("/jobs") => Method::Insert,
        ("GET", path) if path.contains("/queries/") => Method::Results,
        ("GET", path) if path.contains("/jobs/") => Method::Get,
        _ => Method::Other,
    };
    let job = match method {
        Method::Insert => text(&sent["jobReference"]["jobId"]),
        _ => last,
    };
    let sql = text(&sent["configuration"]["query"]["query"]);
    let is_dry = sent["configuration"]["dryRun"] == json!(true);
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("location="));
    let location = asked.map_or_else(|| text(&sent["jobReference"]["location"]), ToOwned::to_owned);
    Call {
        method,
        target: format!("{verb} {path}"),
        location,
        of_everybody: query.contains("allUsers=true"),
        job,
        sql,
        is_dry,
    }
}

/// The next request of a client.
pub fn read(client: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        line: line.trim_end().to_owned(),
        headers,
        body: Vec::new(),
    };
    request.body = vec![0; request.length().unwrap_or(0)];
    reader.read_exact(&mut request.body).ok()?;
    (!request.line.is_empty()).then_some(request)
}

fn reply(code: u16, text: &str) -> Vec<u8> {
    let kind = if text.starts_with('{') {
        "application/json"
    } else {
        "text/html"
    };
    format!(
        "HTTP/1.1 {code} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
    .into_bytes()
}

fn content(answer: &[u8]) -> Json {
    let text = String::from_utf8_lossy(answer);
    let (_, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}
