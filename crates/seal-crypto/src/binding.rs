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

/// Kubernetes' own bounds (RFC 1123 as `IsDNS1123Label` and `IsDNS1123Subdomain` read it).
const MAX_LABEL: usize = 63;
const MAX_SUBDOMAIN: usize = 253;

impl Binding {
    /// Validates what the scope needs: strict both, namespace-wide the namespace, cluster-wide neither (what is given must still be valid).
    pub fn new(scope: Scope, namespace: &str, name: &str) -> Result<Self, BindingError> {
        let namespace_needed = scope != Scope::ClusterWide;
        let name_needed = scope == Scope::Strict;
        if (namespace_needed || !namespace.is_empty()) && !is_dns_label(namespace) {
            return Err(BindingError::Namespace);
        }
        if (name_needed || !name.is_empty()) && !is_dns_subdomain(name) {
            return Err(BindingError::Name);
        }
        Ok(Self { scope, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The scope.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The namespace; may be empty when cluster-wide.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name; may be empty unless strict.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Namespace and name as far as the scope binds them; what it does not bind is empty.
    pub fn bound(&self) -> (&str, &str) {
        match self.scope {
            Scope::Strict => (&self.namespace, &self.name),
            Scope::NamespaceWide => (&self.namespace, ""),
            Scope::ClusterWide => ("", ""),
        }
    }

    /// The OAEP label `L` (RFC 8017 section 7.1): `namespace/name`, `namespace` or empty.
    pub fn label(&self) -> Vec<u8> {
        match self.scope {
            Scope::Strict => format!("{}/{}", self.namespace, self.name).into_bytes(),
            Scope::NamespaceWide => self.namespace.clone().into_bytes(),
            Scope::ClusterWide => Vec::new(),
        }
    }
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= MAX_LABEL && is_dns_part(text)
}

/// The 63-byte bound of a label is not applied to the parts: Kubernetes does not apply it either. Capitals are let through, though no API
/// server stores such a name: clients seal and verify objects named so, and what keeps a label unambiguous is the missing slash.
fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= MAX_SUBDOMAIN && text.to_ascii_lowercase().split('.').all(is_dns_part)
}

fn is_dns_part(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{Binding, BindingError, Scope};

    fn label(scope: Scope, namespace: &str, name: &str) -> Result<String, BindingError> {
        Binding::new(scope, namespace, name).map(|b| String::from_utf8(b.label()).expect("labels are ASCII"))
    }

    #[test]
    fn each_scope_has_its_label() {
        let table = [
            (Scope::Strict, "prod", "db", "prod/db"),
            (Scope::Strict, "prod", "db.example.com", "prod/db.example.com"),
            (Scope::NamespaceWide, "prod", "db", "prod"),
            (Scope::NamespaceWide, "prod", "", "prod"),
            (Scope::ClusterWide, "prod", "db", ""),
            (Scope::ClusterWide, "", "", ""),
        ];
        for (scope, namespace, name, expected) in table {
            assert_eq!(label(scope, namespace, name).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_could_make_one_label_of_two_bindings_is_refused() {
        let long = "a".repeat(64);
        let too_long = "a".repeat(254);
        for namespace in ["", "a/b", "Prod", "a.b", "a_b", "-a", "a-", "a b", "a\0", "\u{e4}", &long] {
            assert_eq!(label(Scope::Strict, namespace, "db"), Err(BindingError::Namespace), "{namespace:?}");
            assert_eq!(label(Scope::NamespaceWide, namespace, ""), Err(BindingError::Namespace), "{namespace:?}");
            let expected = if namespace.is_empty() { Ok(String::new()) } else { Err(BindingError::Namespace) };
            assert_eq!(label(Scope::ClusterWide, namespace, ""), expected, "{namespace:?}");
        }
        for name in ["", "a/b", "a..b", ".a", "a.", "a.-b", "a b", "a\n", &too_long] {
            assert_eq!(label(Scope::Strict, "prod", name), Err(BindingError::Name), "{name:?}");
        }
        assert_eq!(label(Scope::Strict, "prod", "testSecret").as_deref(), Ok("prod/testSecret"));
        assert_eq!(label(Scope::Strict, &long[..63], &too_long[..253]).map(|l| l.len()), Ok(63 + 1 + 253));
    }

    #[test]
    fn scopes_read_what_they_print() {
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!("Strict".parse::<Scope>(), Err(BindingError::UnknownScope));
    }
}
