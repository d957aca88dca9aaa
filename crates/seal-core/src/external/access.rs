//! The one gate in front of every store: may this namespace use it, and ask it for this key?
//!
//! It is asked at every sync, with the namespace as it is now. What it refuses is refused whatever was allowed before.

use super::Profile;
use seal_api::external_secrets::{Provider, SecretStore, StoreCondition, StoreKind};
use seal_manifest::go_regex::GoRegex;
use std::collections::BTreeMap;

/// On a ClusterSecretStore: what keys must begin with, `{namespace}` standing for the namespace of whoever asks.
pub const KEY_PREFIX_ANNOTATION: &str = "sealkit.dev/key-prefix";

/// Who asks a store for what.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The namespace of the object.
    pub namespace: &'a str,
    /// Its labels.
    pub labels: &'a BTreeMap<String, String>,
    /// What is asked for.
    pub asked: Asked<'a>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// The store as such.
    Nothing,
    /// One key.
    Key(&'a str),
    /// A search below a path.
    Below(Option<&'a str>),
}

/// What the administrator decided for all stores.
#[derive(Clone, Debug, Default)]
pub struct GatePolicy {
    /// Which side is taken.
    pub profile: Profile,
    /// The controller's class.
    pub class: String,
    /// A ClusterSecretStore without conditions serves nobody, not everybody.
    pub deny_unlisted: bool,
}

/// Why a store may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another controller's store: nothing is said about it.
    #[error("the store is served by controllers of another class")]
    OtherClass,
    /// A SecretStore of another namespace.
    #[error("the store is in another namespace")]
    OtherNamespace,
    /// No condition of the store allows the namespace.
    #[error("the conditions of the store do not allow this namespace; ask its administrator")]
    Namespace,
    /// The store lists no namespaces, and that means none here.
    #[error("the store lists no namespaces, and this installation serves only those that are listed; add conditions to it")]
    Unlisted,
    /// The key is outside of what the namespace may have.
    #[error("this namespace may only ask the store for keys that begin with {0:?}")]
    Key(String),
    /// The key could be read as another one.
    #[error(
        "the key has an empty, relative or encoded segment, or begins with the store's own path, and the store limits keys by prefix"
    )]
    Ambiguous,
    /// The limit itself cannot be read.
    #[error("the annotation sealkit.dev/key-prefix of the store must end with '/' and may hold {{namespace}}")]
    Prefix,
}

/// Whether a store may be used.
///
/// # Errors
/// Why not.
pub fn may_use(store: &SecretStore, who: &Use<'_>, policy: &GatePolicy) -> Result<(), Refusal> {
    if !store.controller.is_empty() && store.controller != policy.class {
        return Err(Refusal::OtherClass);
    }
    match store.kind {
        StoreKind::Namespaced if store.meta.namespace != who.namespace => return Err(Refusal::OtherNamespace),
        StoreKind::Namespaced => {}
        StoreKind::Cluster if store.conditions.is_empty() && policy.deny_unlisted => return Err(Refusal::Unlisted),
        StoreKind::Cluster if store.conditions.is_empty() => {}
        StoreKind::Cluster => {
            if !store.conditions.iter().any(|condition| allows(condition, who, policy.profile)) {
                return Err(Refusal::Namespace);
            }
        }
    }
    key(store, who)
}

fn allows(condition: &StoreCondition, who: &Use<'_>, profile: Profile) -> bool {
    let matches = |pattern: &String| {
        let anchored = match profile {
            Profile::Strict => format!("^(?:{pattern})$"),
            Profile::Compatible => pattern.clone(),
        };
        // The pattern alone must compile, or `a)|(b` would break out of the anchors.
        GoRegex::new(pattern).and_then(|_| GoRegex::new(&anchored)).is_ok_and(|expression| expression.is_match(who.namespace))
    };
    !condition.broken
        && (condition.namespaces.iter().any(|name| name == who.namespace)
            || condition.selector.as_ref().is_some_and(|selector| selector.matches(who.labels))
            || condition.regexes.iter().any(matches))
}

fn key(store: &SecretStore, who: &Use<'_>) -> Result<(), Refusal> {
    let Some(template) = store.meta.annotations.get(KEY_PREFIX_ANNOTATION) else { return Ok(()) };
    let prefix = template.replace("{namespace}", who.namespace);
    if !prefix.ends_with('/') || prefix.contains(['{', '}']) || who.namespace.is_empty() || unclear(&prefix[..prefix.len() - 1]) {
        return Err(Refusal::Prefix);
    }
    let asked = match who.asked {
        Asked::Nothing => return Ok(()),
        Asked::Key(key) => key.to_owned(),
        // A search below `team` also finds `team-b/x` in stores that compare text, so a path counts with its slash.
        Asked::Below(path) => format!("{}/", path.unwrap_or_default().trim_end_matches('/')),
    };
    if unclear(asked.trim_end_matches('/')) || begins_with_mount(store, &asked) {
        return Err(Refusal::Ambiguous);
    }
    if asked.starts_with(&prefix) { Ok(()) } else { Err(Refusal::Key(prefix)) }
}

