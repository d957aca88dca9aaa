//! Sealed files in a real repository: what git shows of them, and how branches come together.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

const SEAL: &str = env!("CARGO_BIN_EXE_seal-under-test");
const CLEAR: &str = "# ours\na: one\nb: two\nc: three\n";

/// A repository with one sealed file, whose owner runs every command.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().expect("a folder") };
        repository.seal(&["keygen", "-o", "key.txt"]);
        repository.git(&["init", "-q", "-b", "main"]);
        std::fs::write(repository.path().join("app.enc.yaml"), CLEAR).expect("a file");
        let recipient = repository.recipient();
        repository.seal(&["encrypt", "--in-place", "--age", &recipient, "app.enc.yaml"]);
        std::fs::write(repository.path().join(".gitignore"), "key.txt\n").expect("a file");
        repository.seal(&["git", "install"]);
        repository.commit("start");
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn recipient(&self) -> String {
        let key = std::fs::read_to_string(self.path().join("key.txt")).expect("a key file");
        key.split_whitespace().find(|word| word.starts_with("age1")).expect("its recipient").to_owned()
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        Command::new(program)
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("SOPS_AGE_KEY_FILE", self.path().join("key.txt"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([
                ("GIT_AUTHOR_NAME", "a"),
                ("GIT_AUTHOR_EMAIL", "a@b"),
                ("GIT_COMMITTER_NAME", "a"),
                ("GIT_COMMITTER_EMAIL", "a@b"),
            ])
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    }

    /// A git command that must succeed; gives what it printed.
    fn git(&self, args: &[&str]) -> String {
        let output = self.run("git", args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A command of ours that must succeed.
    fn seal(&self, args: &[&str]) -> String {
        let output = self.run(SEAL, args);
        assert!(output.status.success(), "seal {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn set(&self, key: &str, value: &str) {
        self.set_in("app.enc.yaml", key, value);
    }

    fn set_in(&self, file: &str, key: &str, value: &str) {
        std::fs::write(self.path().join("value"), value).expect("a file");
        self.seal(&["set", file, key, "--from-file", "value"]);
        std::fs::remove_file(self.path().join("value")).expect("the file");
    }

    /// On a branch from the start: sets a value and commits.
    fn branch(&self, name: &str, changes: &[(&str, &str)]) {
        self.git(&["checkout", "-q", "-b", name, "main"]);
        changes.iter().for_each(|(key, value)| self.set(key, value));
        self.commit(name);
    }

    fn clear(&self) -> String {
        self.seal(&["decrypt", "app.enc.yaml"])
    }
}

#[test]
fn diff_log_and_blame_show_values_and_keep_none_of_them() {
    let repository = Repository::new();
    repository.set("b", "changed-value");
    let diff = repository.git(&["diff"]);
    assert!(diff.contains("-b: two\n+b: changed-value\n") && !diff.contains("ENC["), "{diff}");
    repository.commit("b");
    assert!(repository.git(&["log", "-p", "-1"]).contains("+b: changed-value"));
    let kept = repository.run("grep", &["-rl", "changed-value", "."]);
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "", "nothing in the repository holds a value in clear");
    std::fs::rename(repository.path().join("key.txt"), repository.path().join("gone.txt")).expect("a rename");
    let blind = repository.git(&["log", "-p", "-1"]);
    assert!(blind.contains("ENC[") && !blind.contains("changed-value"), "history can be read without a key, sealed");
}

#[test]
fn install_names_the_files_that_are_there_and_goes_away_without_a_trace() {
    let repository = Repository::new();
    let lines = || std::fs::read_to_string(repository.path().join(".gitattributes")).unwrap_or_default();
    assert_eq!(lines(), "*.enc.* diff=seal merge=seal\n*.sops.* diff=seal merge=seal\n");
    std::fs::create_dir(repository.path().join("prod")).expect("a folder");
    std::fs::copy(repository.path().join("app.enc.yaml"), repository.path().join("prod/db.yaml")).expect("a copy");
    repository.commit("more");
    repository.seal(&["git", "install"]);
    assert!(lines().ends_with("/prod/*.yaml diff=seal merge=seal\n"), "{}", lines());
    repository.seal(&["git", "install", "--remove"]);
    assert_eq!((lines().as_str(), repository.run("git", &["config", "--get-regexp", "seal"]).stdout.len()), ("", 0));
}

#[test]
fn branches_that_change_different_keys_merge_and_rebase() {
    for how in [&["merge", "-q", "--no-edit", "left"][..], &["rebase", "-q", "left"], &["cherry-pick", "left"]] {
        let repository = Repository::new();
        repository.branch("left", &[("a", "uno"), ("d", "four")]);
        repository.branch("right", &[("b", "dos")]);
        repository.git(how);
        assert_eq!(repository.clear(), "# ours\na: uno\nb: dos\nc: three\nd: four\n", "{how:?}");
    }
}

#[test]
fn a_data_key_that_was_retired_does_not_come_back() {
    let repository = Repository::new();
    let other = repository.seal(&["keygen", "-o", "other.txt"]) + &repository.seal(&["keygen", "-y", "other.txt"]);
    let other = other.split_whitespace().find(|word| word.starts_with("age1")).expect("a recipient").to_owned();
    std::fs::remove_file(repository.path().join("other.txt")).expect("the file");
    repository.seal(&["rotate", "app.enc.yaml", "--add-age", &other]);
    repository.commit("both");
    repository.git(&["checkout", "-q", "-b", "left", "main"]);
    repository.set("b", "left");
    repository.seal(&["rotate", "app.enc.yaml", "--rm-age", &other]);
    repository.commit("left");
    let line = |text: &str| text.lines().find(|line| line.starts_with("a: ")).expect("a value").to_owned();
    let file = || std::fs::read_to_string(repository.path().join("app.enc.yaml")).expect("the file");
    let rotated = line(&file());
    repository.branch("right", &[("b", "right"), ("c", "tres")]);
    assert_eq!(repository.run("git", &["merge", "left"]).status.code(), Some(1));
    assert_eq!(file().matches("<<<<<<< ours: b\n").count(), 1, "{}", file());
    for (side, b) in [("--theirs", "left"), ("--ours", "right")] {
        repository.seal(&["git", "resolve", "app.enc.yaml", side]);
        assert_eq!(repository.clear(), format!("# ours\na: one\nb: {b}\nc: tres\n"));
        assert_eq!((line(&file()), file().contains(&other)), (rotated.clone(), false), "{side}");
    }
}

#[test]
fn files_of_every_kind_merge_key_by_key() {
    for (file, clear, keys, merged) in [
        ("x.enc.json", "{\"a\": \"1\", \"b\": \"2\"}\n", ["a", "b"], "{\"a\": \"left\", \"b\": \"right\"}\n"),
        ("x.enc.env", "A=1\nB=2\n", ["A", "B"], "A=left\nB=right\n"),
        ("x.enc.ini", "[s]\na = 1\nb = 2\n", ["s.a", "s.b"], "[s]\na = left\nb = right\n"),
    ] {
        let repository = Repository::new();
        std::fs::write(repository.path().join(file), clear).expect("a file");
        repository.seal(&["encrypt", "--in-place", "--age", &repository.recipient(), file]);
        repository.commit("more");
        for (side, key) in ["left", "right"].into_iter().zip(keys) {
            repository.git(&["checkout", "-q", "-b", side, "main"]);
            repository.set_in(file, key, side);
            repository.commit(side);
        }
        repository.git(&["merge", "-q", "--no-edit", "left"]);
        assert_eq!(repository.seal(&["decrypt", file]), merged, "{file}");
    }
}

#[test]
fn a_key_changed_on_both_sides_is_a_conflict_that_names_it() {
    let repository = Repository::new();
    repository.branch("left", &[("a", "uno"), ("b", "left")]);
    repository.branch("right", &[("b", "right"), ("c", "tres")]);
    let merge = repository.run("git", &["merge", "left"]);
    let said = String::from_utf8_lossy(&merge.stderr);
    assert!(merge.status.code() == Some(1) && said.contains("app.enc.yaml: both sides changed b\n"), "{said}");
    let text = std::fs::read_to_string(repository.path().join("app.enc.yaml")).expect("the file");
    assert_eq!((text.matches("<<<<<<< ours: b\n").count(), text.matches("=======\n").count()), (1, 1), "{text}");
    assert_ne!(repository.run(SEAL, &["decrypt", "app.enc.yaml"]).status.code(), Some(0), "a conflict is no file");
    for (side, b) in [("--ours", "right"), ("--theirs", "left")] {
        repository.seal(&["git", "resolve", "app.enc.yaml", side]);
        assert_eq!(repository.clear(), format!("# ours\na: uno\nb: {b}\nc: tres\n"));
    }
    let editor = "sed -i -e '/^<<<<<<</d' -e '/^=======/d' -e '/^>>>>>>>/d' -e /right/d";
    let by_hand = |editor: &str| repository.run("env", &[&format!("EDITOR={editor}"), SEAL, "git", "resolve", "app.enc.yaml"]);
    assert_eq!(by_hand("true").status.code(), Some(3), "markers are no values");
    let mended = by_hand(editor);
    assert_eq!(mended.status.code(), Some(0), "{}", String::from_utf8_lossy(&mended.stderr));
    assert_eq!(repository.clear(), "# ours\na: uno\nb: left\nc: tres\n");
    repository.commit("merged");
}

#[test]
fn what_cannot_be_opened_is_merged_line_by_line() {
    let repository = Repository::new();
    repository.branch("left", &[("a", "uno")]);
    repository.branch("right", &[("c", "tres")]);
    std::fs::rename(repository.path().join("key.txt"), repository.path().join(".git/away")).expect("a rename");
    let merge = repository.run("git", &["merge", "left"]);
    let said = String::from_utf8_lossy(&merge.stderr);
    assert!(merge.status.code() == Some(1) && said.contains("merged line by line, because"), "{said}");
    let text = std::fs::read_to_string(repository.path().join("app.enc.yaml")).expect("the file");
    assert!(text.contains("<<<<<<< ") && text.contains("mac:"), "{text}");
}
