//! Stands between the tests and the local server and writes down every statement, so that `scripts/statements` can hold
//! them against Google's own analyzer. It does so where `BACKCOURT_STATEMENTS` names a folder.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::proxy::{self, Request};

/// Letters of a parameter that are kept: its rows may be megabytes, and no analyzer reads them.
const KEPT_LETTERS: usize = 200;

/// A port that passes everything on.
pub struct Recorder {
    port: u16,
}

impl Recorder {
    /// In front of a server; none where nothing is to be written down.
    pub fn start(server: u16) -> Option<Self> {
        let folder = std::env::var("BACKCOURT_STATEMENTS").ok()?;
        Some(Self::before(server, Path::new(&folder)))
    }

    /// In front of a server, writing into a file of this folder.
    pub fn before(server: u16, folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let file = Arc::new(Mutex::new(create(folder, port)));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let file = Arc::clone(&file);
                std::thread::spawn(move || pass(client, server, &file));
            }
        });
        Self { port }
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

fn pass(mut client: TcpStream, server: u16, file: &Mutex<File>) {
    let Some(request) = proxy::read(&client) else {
        return;
    };
    if let Some(statement) = statement(&request) {
        writeln!(file.lock().unwrap(), "{statement}").unwrap();
    }
    if let Some(answer) = proxy::forwarded(&request, server) {
        let _ = client.write_all(&answer);
    }
}

/// The statement of a request, if it sends one, with its parameters.
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

/// The statement that makes the same table, of a request that makes one without any.
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
