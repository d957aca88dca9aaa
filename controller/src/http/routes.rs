//! The table of everything that answers, and the routers made of it. There is no route outside the table.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::any};
use http::{Method, Request, Response, StatusCode, header::ACCEPT};
use seal_crypto::age::{Recipient, RecipientKind};
use tokio::sync::Semaphore;

use super::{answer::Answer, rotate::rotate, verify::verify};
use crate::{
    config::HttpConfig,
    keys::KeyStore,
    limit::Limit,
    metrics::{Metrics, OPENMETRICS_TEXT, PLAIN_TEXT},
    pool::{CryptoPool, Lane},
    ports::Clock,
};

/// Bodies that are read at the same time; the rest is told to come again.
const MOST_BODIES: usize = 8;
/// A caller that sends slower than that is cut off, whatever `--read-timeout` allows.
const SLOWEST_BODY: Duration = Duration::from_secs(10);

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Liveness.
    Healthz,
    /// Readiness.
    Readyz,
    /// The certificate to seal to.
    Certificate,
    /// The signed bundle.
    Bundle,
    /// age recipients to seal to: of one kind, or one line for each kind.
    Recipients(Option<RecipientKind>),
    /// Does it open?
    Verify,
    /// Seal to the newest key.
    Rotate,
}

/// Everything the public server answers.
pub const ROUTES: [(&str, Route); 9] = [
    ("/healthz", Route::Healthz),
    ("/readyz", Route::Readyz),
    ("/v1/cert.pem", Route::Certificate),
    ("/v1/bundle", Route::Bundle),
    // Classic and post-quantum recipients do not go together into one age file, so each kind has a page of its own.
    ("/v1/recipients", Route::Recipients(None)),
    ("/v1/recipients/x25519", Route::Recipients(Some(RecipientKind::X25519))),
    ("/v1/recipients/pq", Route::Recipients(Some(RecipientKind::PostQuantum))),
    ("/v1/verify", Route::Verify),
    ("/v1/rotate", Route::Rotate),
];

impl Route {
    /// True when it uses a private key.
    pub fn is_private(self) -> bool {
        matches!(self, Self::Verify | Self::Rotate)
    }
}

/// What the public server needs.
pub struct Public {
    /// The keys.
    pub keys: Arc<KeyStore>,
    /// Where private-key work runs.
    pub pool: Arc<CryptoPool>,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// Time, for the limits.
    pub clock: Arc<dyn Clock>,
    /// Settings.
    pub config: HttpConfig,
    /// Take the deprecated `spec.data` blob.
    pub accept_v1_data: bool,
    /// The audience that v2 items may be sealed for.
    pub audience: Arc<str>,
    /// The rest of the controller is ready.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

struct Server {
    public: Public,
    verify: Limit,
    rotate: Limit,
    bodies: Semaphore,
}

/// The public server.
pub fn public_router(public: Public) -> Router {
    let limit = || Limit::new(f64::from(public.config.rate_per_second), public.config.rate_burst);
    let server = Arc::new(Server { verify: limit(), rotate: limit(), bodies: Semaphore::new(MOST_BODIES), public });
    ROUTES.into_iter().fold(Router::new(), |router, (path, route)| {
        let server = server.clone();
        router.route(path, any(move |request| async move { server.answer(path, route, request).await }))
    })
}

/// The metrics server.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let answer = move |request: Request<Body>| async move {
        let accepts = |value: &http::HeaderValue| value.to_str().is_ok_and(|text| text.contains("application/openmetrics-text"));
        let openmetrics = request.headers().get_all(ACCEPT).iter().any(accepts);
        let kind = if openmetrics { OPENMETRICS_TEXT } else { PLAIN_TEXT };
        Answer::of_type(StatusCode::OK, kind, metrics.render(openmetrics)).into_response(true)
    };
    Router::new().route("/metrics", axum::routing::get(answer))
}

impl Server {
    async fn answer(&self, path: &'static str, route: Route, request: Request<Body>) -> Response<Body> {
        let (method, started) = (request.method().clone(), self.public.clock.now());
        let answer = match (route.is_private(), &method) {
            (true, &Method::POST) => self.private(route, request).await,
            (false, &Method::GET | &Method::HEAD) => self.plain(route),
            (private, _) => Answer::text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
                .with("allow", http::HeaderValue::from_static(if private { "POST" } else { "GET, HEAD" })),
        };
        if path.starts_with("/v1/") {
            let took = self.public.clock.now().saturating_sub(started);
            self.public.metrics.http_request(path, method.as_str(), answer.status.as_u16(), took);
        }
        answer.into_response(method != Method::HEAD)
    }

