//! Editing: the splice of each case, to the byte.

use super::{edited, text, tree};
use crate::Edit;

#[track_caller]
fn check(input: &str, edits: &[Edit], expected: &str) {
    assert_eq!(edited(input, edits), expected, "input:\n{input}");
}

fn set(path: &str, value: crate::New) -> Edit {
    Edit::Set { path: segments(path), value }
}
fn remove(path: &str) -> Edit {
    Edit::Remove { path: segments(path) }
}
fn rename(path: &str, key: &str) -> Edit {
    Edit::Rename { path: segments(path), key: key.to_owned() }
}
fn segments(path: &str) -> Vec<crate::Segment> {
    path.split('.').map(|s| s.parse::<usize>().map_or_else(|_| s.into(), Into::into)).collect()
}

#[test]
fn a_scalar_is_set_and_nothing_else_moves() {
    for (input, new, expected) in [
        ("# c\na: old # why\nb: 'x'\n", "AgB+/=", "# c\na: AgB+/= # why\nb: 'x'\n"),
        ("a: 'old'\n", "new", "a: new\n"),
        ("a: \"old\"   \r\nb: 1\r\n", "yes", "a: \"yes\"   \r\nb: 1\r\n"),
        ("a: |\n  old\n  text\n\n# c\nb: 1\n", "new", "a: new\n\n# c\nb: 1\n"),
        ("a: old\nb: 1\n", "l1\nl2\n", "a: |\n  l1\n  l2\nb: 1\n"),
        ("a: old", "l1\nl2", "a: \"l1\\nl2\""),
        ("a: old # c\n", "l1\nl2", "a: \"l1\\nl2\" # c\n"),
        ("a: old\n\n  # c\nb: 1\n", "l1\nl2", "a: \"l1\\nl2\"\n\n  # c\nb: 1\n"),
        ("a: old\n \t# c\n", "l1", "a: l1\n \t# c\n"),
        ("a: old\n# c\nb: 1\n", "l1\nl2", "a: |-\n  l1\n  l2\n# c\nb: 1\n"),
        ("a:\nb: 1\n", "x", "a: x\nb: 1\n"),
        ("a: # c\nb: 1\n", "x", "a: x # c\nb: 1\n"),
        ("a:\n  b: 1\n  c: 2\nd: 3\n", "x", "a: x\nd: 3\n"),
        ("{a: old, b: 1}\n", "x, y", "{a: \"x, y\", b: 1}\n"),
        ("{\"a\":\"old\",\"b\":1}", "x", "{\"a\":\"x\",\"b\":1}"),
        ("\u{feff}a: old", "0123", "\u{feff}a: \"0123\""),
        ("x: 1\n---\na: b\n", "v", "x: 1\na: v\n---\na: b\n"),
        ("a: !!str 12\n", "x13", "a: x13\n"),
        ("a:\n  old\nb: 1\n", "new", "a:\n  new\nb: 1\n"),
    ] {
        check(input, &[set("a", text(new))], expected);
    }
}

#[test]
fn a_key_is_added_at_the_end_of_its_mapping() {
    for (input, path, expected) in [
        ("a: 1\n", "b", "a: 1\nb: x\n"),
        ("a: 1", "b", "a: 1\nb: x"),
        ("a: 1 # c\n# end\n", "b", "a: 1 # c\nb: x\n# end\n"),
        ("m:\n    a: 1\n\nz: 1\n", "m.b", "m:\n    a: 1\n    b: x\n\nz: 1\n"),
        ("m:\r\n  a: 1\r\nz: 1\r\n", "m.b", "m:\r\n  a: 1\r\n  b: x\r\nz: 1\r\n"),
        ("m: {}\n", "m.b", "m:\n  b: x\n"),
        ("m: {} # c\nz: 1\n", "m.b", "m: # c\n  b: x\nz: 1\n"),
        ("m:\nz: 1\n", "m.b", "m:\n  b: x\nz: 1\n"),
        ("m: null\nz: 1\n", "m.b.c", "m:\n  b:\n    c: x\nz: 1\n"),
        ("m: {a: 1}\n", "m.b", "m: {a: 1, b: x}\n"),
        ("m: {\n  a: 1, # c\n}\n", "m.b", "m: {\n  a: 1,\n  b: x, # c\n}\n"),
        ("# c\n{}\n", "b", "# c\nb: x\n"),
        ("--- {}\n", "b", "--- \nb: x\n"),
        ("a: |+\n  t\n\n\n# c\n", "b", "a: |+\n  t\n\n\nb: x\n# c\n"),
        ("a: |+\n  t\n\n  ", "b", "a: |+\n  t\n\nb: x\n  "),
        ("a: |+\n  ", "b", "a: |+\nb: x\n  "),
        ("a: |\n  t", "b", "a: |-\n  t\nb: x"),
        ("a: |\n  t\n", "b", "a: |\n  t\nb: x\n"),
        ("l:\n- a: 1\n- c: 1\n", "l.0.b", "l:\n- a: 1\n  b: x\n- c: 1\n"),
        ("l:\n  - {}\n", "l.0.b", "l:\n  -\n    b: x\n"),
        ("{\"a\": 1}", "b", "{\"a\": 1, \"b\": \"x\"}"),
        ("{\"a\":1}", "b", "{\"a\":1,\"b\":\"x\"}"),
        ("{\n    \"a\": {}\n}\n", "a.b.c", "{\n    \"a\": {\n        \"b\": {\n            \"c\": \"x\"\n        }\n    }\n}\n"),
        ("{\n  \"a\": 1\n}\n", "b", "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n"),
    ] {
        check(input, &[set(path, text("x"))], expected);
    }
}

