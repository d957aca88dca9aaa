//! Verbs that change files, keys and who may open them: done by each program, looked at with the other.

use crate::pair::{self, ALICE, BOB, Bench, Pair, Run, Side, TO_ALICE, TO_BOB};
use serde_yaml::Value;
use std::os::unix::fs::{PermissionsExt, symlink};

const CLEAR: &str = "a: one\nb: two\n";

fn other(side: Side) -> Side {
    if side == Side::Ours { Side::Theirs } else { Side::Ours }
}

/// Runs a case for both programs, where files are for Alice.
fn both(case: impl Fn(&Bench)) {
    pair::both("rules/.sops.yaml", &format!("creation_rules:\n- age: {TO_ALICE}\n"), case);
}

impl Bench {
    /// A file sealed for Alice by this side.
    #[track_caller]
    fn sealed_for_alice(&self, name: &str, clear: &str) {
        self.pair.write(name, clear);
        self.done(&["encrypt", "--age", TO_ALICE, "-i", name]);
    }

    /// What the other program reads, with one key only.
    fn read_by_other(&self, name: &str, key: &str) -> Run {
        let pair = Pair::new().expect("was there before").env("SOPS_AGE_KEY", key);
        pair.write(name, self.pair.read(name));
        pair.run(other(self.side), &["decrypt", name], b"")
    }

    fn lines_with_values(&self, name: &str) -> Vec<String> {
        self.pair.read_text(name).lines().filter(|line| line.starts_with(['a', 'b'])).map(str::to_owned).collect()
    }

    /// With an editor that runs a script on the file.
    fn edit(&self, args: &[&str], script: &str) -> Run {
        self.pair.write("editor", format!("#!/bin/sh\n{script}\n"));
        let path = self.pair.folder().join("editor");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).expect("may be run");
        let pair = Pair::new().expect("was there before").env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}"));
        let pair = pair.env("SOPS_EDITOR", &path.to_string_lossy()).env("EDITOR", "false");
        let file = self.pair.folder().join(args.last().expect("a file")).to_string_lossy().into_owned();
        let config = self.pair.folder().join("rules/.sops.yaml").to_string_lossy().into_owned();
        let mut line = vec!["--config", config.as_str()];
        line.extend_from_slice(&args[..args.len() - 1]);
        line.push(&file);
        pair.run(self.side, &line, b"")
    }
}

#[test]
fn an_edit_changes_what_was_edited() {
    both(|bench| {
        for args in [&["edit", "a.yaml"][..], &["a.yaml"]] {
            bench.sealed_for_alice("a.yaml", CLEAR);
            let before = bench.lines_with_values("a.yaml");
            let run = bench.edit(args, "sed -i s/two/three/ \"$1\"");
            assert_eq!(run.code, 0, "{}", run.err);
            assert_eq!(bench.read_by_other("a.yaml", ALICE).text(), "a: one\nb: three\n");
            let after = bench.lines_with_values("a.yaml");
            assert_eq!((before[0] == after[0], before[1] == after[1]), (true, false), "{:?}", bench.side);
        }
    });
}

#[test]
fn an_edit_of_nothing_says_so_and_writes_nothing() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        let before = bench.pair.read("a.yaml");
        let run = bench.edit(&["edit", "a.yaml"], "true");
        assert_eq!((run.code, run.err.lines().next()), (200, Some("File has not changed, exiting.")));
        assert_eq!(bench.edit(&["edit", "a.yaml"], "exit 3").code, 201);
        assert!(bench.pair.read("a.yaml") == before);
    });
}

#[test]
fn a_new_file_starts_in_the_editor() {
    both(|bench| {
        for (name, text) in [("n.yaml", "a: new"), ("n.json", "{\"a\": \"new\"}"), ("n.env", "a=new"), ("n.ini", "[s]\\na = new")]
        {
            let run = bench.edit(&["edit", name], &format!("printf '{text}\\n' > \"$1\""));
            assert_eq!(run.code, 0, "{name}: {}", run.err);
            assert!(!bench.pair.read_text(name).contains("new"), "{name}");
            let read = bench.read_by_other(name, ALICE);
            assert!(read.code == 0 && read.text().contains("new"), "{name}: {}", read.err);
        }
    });
}

