//! Who calls `BigQuery`: a key file, what `gcloud` left on this machine, or the machine's own identity.
//! An emulator on this machine is sent a word that is no secret. What stands in a file of credentials goes into no message.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gcp_bigquery_client::Client;
use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::client_builder::ClientBuilder;
use gcp_bigquery_client::error::BQError;
use gcp_bigquery_client::yup_oauth2::authenticator::{
    ApplicationDefaultCredentialsTypes, DefaultAuthenticator,
};
use gcp_bigquery_client::yup_oauth2::authorized_user::AuthorizedUserSecret;
use gcp_bigquery_client::yup_oauth2::{
    ApplicationDefaultCredentialsAuthenticator, ApplicationDefaultCredentialsFlowOpts,
    AuthorizedUserAuthenticator,
};
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::address::{Address, Server};
use super::fault::Fault;
use super::upload::Uploads;
use crate::warehouse::ErrorClass;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// The variable that names a file of credentials.
const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Where `gcloud auth application-default login` leaves a user's credentials, below the home folder.
const LEFT_BY_GCLOUD: &str = ".config/gcloud/application_default_credentials.json";

/// What is shown of the credentials that a call goes out with. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// None: the server is on this very machine.
    Unneeded,
    /// A service account's key.
    KeyFile {
        /// The file.
        path: PathBuf,
        /// The account's name.
        account: String,
    },
    /// A user's, as `gcloud` leaves them.
    User(PathBuf),
    /// What the machine is given by the cloud it runs in: its service account, or a workload's identity.
    Machine,
}

/// What is read of a file of credentials; the rest of it is the client's business.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    client_email: Option<String>,
    token_uri: Option<String>,
}

impl Credentials {
    /// Finds out what a call to this address would go out with, in the order the client looks for it.
    pub(super) fn find(address: &Address) -> Result<Self, Fault> {
        if address.server.as_ref().is_some_and(Server::is_loopback) {
            return Ok(Self::Unneeded);
        }
        if let Some(named) = std::env::var_os(VARIABLE) {
            return Self::in_file(PathBuf::from(named));
        }
        let left = std::env::home_dir().map(|home| home.join(LEFT_BY_GCLOUD));
        match left
            .filter(|path| path.is_file())
            .map(Self::in_file)
            .transpose()?
        {
            Some(user @ Self::User(_)) => Ok(user),
            // The client looks for a key in the named file only.
            _ => Ok(Self::Machine),
        }
    }

    fn in_file(path: PathBuf) -> Result<Self, Fault> {
        let refuse = |what: &str| Fault::new(ErrorClass::Auth, format!("{} {what}", path.display()));
        let file = read(&path).map_err(|what| refuse(&what))?;
        match file.kind.as_str() {
            "authorized_user" => Ok(Self::User(path)),
            "service_account" => {
                // The signed question for a token opens as much as the token does.
                let asked = file.token_uri.as_deref().unwrap_or_default();
                let is_private = Server::parse(asked).is_ok();
                match file.client_email {
                    _ if !is_private => Err(refuse("names a token server that is not asked over https")),
                    None => Err(refuse("is a key without the name of its account")),
                    Some(account) => Ok(Self::KeyFile { path, account }),
                }
            }
            "external_account" | "impersonated_service_account" | "external_account_authorized_user" => {
                Err(refuse(&format!(
                    "holds credentials of the kind {}, which cannot be used here; name a service account's key file, \
                     or let the machine's own identity be used",
                    file.kind
                )))
            }
            _ => Err(refuse("holds no credentials that Google's tools write")),
        }
    }
}

/// Reads a file of credentials. What is wrong with it is told without a word of it.
fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    serde_json::from_slice(&text)
        .map_err(|_| "is no file of credentials that Google's tools write".to_owned())
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unneeded => f.write_str("none are sent, the server is on this machine"),
            Self::KeyFile { path, account } => {
                write!(f, "key file {} of service account {account}", path.display())
            }
            Self::User(path) => write!(
                f,
                "a user's application-default credentials in {}",
                path.display()
            ),
            Self::Machine => {
                f.write_str("the identity of this machine or workload, asked of its metadata server")
            }
        }
    }
}

/// What speaks to a server: the client, and what sends the media of jobs, for which the client has no call.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) uploads: Uploads,
}

