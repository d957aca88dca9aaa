//! `rewrite`: keys by expression, by template, and values that are objects made one.
//!
//! Where upstream lets chance decide which of two values a key gets, this fails.

use super::gjson_path::entries;
use super::keys::{KeyTrouble, Map, renamed};
use seal_api::external_secrets::{ConflictPolicy, Merge, MergeStrategy, PriorityPolicy, Rewrite};
use seal_manifest::go_regex::GoRegex;
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// Renders a template that sees a key as `.value`. What it says of a failure holds no value; keys are no secret.
pub type Transform<'a> = &'a dyn Fn(&str, &str) -> Result<String, String>;

/// Why keys could not be rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RewriteTrouble {
    /// A key.
    Key(KeyTrouble),
    /// The expression does not compile.
    Expression,
    /// The template failed.
    Template(String),
    /// A value that is to be merged is no JSON object.
    NoObject(String),
    /// A priority key is not there.
    NoPriority(String),
    /// Two objects have this key.
    Conflict(String),
}

impl From<KeyTrouble> for RewriteTrouble {
    fn from(trouble: KeyTrouble) -> Self {
        RewriteTrouble::Key(trouble)
    }
}

/// All rewrites, in order; with a failure, its index.
pub(super) fn rewritten(rewrites: &[Rewrite], map: Map, transform: Transform<'_>) -> Result<Map, (usize, RewriteTrouble)> {
    let mut map = map;
    for (index, rewrite) in rewrites.iter().enumerate() {
        map = one(rewrite, map, transform).map_err(|trouble| (index, trouble))?;
    }
    Ok(map)
}

fn one(rewrite: &Rewrite, map: Map, transform: Transform<'_>) -> Result<Map, RewriteTrouble> {
    match rewrite {
        Rewrite::Regexp { source, target } => {
            let expression = GoRegex::new(source).map_err(|_| RewriteTrouble::Expression)?;
            renamed(map, |key| Ok(replaced(&expression, key, target)), true)
        }
        Rewrite::Transform(template) => renamed(map, |key| transform(template, key).map_err(RewriteTrouble::Template), true),
        Rewrite::Merge(merge) => merged(merge, map),
    }
}

/// The key with every match replaced; `$1` and `${name}` in the target are what the groups matched.
fn replaced(expression: &GoRegex, key: &str, target: &str) -> String {
    let (mut out, mut at) = (Vec::new(), 0);
    for captures in expression.captures(key.as_bytes()) {
        let Some(found) = captures.get(0) else { continue };
        out.extend(&key.as_bytes()[at..found.start()]);
        captures.expand(target.as_bytes(), &mut out);
        at = found.end();
    }
    out.extend(&key.as_bytes()[at..]);
    String::from_utf8_lossy(&out).into_owned()
}

fn merged(merge: &Merge, map: Map) -> Result<Map, RewriteTrouble> {
    let mut order: Vec<&String> = map.keys().filter(|key| !merge.priority.contains(key)).collect();
    order.extend(&merge.priority);
    let mut all: BTreeMap<String, SecretBytes> = BTreeMap::new();
    for key in order {
        let Some(value) = map.get(key) else {
            match merge.priority_policy {
                PriorityPolicy::IgnoreNotFound => continue,
                PriorityPolicy::Strict => return Err(RewriteTrouble::NoPriority(key.clone())),
            }
        };
        let source = match merge.strategy {
            MergeStrategy::Extract => entries(value),
            MergeStrategy::Json => raw_entries(value),
        };
        for (inner, value) in source.ok_or_else(|| RewriteTrouble::NoObject(key.clone()))? {
            if all.insert(inner.clone(), value).is_some() && merge.conflict == ConflictPolicy::Error {
                return Err(RewriteTrouble::Conflict(inner));
            }
        }
    }
    match merge.strategy {
        MergeStrategy::Extract => Ok(all),
        MergeStrategy::Json => {
            let mut out = map;
            out.insert(merge.into.clone(), object(&all));
            Ok(out)
        }
    }
}

/// Keys, and values as JSON.
fn raw_entries(value: &SecretBytes) -> Option<Map> {
    entries(value)?;
    let text = std::str::from_utf8(value.expose()).ok()?;
    let mut out = Map::new();
    gjson::parse(text).each(|key, value| {
        out.insert(key.str().to_owned(), value.json().to_owned().into());
        true
    });
    Some(out)
}

