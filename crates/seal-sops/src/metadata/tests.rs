//! Blocks as sops 3.13.3 writes them, and old ones that keep their order.

use super::{AgeKey, ForeignKey, KeyGroup, Metadata, entries, json, yaml};
use crate::Selector;
use crate::layout::{Raw, RawForm};

const ARMOR: &str = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";

fn age(recipient: &str) -> AgeKey {
    AgeKey { recipient: recipient.to_owned(), enc: ARMOR.to_owned() }
}

fn metadata(groups: Vec<KeyGroup>) -> Metadata {
    Metadata {
        groups,
        shamir_threshold: None,
        lastmodified: "2026-11-25T03:19:30Z".to_owned(),
        mac: "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]".to_owned(),
        mac_only_encrypted: false,
        selector: Selector::default(),
        version: "3.13.3".to_owned(),
        strong_mac: None,
    }
}

fn one_group(names: &[&str]) -> Metadata {
    metadata(vec![KeyGroup { age: names.iter().map(|name| age(name)).collect(), others: Vec::new() }])
}

#[test]
fn a_new_block_is_laid_out_as_sops_does() {
    let text = yaml::render(&entries(&one_group(&["age1a", "age1b"]), None), 4, "\n");
    assert_eq!(
        text,
        "sops:
    age:
        - enc: |
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdl
            -----END AGE ENCRYPTED FILE-----
          recipient: age1a
        - enc: |
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdl
            -----END AGE ENCRYPTED FILE-----
          recipient: age1b
    lastmodified: \"2026-11-25T03:19:30Z\"
    mac: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]
    unencrypted_suffix: _unencrypted
    version: 3.13.3
"
    );
}

#[test]
fn other_indentations_place_columns_as_sops_does() {
    let mut groups = metadata(vec![KeyGroup { age: vec![age("age1a")], others: Vec::new() }; 2]);
    groups.shamir_threshold = Some(2);
    groups.selector = Selector::EncryptedRegex("^a: b".to_owned());
    groups.mac_only_encrypted = true;
    let text = yaml::render(&entries(&groups, None), 3, "\r\n");
    let first =
        "sops:\r\n   encrypted_regex: '^a: b'\r\n   key_groups:\r\n      - age:\r\n         - enc: |\r\n            -----BEGIN";
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("   mac_only_encrypted: true\r\n   shamir_threshold: 2\r\n   version: 3.13.3\r\n"), "{text}");
}

#[test]
fn texts_are_quoted_when_they_would_read_as_something_else() {
    for (regex, written) in [
        ("^(data|stringData)$", "^(data|stringData)$"),
        ("a b", "a b"),
        ("a #b", "'a #b'"),
        ("it's: x", "'it''s: x'"),
        ("yes", "\"yes\""),
        ("1.5", "\"1.5\""),
        ("0x1", "\"0x1\""),
        (".*", ".*"),
        ("*", "'*'"),
        ("[a]", "'[a]'"),
        ("x:", "'x:'"),
        ("ä\t", "\"ä\\t\""),
        ("2026-01-02", "\"2026-01-02\""),
        (" a", "' a'"),
    ] {
        let mut metadata = one_group(&["age1a"]);
        metadata.selector = Selector::EncryptedRegex(regex.to_owned());
        let text = yaml::render(&entries(&metadata, None), 4, "\n");
        assert!(text.contains(&format!("\n    encrypted_regex: {written}\n")), "{regex}: {text}");
    }
}

#[test]
fn json_is_laid_out_as_sops_does() {
    let pretty = json::Pretty { unit: "\t", depth: 1, newline: "\n" };
    let text = json::render(&entries(&one_group(&["age1a"]), None), Some(&pretty));
    assert_eq!(
        text,
        "{\n\t\t\"age\": [\n\t\t\t{\n\t\t\t\t\"enc\": \"-----BEGIN AGE ENCRYPTED FILE-----\\nYWdl\\n-----END AGE ENCRYPTED FILE-----\\n\",
\t\t\t\t\"recipient\": \"age1a\"\n\t\t\t}\n\t\t],\n\t\t\"lastmodified\": \"2026-11-25T03:19:30Z\",
\t\t\"mac\": \"ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\",\n\t\t\"unencrypted_suffix\": \"_unencrypted\",\n\t\t\"version\": \"3.13.3\"\n\t}"
    );
    assert_eq!(json::render(&[], None), "{}");
}

fn map(fields: Vec<(&str, RawForm)>) -> RawForm {
    RawForm::Map(fields.into_iter().map(|(key, form)| (key.to_owned(), Raw { form, span: 0..0 })).collect())
}

fn text(text: &str) -> RawForm {
    RawForm::Scalar(text.to_owned())
}

#[test]
fn an_old_block_keeps_its_order_and_what_nobody_knows() {
    let key = Raw { form: map(vec![("recipient", text("age1a")), ("enc", text("old"))]), span: 0..0 };
    let old = map(vec![
        ("kms", RawForm::List(Vec::new())),
        ("age", RawForm::List(vec![key])),
        ("lastmodified", text("x")),
        ("mac", text("y")),
        ("custom", text("kept")),
        ("pgp", RawForm::List(Vec::new())),
        ("mac_only_encrypted", text("true")),
        ("unencrypted_suffix", text("_unencrypted")),
        ("version", text("3.8.1")),
    ]);
    let mut new = one_group(&["age1a", "age1b"]);
    new.groups[0].others.push(ForeignKey {
        kind: "gcp_kms".to_owned(),
        name: "r".to_owned(),
        fields: vec![("resource_id".to_owned(), "r".into())],
    });
    new.strong_mac = Some("s".to_owned());
    let merged = entries(&new, Some(&Raw { form: old, span: 0..0 }));
    let keys: Vec<&str> = merged.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        ["gcp_kms", "kms", "age", "lastmodified", "mac", "custom", "pgp", "seal_mac", "unencrypted_suffix", "version"]
    );
    let written = yaml::render(&merged, 4, "\n");
    assert!(written.contains("- recipient: age1a\n          enc: |\n"), "{written}");
    assert!(written.contains("- recipient: age1b\n          enc: |\n"), "{written}");
    assert!(written.contains("    kms: []\n") && written.contains("    custom: kept\n"), "{written}");
}