#[test]
fn what_the_editor_spoilt_is_not_written() {
    let Some(pair) = Pair::new() else { return };
    // The original asks again and again for as long as nobody is there to answer.
    let bench = Bench { pair, side: Side::Ours };
    bench.pair.write("rules/.sops.yaml", format!("creation_rules:\n- age: {TO_ALICE}\n"));
    bench.sealed_for_alice("a.yaml", CLEAR);
    let before = bench.pair.read("a.yaml");
    let run = bench.edit(&["edit", "a.yaml"], "printf 'a: [' > \"$1\"");
    assert!(run.code != 0 && bench.pair.read("a.yaml") == before, "{}", run.err);
}

#[test]
fn a_rotation_makes_every_value_new_and_changes_who_may_open_it() {
    both(|bench| {
        for flag in ["rotate", "-r"] {
            bench.sealed_for_alice("a.yaml", CLEAR);
            let before = bench.lines_with_values("a.yaml");
            bench.done(&[flag, "-i", "--add-age", TO_BOB, "a.yaml"]);
            assert!(bench.lines_with_values("a.yaml").iter().all(|line| !before.contains(line)));
            for key in [ALICE, BOB] {
                assert_eq!(bench.read_by_other("a.yaml", key).text(), CLEAR);
            }
            bench.done(&[flag, "-i", "--rm-age", TO_ALICE, "a.yaml"]);
            assert_eq!((bench.read_by_other("a.yaml", ALICE).code, bench.read_by_other("a.yaml", BOB).code), (128, 0));
        }
    });
}

#[test]
fn nobody_is_left_out_of_a_file() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        let before = bench.pair.read("a.yaml");
        let run = bench.run(&["rotate", "-i", "--rm-age", TO_ALICE, "a.yaml"]);
        assert!(run.code == 1 && run.err.contains("empty key group provided"), "{:?} {}", bench.side, run.err);
        assert!(bench.pair.read("a.yaml") == before);
    });
}

#[test]
fn updated_keys_keep_the_data_key_and_the_values() {
    both(|bench| {
        for name in ["a.yaml", "a.json", "a.env", "a.ini"] {
            let clear = match name {
                "a.yaml" => CLEAR,
                "a.json" => "{\n\t\"a\": \"one\"\n}\n",
                "a.env" => "a=one\n",
                _ => "[s]\na = one\n",
            };
            bench.sealed_for_alice(name, clear);
            let value = |bench: &Bench| {
                let text = bench.pair.read_text(name);
                text[text.find("ENC[").expect("a value")..].split(']').next().expect("a value").to_owned()
            };
            let before = value(bench);
            bench.pair.write("new.yaml", format!("creation_rules:\n- age: {TO_BOB}\n"));
            let said = bench.done(&["--config", "new.yaml", "updatekeys", "-y", name]);
            assert_eq!(
                said,
                format!("The following changes will be made to the file's groups:\nGroup 1\n+++ {TO_BOB}\n--- {TO_ALICE}\n")
            );
            assert_eq!(value(bench), before, "{name}");
            assert_eq!((bench.read_by_other(name, ALICE).code, bench.read_by_other(name, BOB).code), (128, 0), "{name}");
            let before = bench.pair.read(name);
            assert_eq!(bench.done(&["--config", "new.yaml", "updatekeys", name]), "");
            assert!(bench.pair.read(name) == before, "{name}: nothing to do");
        }
    });
}

#[test]
fn keys_are_updated_when_somebody_says_yes() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        bench.pair.write("new.yaml", format!("creation_rules:\n- age: {TO_BOB}\n"));
        let args = ["--config", "new.yaml", "updatekeys", "a.yaml"];
        for (answer, code, bob) in [(&b"n\n"[..], 0, 128), (b"", 1, 128), (b"what\ny\n", 0, 0)] {
            assert_eq!(bench.pair.run(bench.side, &args, answer).code, code);
            assert_eq!(bench.read_by_other("a.yaml", BOB).code, bob, "{:?} {answer:?}", bench.side);
        }
    });
}

