//! One request through the proxy: what is broken now decides whether it is passed on, and how its answer comes back.

use super::fault::{Asked, Fault, Line, State};
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

/// Passes requests on.
#[derive(Clone)]
pub(super) struct Relay {
    pub(super) state: Arc<State>,
    pub(super) connect: TlsConnector,
    /// Host and port of the API server.
    pub(super) behind: String,
}

type Answer = Result<Response<Pieces>, io::Error>;

impl Relay {
    /// Answers one request. An error cuts the connection.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Answer {
        let (head, mut body) = request.into_parts();
        let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let line = Line { method: head.method.clone(), path };
        let asked = self.state.note(&line);
        let mut sent = Vec::new();
        while let Some(piece) = next(&mut body).await {
            sent.extend_from_slice(&piece?);
        }
        // On its own: what is held goes on once healed, whether or not its sender is still there.
        let held = tokio::spawn(async move {
            self.released(&line).await;
            match self.state.fault(&line) {
                Some(Fault::Answer(code, retry_after)) => refusal(code, retry_after),
                Some(Fault::Cut) => Err(cut()),
                _ => self.pass(head, sent, line, asked).await,
            }
        });
        held.await.map_err(io::Error::other)?
    }

    /// Waits while requests like this are held.
    async fn released(&self, line: &Line) {
        let mut changes = self.state.changes();
        while self.state.fault(line) == Some(Fault::Hang) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Asks the API server over a connection of its own.
    async fn pass(self, head: http::request::Parts, sent: Vec<u8>, line: Line, asked: Arc<Mutex<Asked>>) -> Answer {
        let stream = TcpStream::connect(&self.behind).await?;
        let stream = self.connect.connect(super::name(), stream).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        let request = Request::from_parts(head, kube::client::Body::from(sent));
        let (mut head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        asked.lock().unwrap_or_else(PoisonError::into_inner).code = Some(head.status.as_u16());
        // The length may not stay what it is, and this connection is its own matter.
        for name in ["content-length", "transfer-encoding", "connection"] {
            head.headers.remove(name);
        }
        let (send, pieces) = mpsc::channel(1);
        tokio::spawn(pump(self.state, line, body, send));
        Ok(Response::from_parts(head, Pieces(pieces)))
    }
}

/// Carries an answer's body, and breaks it as told at that moment.
async fn pump(state: Arc<State>, line: Line, mut from: Incoming, to: mpsc::Sender<io::Result<Bytes>>) {
    let mut changes = state.changes();
    let mut carried = 0;
    loop {
        match state.fault(&line) {
            Some(Fault::Hang) => {
                tokio::select! { _ = changes.changed() => continue, () = to.closed() => return }
            }
            Some(Fault::Silence) => return to.closed().await,
            Some(Fault::Cut) => return drop(to.send(Err(cut())).await),
            _ => {}
        }
        let piece = tokio::select! {
            piece = next(&mut from) => piece,
            _ = changes.changed() => continue,
            () = to.closed() => return,
        };
        let piece = match piece {
            Some(Ok(piece)) => piece,
            Some(Err(error)) => return drop(to.send(Err(error)).await),
            None => return,
        };
        let passed = match state.fault(&line) {
            Some(Fault::Truncate(most) | Fault::Break(most)) => piece.slice(..piece.len().min(most - most.min(carried))),
            _ => piece.clone(),
        };
        carried += passed.len();
        let whole = passed.len() == piece.len();
        match state.fault(&line) {
            Some(Fault::Slow(size, pause)) => {
                for part in passed.chunks(size) {
                    tokio::time::sleep(pause).await;
                    if to.send(Ok(Bytes::copy_from_slice(part))).await.is_err() {
                        return;
                    }
                }
            }
            Some(Fault::Silence) => return to.closed().await,
            fault => {
                if to.send(Ok(passed)).await.is_err() || (!whole && matches!(fault, Some(Fault::Truncate(_)))) {
                    return;
                }
                if !whole {
                    return drop(to.send(Err(cut())).await);
                }
            }
        }
    }
}

fn cut() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// An answer as the API server words it when it is busy or ill.
fn refusal(code: u16, retry_after: Option<u64>) -> Answer {
    let reason = match code {
        429 => "TooManyRequests",
        410 => "Expired",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": code});
    let (send, pieces) = mpsc::channel(1);
    let mut answer = Response::new(Pieces(pieces));
    *answer.status_mut() = StatusCode::from_u16(code).map_err(io::Error::other)?;
    answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    send.try_send(Ok(Bytes::from(body.to_string()))).map_err(io::Error::other)?;
    Ok(answer)
}

/// The next data of a body.
async fn next(body: &mut Incoming) -> Option<io::Result<Bytes>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Ok(frame) => match frame.into_data() {
                Ok(bytes) => return Some(Ok(bytes)),
                Err(_trailers) => {}
            },
            Err(error) => return Some(Err(io::Error::other(error))),
        }
    }
}

/// A body fed from elsewhere.
pub(super) struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