/// One JSON object, keys sorted.
fn object(all: &Map) -> SecretBytes {
    let mut out = vec![b'{'];
    for (at, (key, value)) in all.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend(serde_json::Value::from(key.as_str()).to_string().bytes());
        out.push(b':');
        out.extend(value.expose());
    }
    out.push(b'}');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect()
    }

    fn shown(map: &Map) -> String {
        let pairs = map.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v.expose())));
        pairs.collect::<Vec<_>>().join(";")
    }

    fn upper(_: &str, key: &str) -> Result<String, String> {
        Ok(key.to_uppercase())
    }

    fn run(rewrite: Rewrite, pairs: &[(&str, &str)]) -> Result<String, RewriteTrouble> {
        rewritten(&[rewrite], map(pairs), &upper).map(|map| shown(&map)).map_err(|(_, trouble)| trouble)
    }

    fn regexp(source: &str, target: &str) -> Rewrite {
        Rewrite::Regexp { source: source.into(), target: target.into() }
    }

    #[test]
    fn expressions_replace_as_in_go() {
        for (source, target, key, wanted) in [
            ("^(.*)$", "DB_$1", "user", "DB_user"),
            ("path/to/", "", "path/to/x", "x"),
            ("[^a-z]", "_", "a/b.c", "a_b_c"),
            ("(a)(b)", "$2$1", "ab", "ba"),
            ("(a)", "$1x", "ab", "b"),
            ("(a)", "${1}x", "ab", "axb"),
            ("(?P<n>a)", "$n-$n", "a", "a-a"),
            ("a", "$$", "a", "$"),
            (r"\W", "_", "a\u{e4}b", "a_b"),
            (r"[\d-]+", "N", "a1-2", "aN"),
            (r"\.", "_", "a.b", "a_b"),
        ] {
            assert_eq!(run(regexp(source, target), &[(key, "v")]), Ok(format!("{wanted}=v")), "{source} {target} {key}");
        }
        assert_eq!(run(regexp("(", ""), &[("a", "v")]), Err(RewriteTrouble::Expression));
        assert_eq!(run(regexp("(?=a)", ""), &[("a", "v")]), Err(RewriteTrouble::Expression));
    }

    #[test]
    fn two_values_for_one_key_fail_and_equal_ones_do_not() {
        let twice = Err(RewriteTrouble::Key(KeyTrouble::Twice("x".into())));
        assert_eq!(run(regexp("^.*$", "x"), &[("a", "1"), ("b", "2")]), twice);
        assert_eq!(run(regexp("^.+$", "x"), &[("a", "1"), ("b", "1")]), Ok("x=1".into()));
        assert_eq!(run(Rewrite::Transform(String::new()), &[("a", "1"), ("b", "2")]), Ok("A=1;B=2".into()));
    }

    #[test]
    fn objects_are_merged_by_upstreams_rules() {
        let base = Merge::default;
        let pairs = &[("a", r#"{"x":"1","y":2.50}"#), ("b", r#"{"y":3,"z":"q"}"#)];
        for (merge, wanted) in [
            (base(), Err(RewriteTrouble::Conflict("y".into()))),
            (Merge { conflict: ConflictPolicy::Ignore, ..base() }, Ok("x=1;y=3;z=q")),
            (Merge { conflict: ConflictPolicy::Ignore, priority: vec!["a".into()], ..base() }, Ok("x=1;y=2.50;z=q")),
            (
                Merge { priority: vec!["c".into()], conflict: ConflictPolicy::Ignore, ..base() },
                Err(RewriteTrouble::NoPriority("c".into())),
            ),
            (
                Merge {
                    priority: vec!["c".into()],
                    priority_policy: PriorityPolicy::IgnoreNotFound,
                    conflict: ConflictPolicy::Ignore,
                    ..base()
                },
                Ok("x=1;y=3;z=q"),
            ),
            (
                Merge { strategy: MergeStrategy::Json, into: "all".into(), conflict: ConflictPolicy::Ignore, ..base() },
                Ok(r#"a={"x":"1","y":2.50};all={"x":"1","y":3,"z":"q"};b={"y":3,"z":"q"}"#),
            ),
        ] {
            assert_eq!(run(Rewrite::Merge(merge.clone()), pairs), wanted.map(str::to_owned), "{merge:?}");
        }
        assert_eq!(run(Rewrite::Merge(base()), &[("a", "text")]), Err(RewriteTrouble::NoObject("a".into())));
    }
}