    fn plain(&self, route: Route) -> Answer {
        let snapshot = self.public.keys.snapshot();
        match route {
            Route::Readyz if !(snapshot.settled() && (self.public.ready)()) => {
                Answer::text(StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
            Route::Certificate => match &snapshot.newest {
                Some(newest) => Answer::of_type(StatusCode::OK, "application/x-pem-file", newest.pem.clone()),
                None => Answer::text(StatusCode::INTERNAL_SERVER_ERROR, "cannot get certificate"),
            },
            Route::Bundle => match self.public.keys.bundle() {
                Some(text) => Answer::of_type(StatusCode::OK, "application/json", text.to_string()),
                None => Answer::text(StatusCode::NOT_FOUND, "no key bundle is published yet"),
            },
            Route::Recipients(kind) => recipients(&snapshot.recipients, kind),
            _ => Answer::text(StatusCode::OK, "ok"),
        }
    }

    /// Verify and rotate: limits, body, then the background lane, all under the time an answer may take.
    async fn private(&self, route: Route, request: Request<Body>) -> Answer {
        let config = &self.public.config;
        let (on, limit, flag) = match route {
            Route::Verify => (config.verify, &self.verify, "--verify-endpoint"),
            _ => (config.rotate, &self.rotate, "--rotate-endpoint"),
        };
        if !on {
            return Answer::text(
                StatusCode::NOT_FOUND,
                &format!("turned off here: it cannot know its caller; {flag} turns it on"),
            );
        }
        if let Err(wait) = limit.take(self.public.clock.now()) {
            let seconds = wait.as_secs() + 1;
            return Answer::text(StatusCode::TOO_MANY_REQUESTS, "limit exceeded")
                .with("retry-after", seconds)
                .with("x-ratelimit-limit", limit.most());
        }
        let body = match self.body(request).await {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        match tokio::time::timeout(config.write_timeout, self.work(route, body)).await {
            Ok(answer) => answer,
            Err(_) => Answer::text(StatusCode::SERVICE_UNAVAILABLE, "took too long, try again later"),
        }
    }

    async fn body(&self, request: Request<Body>) -> Result<Vec<u8>, Answer> {
        let busy = || Answer::text(StatusCode::TOO_MANY_REQUESTS, "limit exceeded").with("retry-after", 1);
        let _permit = self.bodies.try_acquire().map_err(|_| busy())?;
        let config = &self.public.config;
        let too_large = || Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than any SealedSecret");
        let announced =
            request.headers().get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > config.max_body) {
            return Err(too_large());
        }
        let read = axum::body::to_bytes(request.into_body(), config.max_body);
        match tokio::time::timeout(config.read_timeout.min(SLOWEST_BODY), read).await {
            Ok(Ok(bytes)) => Ok(bytes.into()),
            Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
            Ok(Err(_)) => Err(Answer::text(StatusCode::BAD_REQUEST, "the request's body cannot be read")),
            Err(_) => Err(Answer::text(StatusCode::REQUEST_TIMEOUT, "the request's body came too slowly")),
        }
    }

    async fn work(&self, route: Route, body: Vec<u8>) -> Answer {
        let (snapshot, accept_v1) = (self.public.keys.snapshot(), self.public.accept_v1_data);
        let audience = self.public.audience.clone();
        let work = move |abandoned: &crate::pool::Abandoned| match route {
            Route::Verify => verify(body, &snapshot.keyring, &audience, accept_v1, abandoned),
            _ => {
                let newest = snapshot.newest.as_ref().map(|certificate| &certificate.public_key);
                rotate(body, &snapshot.keyring, newest, &mut rand::rng(), abandoned)
            }
        };
        self.public.pool.run_watched(Lane::Background, work).await
    }
}

/// One recipient a line, as `age -R` reads them.
fn recipients(all: &[Recipient], kind: Option<RecipientKind>) -> Answer {
    let wanted = all.iter().filter(|recipient| kind.is_none_or(|kind| recipient.kind() == kind));
    let text: String = wanted.map(|recipient| format!("{}\n", recipient.as_str())).collect();
    match text.is_empty() {
        true => {
            Answer::text(StatusCode::NOT_FOUND, "no age identity of that kind is held here; --generate-age-identity makes one")
        }
        false => Answer::of_type(StatusCode::OK, "text/plain; charset=utf-8", text),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        source = error.source();
    }
    error.to_string().contains("length limit exceeded")
}