#[test]
fn trees_take_the_style_of_their_surroundings() {
    for (input, path, new, expected) in [
        ("a: 1\nb: 2\n", "a", r#"{"k":["v"]}"#, "a:\n  k:\n  - v\nb: 2\n"),
        ("a: # c\n  x: 1\nb: 2\n", "a", r#"{"k":"v"}"#, "a: # c\n  k: v\nb: 2\n"),
        ("a: 1 # c\nb: 2\n", "a", r#"["v"]"#, "a: # c\n- v\nb: 2\n"),
        ("a: {x: 1}\n", "a.x", r#"{"k":["v",1]}"#, "a: {x: {k: [v, 1]}}\n"),
        ("a: 1\n", "b", r#"{"k":{}}"#, "a: 1\nb:\n  k: {}\n"),
        ("l:\n-\n  a:\n- 2\n", "l.0", r#"{"k":"v"}"#, "l:\n-\n  k: v\n- 2\n"),
        ("a:\n  b: \nc: 1\n", "a", r#"{"k":"x\ny\n"}"#, "a:\n  k: |\n    x\n    y\nc: 1\n"),
        ("l:\n- a:\n- 2\n", "l.1", r#"{"k":["v"]}"#, "l:\n- a:\n-\n  k:\n  - v\n"),
        ("l:\n- a: !!str\n- &x\n- 3\n", "l.2", r#"{"k":["v"]}"#, "l:\n- a: !!str\n- &x\n-\n  k:\n  - v\n"),
        ("l:\n- ? a\n- 2\n", "l.1", r#"{"k":["v"]}"#, "l:\n- ? a\n-\n  k:\n  - v\n"),
        ("l:\n- 1\n- 2\n", "l.0", r#"{"k":"v","m":1}"#, "l:\n-\n  k: v\n  m: 1\n- 2\n"),
    ] {
        check(input, &[set(path, tree(new))], expected);
    }
}

#[test]
fn a_removed_key_takes_its_lines_and_its_own_comment() {
    for (input, path, expected) in [
        ("a: 1\nb: 2 # gone\n# stays\nc: 3\n", "b", "a: 1\n# stays\nc: 3\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: |\n  t\nb: 2", "b", "a: |\n  t\n"),
        ("a: |\n  t\nb: >\n  u\n     \nc: 1\n", "b", "a: |\n  t\nc: 1\n"),
        ("a:\n  x: 1\n  y: 2\nb: 2\n", "a", "b: 2\n"),
        ("m:\n  a: 1\nz: 1\n", "m.a", "m: {}\nz: 1\n"),
        ("m: # c\n  # d\n  a: 1\nz: 1\n", "m.a", "m: {} # c\n  # d\nz: 1\n"),
        ("m:\n  a: 1", "m.a", "m: {}"),
        ("a: 1\n", "a", "{}\n"),
        ("l:\n- a: 1\n  b: 2\n", "l.0.a", "l:\n- b: 2\n"),
        ("l:\n- a: 1\n", "l.0.a", "l:\n- {}\n"),
        ("l:\n- a\n- b\n- c\n", "l.1", "l:\n- a\n- c\n"),
        ("l:\n- a\n", "l.0", "l: []\n"),
        ("...\n- |\n  t\n", "0", "...\n[]\n"),
        ("# c\n...\n- a\n...\n", "0", "# c\n...\n[]\n...\n"),
        ("{a: 1, b: 2, c: 3}\n", "b", "{a: 1, c: 3}\n"),
        ("{a: 1, b: 2}\n", "b", "{a: 1}\n"),
        ("{a: 1}\n", "a", "{}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", "a", "{\n  \"b\": 2\n}"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", "b", "{\n  \"a\": 1\n}"),
    ] {
        check(input, &[remove(path)], expected);
    }
}

#[test]
fn a_key_is_renamed_where_it_stands() {
    check("a: 1 # c\nb: 2\n", &[rename("a", "yes")], "\"yes\": 1 # c\nb: 2\n");
    check("\"a\": 1\n", &[rename("a", "b")], "\"b\": 1\n");
    check("{\"a\":1}", &[rename("a", "b")], "{\"b\":1}");
    check("a: 1\nb: 2\n", &[rename("a", "b")], "f.yaml:1:4: duplicate key \"b\"");
}

#[test]
fn edits_follow_one_another() {
    let input = "kind: Secret\ndata:\n  a: x\n  b: y # keep\n";
    let edits = [
        set("kind", text("SealedSecret")),
        set("spec.a", text("AgA")),
        set("spec.b", text("AgB")),
        remove("data.a"),
        remove("data.b"),
        remove("data"),
    ];
    check(input, &edits, "kind: SealedSecret\nspec:\n  a: AgA\n  b: AgB\n");
}

#[test]
fn many_edits_come_to_what_they_come_to_one_by_one() {
    let item = "- kind: Secret\n  data:\n    a: x\n    b: y # c\n";
    let input = format!("items:\n{}", item.repeat(5));
    let mut edits = Vec::new();
    for item in 0..5 {
        edits.push(set(&format!("items.{item}.kind"), text("Sealed")));
        edits.push(set(&format!("items.{item}.spec.a"), text("AgA")));
        edits.push(rename(&format!("items.{item}.data.b"), "c"));
        edits.push(set(&format!("items.{item}.data.c"), text("AgC")));
        edits.push(remove(&format!("items.{item}.data.a")));
        edits.push(set(&format!("items.{item}.spec.a"), text("AgB")));
    }
    edits.push(remove("items.0"));
    edits.push(set("items.0.kind", text("First")));
    let one_by_one = edits.iter().fold(input.clone(), |text, edit| edited(&text, std::slice::from_ref(edit)));
    let at_once = edited(&input, &edits);
    assert_eq!(at_once, one_by_one);
    assert!(
        at_once.starts_with("items:\n- kind: First\n  data:\n    c: AgC # c\n  spec:\n    a: AgB\n- kind: Sealed\n"),
        "{at_once}"
    );
}

#[test]
fn shared_values_and_missing_fields_are_refused() {
    for (input, edit, expected) in [
        (
            "a: &x {k: v}\nb: *x\n",
            set("a.k", text("n")),
            "f.yaml:1:11: a value inside an anchor that is used elsewhere cannot be edited in place",
        ),
        ("a: &x {k: v}\nb: *x\n", set("b.k", text("n")), "f.yaml:1:11: a value behind an alias cannot be edited in place"),
        ("a: &x v\nb: *x\n", remove("a"), "f.yaml:1:7: an anchor that is used elsewhere cannot be edited in place"),
        (
            "a: &x {k: v}\nb:\n  <<: *x\n",
            set("b.k", text("n")),
            "f.yaml:1:11: a key that comes from a merge cannot be edited in place",
        ),
        ("a: &x {k: v}\nb:\n  <<: *x\n", remove("b.k"), "f.yaml:1:11: a key that comes from a merge cannot be edited in place"),
        ("a: 1\rb: 2\r", remove("a"), "f.yaml:1:4: a document with carriage returns for line breaks cannot be edited in place"),
        (
            "a: 1\n \t\nb: 2\n",
            set("a", text("l1\nl2")),
            "f.yaml:1:4: a value in front of a blank line with a tab cannot be edited in place",
        ),
        (
            "a: 1\n \t# c\n",
            set("a", text("l1\nl2")),
            "f.yaml:1:4: a value in front of a blank line with a tab cannot be edited in place",
        ),
        ("{foo\n bar}\n", set("foo bar", text("x")), "f.yaml:2:5: a key without a colon cannot be edited in place"),
        ("? a\n::b: 1\n", set("a", text("x")), "f.yaml:2:1: a key without a colon cannot be edited in place"),
        (
            "a: |\n  t\nb: 1\n  # c\n",
            remove("b"),
            "f.yaml:3:4: an entry between a block of text and a comment that stands further in cannot be edited in place",
        ),
        ("a: 1\n", remove("b.c"), "f.yaml:1:1: no field \"b.c\" to edit"),
        ("a: 1\n", set("a.b", text("n")), "f.yaml:1:4: no field \"a.b\" to edit"),
        ("a: [1]\n", set("a.3", text("n")), "f.yaml:1:4: no field \"a[3]\" to edit"),
    ] {
        check(input, &[edit], expected);
    }
    check("a: &x {k: v}\nb: *x\n", &[set("b", text("new"))], "a: &x {k: v}\nb: new\n");
    check("a: &x {k: v}\nb:\n  <<: *x\n", &[set("b.z", text("new"))], "a: &x {k: v}\nb:\n  <<: *x\n  z: new\n");
}
