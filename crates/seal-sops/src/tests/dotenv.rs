//! dotenv: lines stay lines.

use super::{groups, open, parse, refused, round_trip, seal, seal_with, set, string, unset};
use crate::{Selector, Store};

const DOTENV: Store = Store::Dotenv;

#[test]
fn what_is_sealed_comes_back_to_the_byte() {
    for clear in [
        "A=1\nB=two words\n",
        "# comment\n\nexport A='x'\n#\n B =\n=no key\n",
        "A=a=b=c\nA=again\n",
        "A=line\\nline\n",
        "A=1\r\nB=2\r\n",
        "A_unencrypted=x\nB=y\n",
    ] {
        round_trip(DOTENV, clear);
    }
    // Without a line break at the end, one is added.
    let opened = open(DOTENV, &seal(DOTENV, b"A=1")).expect("opens");
    assert_eq!(string(&opened.to_clear(DOTENV).expect("in clear")), "A=1\n");
}

#[test]
fn the_block_is_lines_behind_the_others() {
    let sealed = String::from_utf8(seal(DOTENV, b"# c\nA=1\n")).expect("text");
    let names: Vec<&str> = sealed.lines().map(|line| line.split('=').next().unwrap_or_default()).collect();
    assert!(names[0].starts_with("#ENC["), "{sealed}");
    assert_eq!(
        names[1..],
        [
            "A",
            "sops_age__list_0__map_enc",
            "sops_age__list_0__map_recipient",
            "sops_lastmodified",
            "sops_mac",
            "sops_seal_mac",
            "sops_unencrypted_suffix",
            "sops_version"
        ]
    );
    assert!(sealed.contains("\nsops_age__list_0__map_enc=ARMOR age1a\\nEND\\n\n"), "{sealed}");
}

#[test]
fn a_block_is_found_wherever_its_lines_stand() {
    let sealed = String::from_utf8(seal(DOTENV, b"A=1\nB=2\n")).expect("text");
    let (block, mut lines): (Vec<&str>, Vec<&str>) = sealed.lines().partition(|line| line.starts_with("sops_"));
    lines.splice(1..1, block.into_iter().rev());
    let opened = open(DOTENV, (lines.join("\r\n") + "\r\n").replace("]\r\n", "]\n").as_bytes()).expect("opens");
    assert_eq!(string(&opened.to_clear(DOTENV).expect("in clear")), "A=1\nB=2\n");
}

#[test]
fn values_are_set_and_taken_out_by_line() {
    let clear = "# c\nA=1\n\nB=2\n";
    assert_eq!(set(DOTENV, clear, "[\"A\"]", "\"1\"").0, "unchanged");
    assert_eq!(set(DOTENV, clear, "[\"A\"]", "\"x\\ny\""), ("# c\nA=x\\ny\n\nB=2\n".to_owned(), 3));
    assert_eq!(set(DOTENV, clear, "[\"C\"]", "\"3\"").0, "# c\nA=1\n\nB=2\nC=3\n");
    assert_eq!(unset(DOTENV, clear, "[\"A\"]").0, "# c\n\nB=2\n");
    assert_eq!(unset(DOTENV, "A=1\n", "[\"A\"]").0, "");
}

#[test]
fn one_more_recipient_adds_lines_only() {
    let sealed = seal(DOTENV, b"A=1\n");
    let changed = string(&parse(DOTENV, &sealed).expect("reads").rewrap(groups(&["age1a", "age1b"]), None).expect("rewraps"));
    let old = String::from_utf8(sealed).expect("text");
    let kept: Vec<&str> = changed.lines().filter(|line| !line.contains("list_1")).collect();
    assert_eq!(kept, old.lines().collect::<Vec<_>>());
    assert_eq!(changed.lines().count(), old.lines().count() + 2);
    let back = string(&parse(DOTENV, changed.as_bytes()).expect("reads").rewrap(groups(&["age1a"]), None).expect("rewraps"));
    assert_eq!(back, old);
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(refused(DOTENV, b"A=1\nno equal sign\n"), "file:2:1: the line is no comment and has no equal sign");
    assert_eq!(refused(DOTENV, b"\xff=1\n"), "file:1:1: not UTF-8 text");
    assert_eq!(
        refused(DOTENV, b"sops_mac=x\n"),
        "file:1:1: sops metadata: lastmodified is not a time such as 2026-01-31T12:00:00Z"
    );
    assert!(seal_with(DOTENV, b"A=1\n", Selector::EncryptedSuffix("_x".into())).is_err());
    let opened = open(DOTENV, &seal(DOTENV, b"A=1\n")).expect("opens");
    let nested = opened.to_clear(Store::Ini).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(nested, Err("file: an INI file needs sections at the top; this document has a value or a list there".to_owned()));
}

#[test]
fn values_need_not_be_text() {
    let clear = b"A=\xff\xfe\nB=x\n";
    let opened = open(DOTENV, &seal(DOTENV, clear)).expect("opens");
    assert_eq!(opened.to_clear(DOTENV).expect("in clear").expose(), clear);
}
