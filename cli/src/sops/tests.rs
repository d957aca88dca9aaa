//! The verbs on SOPS files, from the command line to the file.

use crate::{Exit, Io};
use rand::{SeedableRng, rngs::StdRng};
use seal_crypto::age::{Identity, RecipientKind};
use std::path::PathBuf;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "# the shop's database\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\nstringData:\n  user: admin   # who\n  # the word\n  password: \"first-value\"\n\n  port: \"5432\"\n";

/// Somebody with a key.
pub(super) struct Person {
    pub identity: String,
    pub recipient: String,
}

pub(super) fn person(seed: u64) -> Person {
    let identity = Identity::generate(RecipientKind::X25519, &mut StdRng::seed_from_u64(seed)).unwrap();
    let text = String::from_utf8(identity.to_text().unwrap().expose().to_vec()).unwrap();
    Person { identity: text, recipient: identity.recipient().unwrap().as_str().to_owned() }
}

/// A folder, and commands run in it by somebody. Words that begin with `@/` are paths in it.
pub(super) struct Desk {
    folder: tempfile::TempDir,
    me: Person,
    seed: std::cell::Cell<u64>,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), me: person(1), seed: std::cell::Cell::new(0) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Exit code, standard output, standard error with the folder taken out.
    pub fn run(&self, words: &[&str], input: &str, env: &[(&str, &str)]) -> (Exit, String, String) {
        self.run_answering(words, input, env, &[])
    }

    /// As [`Desk::run`], with somebody at the terminal who gives these answers.
    fn run_answering(&self, words: &[&str], input: &str, env: &[(&str, &str)], answers: &[&str]) -> (Exit, String, String) {
        let place = self.folder.path().display().to_string();
        let argv = std::iter::once("seal".into()).chain(words.iter().map(|word| word.replace('@', &place).into())).collect();
        let (io, output, errors) = Io::scripted(input.as_bytes(), NOW, answers);
        let io = io.with_env("SOPS_AGE_KEY", &self.me.identity);
        let mut io = env.iter().fold(io, |io, (name, value)| io.with_env(name, value));
        // Runs of one test draw different random bytes, as processes do.
        self.seed.set(self.seed.get() + 1);
        (0..self.seed.get()).for_each(|_| drop(io.rng()));
        let exit = crate::run(argv, &mut io);
        (exit, output.text(), errors.text().replace(&format!("{place}/"), ""))
    }

    /// A run that must succeed; gives standard output.
    pub fn done(&self, words: &[&str], input: &str) -> String {
        let (exit, output, said) = self.run(words, input, &[]);
        assert_eq!(exit, Exit::DONE, "{words:?}: {said}");
        output
    }

    /// A sealed file for me.
    pub fn sealed(&self, name: &str, text: &str) {
        self.write("clear.yaml", text);
        self.done(&["encrypt", "@/clear.yaml", "--age", &self.me.recipient, "-o", &format!("@/{name}")], "");
    }
}

/// Lines of `after` that are not in `before`.
fn new_lines<'a>(before: &str, after: &'a str) -> Vec<&'a str> {
    after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect()
}

#[test]
fn a_file_comes_back_to_the_byte_and_a_secret_needs_no_selector() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let sealed = desk.read("app.yaml");
    assert!(
        !sealed.contains("first-value") && sealed.contains("name: db") && sealed.contains("encrypted_regex: ^(data|stringData)$")
    );
    assert_eq!(desk.done(&["decrypt", "@/app.yaml"], ""), SECRET);
    assert_eq!(desk.done(&["decrypt", "@/app.yaml", "--key", "stringData.password"], ""), "first-value");
}

#[test]
fn sealing_again_keeps_what_did_not_change() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let before = desk.read("app.yaml");
    desk.sealed("app.yaml", SECRET);
    assert_eq!(desk.read("app.yaml"), before);
    desk.sealed("app.yaml", &SECRET.replace("first-value", "second"));
    let after = desk.read("app.yaml");
    let changed: Vec<&str> = new_lines(&before, &after).iter().map(|line| line.trim_start().split(':').next().unwrap()).collect();
    assert_eq!(changed, ["password", "mac"]);
}

