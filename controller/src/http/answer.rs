//! What is sent back: a status, a type and a body that holds nothing of a secret.

use crate::reseal::Stopped;
use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

/// An answer before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// Plain text; a line end is added when there is text.
    pub(super) fn text(status: StatusCode, text: &str) -> Self {
        let body = if text.is_empty() { String::new() } else { format!("{text}\n") };
        Self::of_type(status, "text/plain; charset=utf-8", body)
    }

    /// A body of this type.
    pub(super) fn of_type(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
        ]);
        Self { status, headers, body }
    }

    /// With one more header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(super) fn into_response(self, with_body: bool) -> Response<Body> {
        let mut response = Response::new(if with_body { Body::from(self.body) } else { Body::empty() });
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl From<Stopped> for Answer {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::TooMuch => {
                Self::text(StatusCode::PAYLOAD_TOO_LARGE, "too many items for one request: split the SealedSecret")
            }
            Stopped::Abandoned => Self::text(StatusCode::SERVICE_UNAVAILABLE, "abandoned"),
        }
    }
}
