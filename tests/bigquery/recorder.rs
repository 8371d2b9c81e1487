//! Sits between the tests and the local server and validates every request against Google's discovery document, if
//! `BACKCOURT_DISCOVERY` is set. If `BACKCOURT_STATEMENTS` names a folder, every statement is written there, so that
//! `scripts/statements` can check it with Google's analyzer.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::discovery::Discovery;
use super::proxy::{self, Request};

/// Characters kept of a parameter: its rows may be megabytes, and the analyzer doesn't read them.
const KEPT_LETTERS: usize = 200;

/// A recording proxy.
pub struct Recorder {
    port: u16,
    /// Deviations of requests from the discovery document.
    faults: Arc<Mutex<BTreeSet<String>>>,
}

impl Recorder {
    /// A recorder for a server; `None` if nothing is to be recorded or validated.
    pub fn start(server: u16) -> Option<Self> {
        let folder = std::env::var("BACKCOURT_STATEMENTS").ok();
        (folder.is_some() || Discovery::find().is_some())
            .then(|| Self::serving(server, folder.as_ref().map(Path::new)))
    }

    /// A recorder for a server that writes to a file in this folder.
    pub fn before(server: u16, folder: &Path) -> Self {
        Self::serving(server, Some(folder))
    }

    fn serving(server: u16, folder: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let file = Arc::new(folder.map(|folder| Mutex::new(create(folder, port))));
        let faults: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let found = Arc::clone(&faults);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (file, found) = (Arc::clone(&file), Arc::clone(&found));
                std::thread::spawn(move || pass(client, server, file.as_ref().as_ref(), &found));
            }
        });
        Self { port, faults }
    }

    /// Fails if a request doesn't match Google's discovery document.
    pub fn assert_conformance(&self) {
        let faults = self.faults.lock().unwrap();
        assert!(
            faults.is_empty(),
            "requests that BigQuery's API does not know: {faults:#?}"
        );
    }

    pub const fn port(&self) -> u16 {
        self.port
    }
}

fn create(folder: &Path, port: u16) -> File {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join(format!("{}-{port}.jsonl", std::process::id()));
    OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(file)
        .unwrap()
}

fn pass(mut client: TcpStream, server: u16, file: Option<&Mutex<File>>, faults: &Mutex<BTreeSet<String>>) {
    let Some(request) = proxy::read(&client) else {
        return;
    };
    if let (Some(file), Some(statement)) = (file, statement(&request)) {
        writeln!(file.lock().unwrap(), "{statement}").unwrap();
    }
    if let Some(discovery) = Discovery::find() {
        faults.lock().unwrap().extend(unknown(discovery, &request));
    }
    if let Some(answer) = proxy::forwarded(&request, server) {
        let _ = client.write_all(&answer);
    }
}

/// The parts of a request that the API doesn't define.
fn unknown(discovery: &Discovery, request: &Request) -> Vec<String> {
    let mut words = request.line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = match request.body.as_slice() {
        [] => Json::Null,
        bytes => serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes))),
    };
    discovery.faults(method, path, query, &body)
}

/// The statement of a request and its parameters, if it has one.
fn statement(request: &Request) -> Option<Json> {
    let sent: Json = serde_json::from_slice(&request.body).ok()?;
    let query = &sent["configuration"]["query"];
    let sql = (query["query"].as_str().map(ToOwned::to_owned)).or_else(|| definition(&sent))?;
    let parameters = query["queryParameters"].as_array().cloned().unwrap_or_default();
    let parameters: Vec<Json> = parameters.iter().map(parameter).collect();
    let project = request
        .line
        .split('/')
        .skip_while(|part| *part != "projects")
        .nth(1)?;
    Some(json!({"project": project, "sql": sql, "parameters": parameters}))
}

/// The equivalent CREATE TABLE statement of a request that creates a table without SQL.
fn definition(sent: &Json) -> Option<String> {
    let (table, fields) = (&sent["tableReference"], sent["schema"]["fields"].as_array()?);
    let column = |field: &Json| {
        let kind = match field["type"].as_str()? {
            "INTEGER" => "INT64",
            "FLOAT" => "FLOAT64",
            "BOOLEAN" => "BOOL",
            kind => kind,
        };
        Some(format!("`{}` {kind}", field["name"].as_str()?))
    };
    let columns: Option<Vec<String>> = fields.iter().map(column).collect();
    let (dataset, name) = (table["datasetId"].as_str()?, table["tableId"].as_str()?);
    Some(format!(
        "CREATE TABLE `{dataset}.{name}` ({})",
        columns?.join(", ")
    ))
}

fn parameter(bound: &Json) -> Json {
    let value = bound["parameterValue"]["value"].as_str().unwrap_or_default();
    let value: String = value.chars().take(KEPT_LETTERS).collect();
    json!({"name": bound["name"], "type": bound["parameterType"]["type"], "value": value})
}