#[test]
fn set_and_unset_change_one_line_the_mac_and_the_time() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let before = desk.read("app.yaml");
    desk.done(&["set", "@/app.yaml", "stringData.password"], "second");
    let after = desk.read("app.yaml");
    let changed: Vec<&str> = new_lines(&before, &after).iter().map(|line| line.trim_start().split(':').next().unwrap()).collect();
    assert_eq!(changed, ["password", "mac"]);
    assert_eq!(desk.done(&["decrypt", "@/app.yaml", "--key", "[\"stringData\"][\"password\"]"], ""), "second");
    let (_, _, said) = desk.run(&["set", "@/app.yaml", "stringData.password"], "second", &[]);
    assert_eq!((said.as_str(), desk.read("app.yaml") == after), ("app.yaml: stringData.password has this value already\n", true));
    desk.done(&["unset", "@/app.yaml", "stringData.port", "stringData.user"], "");
    assert!(!desk.done(&["decrypt", "@/app.yaml"], "").contains("port"));
    let (exit, _, said) = desk.run(&["unset", "@/app.yaml", "stringData.port"], "", &[]);
    assert!(exit != Exit::DONE && said.contains("stringData") && said.contains("no such key"), "{said}");
}

#[test]
fn a_value_is_never_left_in_clear_unasked() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let before = desk.read("app.yaml");
    for (key, message) in [
        (
            "password",
            "app.yaml: the file's selector does not cover password, so its value would stay in clear; nothing was written",
        ),
        ("data.x", "data.x: values under data of a Secret are base64"),
    ] {
        let (exit, _, said) = desk.run(&["set", "@/app.yaml", key], "a value!", &[]);
        assert!(exit == Exit::FAILED && said.contains(message), "{said}");
        assert_eq!(desk.read("app.yaml"), before);
    }
    desk.done(&["set", "@/app.yaml", "data.x", "--base64"], "a value!");
    assert_eq!(desk.done(&["decrypt", "@/app.yaml", "--key", "data.x"], ""), "YSB2YWx1ZSE=");
    desk.done(&["set", "@/app.yaml", "note", "--allow-clear"], "open");
    assert!(desk.read("app.yaml").contains("note: open"));
}

#[test]
fn without_a_key_the_error_names_what_is_needed_and_where_was_looked() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let other = person(2);
    let (exit, out, said) = desk.run(&["decrypt", "@/app.yaml"], "", &[("SOPS_AGE_KEY", &other.identity)]);
    assert_eq!((exit, out.as_str()), (Exit::FINDINGS, ""));
    assert!(said.contains(&desk.me.recipient) && said.contains("SOPS_AGE_KEY  "), "{said}");
}

#[test]
fn a_changed_file_is_refused_and_told_how_to_be_read_all_the_same() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    desk.write("app.yaml", &desk.read("app.yaml").replace("name: db", "name: dc"));
    let (exit, out, said) = desk.run(&["decrypt", "@/app.yaml"], "", &[]);
    assert!(exit == Exit::FINDINGS && out.is_empty() && said.contains("MAC mismatch") && said.contains("--ignore-mac"), "{said}");
    assert!(desk.done(&["decrypt", "--ignore-mac", "@/app.yaml"], "").contains("first-value"));
}

#[cfg(unix)]
#[test]
fn edit_shows_the_file_in_memory_and_seals_what_changed() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let before = desk.read("app.yaml");
    let seen = desk.path("seen").display().to_string();
    let edit = |script: &str, more: &[&str]| {
        desk.write("editor", &format!("#!/bin/sh\nprintf %s \"$1\" > {seen}\n{script}\n"));
        std::fs::set_permissions(desk.path("editor"), PermissionsExt::from_mode(0o700)).unwrap();
        let editor = desk.path("editor").display().to_string();
        desk.run(&[&["edit", "@/app.yaml"], more].concat(), "", &[("EDITOR", &editor)])
    };
    assert_eq!(edit("true", &[]).2, "nothing to change\n");
    let (exit, _, said) = edit("sed -i s/first-value/second/ \"$1\"", &[]);
    assert_eq!(exit, Exit::DONE, "{said}");
    let changed = new_lines(&before, &desk.read("app.yaml")).len();
    assert_eq!((changed, desk.done(&["decrypt", "@/app.yaml", "--key", "stringData.password"], "").as_str()), (2, "second"));
    assert!(desk.read("seen").starts_with("/dev/shm/") && desk.read("seen").ends_with("/app.yaml"), "{}", desk.read("seen"));
    let after = desk.read("app.yaml");
    let (exit, _, said) = edit("echo 'broken: [' >> \"$1\"", &[]);
    assert!(exit == Exit::FAILED && !said.contains("second") && desk.read("app.yaml") == after, "{said}");
    let (exit, _, said) = edit("printf 'third\\n' > \"$1\"", &["--key", "stringData.password"]);
    assert_eq!(
        (exit, desk.done(&["decrypt", "@/app.yaml", "--key", "stringData.password"], "").as_str()),
        (Exit::DONE, "third"),
        "{said}"
    );
    assert!(!PathBuf::from(desk.read("seen")).exists());
    assert!(edit("true", &["--key", "stringData"]).2.contains("stringData: there is no value"));
}

