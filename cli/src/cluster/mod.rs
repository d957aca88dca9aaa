//! The way to a cluster: kubeconfig, the controller's Service, certificates by URL.

use crate::{Io, config::Cluster, report::CliError};

/// The PEM text of the newest certificate of a cluster whose source is a URL or a context. When an installation key is pinned,
/// only a certificate of a bundle that it signed is given.
pub fn certificate(_cluster: &Cluster, _io: &mut Io) -> Result<Vec<u8>, CliError> {
    Err(CliError::failed("asking a cluster for its certificate is not built yet"))
}
