//! Values stay off the disk: every verb works in a folder of its own, with the home and temporary folders below it, and after each
//! one (and while the editor has the text) no file there holds a value in clear.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const SEAL: &str = env!("CARGO_BIN_EXE_seal-under-test");
const IDENTITY: &str = "AGE-SECRET-KEY-1T47MHT0L4PD2UX9QZ3S6PKWZMWD6FHQXYY9KXHX6XHNF9AZJGTUSFL7HTZ\n";
const CANARY: &str = "canary-in-clear";

/// Runs a command with this input; gives its output. It must end with 0.
fn run(place: &Path, editor: &str, words: &[&str], input: &str) -> String {
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .current_dir(place.join("work"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place.join("home"))
        .env("TMPDIR", place.join("tmp"))
        .env("SOPS_AGE_KEY", IDENTITY.trim())
        .env("EDITOR", editor)
        .envs([
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@b"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@b"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    assert!(!said.contains(CANARY), "{words:?} says a value: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Files below a folder that hold a value in clear.
fn leaks(place: &Path) -> String {
    let found = Command::new("grep").args(["-rlF", CANARY]).arg(place).output().expect("grep");
    String::from_utf8_lossy(&found.stdout).into_owned()
}

#[test]
fn no_verb_leaves_a_value_in_any_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    for name in ["home", "tmp", "work"] {
        std::fs::create_dir(place.join(name)).expect("a folder");
    }
    let recipient = run(place, "", &[SEAL, "keygen", "-y"], IDENTITY);
    let recipient = recipient.trim();
    let clear = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{a: {CANARY}, b: x}}\n");
    // The editor looks for the value itself, while it is shown, and keeps what it found under another name.
    let found = place.join("found");
    let editor = place.join("editor.sh");
    let script = format!(
        "#!/bin/sh\ngrep -rlF {CANARY} '{0}/home' '{0}/tmp' '{0}/work' > '{1}'\nsed -i s/x/y/ \"$1\"\n",
        place.display(),
        found.display()
    );
    std::fs::write(&editor, script).expect("a script");
    let editor = format!("sh {}", editor.display());
    let steps: &[(&[&str], &str)] = &[
        (&["git", "init", "-q"], ""),
        (&[SEAL, "encrypt", "-", "--age", recipient, "-o", "a.enc.yaml"], &clear),
        (&[SEAL, "git", "install"], ""),
        (&["git", "add", "-A"], ""),
        (&["git", "commit", "-q", "-m", "one"], ""),
        (&[SEAL, "set", "a.enc.yaml", "stringData.c"], CANARY),
        (&["git", "diff"], ""),
        (&[SEAL, "edit", "a.enc.yaml"], ""),
        (&[SEAL, "rotate", "a.enc.yaml"], ""),
        (&[SEAL, "unset", "a.enc.yaml", "stringData.c"], ""),
        (&[SEAL, "decrypt", "a.enc.yaml"], ""),
        (&[SEAL, "run", "a.enc.yaml", "--", "env"], ""),
        (&[SEAL, "run", "a.enc.yaml", "--as", "fd", "--", "cat", "{}"], ""),
        (&["git", "commit", "-q", "-a", "-m", "two"], ""),
        (&["git", "log", "-p"], ""),
        (&["git", "log", "-p", "--no-textconv"], ""),
    ];
    let mut shown = 0;
    for (words, input) in steps {
        shown += usize::from(run(place, &editor, words, input).contains(CANARY));
        for name in ["home", "tmp", "work"] {
            assert_eq!(leaks(&place.join(name)), "", "after {words:?}");
        }
    }
    assert_eq!(std::fs::read_to_string(&found).expect("the editor ran"), "", "while it was edited");
    assert_eq!(shown, 5, "diff, decrypt, run twice and log show it to whoever asked");
}
