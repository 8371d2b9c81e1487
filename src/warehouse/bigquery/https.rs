//! The trust roots and the proxy of every HTTPS connection, to the API and to token servers. Both come from the host, as
//! other programs on it have them.

use std::env;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, load_native_certs};
use tokio::net::TcpStream;
use tower_service::Service;

use super::api_error::ApiError;
use crate::warehouse::ErrorClass;

/// The variables that select the host's certificates.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// A client of token servers.
pub(super) type TokenClient = Client<HttpsConnector<ProxyConnector>, String>;

/// Which servers are trusted: those of the host's certificates, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`. A host without
/// any, such as an empty container, trusts Mozilla's, which are compiled in.
///
/// # Errors
/// If one of the variables is set, and no certificate can be read from there.
pub(super) fn tls() -> Result<ClientConfig, ApiError> {
    let given = VARIABLES
        .into_iter()
        .find_map(|variable| Some((variable, env::var_os(variable)?)));
    let roots = roots(load_native_certs()).or_else(|why| match given {
        Some((variable, place)) => Err(ApiError::new(
            ErrorClass::Auth,
            format!(
                "no certificate can be read from {variable} '{}'{why}; correct the variable or unset it",
                place.to_string_lossy()
            ),
        )),
        None => Ok(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        }),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ApiError::new(ErrorClass::Code, format!("cannot set up TLS: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The usable certificates; if there are none, why, as a clause.
fn roots(found: CertificateResult) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first();
        return Err(why.map_or_else(String::new, |error| format!(" ({error})")));
    }
    Ok(roots)
}

/// A client for token servers, over the proxy that the environment names.
///
/// # Errors
/// As [`tls`].
pub(super) fn token_client() -> Result<TokenClient, ApiError> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls()?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(ProxyConnector {
            proxies: Arc::new(Matcher::from_env()),
            direct,
        });
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector))
}

/// What to do about a server whose certificate isn't trusted, if that is the error.
pub(super) fn untrusted(error: &(dyn Error + 'static)) -> Option<String> {
    let refused = causes(error).find_map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(wrapper) => unwrapped(wrapper),
        None => cause.downcast_ref::<rustls::Error>(),
    })?;
    matches!(refused, rustls::Error::InvalidCertificate(_)).then(|| {
        format!(
            "{refused}; if your network has a certificate authority of its own, name the file of its certificate in \
             SSL_CERT_FILE"
        )
    })
}

/// The TLS error in an I/O error, which may be one of several in each other and isn't among its sources.
fn unwrapped(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        Some(wrapper) => unwrapped(wrapper),
        None => inner.downcast_ref::<rustls::Error>(),
    }
}

/// An error and its causes, the innermost last.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

type ConnectError = Box<dyn Error + Send + Sync>;

/// Connects directly, or over the proxy of `HTTPS_PROXY`, unless `NO_PROXY` has the server. The metadata server of the
/// machine, which has no HTTPS, is never asked over a proxy: it would return the identity of another machine.
#[derive(Clone)]
pub(super) struct ProxyConnector {
    proxies: Arc<Matcher>,
    direct: HttpConnector,
}

impl ProxyConnector {
    fn proxy(&self, server: &Uri) -> Option<Intercept> {
        let is_https = server.scheme_str() == Some("https");
        is_https.then(|| self.proxies.intercept(server)).flatten()
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let mut direct = self.direct.clone();
        match self.proxy(&server) {
            None => Box::pin(async move { Ok(direct.call(server).await?) }),
            Some(proxy) if proxy.uri().scheme_str() == Some("http") => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                Box::pin(async move { Ok(tunnel.call(server).await?) })
            }
            Some(proxy) => {
                let kind = proxy.uri().scheme_str().unwrap_or("no").to_owned();
                let refused =
                    format!("a proxy of type {kind} is not supported; use one of type http in HTTPS_PROXY");
                Box::pin(async move { Err(refused.into()) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://oauth2.googleapis.com/token", Some("http://proxy:3128/"))]
    #[case("https://own.example.com/", None)]
    #[case("http://metadata.google.internal/computeMetadata/v1/", None)]
    fn only_https_goes_over_the_proxy(#[case] server: &str, #[case] proxy: Option<&str>) {
        let proxies = Matcher::builder()
            .all("http://proxy:3128")
            .no("example.com")
            .build();
        let connector = ProxyConnector {
            proxies: Arc::new(proxies),
            direct: HttpConnector::new(),
        };
        let found = connector.proxy(&server.parse().unwrap());
        assert_eq!(found.map(|found| found.uri().to_string()).as_deref(), proxy);
    }
}
