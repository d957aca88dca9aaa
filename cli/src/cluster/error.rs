//! What goes wrong on the way to a cluster, in words that name the next step. No message holds a token or an object.

/// A failed look into a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No kubeconfig, no cluster around this process.
    #[error("invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable")]
    NoConfiguration,
    /// A kubeconfig file does not parse or cannot be read.
    #[error("cannot read the kubeconfig {path}: {reason}")]
    Kubeconfig {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A named context, cluster or user is not there.
    #[error("{what} {name:?} does not exist")]
    Missing {
        /// `context`, `cluster`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The kubeconfig and flags together make no sense.
    #[error("invalid configuration: {0}")]
    Invalid(String),
    /// An exec plugin or identity provider of the kubeconfig gave no credentials.
    #[error("cannot log in: {0}")]
    Login(String),
    /// The API server answered with an error.
    #[error("{doing}: {message}")]
    Api {
        /// What was asked.
        doing: String,
        /// The HTTP status.
        code: u16,
        /// The API server's own words.
        message: String,
    },
    /// No answer at all.
    #[error("{doing}: cannot reach the API server: {reason}")]
    Unreachable {
        /// What was asked.
        doing: String,
        /// Why not.
        reason: String,
    },
    /// No Service of the controller.
    #[error("cannot get sealed secret service: {reason}")]
    NoService {
        /// Why not, and what was found instead.
        reason: String,
    },
    /// Fetching by URL failed.
    #[error("cannot fetch {url:?}: {reason}")]
    Fetch {
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// An unencrypted address: anyone in between could put their own key there.
    #[error("refusing to fetch a certificate over plain http from {0:?}: anyone on the way could put their own key in its place")]
    Plain(String),
}

/// What to do about [`ClusterError::NoService`].
pub const NO_SERVICE: &str = "name it with --controller-namespace and --controller-name";

impl ClusterError {
    /// From a kube error, keeping the API server's words for its own answers only.
    pub fn from_kube(doing: impl Into<String>, error: kube::Error) -> Self {
        let doing = doing.into();
        if let Some(error) = super::login::told(&error) {
            return error;
        }
        match error {
            kube::Error::Api(status) => ClusterError::Api { doing, code: status.code, message: status.message.clone() },
            other => ClusterError::Unreachable { doing, reason: chain(&other) },
        }
    }

    /// True when an endpoint of the controller is off, or closed to this caller: then there is another way to ask.
    pub fn is_closed(&self) -> bool {
        matches!(self.code(), Some(403 | 404))
    }

    /// The HTTP status of an API server's answer.
    pub fn code(&self) -> Option<u16> {
        match self {
            ClusterError::Api { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<ClusterError> for crate::report::CliError {
    fn from(error: ClusterError) -> Self {
        let hint = match &error {
            ClusterError::NoService { .. } => Some(NO_SERVICE),
            ClusterError::Api { code: 503, .. } => Some("nothing answers behind the Service: look at the controller's pods"),
            ClusterError::NoConfiguration => Some("set KUBECONFIG, or work offline with a certificate file (--cert)"),
            ClusterError::Missing { .. } => Some("`kubectl config get-contexts` lists what there is"),
            ClusterError::Api { code: 401, .. } => Some("the credentials of the kubeconfig are not accepted: log in again"),
            ClusterError::Api { code: 403, .. } => Some("ask for the right named above"),
            ClusterError::Login(_) => Some("`kubectl version` logs in the same way: make that work first"),
            ClusterError::Plain(_) => Some("use https://, or fetch the file yourself and check its fingerprint"),
            _ => None,
        };
        let failed = crate::report::CliError::failed(error.to_string());
        match hint {
            Some(hint) => failed.hint(hint),
            None => failed,
        }
    }
}

/// An error with its causes, each once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}
