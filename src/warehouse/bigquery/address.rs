//! The address of a `BigQuery`: its project and, for an emulator or a private endpoint, the server.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// Path of the `BigQuery` API, version 2, on a server.
const API: &str = "bigquery/v2";

/// A project, on Google's servers unless another server is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Project id.
    pub project: String,
    /// The server, if it isn't Google's.
    pub server: Option<Server>,
}

/// A server that implements `BigQuery`'s REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server(Url);

/// An invalid address, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(String);

impl Address {
    /// Parses `PROJECT` or `PROJECT@BASE_URL`, the part after `bigquery:`.
    ///
    /// # Errors
    /// If the project id or the server address is invalid. Plain HTTP is allowed for this machine only, because every
    /// call sends a token.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (project, server) = match text.split_once('@') {
            Some((project, server)) => (project, Some(Server::parse(server)?)),
            None => (text, None),
        };
        if !is_project(project) {
            return Err(AddressError(format!(
                "'{project}' is not a valid project id; use 6 to 30 lower-case letters, digits and hyphens, for \
                 example bigquery:nba-props-platform"
            )));
        }
        Ok(Self {
            project: project.to_owned(),
            server,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bigquery:{}", self.project)?;
        match &self.server {
            Some(Server(url)) => write!(f, "@{}", url.as_str().trim_end_matches('/')),
            None => Ok(()),
        }
    }
}

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        // What follows may be a key: it isn't shown.
        let shown = text.split(['?', '#']).next().unwrap_or_default();
        let url = Url::parse(text)
            .map_err(|error| AddressError(format!("'{shown}' is not a valid server address: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() || shown != text {
            return Err(AddressError(
                "the server address contains a user name, a password or a query such as ?key=…, which headers and logs \
                 would show; leave it out, backcourt uses Google's application-default credentials"
                    .to_owned(),
            ));
        }
        let server = Self(url);
        match server.0.scheme() {
            "https" => Ok(server),
            "http" if server.is_loopback() => Ok(server),
            "http" => Err(AddressError(format!(
                "'{text}' would send data unencrypted; use https, or an emulator on 127.0.0.1"
            ))),
            other => Err(AddressError(format!(
                "'{text}' starts with {other}; write https://… or, for an emulator, http://127.0.0.1:9050"
            ))),
        }
    }

    /// Whether the server is on this machine. It is then an emulator and gets no credentials.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The URL prefix of all calls.
    pub(super) fn base_url(&self) -> String {
        let base = self.0.as_str().trim_end_matches('/');
        if base.ends_with(API) {
            base.to_owned()
        } else {
            format!("{base}/{API}")
        }
    }
}

/// Checks a project id: 6 to 30 lower-case letters, digits and hyphens, starting with a letter. Old ids may have a
/// domain prefix.
fn is_project(text: &str) -> bool {
    let id = text.split_once(':').map_or(text, |(_, id)| id);
    (6..=30).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        for text in [
            "nba-props-platform",
            "example.com:old-project",
            "nba-props-platform@http://127.0.0.1:9050",
            "nba-props-platform@http://[::1]:9050",
            "nba-props-platform@https://bigquery.example.com",
        ] {
            assert_eq!(
                Address::parse(text).unwrap().to_string(),
                format!("bigquery:{text}")
            );
        }
    }

    #[test]
    fn the_api_path_is_appended_unless_given() {
        let base = |text: &str| Server::parse(text).unwrap().base_url();
        assert_eq!(base("http://127.0.0.1:9050"), "http://127.0.0.1:9050/bigquery/v2");
        assert_eq!(
            base("http://localhost:1/bigquery/v2/"),
            "http://localhost:1/bigquery/v2"
        );
    }

    #[test]
    fn invalid_addresses_are_refused_with_a_reason() {
        let refusal = |text: &str| Address::parse(text).unwrap_err().to_string();
        assert!(refusal("NBA").starts_with("'NBA' is not a valid project id"));
        assert!(refusal("").starts_with("'' is not a valid project id"));
        assert!(refusal("nba-props-platform@http://10.0.0.7:9050").contains("use https"));
        assert!(refusal("nba-props-platform@ftp://127.0.0.1").contains("starts with ftp"));
        assert!(refusal("nba-props-platform@9050").contains("not a valid server address"));
        for address in [
            "https://me:hunter2@example.com",
            "https://example.com?key=hunter2",
            "https://example.com/bigquery/v2#hunter2",
            "example.com?key=hunter2",
        ] {
            let secret = refusal(&format!("nba-props-platform@{address}"));
            assert!(!secret.contains("hunter2"), "{secret}");
        }
        assert!(refusal("nba-props-platform@https://example.com/?key=hunter2").contains("leave it out"));
    }
}
