//! A local `BigQuery` on a free port with its own data, stopped by its pid when dropped. Project and prefix are neither
//! those of the plan nor the defaults, so that a hard-coded name fails a test.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Prefix, Settings};
use tempfile::TempDir;

use super::recorder::Recorder;

/// The project on the server.
pub const PROJECT: &str = "acme-prod";

/// The prefix of all dataset names.
pub const PREFIX: &str = "rehearsal_";

/// The warehouse at this address.
pub fn open(address: &str) -> BigQueryWarehouse {
    open_with(address, Settings::default())
}

/// The warehouse at this address, with these settings.
pub fn open_with(address: &str, settings: Settings) -> BigQueryWarehouse {
    let settings = Settings {
        prefix: Prefix::parse(PREFIX).unwrap(),
        ..settings
    };
    BigQueryWarehouse::new(Address::parse(address).unwrap(), settings)
}

/// The program's flags for the warehouse at this address.
pub fn flags(address: &str) -> [String; 4] {
    let place = format!("bigquery:{address}");
    ["--warehouse", &place, "--dataset-prefix", PREFIX].map(str::to_owned)
}

/// Start-up timeout. It starts in two or three seconds on an idle machine.
const PATIENCE: Duration = Duration::from_mins(2);

pub struct Emulator {
    server: Child,
    port: u16,
    recorder: Option<Recorder>,
    _data: TempDir,
}

impl Emulator {
    /// Starts a server; `None` if it isn't available, which `scripts/test` reports in its last line.
    pub fn start() -> Option<Self> {
        let home = std::env::var("BACKCOURT_EMULATOR").expect(
            "BACKCOURT_EMULATOR names the folder that scripts/emulator prints, or is 'none' where it cannot be had",
        );
        if home == "none" {
            return None;
        }
        let home = PathBuf::from(home);
        let asked = Instant::now();
        loop {
            let mut emulator = Self::spawn(&home);
            while !emulator.has_ended() {
                if emulator.answers() {
                    // Another server may have answered, if ours couldn't get its port.
                    if emulator.has_ended() {
                        break;
                    }
                    emulator.recorder = Recorder::start(emulator.port);
                    return Some(emulator);
                }
                assert!(asked.elapsed() < PATIENCE, "the emulator did not start");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn spawn(home: &Path) -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let [port, grpc] = free_ports();
        let log = File::create(data.path().join("server.log")).unwrap();
        let server = Command::new(home.join("venv/bin/local-bigquery"))
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--grpc-port",
                &grpc.to_string(),
            ])
            .arg("--data-dir")
            .arg(data.path().join("data"))
            .args(["--project", PROJECT])
            .env("HOME", home.join("home"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            server,
            port,
            recorder: None,
            _data: data,
        }
    }

    fn has_ended(&mut self) -> bool {
        self.server.try_wait().unwrap().is_some()
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.recorder.as_ref().map_or(self.port, Recorder::port)
    }

    /// The address after `bigquery:`.
    pub fn address(&self) -> String {
        format!("{PROJECT}@http://127.0.0.1:{}", self.port())
    }

    /// The warehouse on this server.
    pub fn open(&self) -> BigQueryWarehouse {
        open(&self.address())
    }

    /// The program's flags for this server.
    pub fn flags(&self) -> [String; 4] {
        flags(&self.address())
    }

    /// A ready server answers 200; one that failed to start always answers 400.
    fn answers(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/bigquery/v2/projects", self.port);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let asked = reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap()
                .get(url)
                .send()
                .await;
            asked.is_ok_and(|answer| answer.status().is_success())
        })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        if let Some(recorder) = self.recorder.as_ref().filter(|_| !std::thread::panicking()) {
            recorder.assert_conformance();
        }
    }
}

/// Ports outside the range of outgoing connections, because the server only listens seconds later. Both are bound at
/// the same time, so that they differ.
fn free_ports() -> [u16; 2] {
    let taken = [(); 2].map(|()| {
        let ports = std::iter::repeat_with(|| fastrand::u16(10_000..32_000));
        let mut free = ports.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        free.next().unwrap()
    });
    taken.map(|listener| listener.local_addr().unwrap().port())
}