/// A connection to this address, with the credentials the address asks for; it sends these headers with every call.
pub(super) async fn connect(
    address: &Address,
    patience: Duration,
    headers: HeaderMap,
) -> Result<Connection, Fault> {
    let found = Credentials::find(address)?;
    let local = found == Credentials::Unneeded;
    let http = reqwest::Client::builder()
        .user_agent(concat!("backcourt/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(patience)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .https_only(!local);
    let http = if local { http.no_proxy() } else { http };
    let http = http.build().map_err(|error| {
        Fault::new(
            ErrorClass::Code,
            format!("no HTTPS client could be made: {error}"),
        )
    })?;
    let token: Arc<dyn Authenticator> = match found {
        Credentials::Unneeded => Arc::new(NoSecret),
        Credentials::User(path) => Arc::new(user(&path).await?),
        Credentials::KeyFile { .. } | Credentials::Machine => Arc::new(key_or_machine().await?),
    };
    let base = address.server.as_ref().map(Server::base_url);
    let mut builder = ClientBuilder::new();
    builder.with_client(http.clone());
    if let Some(base) = &base {
        builder.with_v2_base_url(base.clone());
    }
    Ok(Connection {
        client: builder.build_from_authenticator(Arc::clone(&token)).await?,
        uploads: Uploads::new(http, token, base),
    })
}

/// What every token is asked for.
const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/bigquery"];

/// Google's tokens. The client would make the same, and keep them to itself.
#[derive(Clone)]
struct Google(DefaultAuthenticator);

#[async_trait]
impl Authenticator for Google {
    async fn access_token(&self) -> Result<String, BQError> {
        let token = self.0.token(&SCOPES).await?;
        Ok(token.token().ok_or(BQError::NoToken)?.to_owned())
    }
}

async fn user(path: &Path) -> Result<Google, BQError> {
    let text = std::fs::read(path).map_err(BQError::InvalidAuthorizedUserAuthenticator)?;
    let secret: AuthorizedUserSecret = serde_json::from_slice(&text)?;
    let made = AuthorizedUserAuthenticator::builder(secret).build().await;
    made.map(Google)
        .map_err(BQError::InvalidAuthorizedUserAuthenticator)
}

async fn key_or_machine() -> Result<Google, BQError> {
    let options = ApplicationDefaultCredentialsFlowOpts::default();
    let made = match ApplicationDefaultCredentialsAuthenticator::builder(options).await {
        ApplicationDefaultCredentialsTypes::InstanceMetadata(machine) => machine.build().await,
        ApplicationDefaultCredentialsTypes::ServiceAccount(key) => key.build().await,
    };
    made.map(Google)
        .map_err(BQError::InvalidApplicationDefaultCredentialsAuthenticator)
}

/// What an emulator is told, which asks for a token and takes any.
#[derive(Debug, Clone, Copy)]
struct NoSecret;

#[async_trait]
impl Authenticator for NoSecret {
    async fn access_token(&self) -> Result<String, BQError> {
        Ok("emulator".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SECRET: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";

    fn found(text: &str) -> Result<Credentials, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, text.replace("SECRET", SECRET)).unwrap();
        Credentials::in_file(path)
    }

    #[test]
    fn what_is_shown_is_the_kind_and_the_account() {
        let key = found(
            r#"{"type": "service_account", "private_key": "SECRET", "client_email": "job@p.iam",
                "token_uri": "https://oauth2.googleapis.com/token"}"#,
        );
        let said = key.unwrap().to_string();
        assert!(
            said.starts_with("key file ") && said.ends_with("key.json of service account job@p.iam"),
            "{said}"
        );
        let user = found(r#"{"type": "authorized_user", "refresh_token": "SECRET"}"#);
        assert!(matches!(user, Ok(Credentials::User(_))), "{user:?}");
    }

    #[rstest]
    #[case(r#""SECRET""#, "no file of credentials")]
    #[case("SECRET", "no file of credentials")]
    #[case(r#"{"type": ["SECRET"]}"#, "no file of credentials")]
    #[case(r#"{"type": "SECRET"}"#, "no credentials that Google's tools write")]
    #[case(
        r#"{"type": "external_account", "credential_source": "SECRET"}"#,
        "of the kind external_account"
    )]
    #[case(
        r#"{"type": "service_account", "private_key": "SECRET", "client_email": "a", "token_uri": "http://example.com/"}"#,
        "not asked over https"
    )]
    #[case(
        r#"{"type": "service_account", "private_key": "SECRET", "token_uri": "https://example.com/"}"#,
        "without the name of its account"
    )]
    fn a_file_that_is_no_use_is_refused_without_a_word_of_it(#[case] text: &str, #[case] part: &str) {
        let refused = found(text).unwrap_err();
        assert_eq!(refused.class, ErrorClass::Auth);
        assert!(refused.message.contains(part), "{refused:?}");
        assert!(!refused.message.contains(SECRET), "{refused:?}");
    }
}
