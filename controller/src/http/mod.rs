//! The public HTTP server (probes, certificate, signed bundle, verify, rotate) and the metrics server.
//!
//! Whoever reaches the port may call, and the API server's proxy strips who it was. So: nothing here renders a template,
//! changes a scope or a format, reads an API object, or keys a limit on anything a caller wrote; private-key work is
//! bounded per request (`reseal`) and has one slot apart from reconciling.
//!
//! | file | says |
//! |---|---|
//! | `routes` | the table of everything that answers, and the router made of it |
//! | `answer` | status and body; pure |
//! | `request` | a body to a SealedSecret; pure |
//! | `verify`, `rotate` | one request to one answer, given the keys; pure |
//! | `limit` | requests per second |
//! | `serve` | sockets, timeouts, connection limits |

mod answer;
mod request;
mod rotate;
mod routes;
mod serve;
mod verify;

#[cfg(test)]
mod tests;

pub use routes::{Public, ROUTES, Route, metrics_router, public_router};
pub use serve::{bind, serve};
