//! Credentials for `BigQuery`: a key file, the user credentials stored by `gcloud`, or the machine's identity. An
//! emulator on this machine gets a dummy token. No message quotes a credentials file.

use std::fmt;
use std::path::{Path, PathBuf};

use gcp_bigquery_client::yup_oauth2::authenticator::{ApplicationDefaultCredentialsTypes, Authenticator};
use gcp_bigquery_client::yup_oauth2::{
    ApplicationDefaultCredentialsAuthenticator, ApplicationDefaultCredentialsFlowOpts,
    AuthorizedUserAuthenticator, CustomHyperClientBuilder, ServiceAccountAuthenticator,
    read_authorized_user_secret, read_service_account_key,
};
use hyper_rustls::HttpsConnector;
use serde::Deserialize;

use super::address::{Address, Server};
use super::api_error::ApiError;
use super::https::{ProxyConnector, token_client};
use crate::warehouse::ErrorClass;

/// The environment variable with the path of a credentials file.
const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// The file written by `gcloud auth application-default login`, relative to the home folder.
const GCLOUD_CREDENTIALS: &str = ".config/gcloud/application_default_credentials.json";

/// The credentials in use, for display. Contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// No credentials: the server is on this machine.
    Anonymous,
    /// A service account key.
    KeyFile {
        /// Path of the key file.
        path: PathBuf,
        /// Name of the service account.
        account: String,
    },
    /// User credentials written by `gcloud`.
    User(PathBuf),
    /// The identity the machine gets from its cloud: a service account or a workload identity.
    Machine,
}

/// The fields read from a credentials file. The client reads the others.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    client_email: Option<String>,
    token_uri: Option<String>,
}

impl Credentials {
    /// Finds the credentials for calls to this address, in the same order as the client.
    pub(super) fn find(address: &Address) -> Result<Self, ApiError> {
        if address.server.as_ref().is_some_and(Server::is_loopback) {
            return Ok(Self::Anonymous);
        }
        if let Some(named) = std::env::var_os(VARIABLE) {
            return Self::in_file(PathBuf::from(named));
        }
        let left = std::env::home_dir().map(|home| home.join(GCLOUD_CREDENTIALS));
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

    fn in_file(path: PathBuf) -> Result<Self, ApiError> {
        let refuse = |what: &str| ApiError::new(ErrorClass::Auth, format!("{} {what}", path.display()));
        let file = read(&path).map_err(|what| refuse(&what))?;
        match file.kind.as_str() {
            "authorized_user" => Ok(Self::User(path)),
            "service_account" => {
                // A signed token request grants the same access as the token.
                let asked = file.token_uri.as_deref().unwrap_or_default();
                let is_private = Server::parse(asked).is_ok();
                match file.client_email {
                    _ if !is_private => Err(refuse("has a token server without https")),
                    None => Err(refuse("is a key without an account name")),
                    Some(account) => Ok(Self::KeyFile { path, account }),
                }
            }
            "external_account" | "impersonated_service_account" | "external_account_authorized_user" => {
                Err(refuse(&format!(
                    "contains credentials of type {}, which are not supported; use a service account key file or the \
                     machine's own identity",
                    file.kind
                )))
            }
            _ => Err(refuse("contains no Google credentials")),
        }
    }
}

/// Reads a credentials file. Error messages don't quote it.
fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    serde_json::from_slice(&text).map_err(|_| "is not a Google credentials file".to_owned())
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("none sent, the server is on this machine"),
            Self::KeyFile { path, account } => {
                write!(f, "key file {} of service account {account}", path.display())
            }
            Self::User(path) => write!(f, "user application-default credentials in {}", path.display()),
            Self::Machine => {
                f.write_str("the identity of this machine or workload, from the metadata server")
            }
        }
    }
}

/// The OAuth scopes of a token.
const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/bigquery"];