#[cfg(unix)]
#[test]
fn a_mistake_in_the_editor_is_told_and_can_be_mended() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let before = desk.read("app.yaml");
    // The first time it breaks the text, the second time it mends it.
    let tried = desk.path("tried").display().to_string();
    let editor = format!("sh {}", desk.path("editor").display());
    desk.write(
        "editor",
        &format!("if [ -e {tried} ]; then sed -i -e '/^broken/d' -e s/first-value/second/ \"$1\"; else echo 'broken: [' >> \"$1\"; fi; touch {tried}\n"),
    );
    let edit = |answer: &str| desk.run_answering(&["edit", "@/app.yaml"], "", &[("EDITOR", &editor)], &[answer]);
    let (exit, _, said) = edit("y");
    assert!(exit == Exit::DONE && said.contains("error: ") && !said.contains("first-value"), "{said}");
    assert_eq!(desk.done(&["decrypt", "@/app.yaml", "--key", "stringData.password"], ""), "second");
    std::fs::remove_file(&tried).unwrap();
    desk.write("app.yaml", &before);
    let (exit, _, said) = edit("n");
    assert!(exit == Exit::FAILED && said.ends_with("nothing was changed\n") && desk.read("app.yaml") == before, "{said}");
}

#[cfg(unix)]
#[test]
fn a_change_by_somebody_else_while_it_is_edited_is_not_overwritten() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    let file = desk.path("app.yaml").display().to_string();
    desk.write("editor", &format!("echo '# theirs' >> {file}; sed -i s/first-value/second/ \"$1\"\n"));
    let editor = format!("sh {}", desk.path("editor").display());
    let (exit, _, said) = desk.run(&["edit", "@/app.yaml"], "", &[("EDITOR", &editor)]);
    assert!(
        exit == Exit::FAILED && said.contains("it was changed meanwhile") && desk.read("app.yaml").contains("# theirs"),
        "{said}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn run_hands_values_over_and_gives_back_the_exit_code() {
    let desk = Desk::new();
    desk.sealed("app.yaml", SECRET);
    for (words, exit) in [
        (&["run", "@/app.yaml", "--", "sh", "-c", "test \"$password$user\" = first-valueadmin && exit 3"][..], Exit(3)),
        (&["run", "@/app.yaml", "--as", "fd", "--", "grep", "-q", "first-value", "{}"], Exit(0)),
        (&["run", "@/app.yaml", "--as", "fd", "--key", "stringData.port", "--", "grep", "-qx", "5432", "{}"], Exit(0)),
        (&["run", "@/app.yaml", "--", "/no/such/program"], Exit::FAILED),
    ] {
        let (ended, _, said) = desk.run(words, "", &[]);
        assert_eq!(ended, exit, "{words:?}: {said}");
    }
}

