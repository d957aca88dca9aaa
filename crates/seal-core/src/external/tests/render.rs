//! What targets become, with templates and without.

use super::*;
use serde_json::{Value as Json, json};

struct Still;

impl World for Still {
    fn now(&self) -> (i64, i32) {
        (0, 0)
    }
    fn random(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
    fn is_over(&self) -> bool {
        false
    }
}

fn object(template: Json) -> ExternalSecret {
    let read = ExternalSecret::from_value(&json!({
        "metadata": {"name": "db", "namespace": "prod", "labels": {"a": "b", "app.kubernetes.io/instance": "argo"},
                     "annotations": {"n": "o", "kubectl.kubernetes.io/last-applied-configuration": "{}", "meta.helm.sh/release-name": "x"}},
        "spec": {"secretStoreRef": {"name": "s"}, "target": {"template": template}, "data": [{"secretKey": "k", "remoteRef": {"key": "k"}}]},
    }));
    assert_eq!(read.problems, vec![]);
    read
}

fn data() -> BTreeMap<String, SecretBytes> {
    [("user", &b"ada"[..]), ("password", b"hunter2"), ("raw", b"\xff\x00")].map(|(k, v)| (k.to_owned(), v.to_vec().into())).into()
}

fn run(template: Json, profile: Profile) -> Result<Wanted, String> {
    let elsewhere = Elsewhere::from([
        (("ConfigMap", "c".to_owned(), "one".to_owned()), SecretBytes::from("{{ .user }}!".to_owned())),
        (("Secret", "s".to_owned(), "many".to_owned()), SecretBytes::from("x: {{ .user }}\nq: 1\nz: true\n".to_owned())),
    ]);
    let mut renderer = Renderer { profile, delimiters: ("{{".into(), "}}".into()), world: &mut Still };
    renderer.wanted(&object(template), data(), &elsewhere).map_err(|trouble| trouble.to_string())
}

fn shown(wanted: &Wanted) -> String {
    let pairs = wanted.data.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v.expose())));
    pairs.collect::<Vec<_>>().join(";")
}

#[test]
fn without_a_template_data_is_taken_as_it_is_and_tracking_marks_are_not_copied() {
    let wanted = run(json!(null), Profile::Compatible).map_err(|_| ()).ok().unwrap();
    assert_eq!(wanted.data.len(), 3);
    assert_eq!(wanted.labels, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    assert_eq!(wanted.annotations, BTreeMap::from([("n".to_owned(), "o".to_owned())]));
}

#[test]
fn templates_make_data_in_upstreams_order() {
    let config = json!({"configMap": {"name": "c", "items": [{"key": "one"}]}});
    let secret = json!({"secret": {"name": "s", "items": [{"key": "many", "templateAs": "KeysAndValues"}]}});
    for (template, wanted) in [
        (json!({"data": {"url": "pg://{{ .user }}:{{ .password }}@db"}}), "url=pg://ada:hunter2@db"),
        (json!({"data": {"user": "{{ .user | upper }}"}, "mergePolicy": "Merge"}), "password=hunter2;raw=\u{fffd}\0;user=ADA"),
        (json!({"type": "Opaque"}), "password=hunter2;raw=\u{fffd}\0;user=ada"),
        (json!({"templateFrom": [config, secret]}), "one=ada!;q=1;x=ada;z=true"),
        (json!({"data": {"x": "own"}, "templateFrom": [secret]}), "q=1;x=own;z=true"),
        (json!({"templateFrom": [{"literal": "x: first"}, {"literal": "x: second"}]}), "x=second"),
        (json!({"templateFrom": [{"literal": ""}]}), ""),
        (json!({"data": {"a": "{{ $_ := set . \"user\" \"eve\" }}{{ .user }}", "b": "{{ .user }}"}}), "fails or a=eve;b=ada"),
    ] {
        let made = run(template.clone(), Profile::Strict).map(|made| shown(&made));
        if wanted.starts_with("fails") {
            assert!(made.is_err() || made == Ok("a=eve;b=ada".into()), "{template}");
        } else {
            assert_eq!(made, Ok(wanted.into()), "{template}");
        }
    }
}

#[test]
fn labels_annotations_and_type_come_from_the_template_alone() {
    let made = run(
        json!({
            "type": "kubernetes.io/basic-auth",
            "metadata": {"labels": {"who": "{{ .user }}"}, "annotations": {"k": "v"}},
            "templateFrom": [{"target": "Annotations", "literal": "from: {{ .user }}"}],
        }),
        Profile::Strict,
    );
    let made = made.map_err(|_| ()).ok().unwrap();
    assert_eq!(made.kind.as_deref(), Some("kubernetes.io/basic-auth"));
    assert_eq!(made.labels, BTreeMap::from([("who".to_owned(), "ada".to_owned())]));
    assert_eq!(made.annotations, BTreeMap::from([("from".to_owned(), "ada".to_owned()), ("k".to_owned(), "v".to_owned())]));
    assert!(made.data.is_empty());
}

#[test]
fn a_template_that_fails_says_where_and_never_what_it_was_given() {
    let at = "spec.target.template.";
    for (template, wanted) in [
        (json!({"data": {"a": "{{ .nobody }}"}}), format!("{at}data.a: 1:")),
        (json!({"data": {"a": "{{ fail .password }}"}}), format!("{at}data.a: 1:")),
        (json!({"data": {"a": "{{ .password | atoi | b64dec }}"}}), format!("{at}data.a: 1:")),
        (json!({"data": {"a": "{{ if }}"}}), format!("{at}data.a: 1:")),
        (json!({"data": {"a/b": "x"}}), format!("{at}data.a/b: \"a/b\" cannot be a key")),
        (json!({"metadata": {"labels": {"l": "{{ .raw }}"}}}), format!("{at}metadata.labels.l: the value of \"l\" is not UTF-8")),
        (json!({"templateFrom": [{"literal": "{{ .password }}"}]}), format!("{at}templateFrom[0]: what it renders is no YAML")),
        (
            json!({"templateFrom": [{"literal": "a: [{{ .password }}]"}]}),
            format!("{at}templateFrom[0]: what it renders is no YAML"),
        ),
        (
            json!({"templateFrom": [{"configMap": {"name": "c", "items": [{"key": "none"}]}}]}),
            format!("{at}templateFrom[0]: ConfigMap \"c\" of this namespace has no key \"none\""),
        ),
        (
            json!({"templateFrom": [{"literal": "a: '{{ .password }}'", "valuesDecodingStrategy": "Base64"}]}),
            format!("{at}templateFrom[0]: the value of \"a\" is not what valuesDecodingStrategy Base64 says"),
        ),
    ] {
        let Err(said) = run(template.clone(), Profile::Strict) else { panic!("{template} is rendered") };
        assert!(said.starts_with(&wanted) && !said.contains("hunter2"), "{template}: {said}");
    }
}

#[test]
fn finalizers_hold_up_no_secret_under_strict() {
    let template = json!({"metadata": {"finalizers": ["a/b"]}});
    assert!(run(template.clone(), Profile::Strict).is_err());
    assert!(run(template, Profile::Compatible).is_ok());
}
