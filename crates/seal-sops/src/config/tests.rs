//! What `.sops.yaml` files come to.

use super::{ConfigError, CreationRule, RuleGroup, SopsConfig};
use crate::{Selector, Store};

fn parse(text: &str) -> SopsConfig {
    SopsConfig::parse(".sops.yaml", text.as_bytes()).expect("a configuration")
}

fn group(age: &[&str], others: &[(&'static str, &str)]) -> RuleGroup {
    RuleGroup {
        age: age.iter().map(|name| (*name).to_owned()).collect(),
        others: others.iter().map(|(kind, name)| (*kind, (*name).to_owned())).collect(),
    }
}

#[test]
fn the_first_rule_that_matches_counts_alone() {
    let config = parse("creation_rules:\n- path_regex: ^prod/\n  age: a\n- path_regex: \\.yaml$\n  age: b\n- age: c\n");
    for (path, number) in [("prod/x.yaml", 1), ("dev/prod/x.yaml", 2), ("x.json", 3)] {
        assert_eq!(config.rule_for(path).expect("a rule").map(|rule| rule.number), Some(number), "{path}");
    }
}

#[test]
fn no_rules_are_no_error_and_no_match_is_one() {
    for text in ["", "stores: {}\n", "creation_rules:\n"] {
        assert!(parse(text).rule_for("x").expect("no rules").is_none(), "{text:?}");
    }
    for text in ["creation_rules: []\n", "creation_rules: [{path_regex: y}]\n"] {
        let error = parse(text).rule_for("x").err().expect("no match");
        assert_eq!(error.to_string(), ".sops.yaml: no matching creation rules found for x", "{text:?}");
    }
}

#[test]
fn keys_are_texts_with_commas_or_lists() {
    for (rule, expected) in [
        ("age: 'a, b,,c'", vec![group(&["a", "b", "c"], &[])]),
        ("age: [a, b]", vec![group(&["a", "b"], &[])]),
        ("age: >-\n    a,\n    b\n", vec![group(&["a", "b"], &[])]),
        ("age: a\n  pgp: F1,F2\n  kms: [arn:x]", vec![group(&["a"], &[("pgp", "F1"), ("pgp", "F2"), ("kms", "arn:x")])]),
        ("hc_vault_transit_uri: https://v/v1/transit/keys/k", vec![group(&[], &[("hc_vault", "https://v/transit/k")])]),
        ("pgp: 'AB CD, EF'\n  kms: arn:x+arn:role", vec![group(&[], &[("pgp", "ABCD"), ("pgp", "EF"), ("kms", "arn:x")])]),
        ("path_regex: x", vec![group(&[], &[])]),
        ("key_groups: []\n  age: a", vec![group(&["a"], &[])]),
        (
            "key_groups:\n  - age: [a, a]\n  - {}\n  - {age: [b], pgp: [F]}",
            vec![group(&["a"], &[]), group(&[], &[]), group(&["b"], &[("pgp", "F")])],
        ),
        ("key_groups:\n  - merge:\n    - age: [a]\n    - {age: [b, a]}\n    age: [c]", vec![group(&["a", "b", "c"], &[])]),
        (
            "key_groups:\n  - azure_keyvault: [{vaultUrl: 'https://v', key: k, version: '1'}]\n    kms: [{arn: x, role: r}]",
            vec![group(&[], &[("kms", "x"), ("azure_kv", "https://v/k/1")])],
        ),
    ] {
        let config = parse(&format!("creation_rules:\n- {rule}\n"));
        assert_eq!(config.rules()[0].groups, expected, "{rule}");
    }
}

#[test]
fn anchors_name_people() {
    let config = parse("keys: [&alice a, &bob b]\ncreation_rules:\n- age: [*alice, *bob]\n");
    assert_eq!(config.rules()[0].groups, [group(&["a", "b"], &[])]);
    assert_eq!(config.warnings(), [".sops.yaml:1:1: \"keys\" means nothing in the document"]);
}

#[test]
fn the_rest_of_a_rule_is_read() {
    let config = parse(
        "creation_rules:\n- age: a\n  shamir_threshold: 2\n  mac_only_encrypted: true\n  encrypted_regex: ^data$\n  input_type: yaml\nstores:\n  yaml: {indent: 2}\n",
    );
    let CreationRule { shamir_threshold, mac_only_encrypted, .. } = &config.rules()[0];
    assert_eq!((*shamir_threshold, *mac_only_encrypted), (Some(2), true));
    assert_eq!(config.rules()[0].selector(), Ok(Some(Selector::EncryptedRegex("^data$".to_owned()))));
    assert_eq!((config.indent(Store::Yaml), config.indent(Store::Json)), (Some(2), None));
    assert_eq!(config.warnings(), [".sops.yaml:6:3: \"input_type\" means nothing in a creation rule"]);
}

#[test]
fn mistakes_have_a_place() {
    for (text, message) in [
        ("creation_rules: [", ".sops.yaml:"),
        ("creation_rules: x", ".sops.yaml:1:17: creation_rules must be a list, not a string"),
        ("creation_rules: [x]", ".sops.yaml:1:18: a creation rule must be a map, not a string"),
        ("creation_rules:\n- path_regex: '('\n", ".sops.yaml:2:15: can not compile regexp: "),
        ("creation_rules:\n- age: {x: y}\n", ".sops.yaml:2:8: age must be a text, not a map"),
        ("creation_rules:\n- shamir_threshold: x\n", ".sops.yaml:2:21: shamir_threshold must be a whole number, not a string"),
        ("creation_rules:\n- encrypted_regex: x\n  encrypted_suffix: y\n", ".sops.yaml:2:20: cannot use more than one of "),
    ] {
        let error = SopsConfig::parse(".sops.yaml", text.as_bytes()).err().expect("an error");
        assert!(error.to_string().starts_with(message), "{text:?}: {error}");
        assert_eq!(matches!(error, ConfigError::Document(_)), text.ends_with('['), "{text:?}");
    }
}
