//! A planted key and a planted token: no part of them appears in the program's output or files, in success or failure,
//! or is sent to a server on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::emulator::{Emulator, PROJECT, flags};
use super::month::{copy, raw_tables};
use super::program::{Ended, State, ended, stages_alone};
use super::proxy::{Fate, Proxy};

/// A unique string.
const TOKEN: &str = "ya29.planted-token-7f3c1d";

/// A credentials file in its own folder, and the secrets that must not leak from it.
struct Planted {
    folder: TempDir,
    secrets: Vec<String>,
}

impl Planted {
    /// A file with this text and these secrets in it.
    fn file(text: &str, secrets: &[&str]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("key.json"), text).unwrap();
        let lines = secrets.iter().flat_map(|secret| secret.lines());
        let lines = lines.filter(|line| line.len() > 12 && !line.starts_with("-----"));
        Self {
            folder,
            secrets: lines.map(ToOwned::to_owned).chain([TOKEN.to_owned()]).collect(),
        }
    }

    /// A service account key, with its token server on this port.
    fn key(private_key: &str, token_server: u16) -> Self {
        let key = json!({
            "type": "service_account", "project_id": PROJECT, "private_key_id": "5f1e0c2d9a",
            "private_key": private_key, "client_email": "planted@example.iam.gserviceaccount.com",
            "token_uri": format!("http://127.0.0.1:{token_server}/token"),
        });
        Self::file(&key.to_string(), &[private_key])
    }

    /// The program with these credentials, able to reach only servers on this machine.
    fn command(&self, state: &State, arguments: &[&str]) -> Command {
        let mut command = state.command(arguments);
        command
            .env(
                "GOOGLE_APPLICATION_CREDENTIALS",
                self.folder.path().join("key.json"),
            )
            .env("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", closed_port()))
            .env("RUST_LOG", "trace");
        command
    }

    /// Runs a command and asserts that its output and files contain no secret.
    fn run(&self, state: &State, arguments: &[&str]) -> Ended {
        let ended = ended(&mut self.command(state, arguments));
        self.assert_kept(&ended, state);
        ended
    }

    fn assert_kept(&self, ended: &Ended, state: &State) {
        let mut said = vec![("standard output".to_owned(), ended.out.clone().into_bytes())];
        said.push(("standard error".to_owned(), ended.err.clone().into_bytes()));
        contents(&state.path(), &mut said);
        for (place, bytes) in said {
            for secret in &self.secrets {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "a part of a secret is in {place}");
            }
        }
    }
}

/// All files below a folder, except the tables.
fn contents(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.ends_with("warehouse") {
            continue;
        }
        if path.is_dir() {
            contents(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// A port without a listener.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A token server with this answer to every request; it keeps the requests.
fn token_server(
    code: u16,
    answer: impl Fn(&str) -> String + Send + 'static,
) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Some(question) = question(&client) else {
                continue;
            };
            let text = answer(&question);
            kept.lock().unwrap().push(question);
            let head =
                format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
            let mut client = client;
            let _ = write!(client, "{head}content-length: {}\r\n\r\n{text}", text.len());
        }
    });
    (port, asked)
}