/// Segments that a server could read as something else.
fn unclear(key: &str) -> bool {
    key.contains(['%', '\\', '?', '#'])
        || key.chars().any(char::is_control)
        || key.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Vault's own rules take these off the key, and what is left is not what was compared.
fn begins_with_mount(store: &SecretStore, key: &str) -> bool {
    let Provider::Vault(vault) = &store.provider else { return false };
    let mount = vault.path.trim_matches('/');
    key.starts_with("data/") || !mount.is_empty() && key.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn store(kind: StoreKind, conditions: Value, annotations: Value) -> SecretStore {
        SecretStore::from_value(
            kind,
            &json!({
                "metadata": {"name": "s", "namespace": "home", "annotations": annotations},
                "spec": {"conditions": conditions, "provider": {"vault": {"server": "https://v", "path": "kv", "auth": {"tokenSecretRef": {"name": "t"}}}}},
            }),
        )
    }

    fn ask(store: &SecretStore, namespace: &str, asked: Asked<'_>, profile: Profile) -> Result<(), Refusal> {
        let labels = BTreeMap::from([("team".to_owned(), namespace.to_owned())]);
        may_use(store, &Use { namespace, labels: &labels, asked }, &GatePolicy { profile, ..GatePolicy::default() })
    }

    #[test]
    fn conditions_are_alternatives_and_expressions_are_anchored_under_strict() {
        use Profile::{Compatible, Strict};
        for (conditions, namespace, profile, allowed) in [
            (json!([]), "a", Strict, true),
            (json!([{}]), "a", Strict, false),
            (json!([{"namespaces": ["a"]}]), "a", Strict, true),
            (json!([{"namespaces": ["a"]}]), "b", Strict, false),
            (json!([{"namespaces": ["a"]}, {"namespaceRegexes": ["b.*"]}]), "b1", Strict, true),
            (json!([{"namespaceRegexes": ["team"]}]), "not-a-team", Strict, false),
            (json!([{"namespaceRegexes": ["team"]}]), "not-a-team", Compatible, true),
            (json!([{"namespaceRegexes": ["x|team"]}]), "not-a-team", Strict, false),
            (json!([{"namespaceRegexes": ["x)|(?:.*"]}]), "a", Strict, false),
            (json!([{"namespaceRegexes": ["("]}]), "a", Compatible, false),
            (json!([{"namespaceSelector": {"matchLabels": {"team": "a"}}}]), "a", Strict, true),
            (
                json!([{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}}]),
                "a",
                Strict,
                false,
            ),
            (
                json!([{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Sometimes"}]}}]),
                "a",
                Strict,
                false,
            ),
            (json!([{"namespaces": 4}]), "a", Compatible, false),
            (json!("all"), "a", Compatible, false),
        ] {
            let store = store(StoreKind::Cluster, conditions.clone(), json!({}));
            assert_eq!(ask(&store, namespace, Asked::Nothing, profile).is_ok(), allowed, "{conditions} {namespace} {profile:?}");
        }
    }

    #[test]
    fn a_store_serves_its_own_namespace_and_class_and_may_have_to_list_who_else() {
        let own = store(StoreKind::Namespaced, json!([]), json!({}));
        assert_eq!(ask(&own, "home", Asked::Nothing, Profile::Strict), Ok(()));
        assert_eq!(ask(&own, "away", Asked::Nothing, Profile::Compatible), Err(Refusal::OtherNamespace));
        let classed = SecretStore { controller: "blue".into(), ..own };
        assert_eq!(ask(&classed, "home", Asked::Nothing, Profile::Strict), Err(Refusal::OtherClass));
        let labels = BTreeMap::new();
        let who = Use { namespace: "a", labels: &labels, asked: Asked::Nothing };
        let policy = GatePolicy { deny_unlisted: true, ..GatePolicy::default() };
        assert_eq!(may_use(&store(StoreKind::Cluster, json!([]), json!({})), &who, &policy), Err(Refusal::Unlisted));
    }

    #[test]
    fn a_prefix_holds_against_every_way_of_writing_a_key() {
        let limited = store(StoreKind::Cluster, json!([]), json!({KEY_PREFIX_ANNOTATION: "{namespace}/"}));
        let outside = || Err(Refusal::Key("team/".into()));
        for (asked, wanted) in [
            (Asked::Nothing, Ok(())),
            (Asked::Key("team/db"), Ok(())),
            (Asked::Key("team/a/b"), Ok(())),
            (Asked::Key("team"), outside()),
            (Asked::Key("team-b/db"), outside()),
            (Asked::Key("other/db"), outside()),
            (Asked::Key("arn:aws:secretsmanager:eu:1:secret:other"), outside()),
            (Asked::Key("team/../other/db"), Err(Refusal::Ambiguous)),
            (Asked::Key("team//db"), Err(Refusal::Ambiguous)),
            (Asked::Key("/team/db"), Err(Refusal::Ambiguous)),
            (Asked::Key("team/%2e%2e/db"), Err(Refusal::Ambiguous)),
            (Asked::Key("team/db?version=1"), Err(Refusal::Ambiguous)),
            (Asked::Key("kv/team/db"), Err(Refusal::Ambiguous)),
            (Asked::Key("data/team/db"), Err(Refusal::Ambiguous)),
            (Asked::Key(""), Err(Refusal::Ambiguous)),
            (Asked::Below(Some("team")), Ok(())),
            (Asked::Below(Some("team/a/")), Ok(())),
            (Asked::Below(Some("tea")), outside()),
            (Asked::Below(None), Err(Refusal::Ambiguous)),
        ] {
            assert_eq!(ask(&limited, "team", asked, Profile::Strict), wanted, "{asked:?}");
        }
        // The namespace that is called like the mount.
        assert_eq!(ask(&limited, "kv", Asked::Key("kv/x"), Profile::Strict), Err(Refusal::Ambiguous));
        for broken in ["{namespace}", "{name}/", "a/../", "/"] {
            let store = store(StoreKind::Cluster, json!([]), json!({KEY_PREFIX_ANNOTATION: broken}));
            assert_eq!(ask(&store, "team", Asked::Key("team/db"), Profile::Strict), Err(Refusal::Prefix), "{broken}");
        }
    }
}