/// The access token. It is refreshed before it expires.
#[derive(Clone)]
pub(super) enum Token {
    /// A dummy token: an emulator requires one and accepts any.
    Any,
    /// A token from Google's token server or the machine's metadata server.
    Asked(Authenticator<HttpsConnector<ProxyConnector>>),
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    pub(super) async fn of(credentials: &Credentials) -> Result<Self, ApiError> {
        let client = || token_client().map(CustomHyperClientBuilder::from);
        let asked = match credentials {
            Credentials::Anonymous => return Ok(Self::Any),
            Credentials::User(path) => {
                let secret = read_authorized_user_secret(path)
                    .await
                    .map_err(|error| unusable(&error))?;
                AuthorizedUserAuthenticator::with_client(secret, client()?)
                    .build()
                    .await
            }
            Credentials::KeyFile { path, .. } => {
                let key = read_service_account_key(path)
                    .await
                    .map_err(|error| unusable(&error))?;
                ServiceAccountAuthenticator::with_client(key, client()?)
                    .build()
                    .await
            }
            Credentials::Machine => {
                let options = ApplicationDefaultCredentialsFlowOpts::default();
                match ApplicationDefaultCredentialsAuthenticator::with_client(options, client()?).await {
                    ApplicationDefaultCredentialsTypes::InstanceMetadata(found) => found.build().await,
                    ApplicationDefaultCredentialsTypes::ServiceAccount(found) => found.build().await,
                }
            }
        };
        asked.map(Self::Asked).map_err(|error| unusable(&error))
    }

    pub(super) async fn get(&self) -> Result<String, ApiError> {
        match self {
            Self::Any => Ok("emulator".to_owned()),
            Self::Asked(asked) => {
                let token = asked.token(&SCOPES).await?;
                let text = token.token().map(ToOwned::to_owned);
                text.ok_or_else(|| ApiError::new(ErrorClass::Auth, "the token server returned no token"))
            }
        }
    }
}

/// The error for credentials that the client rejects. The parser's message may quote the file, so it is not shown.
fn unusable(error: &std::io::Error) -> ApiError {
    let sentence = match error.kind() {
        std::io::ErrorKind::InvalidData => "the credentials are incomplete".to_owned(),
        _ => format!("cannot use the credentials: {error}"),
    };
    ApiError::new(ErrorClass::Auth, sentence)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SECRET: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";

    fn found(text: &str) -> Result<Credentials, ApiError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, text.replace("SECRET", SECRET)).unwrap();
        Credentials::in_file(path)
    }

    #[test]
    fn only_the_kind_and_account_are_shown() {
        let key = found(
            r#"{"type": "service_account", "private_key": "SECRET", "client_email": "job@p.iam",
                "token_uri": "https://oauth2.googleapis.com/token"}"#,
        );
        let shown = key.unwrap().to_string();
        assert!(
            shown.starts_with("key file ") && shown.ends_with("key.json of service account job@p.iam"),
            "{shown}"
        );
        let user = found(r#"{"type": "authorized_user", "refresh_token": "SECRET"}"#);
        assert!(matches!(user, Ok(Credentials::User(_))), "{user:?}");
    }

    #[rstest]
    #[case(r#""SECRET""#, "is not a Google credentials file")]
    #[case("SECRET", "is not a Google credentials file")]
    #[case(r#"{"type": ["SECRET"]}"#, "is not a Google credentials file")]
    #[case(r#"{"type": "SECRET"}"#, "contains no Google credentials")]
    #[case(
        r#"{"type": "external_account", "credential_source": "SECRET"}"#,
        "of type external_account"
    )]
    #[case(
        r#"{"type": "service_account", "private_key": "SECRET", "client_email": "a", "token_uri": "http://example.com/"}"#,
        "a token server without https"
    )]
    #[case(
        r#"{"type": "service_account", "private_key": "SECRET", "token_uri": "https://example.com/"}"#,
        "without an account name"
    )]
    fn an_invalid_key_file_is_refused_without_quoting_it(#[case] text: &str, #[case] part: &str) {
        let refused = found(text).unwrap_err();
        assert_eq!(refused.class, ErrorClass::Auth);
        assert!(refused.message.contains(part), "{refused:?}");
        assert!(!refused.message.contains(SECRET), "{refused:?}");
    }
}
