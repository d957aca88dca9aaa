//! What answers become, by upstream's rules where they are certain and ours where they were left to chance.

use super::*;
use seal_api::external_secrets::ExternalSecret;
use serde_json::{Value, json};

fn spec(value: Value) -> Spec {
    let mut whole = json!({"secretStoreRef": {"name": "s"}});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    let read = ExternalSecret::from_value(&json!({"metadata": {"name": "x"}, "spec": whole}));
    assert_eq!(read.problems, vec![]);
    read.spec
}

fn value(text: &str) -> Fetched {
    Fetched::Value(text.to_owned().into())
}

fn values(pairs: &[(&str, &str)]) -> Fetched {
    Fetched::Values(pairs.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect())
}

fn transform(template: &str, key: &str) -> Result<String, String> {
    if template == "fail" { Err("1:4: fail".into()) } else { Ok(format!("{template}{key}")) }
}

fn run(spec: &Spec, data_from: Vec<Fetched>, data: Vec<Fetched>, profile: Profile) -> Result<(String, usize), String> {
    let done = assemble(spec, Answers { data_from, data }, profile, &transform);
    done.map_err(|trouble| format!("{} {trouble}", trouble.code.as_str())).map(|done| {
        let pairs = done.data.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v.expose())));
        (pairs.collect::<Vec<_>>().join(";"), done.missing.len())
    })
}

fn one(remote: Value, answer: Fetched) -> Result<String, String> {
    let mut whole = json!({"key": "db"});
    whole.as_object_mut().unwrap().extend(remote.as_object().unwrap().clone());
    let spec = spec(json!({"data": [{"secretKey": "k", "remoteRef": whole}]}));
    run(&spec, vec![], vec![answer], Profile::Compatible).map(|(data, _)| data)
}

fn from(entry: Value, answer: Fetched) -> Result<String, String> {
    run(&spec(json!({"dataFrom": [entry]})), vec![answer], vec![], Profile::Compatible).map(|(data, _)| data)
}

#[test]
fn one_value_is_taken_whole_or_by_property_and_decoded() {
    for (remote, answer, wanted) in [
        (json!({}), value("plain"), Ok("k=plain")),
        (json!({}), value("{\"a\": 1}"), Ok("k={\"a\": 1}")),
        (json!({"property": "a"}), value("{\"a\": \"x\"}"), Ok("k=x")),
        (json!({"property": "tls.crt"}), value("{\"tls.crt\": \"x\", \"tls\": {\"crt\": \"y\"}}"), Ok("k=x")),
        (json!({"property": "tls.crt"}), value("{\"tls\": {\"crt\": \"y\"}}"), Ok("k=y")),
        (json!({"property": "a"}), value("{\"a\": null}"), Ok("k=")),
        (json!({"property": "a", "decodingStrategy": "Base64"}), value("{\"a\": \"aGk=\"}"), Ok("k=hi")),
        (
            json!({"property": "a", "decodingStrategy": "Base64"}),
            value("{\"a\": \"hunter2!\"}"),
            Err("InvalidData spec.data[0]: the value is not what decodingStrategy Base64 says"),
        ),
        (
            json!({"nullBytePolicy": "Fail"}),
            value("hunter2\0"),
            Err("InvalidData spec.data[0]: the value has a NUL byte, which nullBytePolicy Fail refuses"),
        ),
        (json!({"property": "b"}), value("{\"a\": 1}"), Err("NoProperty spec.data[0]: the secret has no such property")),
        (json!({"property": "b"}), value("plain"), Err("NoProperty spec.data[0]: the secret has no such property")),
        (json!({}), Fetched::Absent(Absent::Secret), Err("NoSecret spec.data[0]: the store has no such secret")),
        (json!({}), Fetched::Absent(Absent::Version), Err("NoSecret spec.data[0]: the store has no such version of the secret")),
        (
            json!({}),
            values(&[("a", "1")]),
            Err("InvalidData spec.data[0]: the store answered with many values where one was asked for"),
        ),
    ] {
        assert_eq!(one(remote.clone(), answer), wanted.map(str::to_owned).map_err(str::to_owned), "{remote}");
    }
}