#[test]
fn rotate_takes_somebody_out_for_good() {
    let desk = Desk::new();
    let other = person(2);
    desk.sealed("app.yaml", SECRET);
    desk.done(&["rotate", "@/app.yaml", "--add-age", &other.recipient], "");
    let as_other = |words: &[&str]| desk.run(words, "", &[("SOPS_AGE_KEY", &other.identity)]);
    assert_eq!(as_other(&["decrypt", "@/app.yaml"]).1, SECRET);
    let before = desk.read("app.yaml");
    desk.done(&["rotate", "@/app.yaml", "--rm-age", &other.recipient], "");
    assert_eq!(as_other(&["decrypt", "@/app.yaml"]).0, Exit::FINDINGS);
    let password = |text: &str| text.lines().find(|line| line.contains("password:")).unwrap().to_owned();
    assert_ne!(password(&before), password(&desk.read("app.yaml")), "the values are under a new data key");
    assert_eq!(desk.done(&["decrypt", "@/app.yaml"], ""), SECRET);
}

#[test]
fn a_rule_of_seal_yaml_names_people_and_demands_the_stronger_mac() {
    let desk = Desk::new();
    let me = &desk.me.recipient;
    desk.write(".seal.yaml", &format!("recipients: {{me: {me}}}\nrules:\n- {{path: a/, sops: true, recipients: [me], strong_mac: true}}\n- {{path: b/, sops: rules/x.yaml}}\n"));
    desk.write("rules/x.yaml", &format!("creation_rules:\n- age: {me}\n  encrypted_regex: word\n"));
    desk.write("a/x.yaml", SECRET);
    desk.write("b/x.yaml", SECRET);
    assert!(desk.run(&["verify", "@/b"], "", &[]).1.contains("wants a SOPS file here, and it is in clear [not-encrypted]"));
    desk.done(&["encrypt", "--in-place", "@/a/x.yaml", "@/b/x.yaml"], "");
    assert!(desk.read("a/x.yaml").contains("seal_mac:") && desk.read("b/x.yaml").contains("encrypted_regex: word"));
    assert_eq!(desk.done(&["decrypt", "@/a/x.yaml"], ""), SECRET);
    let without: String = desk.read("a/x.yaml").split_inclusive('\n').filter(|line| !line.contains("seal_mac:")).collect();
    desk.write("a/x.yaml", &without);
    assert!(desk.run(&["verify", "@/a"], "", &[]).1.contains("[strong-mac-missing]"));
    let (exit, _, said) = desk.run(&["decrypt", "@/a/x.yaml"], "", &[]);
    assert!(exit == Exit::FINDINGS && said.contains("no seal_mac and one is demanded"), "{said}");
    desk.done(&["rekey", "--yes", "@/a"], "");
    assert_eq!(desk.done(&["decrypt", "@/a/x.yaml"], ""), SECRET);
}

#[test]
fn verify_needs_no_key_and_names_what_is_wrong() {
    let desk = Desk::new();
    let other = person(2);
    desk.write(".sops.yaml", &format!("creation_rules:\n- age: {}\n", desk.me.recipient));
    for name in ["a.yaml", "b.yaml", "c.yaml", "d.env"] {
        desk.write(name, if name == "d.env" { "WORD=first-value\n" } else { SECRET });
        desk.done(&["encrypt", "--in-place", &format!("@/{name}")], "");
    }
    let verify = || desk.run(&["verify", "@"], "", &[("SOPS_AGE_KEY", "")]);
    assert_eq!(verify(), (Exit::DONE, String::new(), "4 checked, nothing to object to\n".to_owned()));
    desk.done(&["rotate", "@/a.yaml", "--add-age", &other.recipient], "");
    let sealed = desk.read("b.yaml");
    let line = sealed.lines().find(|line| line.contains("password:")).unwrap();
    desk.write("b.yaml", &sealed.replace(line, "  password: first-value"));
    desk.write("e.yaml", SECRET);
    let (exit, out, said) = verify();
    let rules: Vec<&str> = out
        .lines()
        .filter(|line| line.ends_with(']'))
        .map(|line| line.rsplit_once('[').unwrap().1.trim_end_matches(']'))
        .collect();
    assert_eq!(
        (exit, rules.as_slice()),
        (Exit::FINDINGS, &["recipient-extra", "left-in-clear", "raw-secret"][..]),
        "{out}{said}"
    );
    assert!(out.contains("key stringData.password") && !out.contains("first-value"), "{out}");
}

