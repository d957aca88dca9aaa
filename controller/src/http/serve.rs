//! Sockets: how many, how slow, how long. A caller that dawdles hurts only itself.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections in all and from one address. Probes come from the node, requests of people from the API servers: a flood
/// from one pod leaves room for both.
const MOST_CONNECTIONS: usize = 1024;
const MOST_PER_ADDRESS: usize = 128;
/// A connection that has not sent a whole head by then, or is idle that long, is closed.
const SLOWEST_HEAD: Duration = Duration::from_secs(15);
const LARGEST_HEAD: usize = 32 << 10;
/// After being told to stop, open requests may finish within this.
const DRAIN: Duration = Duration::from_secs(10);

/// The first of the addresses that can be bound.
pub async fn bind(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    TcpListener::bind(addresses).await
}

/// Serves until told to stop, then lets open requests finish.
pub async fn serve(listener: TcpListener, router: Router, read_timeout: Duration, stop: CancellationToken) {
    let (open, connections) = (TaskTracker::new(), Arc::new(Connections::default()));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = Connections::take(&connections, peer.ip()) {
                    open.spawn(connection(stream, router.clone(), read_timeout.min(SLOWEST_HEAD), stop.clone(), place));
                }
            }
            // Out of file descriptors, mostly: those that are open have to close first.
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    open.close();
    if tokio::time::timeout(DRAIN, open.wait()).await.is_err() {
        tracing::warn!("requests still open at the end of the drain time are cut off");
    }
}

async fn connection(stream: TcpStream, router: Router, slowest_head: Duration, stop: CancellationToken, _place: Place) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(slowest_head).max_buf_size(LARGEST_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    // What goes wrong on a connection is the caller's to notice.
    let _ = connection.await;
}

/// Open connections by address. Addresses are the socket's, never a header's.
#[derive(Default)]
struct Connections(Mutex<HashMap<IpAddr, usize>>);

/// A place among them, given back when dropped.
struct Place {
    of: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    fn take(this: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut open = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST_CONNECTIONS {
            return None;
        }
        let count = open.entry(address).or_default();
        if *count >= MOST_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place { of: this.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}
