//! A set of namespaces that a policy speaks of: names, or all.

use super::go_values;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Namespaces; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    all: bool,
    names: BTreeSet<String>,
}

impl Namespaces {
    /// Whether the policy speaks of this namespace.
    pub fn contains(&self, namespace: &str) -> bool {
        self.all || self.names.contains(namespace)
    }
}

impl FromStr for Namespaces {
    type Err = String;

    /// Names separated by commas, or `*`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "*" => found.all = true,
                name if go_values::is_dns_label(name) => drop(found.names.insert(name.to_owned())),
                name => return Err(format!("{name:?} is not a namespace name; expected names separated by commas, or *")),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::Namespaces;

    #[test]
    fn names_all_or_none() {
        for (text, a, b) in
            [("", false, false), ("a", true, false), (" a , b ", true, true), ("*", true, true), ("b,*", true, true)]
        {
            let set: Namespaces = text.parse().unwrap();
            assert_eq!((set.contains("a"), set.contains("b")), (a, b), "{text:?}");
        }
        for text in ["a*", "A", "a b"] {
            assert!(text.parse::<Namespaces>().unwrap_err().contains("expected names"), "{text:?}");
        }
    }
}
