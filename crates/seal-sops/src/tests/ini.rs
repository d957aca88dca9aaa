//! INI: sections, comments and columns stay.

use super::{groups, open, parse, refused, round_trip, seal, set, string, unset};
use crate::Store;

const INI: Store = Store::Ini;

#[test]
fn what_is_sealed_comes_back_to_the_byte() {
    for clear in [
        "[s]\na = 1\n",
        "top=1\n; c\n[s]\n  a = 1 ; inline\n#x\nb:2\n\n\n[t]\nempty =\n",
        "[a]\nk = v\n[a]\nk = w\n[DEFAULT]\nx = y\n",
        "[s]\r\na = 1\r\n\r\n; c\r\nb = 2\r\n",
        "\u{feff}[s]\na = `x;y`\n",
        "[s]\na = \"\"\"two\nlines\"\"\"\nb = 1\n",
        "[s]\n`k=1` = v\n",
        "[s]\na = 1\n; behind everything\n",
        "a = 1\n",
    ] {
        round_trip(INI, clear);
    }
}

#[test]
fn quotes_that_a_value_does_not_need_go() {
    for (clear, back) in [
        ("[s]\na = \"x\"\n", "[s]\na = x\n"),
        ("[s]\na = ' x'\n", "[s]\na = \" x\"\n"),
        ("[s]\na = x \\\n  y\n", "[s]\na = x y\n"),
        ("[s]\na = `x`\n", "[s]\na = x\n"),
        ("[s]\na = 1", "[s]\na = 1\n"),
        ("[s]\n; one\n  # two\n\n; three\na = 1 ; four\n", "[s]\n; one\n# two\n; three\n; four\n\na = 1\n"),
    ] {
        let sealed = seal(INI, clear.as_bytes());
        let opened = open(INI, &sealed).expect("opens");
        assert_eq!(string(&opened.to_clear(INI).expect("in clear")), back, "{}", String::from_utf8_lossy(&sealed));
    }
}

#[test]
fn the_block_is_a_section_with_its_signs_in_a_column() {
    let sealed = String::from_utf8(seal(INI, b"[s]\na = 1 ; c\n")).expect("text");
    assert!(sealed.starts_with("[s]\na = ENC[AES256_GCM,"), "{sealed}");
    assert!(sealed.contains(",type:str] ; ENC[") && sealed.contains(",type:comment]\n\n[sops]\n"), "{sealed}");
    assert!(
        sealed.contains("\nage__list_0__map_enc       = ARMOR age1a\\nEND\\n\nage__list_0__map_recipient = age1a\n"),
        "{sealed}"
    );
    assert!(sealed.ends_with("\nversion                    = 3.13.3\n"), "{sealed}");
}

#[test]
fn values_are_set_and_taken_out_by_line() {
    let clear = "[s]\nlong = 1\n; about b\nb    = 2\n\n[t]\nc = 3\n";
    for (path, json, wanted) in [
        ("[\"s\"][\"b\"]", "\"2\"", "unchanged"),
        ("[\"s\"][\"b\"]", "\"x;y\"", "[s]\nlong = 1\n; about b\nb    = `x;y`\n\n[t]\nc = 3\n"),
        ("[\"s\"][\"n\"]", "\"v\"", "[s]\nlong = 1\n; about b\nb    = 2\nn    = v\n\n[t]\nc = 3\n"),
        ("[\"u\"][\"k\"]", "\"v\"", "[s]\nlong = 1\n; about b\nb    = 2\n\n[t]\nc = 3\n\n[u]\nk = v\n"),
    ] {
        assert_eq!(set(INI, clear, path, json).0, wanted, "{path}");
    }
    assert_eq!(unset(INI, clear, "[\"s\"][\"b\"]").0, "[s]\nlong = 1\n\n[t]\nc = 3\n");
    assert_eq!(unset(INI, clear, "[\"s\"]").0, "\n[t]\nc = 3\n");
}

#[test]
fn one_more_recipient_adds_lines_only() {
    let sealed = seal(INI, b"[s]\na = 1\n");
    let changed = string(&parse(INI, &sealed).expect("reads").rewrap(groups(&["age1a", "age1b"]), None).expect("rewraps"));
    let old = String::from_utf8(sealed).expect("text");
    let kept: Vec<&str> = changed.lines().filter(|line| !line.contains("list_1")).collect();
    assert_eq!(kept, old.lines().collect::<Vec<_>>(), "{changed}");
    let back = string(&parse(INI, changed.as_bytes()).expect("reads").rewrap(groups(&["age1a"]), None).expect("rewraps"));
    assert_eq!(back, old);
}

#[test]
fn what_cannot_be_is_refused() {
    for (text, message) in [
        ("[s\na = 1\n", "file:1:1: not well-formed INI"),
        ("[]\n", "file:1:1: not well-formed INI"),
        ("[s]\nno delimiter\n", "file:2:1: not well-formed INI"),
        ("[s]\n= 1\n", "file:2:1: not well-formed INI"),
        ("[s]\n- = 1\n", "file:2:1: a key of an INI file needs a name"),
        ("[s]\na = 1\na = 2\n", "file:3:1: duplicate key"),
        ("[s]\na = `open\n", "file:2:5: not well-formed INI"),
        ("[sops]\nmac = x\n[sops]\nmac = x\n", "file:3:1: sops metadata: there are two sections named sops"),
        ("[sops]\na__list_5 = x\n", "file:1:1: sops metadata: a__list_5: earlier positions of the list are missing"),
    ] {
        assert_eq!(refused(INI, text.as_bytes()), message, "{text}");
    }
}
