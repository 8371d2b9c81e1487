//! Who calls `BigQuery`: a key file, what `gcloud` left on this machine, or the machine's own identity.
//! An emulator on this machine is sent a word that is no secret.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gcp_bigquery_client::Client;
use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::client_builder::ClientBuilder;
use gcp_bigquery_client::error::BQError;

use super::address::{Address, Server};
use super::fault::Fault;
use crate::warehouse::ErrorClass;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for this address, with the credentials the address asks for.
pub(super) async fn connect(address: &Address, patience: Duration) -> Result<Client, Fault> {
    let local = address.server.as_ref().is_some_and(Server::is_loopback);
    let http = reqwest::Client::builder()
        .user_agent(concat!("backcourt/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .https_only(!local);
    let http = if local { http.no_proxy() } else { http };
    let http = http.build().map_err(|error| {
        Fault::new(
            ErrorClass::Code,
            format!("no HTTPS client could be made: {error}"),
        )
    })?;
    let mut builder = ClientBuilder::new();
    builder.with_client(http);
    if let Some(server) = &address.server {
        builder.with_v2_base_url(server.base_url());
    }
    let client = if local {
        builder.build_from_authenticator(Arc::new(NoSecret)).await?
    } else {
        builder.build_from_application_default_credentials().await?
    };
    Ok(client)
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
