//! Blocks that older programs and people laid out, changed line by line.

use super::parse;
use crate::{AgeKey, Metadata, Store};

/// The layout of sops 3.5: items four columns wide, empty lists, single quotes, keys of its own order.
const OLD: &str = "\
a: 1
sops:
    kms: []
    gcp_kms: []
    # who may open it
    lastmodified: '2019-08-29T22:22:04Z'
    mac: ENC[x]
    pgp:
    -   created_at: '2019-08-29T22:22:04Z'
        enc: |-
            -----BEGIN PGP MESSAGE-----

            wcBM
            -----END PGP MESSAGE-----
        fp: FBC7
    custom: kept   # by us
    unencrypted_suffix: _unencrypted
    version: 3.5.0
";
/// The layout of sops 3.7, one recipient.
const AGE: &str = "\
sops:
  age:
    -   recipient: age1a
        enc: |
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdl
            -----END AGE ENCRYPTED FILE-----
  lastmodified: \"2021-01-01T00:00:00Z\"
  mac: ENC[x]
  pgp: []
  version: 3.7.1
b: 2
";
const FLOW: &str = "{a: 1, sops: {age: [{enc: \"A\\n\", recipient: age1a}], lastmodified: \"2021-01-01T00:00:00Z\", mac: 'x', version: 3.7.1}}\n";

fn key(recipient: &str) -> AgeKey {
    AgeKey { recipient: recipient.to_owned(), enc: "BEGIN\nB\nEND\n".to_owned() }
}

/// The file with changed recipients, and what it reads as.
#[track_caller]
fn rewrapped(text: &str, change: impl Fn(&mut Metadata)) -> String {
    let file = parse(Store::Yaml, text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut metadata = file.metadata().expect("sealed").clone();
    change(&mut metadata);
    let changed = file.rewrap(metadata.groups.clone(), metadata.shamir_threshold).unwrap_or_else(|error| panic!("{error}"));
    let changed = String::from_utf8(changed.expose().to_vec()).expect("text");
    let read = parse(Store::Yaml, changed.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{changed}"));
    assert_eq!(read.metadata(), Some(&metadata), "{changed}");
    changed
}

/// Lines of the second text that the first lacks, after having checked that the first is otherwise kept.
#[track_caller]
fn added(old: &str, new: &str) -> String {
    let mut rest = old.lines().peekable();
    let lines: Vec<&str> = new.lines().filter(|line| rest.next_if_eq(line).is_none()).collect();
    assert_eq!(rest.next(), None, "{new}");
    lines.join("\n")
}

#[test]
fn a_first_recipient_adds_lines_to_a_block_without_any() {
    let new = rewrapped(OLD, |metadata| metadata.groups[0].age.push(key("age1b")));
    assert_eq!(
        added(OLD, &new),
        "    age:\n        - enc: |\n            BEGIN\n            B\n            END\n          recipient: age1b"
    );
    assert_eq!(rewrapped(&new, |metadata| metadata.groups[0].age.clear()), OLD);
    let empty = OLD.replace("    gcp_kms: []\n", "    age: []\n");
    let new = rewrapped(&empty, |metadata| metadata.groups[0].age.push(key("age1b")));
    assert!(
        new.contains(
            "    age:\n        - enc: |\n            BEGIN\n            B\n            END\n          recipient: age1b\n    # who"
        ),
        "{new}"
    );
}

#[test]
fn a_further_recipient_is_laid_out_as_the_last_one() {
    let new = rewrapped(AGE, |metadata| metadata.groups[0].age.push(key("age1b")));
    assert_eq!(added(AGE, &new), "    -   recipient: age1b\n        enc: |\n            BEGIN\n            B\n            END");
    assert_eq!(rewrapped(&new, |metadata| drop(metadata.groups[0].age.pop())), AGE);
    let crlf = AGE.replace('\n', "\r\n");
    let new = rewrapped(&crlf, |metadata| metadata.groups[0].age.push(key("age1b")));
    assert!(!new.replace("\r\n", "").contains('\n') && new.contains("recipient: age1b\r\n        enc: |\r\n"), "{new:?}");
}

#[test]
fn another_recipient_takes_the_place_of_one() {
    let two = rewrapped(AGE, |metadata| metadata.groups[0].age.push(key("age1b")));
    let new = rewrapped(&two, |metadata| metadata.groups[0].age[0] = key("age1c"));
    assert!(
        new.starts_with("sops:\n  age:\n    -   recipient: age1c\n        enc: |\n            BEGIN\n            B\n"),
        "{new}"
    );
    let turned = rewrapped(&two, |metadata| metadata.groups[0].age.reverse());
    assert!(turned.contains("custom") == two.contains("custom") && turned.contains("age1b"), "{turned}");
}

#[test]
fn groups_are_written_anew() {
    let new = rewrapped(AGE, |metadata| {
        metadata.groups = vec![metadata.groups[0].clone(), metadata.groups[0].clone()];
        metadata.groups[1].age = vec![key("age1b")];
        metadata.shamir_threshold = Some(2);
    });
    assert!(new.contains("key_groups:\n") && new.contains("shamir_threshold: 2\n") && new.ends_with("b: 2\n"), "{new}");
    let back = rewrapped(&new, |metadata| {
        metadata.groups.truncate(1);
        metadata.shamir_threshold = None;
    });
    assert!(!back.contains("key_groups") && !back.contains("shamir"), "{back}");
}

#[test]
fn a_block_stands_in_the_column_of_the_other_keys() {
    for clear in ["  a: 1\n  b: x\n", " a: 1", "---\n  a:\n    - 1\n...\n", "\u{feff}  a: 1\n"] {
        let sealed = super::seal(Store::Yaml, clear.as_bytes());
        let clear = if clear.ends_with('\n') { clear.to_owned() } else { format!("{clear}\n") };
        let opened = super::open(Store::Yaml, &sealed).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(super::string(&opened.to_clear(Store::Yaml).expect("in clear")), clear);
        let sealed = String::from_utf8(sealed).expect("text");
        let new = rewrapped(&sealed, |metadata| metadata.groups[0].age.push(key("age1b")));
        added(&sealed, &new);
    }
}

#[test]
fn blocks_in_braces_stay_in_braces() {
    let new = rewrapped(FLOW, |metadata| metadata.groups[0].age[0] = key("age1c"));
    assert_eq!(new, FLOW.replace("\"A\\n\"", "\"BEGIN\\nB\\nEND\\n\"").replace("age1a", "age1c"));
    let new = rewrapped(FLOW, |metadata| metadata.groups[0].age.push(key("age1b")));
    assert!(new.starts_with("{a: 1, sops: {") && new.ends_with("}}\n"), "{new}");
}