/// The body of a client's request.
fn question(client: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(client);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// A new key for this test; `None` if it can't be generated.
fn fresh_key() -> Option<String> {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output()
        .ok()?;
    made.status
        .success()
        .then(|| String::from_utf8(made.stdout).unwrap())
}

/// Looks like a key but isn't valid.
const BROKEN_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQplanted+not+a+key\n\
                          -----END PRIVATE KEY-----\n";

const WEEK: [&str; 4] = ["--from", "2023-12-11", "--to", "2023-12-12"];

/// Every command that connects to `BigQuery`; all of them fail to.
fn fails_in_every_command(planted: &Planted, part: &str) {
    let state = State::none();
    let there = flags(PROJECT);
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    let run = [&["run", "--output", "plain"], &there[..], &WEEK].concat();
    let commands: [Vec<&str>; 4] = [
        [&["load"], &there[..]].concat(),
        [&["doctor"], &there[..]].concat(),
        [&["rehearse", "--dates", "2023-12-11", "--from"], &there[1..]].concat(),
        run,
    ];
    for arguments in commands {
        let ended = planted.run(&state, &arguments);
        assert!(matches!(ended.code, Some(1..=3)), "{arguments:?}: {ended:#?}");
        let said = [ended.out, ended.err].concat();
        assert!(said.contains(part), "{part:?} in what {arguments:?} said: {said}");
    }
    planted.run(&state, &["status"]);
    planted.run(&state, &["report"]);
}

#[test]
fn invalid_credentials_are_refused_without_quoting_them() {
    let text = serde_json::to_string(BROKEN_KEY).unwrap();
    let cases = [
        (
            Planted::key(BROKEN_KEY, closed_port()),
            "cannot use the credentials: ",
        ),
        (
            Planted::file(&text, &[BROKEN_KEY]),
            "is not a Google credentials file",
        ),
        (
            Planted::file(BROKEN_KEY, &[BROKEN_KEY]),
            "is not a Google credentials file",
        ),
        (
            Planted::file(
                &json!({"type": "external_account", "token": TOKEN}).to_string(),
                &[],
            ),
            "contains credentials of type external_account",
        ),
    ];
    for (planted, part) in cases {
        fails_in_every_command(&planted, part);
    }
}

#[test]
fn rejected_keys_and_tokens_stay_secret() {
    let Some(key) = fresh_key() else { return };
    let refused =
        json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}).to_string();
    let (port, asked) = token_server(400, move |_| refused.clone());
    let mut planted = Planted::key(&key, port);
    fails_in_every_command(&planted, "no token: ");
    let assertions: Vec<String> = asked.lock().unwrap().clone();
    assert!(
        assertions.len() >= 4,
        "a token was asked for: {}",
        assertions.len()
    );
    planted.secrets.extend(assertions);

    // A server that echoes the request.
    let (port, asked) = token_server(200, |question| serde_json::to_string(question).unwrap());
    let planted = Planted::key(&key, port);
    let there = flags(PROJECT);
    let mut there: Vec<&str> = there.iter().map(String::as_str).collect();
    there.insert(0, "doctor");
    let state = State::none();
    let ended = planted.run(&state, &there);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains("the token server returned an invalid token"),
        "{}",
        ended.out
    );
    let assertion = asked.lock().unwrap()[0].clone();
    assert!(!ended.out.contains(&assertion) && !ended.err.contains(&assertion));

    // The token is granted, but Google is unreachable: all calls use a proxy that doesn't exist.
    let token = json!({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}).to_string();
    let (port, asked) = token_server(200, move |_| token.clone());
    let planted = Planted::key(&key, port);
    let ended = planted.run(&state, &there);
    assert_eq!(asked.lock().unwrap().len(), 1, "a token was asked for");
    assert!(
        ended
            .out
            .contains("of service account planted@example.iam.gserviceaccount.com"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("FAIL   project: no connection"),
        "{}",
        ended.out
    );
}

#[test]
fn a_run_on_a_local_server_sends_no_credentials() {
    let Some(emulator) = Emulator::start() else { return };
    let raw = State::loaded();
    copy(&raw, &emulator, ["2023-12-11", "2023-12-12"], raw_tables());
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |_| Fate::Pass);
    let (state, there) = (State::none(), proxy.flags());
    let plan = stages_alone(&state);
    let planted = Planted::key(BROKEN_KEY, closed_port());
    let mut to: Vec<&str> = there.iter().map(String::as_str).collect();
    to.extend(["--plan", &plan]);
    let short = ["--stop-after", "team_offense"];
    let run = [&["run", "--output", "jsonl"], &to[..], &WEEK, &short].concat();
    planted.run(&state, &run).expect(0);
    planted.run(&state, &[&["doctor"], &to[..]].concat()).expect(0);
    let days = [
        "rehearse",
        "--plan",
        &plan,
        "--from",
        &there[1],
        &there[2],
        &there[3],
        "--dates",
        "2023-12-11",
    ];
    planted.run(&state, &[&days[..], &short].concat()).expect(0);
    planted.run(&state, &["report", "--plan", &plan]).expect(0);
    proxy.seen(|seen| {
        let sent: Vec<&String> = seen.authorizations.iter().collect();
        assert_eq!(sent, ["Bearer emulator"]);
    });
    let logs = fs::read_dir(state.path().join("logs")).unwrap().count();
    assert!(
        logs > 0 && state.events_file().exists(),
        "there was something to look through"
    );
}
