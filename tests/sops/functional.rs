//! What sops' own functional tests ask of a program, asked of both: those of its 41 that an age-only tool can answer. The files are
//! made here; the left-out ones need Vault, AWS or a PGP key.

use crate::pair::{self, Bench, Pair, Side, TO_ALICE, TO_BOB};
use serde_yaml::Value;

/// A recipient whose key nobody has.
const TO_NOBODY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// Runs a case for both programs, with the configuration.
fn both(case: impl Fn(&Bench)) {
    let rules = format!(
        "creation_rules:\n- path_regex: keygroups.yaml\n  key_groups:\n  - age: [{TO_ALICE}]\n  - age: [{TO_BOB}]\n\
         - path_regex: missing.yaml\n  key_groups:\n  - age: [{TO_ALICE}]\n  - age: [{TO_NOBODY}]\n\
         - path_regex: none.yaml\n- path_regex: zero.yaml\n  key_groups: []\n- path_regex: empty.yaml\n  key_groups:\n  - {{}}\n\
         - age: {TO_ALICE}\n"
    );
    pair::both(".sops.yaml", &rules, case);
}

impl Bench {
    /// Writes a file and encrypts it in place.
    #[track_caller]
    fn sealed(&self, name: &str, clear: &str) {
        self.pair.write(name, clear);
        self.done(&["encrypt", "-i", name]);
    }

    #[track_caller]
    fn document(&self, name: &str) -> Value {
        parsed(&self.pair.read_text(name))
    }
}

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_yaml::from_str(text).expect("YAML or JSON")
}

#[track_caller]
fn assert_sealed(value: &Value) {
    assert!(value.as_str().is_some_and(|text| text.starts_with("ENC[AES256_GCM,")), "{value:?}");
}

#[test]
fn json_is_encrypted() {
    both(|bench| {
        bench.pair.write("a.json", "{\n    \"foo\": 2,\n    \"bar\": \"baz\"\n}");
        let sealed = parsed(&bench.done(&["encrypt", "a.json"]));
        assert!(sealed.get("sops").is_some());
        assert_sealed(&sealed["foo"]);
        assert_sealed(&sealed["bar"]);
    });
}

#[test]
fn yaml_is_encrypted() {
    both(|bench| {
        bench.pair.write("a.yaml", "foo: 2\nbar: baz");
        let sealed = parsed(&bench.done(&["encrypt", "a.yaml"]));
        assert!(sealed.get("sops").is_some());
        assert_sealed(&sealed["foo"]);
        assert_sealed(&sealed["bar"]);
    });
}

#[test]
fn standard_input_is_encrypted_into_another_format() {
    both(|bench| {
        let args = ["encrypt", "--filename-override", "a.yaml", "--output-type", "json"];
        let run = bench.pair.run(bench.side, &args, b"foo: 2\nbar: baz\n");
        assert_eq!(run.code, 0, "{}", run.err);
        let text = run.text();
        assert!(text.starts_with('{'), "{text}");
        let sealed = parsed(&text);
        assert_sealed(&sealed["foo"]);
        assert_sealed(&sealed["bar"]);
    });
}

#[test]
fn standard_input_is_decrypted() {
    both(|bench| {
        bench.sealed("a.yaml", "# first\nlorem: ipsum\ndolor: sit\n");
        let args = ["decrypt", "--input-type", "yaml", "--output-type", "yaml"];
        let clear = bench.pair.run(bench.side, &args, &bench.pair.read("a.yaml")).done();
        assert_eq!(String::from_utf8_lossy(&clear), "# first\nlorem: ipsum\ndolor: sit\n");
    });
}