#[test]
fn every_store_goes_through_every_verb() {
    let desk = Desk::new();
    let other = person(2);
    desk.write(".sops.yaml", &format!("creation_rules:\n- age: {}\n", desk.me.recipient));
    for (name, clear, key, changed) in [
        ("a.yaml", "# x\nword: first-value\nn: 1.5\nlist: [a, b]\n", "word", "# x\nword: second\nn: 1.5\nlist: [a, b]\n"),
        ("a.json", "{\n  \"word\": \"first-value\",\n  \"n\": 12\n}\n", "word", "{\n  \"word\": \"second\",\n  \"n\": 12\n}\n"),
        ("a.env", "# x\nWORD=first-value\n\nN=1\n", "WORD", "# x\nWORD=second\n\nN=1\n"),
        ("a.ini", "; x\n[part]\nword = first-value\nn = 1\n", "part.word", "; x\n[part]\nword = second\nn = 1\n"),
        ("a.bin", "first-value\nmore", "data", "second"),
    ] {
        let at = format!("@/{name}");
        desk.write(name, clear);
        desk.done(&["encrypt", "--in-place", &at, "--sops"], "");
        assert!(!desk.read(name).contains("first-value"), "{name}");
        assert_eq!(desk.done(&["decrypt", &at], ""), clear, "{name}");
        desk.done(&["set", &at, key], "second");
        assert_eq!(desk.done(&["decrypt", &at], ""), changed, "{name}");
        desk.done(&["rotate", &at, "--add-age", &other.recipient], "");
        assert_eq!(desk.run(&["verify", &at], "", &[]).0, Exit::FINDINGS, "{name}");
        desk.done(&["rekey", "--yes", &at], "");
        assert_eq!(
            desk.run(&["verify", &at], "", &[]),
            (Exit::DONE, String::new(), "1 checked, nothing to object to\n".to_owned())
        );
        assert_eq!(desk.done(&["decrypt", &at], ""), changed, "{name}");
    }
}

#[test]
fn a_folder_is_sealed_by_its_rules_and_twice_does_nothing() {
    let desk = Desk::new();
    desk.write(".sops.yaml", &format!("creation_rules:\n- path_regex: ^a/\n  age: {}\n", desk.me.recipient));
    for name in ["a/x.yaml", "a/b/y.yaml", "c/z.yaml"] {
        desk.write(name, SECRET);
    }
    desk.done(&["encrypt", "--in-place", "@"], "");
    let sealed = |name: &str| desk.read(name).contains("ENC[");
    assert_eq!((sealed("a/x.yaml"), sealed("a/b/y.yaml"), sealed("c/z.yaml")), (true, true, false));
    let (exit, _, said) = desk.run(&["encrypt", "--sops", "--in-place", "@"], "", &[]);
    assert_eq!((exit, said.contains("no file in clear that a rule names")), (Exit::FAILED, true), "{said}");
    let (exit, _, said) = desk.run(&["encrypt", "@/c/z.yaml", "--sops"], "", &[]);
    assert!(exit == Exit::FAILED && said.contains("c/z.yaml: no rule of .sops.yaml or .seal.yaml names it"), "{said}");
}

#[test]
fn a_folder_for_both_kinds_needs_to_be_told_which() {
    let desk = Desk::new();
    let rules = format!(
        "recipients: {{me: {}}}\nrules:\n- path: sops/**\n  sops: true\n  recipients: [me]\n- path: objects/**\n  recipients: [me]\n",
        desk.me.recipient
    );
    desk.write(".seal.yaml", &rules);
    desk.write("sops/a.yaml", SECRET);
    desk.write("objects/b.yaml", SECRET);
    let (exit, _, said) = desk.run(&["encrypt", "--in-place", "@"], "", &[]);
    assert!(exit == Exit::USAGE && said.contains("names sops/a.yaml, and one for SealedSecrets objects/b.yaml"), "{said}");
    assert!(!desk.read("sops/a.yaml").contains("ENC["));
    desk.done(&["encrypt", "--in-place", "@/sops"], "");
    assert!(desk.read("sops/a.yaml").contains("ENC["));
}

