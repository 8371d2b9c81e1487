//! HTTPS of the real program: whose certificates it trusts, and which proxy it uses. Google's servers are local ones behind
//! a local proxy.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::program::{Ended, State, ended};

/// User credentials, as `gcloud` leaves them: they are exchanged for a token at Google's token server.
const CREDENTIALS: &str =
    r#"{"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}"#;

const HOSTS: [&str; 3] = [
    "bigquery.googleapis.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
];

/// A proxy on this machine behind which every host is one server, with certificates of an authority of its own.
struct Network {
    folder: tempfile::TempDir,
    proxy: SocketAddr,
    /// The hosts that the proxy was asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Network {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let hosts = HOSTS.map(ToOwned::to_owned).to_vec();
        let certificate = CertificateParams::new(hosts)
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        fs::write(folder.path().join("credentials.json"), CREDENTIALS).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (config, noted) = (Arc::new(config), Arc::clone(&asked));
        // The thread ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, noted) = (Arc::clone(&config), Arc::clone(&noted));
                thread::spawn(move || serve(stream, config, &noted));
            }
        });
        Self { folder, proxy, asked }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What doctor says about the API, over the proxy.
    fn doctor(&self, state: &State, environment: &[(&str, &str)]) -> Ended {
        let mut command: Command = state.command(&["doctor", "--warehouse", "bigquery:my-project"]);
        for name in [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
            "SSL_CERT_DIR",
            "SSL_CERT_FILE",
        ] {
            command.env_remove(name);
        }
        command
            .env("GOOGLE_APPLICATION_CREDENTIALS", self.file("credentials.json"))
            .env("HTTPS_PROXY", format!("http://{}", self.proxy))
            .envs(environment.iter().copied());
        ended(&mut command)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers CONNECT, then one request over TLS: a token, or an error that shows that the API was reached.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, noted: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let head = head_of(&mut reader)?;
    let host = head
        .first()?
        .strip_prefix("CONNECT ")?
        .split(' ')
        .next()?
        .to_owned();
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(host);
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let mut tls = BufReader::new(StreamOwned::new(ServerConnection::new(config).ok()?, stream));
    loop {
        let head = head_of(&mut tls)?;
        let length = head.iter().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        tls.by_ref()
            .take(length.unwrap_or(0))
            .read_to_end(&mut Vec::new())
            .ok()?;
        let (status, body) = if head.first()?.starts_with("POST /token") || head.first()?.contains("oauth2") {
            (
                "200 OK",
                r#"{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}"#,
            )
        } else {
            (
                "403 Forbidden",
                r#"{"error": {"code": 403, "message": "the local server was reached", "errors": [{"reason": "accessDenied", "message": "the local server was reached"}]}}"#,
            )
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tls.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

/// The lines of a request before the empty one.
fn head_of(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => return Some(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

#[test]
fn the_proxy_and_the_certificates_of_the_environment_are_used() {
    let (network, state) = (Network::new(), State::none());
    let file = network.file("ca.pem");
    let doctor = network
        .doctor(&state, &[("SSL_CERT_FILE", file.to_str().unwrap())])
        .expect(1);
    assert!(
        doctor.out.contains("the local server was reached"),
        "{}",
        doctor.out
    );
    let asked = network.asked();
    let is_asked = |host: &str| asked.iter().any(|asked| *asked == format!("{host}:443"));
    assert!(is_asked("bigquery.googleapis.com"), "{asked:?}");
    assert!(
        is_asked("oauth2.googleapis.com") || is_asked("accounts.google.com"),
        "{asked:?}"
    );
}

#[test]
fn a_server_of_an_unknown_authority_is_refused_with_what_to_do() {
    let (network, state) = (Network::new(), State::none());
    let doctor = network.doctor(&state, &[]).expect(1);
    assert!(
        doctor.out.contains("invalid peer certificate: UnknownIssuer"),
        "{}",
        doctor.out
    );
    assert!(
        doctor
            .out
            .contains("name the file of its certificate in SSL_CERT_FILE"),
        "{}",
        doctor.out
    );
    assert!(!doctor.out.contains("reached"), "{}", doctor.out);
}

#[test]
fn a_certificate_file_without_certificates_is_refused() {
    let (network, state) = (Network::new(), State::none());
    let empty = network.file("empty.pem");
    fs::write(&empty, "").unwrap();
    for place in [&empty, &network.file("missing.pem")] {
        let doctor = network
            .doctor(&state, &[("SSL_CERT_FILE", place.to_str().unwrap())])
            .expect(1);
        let refused = format!(
            "no certificate can be read from SSL_CERT_FILE '{}'",
            place.display()
        );
        assert!(doctor.out.contains(&refused), "{}", doctor.out);
    }
    assert_eq!(network.asked(), Vec::<String>::new());
}

#[test]
fn a_proxy_of_another_kind_is_refused_by_name() {
    let (network, state) = (Network::new(), State::none());
    let file = network.file("ca.pem");
    let proxy = format!("socks5://{}", network.proxy);
    let environment = [
        ("SSL_CERT_FILE", file.to_str().unwrap()),
        ("HTTPS_PROXY", proxy.as_str()),
    ];
    let doctor = network.doctor(&state, &environment).expect(1);
    assert!(
        doctor.out.contains("a proxy of type socks5 is not supported"),
        "{}",
        doctor.out
    );
}
