//! A proxy between a controller and the API server that breaks what passes, as told, and counts it.
//!
//! It speaks HTTPS with the API server's own certificate, so a client need only be told another port. Faults concern new
//! requests and those under way alike: a watch that is open falls silent in the middle. It holds no fault by itself.

mod fault;
mod relay;

pub use fault::{Asked, Fault, Line};

use crate::plane::ControlPlane;
use anyhow::{Context, Result};
use fault::{Rule, State};
use hyper_util::rt::TokioIo;
use relay::Relay;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A running proxy; dropping it cuts everything.
pub struct Proxy {
    server: String,
    state: Arc<State>,
    accepting: AbortHandle,
}

impl Proxy {
    /// Starts one in front of this plane's API server.
    ///
    /// # Errors
    /// When the API server's certificate cannot be read or no port is free.
    pub async fn start(plane: &ControlPlane) -> Result<Self> {
        let (accept, connect) = tls(&plane.ca())?;
        let behind = plane.server().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = format!("https://{}", listener.local_addr()?);
        let state = Arc::new(State::default());
        let relay = Relay { state: state.clone(), connect, behind };
        let accepting = tokio::spawn(serve(listener, accept, relay)).abort_handle();
        Ok(Self { server, state, accepting })
    }

    /// `https://127.0.0.1:PORT`, trusted like the API server itself.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// From now on `fault` happens to what `hits` says, instead of whatever happened before.
    pub fn fault(&self, fault: Fault, hits: impl Fn(&Line) -> bool + Send + Sync + 'static) {
        self.state.set(Some(Rule { fault, hits: Box::new(hits) }));
    }

    /// Nothing is broken any more. What was held goes on, also what its sender has given up.
    pub fn heal(&self) {
        self.state.set(None);
    }

    /// Everything asked since the start or the last call of this.
    pub fn take_asked(&self) -> Vec<Asked> {
        self.state.take()
    }

    /// What was asked so far, without forgetting it.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Both sides of TLS with the API server's own certificate, which every client of the plane trusts.
fn tls(certificate: &Path) -> Result<(TlsAcceptor, TlsConnector)> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(certificate.with_extension("key")).context("the API server's key")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(chain.clone());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((Arc::new(server).into(), Arc::new(client).into()))
}

/// Accepts until aborted; connections end with it.
async fn serve(listener: TcpListener, accept: TlsAcceptor, relay: Relay) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        connections.spawn(connection(stream, accept.clone(), relay.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, accept: TlsAcceptor, relay: Relay) {
    let Ok(stream) = accept.accept(stream).await else { return };
    let service = hyper::service::service_fn(move |request| relay.clone().answer(request));
    // Whatever ends it is either asked for or the client's business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The name in the API server's certificate.
fn name() -> ServerName<'static> {
    ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]))
}
