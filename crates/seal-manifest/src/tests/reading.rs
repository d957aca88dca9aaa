//! Reading: every form a manifest is written in, and the errors.

use super::json;

#[track_caller]
fn check(input: &str, expected: &str) {
    assert_eq!(json(input), expected, "{input}");
}

#[test]
fn all_shapes_of_files_are_read() {
    for (input, expected) in [
        ("", ""),
        ("# nothing\n", ""),
        ("---\n---\n# no\n---\na: 1\n", r#"{"a":1}"#),
        ("a: 1\n---\nb: 2\n...\n---\nc: 3\n", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"),
        ("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\n", r#"{"a":1,"b":"x\ny\n"}"#),
        ("{\"a\": [1, 2.50, true, null, \"\\u00e9\\ud83d\\ude00\\n\"]}", r#"{"a":[1,2.5,true,null,"é😀\n"]}"#),
        ("{\"a\":1}{\"b\":2}\n{\"c\":3}", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"),
        ("{\"a\":1}\n---\n{\"b\":2}\n---\n", "{\"a\":1}\n{\"b\":2}"),
        ("{\"a\":1}\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}"),
        ("---\n{\n\t\"a\": 1\n}\n", r#"{"a":1}"#),
        ("{a: 1, b: [x, 'y']}", r#"{"a":1,"b":["x","y"]}"#),
        ("a: &x {k: v}\nb: *x\nc:\n  <<: *x\n  l: 2\n", r#"{"a":{"k":"v"},"b":{"k":"v"},"c":{"k":"v","l":2}}"#),
        ("a: |\n  text", r#"{"a":"text"}"#),
        ("a: |+\n  text\n\nb: >-\n  one\n  two\n", r#"{"a":"text\n\n","b":"one two"}"#),
        ("a: |2-\n    text\n", r#"{"a":"  text"}"#),
        ("a: ''\nb: \"\"\nc:\nd: ~\n", r#"{"a":"","b":"","c":null,"d":null}"#),
        ("\t#\r\r>\r\r", "\"\""),
        ("- a\n- b: c\n-\n", r#"["a",{"b":"c"},null]"#),
    ] {
        check(input, expected);
    }
}

#[test]
fn errors_have_a_position_and_no_input() {
    for (input, expected) in [
        ("a: 1\nb: 2\na: hunter2\n", "f.yaml:3:1: duplicate key \"a\""),
        ("{\"a\": 1,\n \"a\": \"hunter2\"}", "f.yaml:2:2: duplicate key \"a\""),
        ("yes: 1\non: 2\n", "f.yaml:2:1: duplicate key \"true\""),
        ("a: [hunter2\n", "f.yaml:1:4: not well-formed YAML"),
        ("{\"a\": hunter2", "f.yaml:1:7: not well-formed JSON"),
        ("a: .inf\n", "f.yaml:1:4: an infinite number cannot be represented in JSON"),
        ("null: x\n", "f.yaml:1:1: a null key cannot be represented in JSON"),
        ("? [a]\n: x\n", "f.yaml:1:3: a key that is not a scalar cannot be represented in JSON"),
        ("a: *hunter2\n", "f.yaml:1:4: an alias to nothing cannot be represented in JSON"),
        ("a: &a [*a]\n", "f.yaml:1:8: a value that contains itself cannot be represented in JSON"),
        ("a: !!int hunter2\n", "f.yaml:1:10: a value that its tag does not allow cannot be represented in JSON"),
        ("a: !!binary '***'\n", "f.yaml:1:13: a !!binary value that is not base64 cannot be represented in JSON"),
    ] {
        check(input, expected);
    }
}