#[test]
fn one_bad_file_does_not_keep_others_from_their_keys() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        bench.pair.write("plain.yaml", CLEAR);
        bench.pair.write("new.yaml", format!("creation_rules:\n- age: {TO_BOB}\n"));
        let run = bench.run(&["--config", "new.yaml", "updatekeys", "-y", "plain.yaml", "a.yaml"]);
        assert!(run.code == 1 && run.err.contains("failed updating 1 key(s)"), "{}", run.err);
        assert_eq!(bench.read_by_other("a.yaml", BOB).code, 0);
    });
}

#[test]
fn groups_come_and_go() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        bench.done(&["groups", "add", "-i", "--file", "a.yaml", "--age", TO_BOB, "--shamir-secret-sharing-threshold", "2"]);
        let document: Value = serde_yaml::from_str(&bench.pair.read_text("a.yaml")).expect("YAML");
        assert_eq!(document["sops"]["key_groups"].as_sequence().map(Vec::len), Some(2));
        assert_eq!(bench.read_by_other("a.yaml", ALICE).code, 128);
        assert_eq!(bench.read_by_other("a.yaml", &format!("{ALICE}\n{BOB}")).text(), CLEAR);
        let run = bench.run(&["groups", "delete", "-i", "-f", "a.yaml", "0"]);
        assert!(run.code == 1 && run.err.contains("Shamir threshold impossible to satisfy"), "{}", run.err);
        bench.done(&["groups", "delete", "-i", "-f", "a.yaml", "--shamir-secret-sharing-threshold", "1", "0"]);
        assert_eq!((bench.read_by_other("a.yaml", ALICE).code, bench.read_by_other("a.yaml", BOB).code), (128, 0));
    });
}

#[test]
fn a_file_in_place_keeps_its_mode_and_a_link_stays_one() {
    both(|bench| {
        bench.pair.write("real.yaml", CLEAR);
        let (real, link) = (bench.pair.folder().join("real.yaml"), bench.pair.folder().join("link.yaml"));
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).expect("ours");
        symlink("real.yaml", &link).expect("makes a link");
        bench.done(&["encrypt", "--age", TO_ALICE, "-i", "link.yaml"]);
        bench.done(&["set", "link.yaml", "[\"a\"]", "\"new\""]);
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(bench.read_by_other("real.yaml", ALICE).text(), "a: new\nb: two\n");
    });
}

#[test]
fn output_may_go_to_what_is_no_file() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", CLEAR);
        assert_eq!(bench.done(&["decrypt", "--output", "/dev/stdout", "a.yaml"]), CLEAR);
        assert_eq!(bench.done(&["decrypt", "--output", "/dev/null", "a.yaml"]), "");
    });
}

/// Where keys are looked for, one place at a time.
#[test]
fn keys_are_found_where_sops_looks() {
    for side in Side::BOTH {
        let Some(pair) = Pair::new() else { return };
        pair.write("a.yaml", CLEAR);
        pair.run(side, &["encrypt", "--age", TO_BOB, "-i", "a.yaml"], b"").done();
        let sealed = pair.read("a.yaml");
        let fresh = || {
            let pair = Pair::new().expect("was there before").env("SOPS_AGE_KEY", "");
            pair.write("a.yaml", &sealed);
            pair.write("key.txt", format!("# a comment\n\n{BOB}\n"));
            pair
        };
        let opens = |pair: Pair| pair.run(side, &["decrypt", "a.yaml"], b"").code;
        assert_eq!(opens(fresh()), 128, "{side:?}");
        assert_eq!(opens(fresh().env("SOPS_AGE_KEY", &format!("{ALICE} {BOB}"))), 0, "{side:?}: several in one variable");
        assert_eq!(opens(fresh().env("SOPS_AGE_KEY_FILE", "key.txt")), 0, "{side:?}: a file");
        assert_eq!(opens(fresh().env("SOPS_AGE_KEY_FILE", "none.txt")), 128, "{side:?}: no such file");
        assert_eq!(opens(fresh().env("SOPS_AGE_KEY_CMD", "cat key.txt")), 0, "{side:?}: a command");
        let home = fresh();
        home.write(".config/sops/age/keys.txt", format!("{BOB}\n"));
        assert_eq!(opens(home), 0, "{side:?}: the usual place");
        let elsewhere = fresh();
        elsewhere.write("xdg/sops/age/keys.txt", format!("{BOB}\n"));
        let folder = elsewhere.folder().join("xdg").to_string_lossy().into_owned();
        assert_eq!(opens(elsewhere.env("XDG_CONFIG_HOME", &folder)), 0, "{side:?}: the place that was chosen");
    }
}

