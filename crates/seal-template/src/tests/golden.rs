//! Golden files: templates, what they are given, and what Go's implementation makes of them.
//!
//! Each file: `data` (name to base64) and `cases` (template, base64 of what it prints; `null` where it fails).

use super::Still;
use crate::{Dialect, Options, Template, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_secret::SecretBytes;
use serde_json::Value as Json;
use std::collections::BTreeMap;

const EXTERNAL: &str = include_str!("golden/external.json");

#[test]
fn keys_and_certificates_are_as_external_secrets_has_them() {
    check(EXTERNAL);
}

fn check(golden: &str) {
    let golden: Json = serde_json::from_str(golden).expect("golden files are JSON");
    let bytes = |text: &Json| STANDARD.decode(text.as_str().expect("text")).expect("base64");
    let data: BTreeMap<String, SecretBytes> = golden["data"]
        .as_object()
        .expect("data")
        .iter()
        .map(|(name, text)| (name.clone(), SecretBytes::from(bytes(text))))
        .collect();
    let data = Value::secrets(&data);
    let mut wrong = Vec::new();
    for case in golden["cases"].as_array().expect("cases") {
        let template = case[0].as_str().expect("a template");
        let expected = (!case[1].is_null()).then(|| bytes(&case[1]));
        let options = Options::of(Dialect::ExternalSecret);
        let answer = Template::parse("case", template, options)
            .and_then(|template| template.render(&data, &mut Still { over: false }))
            .map(|out| out.expose().to_vec());
        if answer.as_ref().ok() != expected.as_ref() {
            let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let reason = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
            wrong.push(format!("{template}\n  Go:   {:?}\n  ours: {:?} {reason}", text(&expected), text(&answer.ok())));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hexadecimal_text_is_read_and_anything_else_refused() {
    let render = |template| {
        let read = Template::parse("case", template, Options::of(Dialect::ExternalSecret))?;
        read.render(&Value::Nil, &mut Still { over: false }).map(|out| out.expose().to_vec())
    };
    assert_eq!(render(r#"{{ hexdec "00fFc3a9" }}"#).expect("hexadecimal"), b"\x00\xff\xc3\xa9");
    for wrong in [r#"{{ hexdec "abc" }}"#, r#"{{ hexdec "zz" }}"#, r#"{{ hexdec "+f" }}"#] {
        let error = render(wrong).expect_err("not hexadecimal");
        assert_eq!(error.problem, crate::Problem::Refused("this is not hexadecimal"), "{wrong}");
    }
}