#[test]
fn a_folder_is_opened_in_place_all_of_it_or_nothing() {
    let desk = Desk::new();
    desk.write("a/z.yaml", "plain: 1\n");
    for name in ["a/x.yaml", "a/y.yaml"] {
        desk.sealed(name, SECRET);
    }
    let broken = desk.read("a/y.yaml").replace("type:str", "type:int");
    let good = desk.read("a/y.yaml");
    desk.write("a/y.yaml", &broken);
    assert_eq!(desk.run(&["decrypt", "--in-place", "@/a"], "", &[]).0, Exit::FINDINGS);
    assert!(desk.read("a/x.yaml").contains("ENC["), "one that does not open keeps the others as they are");
    desk.write("a/y.yaml", &good);
    let (exit, out, said) = desk.run(&["decrypt", "--in-place", "@/a"], "", &[]);
    assert_eq!((exit, out.as_str(), said.as_str()), (Exit::DONE, "", "a/x.yaml: in clear now\na/y.yaml: in clear now\n"));
    assert_eq!(
        (desk.read("a/x.yaml"), desk.read("a/y.yaml"), desk.read("a/z.yaml").as_str()),
        (SECRET.into(), SECRET.into(), "plain: 1\n")
    );
    for (words, why) in [
        (&["decrypt", "--in-place", "@/a/z.yaml"][..], "--in-place is for SOPS files"),
        (&["decrypt", "--in-place", "@/a", "--key", "x"][..], "cannot be used with"),
    ] {
        let (exit, _, said) = desk.run(words, "", &[]);
        assert_eq!((exit, said.contains(why)), (Exit::USAGE, true), "{said}");
    }
}

#[test]
fn a_spelling_that_will_not_come_back_is_said_by_key_and_never_by_value() {
    let desk = Desk::new();
    desk.write("v.yaml", "version: 1.50\nbig: 0xBEEF\nq: '1.50'\n");
    let (exit, _, said) = desk.run(&["encrypt", "@/v.yaml", "--age", &desk.me.recipient, "-o", "@/v.enc.yaml"], "", &[]);
    assert!(exit == Exit::DONE && said.contains("v.enc.yaml: version, big will come back in another spelling"), "{said}");
    assert!(!said.contains("BEEF"), "{said}");
}

#[test]
fn rekey_brings_a_tree_to_its_rules_and_does_nothing_twice() {
    let desk = Desk::new();
    let other = person(2);
    let rules = |prod: &str, rest: &str| {
        desk.write(
            ".sops.yaml",
            &format!("creation_rules:\n- path_regex: ^prod/\n  age: {prod}\n- path_regex: yaml$\n  age: {rest}\n"),
        );
    };
    let (me, both) = (desk.me.recipient.as_str(), format!("{},{}", desk.me.recipient, other.recipient));
    rules(me, &both);
    desk.write("prod/a.yaml", SECRET);
    desk.write("dev/b.yaml", SECRET);
    desk.write("dev/c.yaml", "sops: [ENC[AES256_GCM,\n");
    desk.done(&["encrypt", "--in-place", "@/prod/a.yaml", "@/dev/b.yaml"], "");
    assert_eq!(desk.run(&["rekey", "--check", "@"], "", &[]).0, Exit::FAILED, "what cannot be read is never green");
    std::fs::remove_file(desk.path("dev/c.yaml")).unwrap();
    assert_eq!(desk.run(&["rekey", "--check", "@"], "", &[]).0, Exit::DONE);
    let (a, b) = (desk.read("prod/a.yaml"), desk.read("dev/b.yaml"));
    rules(&both, me);
    let (exit, out, _) = desk.run(&["rekey", "--check", "@"], "", &[]);
    assert_eq!((exit, desk.read("prod/a.yaml") == a), (Exit::FINDINGS, true), "{out}");
    assert_eq!(desk.run(&["rekey", "@"], "", &[]).0, Exit::USAGE, "nobody can be asked");
    let out = desk.done(&["rekey", "--yes", "@"], "");
    assert!(out.contains("change at the source: stringData.user, stringData.password, stringData.port"), "{out}");
    let added = desk.read("prod/a.yaml");
    assert!(a.lines().all(|line| added.lines().any(|new| new == line)), "adding somebody adds lines only");
    assert!(!desk.read("dev/b.yaml").contains(&other.recipient) && desk.read("dev/b.yaml") != b);
    assert_eq!(desk.run(&["rekey", "--check", "@"], "", &[]).0, Exit::DONE);
}