#[test]
fn values_of_every_type_become_ini_text() {
    both(|bench| {
        bench.sealed(
            "a.yaml",
            "the_section:\n  int: 123\n  float: 1.23\n  bool: true\n  date: 2025-01-02\n  timestamp: 2025-01-02 03:04:05\n  utc_timestamp: 2025-01-02T03:04:05Z\n  string: this is a string",
        );
        assert_eq!(
            bench.done(&["decrypt", "--output-type", "ini", "a.yaml"]),
            "[the_section]\nint           = 123\nfloat         = 1.23\nbool          = true\ndate          = 2025-01-02T00:00:00Z\ntimestamp     = 2025-01-02T03:04:05Z\nutc_timestamp = 2025-01-02T03:04:05Z\nstring        = this is a string\n"
        );
    });
}

/// `set` of a branch on `{a: 2, b: ba}`, on an existing key and on a new one.
fn set_a_branch(name: &str) {
    for (key, path) in [("a", "[\"a\"]"), ("c", "[\"c\"]")] {
        both(|bench| {
            bench.sealed(name, r#"{"a": 2, "b": "ba"}"#);
            bench.done(&["set", name, path, r#"{"aa": "aaa"}"#]);
            assert_sealed(&bench.document(name)[key]["aa"]);
        });
    }
}

#[test]
fn a_branch_is_set_in_json() {
    set_a_branch("a.json");
}

#[test]
fn a_branch_is_set_in_yaml() {
    set_a_branch("a.yaml");
}

#[test]
fn a_value_comes_from_a_file_or_from_standard_input() {
    both(|bench| {
        bench.sealed("a.json", r#"{"a": 2, "b": "ba"}"#);
        bench.pair.write("value.json", r#"{"cc": "ccc"}"#);
        bench.done(&["set", "--value-file", "a.json", "[\"c\"]", "value.json"]);
        assert_sealed(&bench.document("a.json")["c"]["cc"]);
        bench.pair.run(bench.side, &["set", "--value-stdin", "a.json", "[\"d\"]"], b"{\"dd\": 1}").done();
        assert_sealed(&bench.document("a.json")["d"]["dd"]);
    });
}

#[test]
fn a_value_that_is_there_already_writes_nothing_when_that_is_wanted() {
    both(|bench| {
        bench.sealed("a.json", r#"{"a": 2, "b": "ba"}"#);
        let before = bench.pair.read_text("a.json");
        bench.done(&["set", "--output-type", "yaml", "--idempotent", "a.json", "[\"b\"]", "\"ba\""]);
        assert_eq!(bench.pair.read_text("a.json"), before);
    });
}

#[test]
fn a_value_that_is_there_already_is_written_in_another_format() {
    both(|bench| {
        bench.sealed("a.json", r#"{"a": 2, "b": "ba"}"#);
        bench.done(&["set", "--output-type", "yaml", "a.json", "[\"b\"]", "\"ba\""]);
        assert!(bench.pair.read_text("a.json").starts_with("a: "), "{}", bench.pair.read_text("a.json"));
        let args = ["decrypt", "--input-type", "yaml", "--output-type", "yaml", "a.json"];
        assert_eq!(bench.done(&args), "a: 2\nb: ba\n");
    });
}

#[test]
fn a_text_is_set_with_the_new_form_and_the_old_one() {
    both(|bench| {
        bench.sealed("a.yaml", "a: 2\nb: ba");
        bench.done(&["set", "a.yaml", "[\"a\"]", "\"aaa\""]);
        bench.done(&["decrypt", "-i", "a.yaml"]);
        assert_eq!(bench.document("a.yaml")["a"], Value::from("aaa"));
        bench.pair.write("a.yaml", "a: 2\nb: ba");
        bench.done(&["-e", "-i", "a.yaml"]);
        bench.done(&["--set", "[\"a\"] \"aaa\"", "-i", "a.yaml"]);
        bench.done(&["-d", "-i", "a.yaml"]);
        assert_eq!(bench.document("a.yaml")["a"], Value::from("aaa"));
    });
}

#[test]
fn points_in_time_come_back() {
    for side in Side::BOTH {
        let Some(pair) = Pair::new() else { return };
        pair.write("a.yaml", "a: 2024-01-01\nb: 2006-01-02T15:04:05+07:06");
        pair.run(side, &["encrypt", "--age", TO_ALICE, "-i", "a.yaml"], b"").done();
        // Each opens its own and the other's; a date in a file that ours sealed is still the text it was only to ours.
        for opener in Side::BOTH {
            let clear = String::from_utf8(pair.run(opener, &["decrypt", "a.yaml"], b"").done()).expect("text");
            let opened: Vec<String> = clear.lines().map(|line| line.replace("2024-01-01T00:00:00Z", "2024-01-01")).collect();
            assert_eq!(opened, ["a: 2024-01-01", "b: 2006-01-02T15:04:05+07:06"], "{side:?} sealed, {opener:?} opened");
        }
    }
}

/// `unset` of a key and of a list item, each once for real and once with nothing left to do.
fn unset_and_unset_again(name: &str, item: &str) {
    both(|bench| {
        bench.sealed(name, r#"{"a": 2, "b": "ba", "c": [1,2]}"#);
        for (path, check) in [("[\"a\"]", true), (item, false)] {
            bench.done(&["unset", name, path]);
            let document = bench.document(name);
            if check {
                assert!(document.get("a").is_none() && document.get("b").is_some());
            } else {
                assert_eq!(document["c"].as_sequence().map(Vec::len), Some(1));
            }
            let before = bench.pair.read_text(name);
            bench.done(&["unset", "--idempotent", name, if check { path } else { "[\"c\"][1]" }]);
            assert_eq!(bench.pair.read_text(name), before);
        }
    });
}

#[test]
fn keys_and_items_are_unset_in_json() {
    unset_and_unset_again("a.json", "[\"c\"][1]");
}

#[test]
fn keys_and_items_are_unset_in_yaml() {
    unset_and_unset_again("a.yaml", "[\"c\"][0]");
}

#[test]
fn a_file_without_mac_opens_only_when_the_mac_is_not_asked_for() {
    both(|bench| {
        bench.sealed("a.yaml", "myapp1: text\n");
        let text: String = bench
            .pair
            .read_text("a.yaml")
            .lines()
            .filter(|line| !line.starts_with("    mac:"))
            .map(|line| format!("{line}\n"))
            .collect();
        bench.pair.write("a.yaml", text);
        assert_ne!(bench.run(&["decrypt", "a.yaml"]).code, 0);
        assert_eq!(bench.done(&["decrypt", "--ignore-mac", "a.yaml"]), "myapp1: text\n");
    });
}

const COMMENTED: &str =
    "# first comment in file\nlorem: ipsum\n# this-is-a-comment\ndolor: sit\nlist:\n    # this-is-another\n    - a\n    - b\n";

#[test]
fn comments_are_encrypted_and_come_back() {
    both(|bench| {
        bench.sealed("a.yaml", COMMENTED);
        let sealed = bench.pair.read_text("a.yaml");
        for comment in ["first comment in file", "this-is-a-comment", "this-is-another"] {
            assert!(!sealed.contains(comment), "{sealed}");
        }
        assert_eq!(bench.done(&["decrypt", "a.yaml"]), COMMENTED);
    });
}

#[test]
fn comments_that_were_never_encrypted_are_kept() {
    both(|bench| {
        bench.sealed("a.yaml", "lorem: ipsum\ndolor: sit\n");
        let sealed = bench.pair.read_text("a.yaml");
        bench
            .pair
            .write("a.yaml", format!("# first comment in file\n{}", sealed.replacen("dolor", "# this-is-a-comment\ndolor", 1)));
        assert_eq!(
            bench.done(&["decrypt", "a.yaml"]),
            "# first comment in file\nlorem: ipsum\n# this-is-a-comment\ndolor: sit\n"
        );
    });
}

#[test]
fn key_groups_share_the_data_key() {
    both(|bench| {
        bench.sealed("keygroups.yaml", "a: secret");
        assert_eq!(bench.done(&["decrypt", "keygroups.yaml"]).trim_end(), "a: secret");
        bench.sealed("missing.yaml", "a: secret");
        assert_eq!(bench.run(&["decrypt", "missing.yaml"]).code, 128);
    });
}

#[test]
fn one_key_of_several_opens_a_file() {
    both(|bench| {
        bench.pair.write("a.yaml", "a: secret\n");
        bench.done(&["encrypt", "--age", &format!("{TO_NOBODY},{TO_ALICE}"), "-i", "a.yaml"]);
        assert_eq!(bench.done(&["decrypt", "a.yaml"]), "a: secret\n");
    });
}

#[test]
fn a_file_for_nobody_is_refused() {
    for name in ["none.yaml", "zero.yaml", "empty.yaml"] {
        both(|bench| {
            bench.pair.write(name, "a: secret");
            let run = bench.run(&["encrypt", "-i", name]);
            assert_eq!(run.code, 1, "{name}: {}", run.err);
            assert!(run.err.starts_with("Could not generate data key: [empty key group provided]\n"), "{name}: {}", run.err);
            assert_eq!(bench.pair.read_text(name), "a: secret");
        });
    }
}

#[test]
fn a_text_is_extracted_as_it_is() {
    both(|bench| {
        bench.sealed("a.yaml", "multiline: |\n  multi\n  line");
        assert_eq!(bench.done(&["decrypt", "--extract", "[\"multiline\"]", "a.yaml"]), "multi\nline");
    });
}

#[test]
fn bytes_come_back_as_they_were() {
    both(|bench| {
        bench.sealed("a.binary", "\"\"{}this_is_binary_data");
        assert_eq!(bench.done(&["decrypt", "a.binary"]), "\"\"{}this_is_binary_data");
    });
}

#[test]
fn output_goes_to_the_file_that_was_named() {
    both(|bench| {
        bench.pair.write("a.binary", "foo");
        assert_eq!(bench.done(&["encrypt", "--output", "out.txt", "a.binary"]), "");
        assert!(bench.pair.read_text("out.txt").contains("ENC["));
    });
}

#[test]
fn a_command_finds_the_values_in_its_environment() {
    both(|bench| {
        bench.sealed("a.yaml", "foo: bar\nbar: |-\n  baz\n  bam\n");
        assert_eq!(bench.done(&["exec-env", "a.yaml", "printf '%s\\n' \"$foo\""]), "bar\n");
        assert_eq!(bench.done(&["exec-env", "a.yaml", "printf '%s\\n' \"$bar\""]), "baz\nbam\n");
    });
}

#[test]
fn a_command_finds_the_file_under_a_temporary_name() {
    both(|bench| {
        bench.sealed("a.yaml", "foo: bar\nbar: |-\n  baz\n  bam\n");
        assert_eq!(
            bench.done(&["exec-file", "--output-type", "json", "a.yaml", "cat {}"]),
            "{\n\t\"foo\": \"bar\",\n\t\"bar\": \"baz\\nbam\"\n}\n"
        );
        assert!(bench.done(&["exec-file", "--no-fifo", "--filename", "foobar", "a.yaml", "echo {}"]).ends_with("foobar\n"));
    });
}

#[test]
fn every_format_decrypts_to_its_own_layout() {
    both(|bench| {
        for (name, clear) in [
            ("a.yaml", "foo: bar\n"),
            ("a.json", "{\n\t\"foo\": \"bar\"\n}\n"),
            ("a.env", "foo = bar\n"),
            ("a.ini", "[foo]\nbar = baz\n"),
        ] {
            bench.sealed(name, clear);
            assert_eq!(bench.done(&["decrypt", name]), clear, "{name}");
        }
    });
}