#[test]
fn many_values_are_named_and_decoded() {
    let extract = |rest: Value| {
        let mut remote = json!({"key": "db"});
        remote.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"extract": remote})
    };
    let with = |mut entry: Value, rewrite: Value| {
        entry["rewrite"] = rewrite;
        entry
    };
    let regexp = json!([{"regexp": {"source": "^", "target": "DB_"}}]);
    for (entry, answer, wanted) in [
        (extract(json!({})), value(r#"{"a/b":"1","n":2,"o":{"p":3},"z":null}"#), Ok("a_b=1;n=2;o={\"p\":3};z=")),
        (extract(json!({"conversionStrategy": "Unicode"})), value(r#"{"a/b":"1"}"#), Ok("a_U002f_b=1")),
        (extract(json!({"property": "x"})), value(r#"{"x":{"a":"1"}}"#), Ok("a=1")),
        (extract(json!({"decodingStrategy": "Base64"})), value(r#"{"a":"aGk="}"#), Ok("a=hi")),
        (extract(json!({})), values(&[("a", "1")]), Ok("a=1")),
        (
            extract(json!({})),
            value("hunter2"),
            Err("InvalidData spec.dataFrom[0]: the value is no JSON object, so nothing can be extracted; use data"),
        ),
        (
            extract(json!({})),
            value(r#"{"a/b":"1","a b":"2"}"#),
            Err("InvalidData spec.dataFrom[0]: two values would have the key \"a_b\"; use rewrite to keep them apart"),
        ),
        (with(extract(json!({})), regexp.clone()), value(r#"{"a":"1"}"#), Ok("DB_a=1")),
        // A rewrite switches the conversion off.
        (
            with(extract(json!({})), regexp),
            value(r#"{"a/b":"1"}"#),
            Err("InvalidData spec.dataFrom[0]: \"DB_a/b\" cannot be a key of a Secret; use rewrite or conversionStrategy"),
        ),
        (with(extract(json!({})), json!([{"transform": {"template": "T"}}])), value(r#"{"a":"1"}"#), Ok("Ta=1")),
        (
            with(extract(json!({})), json!([{"transform": {"template": "fail"}}])),
            value(r#"{"a":"hunter2"}"#),
            Err("TemplateFailed spec.dataFrom[0]: rewrite[0]: 1:4: fail"),
        ),
        (
            with(extract(json!({})), json!([{"regexp": {"source": "(", "target": ""}}])),
            value(r#"{"a":"1"}"#),
            Err("InvalidSpec spec.dataFrom[0]: rewrite[0]: the expression does not compile"),
        ),
        (json!({"find": {"name": {"regexp": "a"}}}), values(&[("p/a", "1")]), Ok("p_a=1")),
        (
            json!({"sourceRef": {"generatorRef": {"kind": "Password", "name": "g"}}}),
            values(&[("password", "1")]),
            Ok("password=1"),
        ),
    ] {
        assert_eq!(from(entry.clone(), answer), wanted.map(str::to_owned).map_err(str::to_owned), "{entry}");
    }
}

#[test]
fn later_entries_win_and_single_values_win_over_all() {
    let spec = spec(json!({
        "dataFrom": [{"extract": {"key": "a"}}, {"extract": {"key": "b"}}],
        "data": [{"secretKey": "z", "remoteRef": {"key": "c"}}],
    }));
    let answers = vec![value(r#"{"x":"1","y":"1","z":"1"}"#), value(r#"{"y":"2","z":"2"}"#)];
    assert_eq!(run(&spec, answers, vec![value("3")], Profile::Strict), Ok(("x=1;y=2;z=3".into(), 0)));
}

#[test]
fn absence_is_left_out_only_where_the_policy_says_so() {
    let gone = || Fetched::Absent(Absent::Secret);
    let no_property = || value("{}");
    for (policy, profile, answer, wanted) in [
        ("Retain", Profile::Strict, gone(), None),
        ("Delete", Profile::Strict, gone(), Some(1)),
        ("Merge", Profile::Compatible, gone(), Some(1)),
        ("Delete", Profile::Strict, no_property(), Some(1)),
        // Upstream fails here.
        ("Delete", Profile::Compatible, no_property(), None),
        ("Retain", Profile::Strict, no_property(), None),
    ] {
        let spec = spec(json!({
            "target": {"deletionPolicy": policy},
            "data": [{"secretKey": "k", "remoteRef": {"key": "db", "property": "p"}}],
        }));
        let done = run(&spec, vec![], vec![answer], profile).ok();
        assert_eq!(done, wanted.map(|missing| (String::new(), missing)), "{policy} {profile:?}");
    }
}

#[test]
fn answers_that_do_not_fit_the_entries_make_nothing() {
    let spec = spec(json!({"data": [{"secretKey": "k", "remoteRef": {"key": "db"}}]}));
    assert!(run(&spec, vec![], vec![], Profile::Strict).is_err());
}

#[test]
fn a_cause_says_where_what_and_what_to_do() {
    let spec = spec(json!({"data": [{"secretKey": "k", "remoteRef": {"key": "apps/db"}}]}));
    let answers = Answers { data: vec![Fetched::Absent(Absent::Secret)], ..Answers::default() };
    let Err(trouble) = assemble(&spec, answers, Profile::Strict, &transform) else { panic!("it is put together") };
    let cause = trouble.cause("SecretStore/s", None);
    assert_eq!((cause.code.as_str(), cause.at.as_str(), cause.key.as_str()), ("NoSecret", "spec.data[0]", "apps/db"));
    assert_eq!(
        cause.message,
        "the store has no such secret; create the secret in the store, or correct the key; deletionPolicy says what absence means"
    );
}