#[test]
fn the_configuration_is_searched_from_the_working_directory_upwards() {
    both(|bench| {
        bench.pair.write(".sops.yaml", format!("creation_rules:\n- path_regex: ^sub/\n  age: {TO_BOB}\n- age: {TO_ALICE}\n"));
        bench.pair.write("sub/a.yaml", CLEAR);
        bench.done(&["encrypt", "-i", "sub/a.yaml"]);
        assert!(bench.pair.read_text("sub/a.yaml").contains(TO_BOB));
        // One beside the file is not looked at.
        bench.pair.write("sub/.sops.yaml", format!("creation_rules:\n- age: {TO_ALICE}\n"));
        bench.pair.write("sub/b.yaml", CLEAR);
        bench.done(&["encrypt", "-i", "sub/b.yaml"]);
        assert!(bench.pair.read_text("sub/b.yaml").contains(TO_BOB));
    });
}

#[test]
fn a_command_gets_the_values_of_the_first_document() {
    both(|bench| {
        bench.sealed_for_alice("a.yaml", "a: one\n---\na: two\nc: [1]\n");
        assert_eq!(bench.done(&["exec-env", "a.yaml", "echo $a"]), "one\n");
    });
}

/// A key that only sops can use, beside Alice's.
const PGP: &str = "    pgp:\n        - created_at: \"2020-01-01T00:00:00Z\"\n          enc: |-\n            -----BEGIN PGP MESSAGE-----\n\n            x\n            -----END PGP MESSAGE-----\n          fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n";

#[test]
fn keys_of_other_kinds_are_kept_and_never_used() {
    let Some(pair) = Pair::new() else { return };
    let bench = Bench { pair, side: Side::Ours };
    bench.sealed_for_alice("a.yaml", CLEAR);
    let text = bench.pair.read_text("a.yaml").replacen("    unencrypted_suffix", &format!("{PGP}    unencrypted_suffix"), 1);
    bench.pair.write("a.yaml", text);
    assert_eq!(bench.read_by_other("a.yaml", ALICE).text(), CLEAR);
    let kept = |bench: &Bench| assert!(bench.pair.read_text("a.yaml").contains(PGP), "{}", bench.pair.read_text("a.yaml"));
    bench.done(&["set", "a.yaml", "[\"a\"]", "\"new\""]);
    kept(&bench);
    let rule = format!("creation_rules:\n- age: {TO_ALICE},{TO_BOB}\n  pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n");
    bench.pair.write("new.yaml", rule);
    bench.done(&["--config", "new.yaml", "updatekeys", "-y", "a.yaml"]);
    kept(&bench);
    assert_eq!(bench.read_by_other("a.yaml", BOB).text(), "a: new\nb: two\n");
    let run = bench.run(&["rotate", "-i", "a.yaml"]);
    assert!(run.code == 210 && run.err.contains("pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21"), "{} {}", run.code, run.err);
    // A rule without it takes it out, as in the original.
    bench.pair.write("new.yaml", format!("creation_rules:\n- age: {TO_BOB}\n"));
    bench.done(&["--config", "new.yaml", "updatekeys", "-y", "a.yaml"]);
    assert!(!bench.pair.read_text("a.yaml").contains("pgp"), "{}", bench.pair.read_text("a.yaml"));
    assert_eq!(bench.read_by_other("a.yaml", BOB).text(), "a: new\nb: two\n");
}
