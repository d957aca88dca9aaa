//! What a v1 item is bound to: the OAEP label of a scope, a namespace and a name.

/// How widely a sealed item may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One namespace and one name (upstream's default).
    #[default]
    Strict,
    /// Any name in one namespace.
    NamespaceWide,
    /// Any name in any namespace.
    ClusterWide,
}

impl Scope {
    /// `strict`, `namespace-wide` or `cluster-wide`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Strict => "strict",
            Scope::NamespaceWide => "namespace-wide",
            Scope::ClusterWide => "cluster-wide",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = BindingError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(BindingError::UnknownScope)
    }
}

/// Why a scope, namespace and name do not make a label.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingError {
    /// Not one of the three scopes.
    #[error("unknown scope, expected strict, namespace-wide or cluster-wide")]
    UnknownScope,
    /// The namespace is missing or not a DNS label (RFC 1123, at most 63 bytes).
    #[error("the namespace is missing or not a DNS label")]
    Namespace,
    /// The name is missing or not a DNS subdomain (RFC 1123, at most 253 bytes).
    #[error("the name is missing or not a DNS subdomain")]
    Name,
}

/// A validated scope, namespace and name. Only this makes labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    scope: Scope,
    namespace: String,
    name: String,
}

impl Binding {
    /// Validates what the scope needs: strict both, namespace-wide the namespace, cluster-wide neither (what is given must still be valid).
    pub fn new(scope: Scope, namespace: &str, name: &str) -> Result<Self, BindingError> {
        let _ = (scope, namespace, name);
        todo!()
    }
    /// The scope.
    pub fn scope(&self) -> Scope {
        self.scope
    }
    /// The namespace, possibly empty when cluster-wide.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
    /// The name, possibly empty unless strict.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The OAEP label: `namespace/name`, `namespace` or empty.
    pub fn label(&self) -> Vec<u8> {
        todo!()
    }
}
