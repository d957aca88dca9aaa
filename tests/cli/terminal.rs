//! `seal` with somebody at a terminal: what is typed is not shown, and Ctrl-C leaves the terminal and the files as they were.
//!
//! The terminal is that of `script` from util-linux, the judge `stty`.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const SEAL: &str = env!("CARGO_BIN_EXE_seal-under-test");
/// More than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a SealedSecret in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/keys");
    std::fs::copy(keys.join("rsa2048.crt"), folder.path().join("cert.pem")).expect("a key of the vectors");
    let args = ["encrypt", "--from-literal", "pw=old", "--name", "db", "-n", "shop", "--cert", "cert.pem", "-o", "db.yaml"];
    let done = Command::new(SEAL).args(args).current_dir(folder.path()).output().expect("seal");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    folder
}

/// Runs a line of shell at a terminal, presses keys once it has said something, and gives all that was shown, its exit code and what
/// `stty` says of the terminal afterwards. Nothing where there is no such terminal.
fn at_a_terminal(folder: &Path, line: &str, said: &str, keys: &[u8]) -> Option<String> {
    std::fs::write(folder.join("run.sh"), format!("trap : INT\n{line}\necho code=$?\nstty -a\n")).expect("a script");
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", "sh run.sh", "/dev/null"]).current_dir(folder).env("SEAL", SEAL).env_remove("VISUAL");
    let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        assert!(std::env::var_os("CI").is_none(), "there is no `script` here");
        eprintln!("NOT RUN: there is no `script` here");
        return None;
    };
    let (mut input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let (send, shown) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = output.read(&mut bytes) {
            let _ = send.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
        }
    });
    let (mut all, mut pressed, end) = (String::new(), false, Instant::now() + PATIENCE);
    while let Ok(more) = shown.recv_timeout(end.saturating_duration_since(Instant::now())) {
        all.push_str(&more);
        if !pressed && all.contains(said) {
            pressed = true;
            input.write_all(keys).expect("script listens");
        }
    }
    if Instant::now() >= end {
        let _ = child.kill();
        panic!("it goes on and on after:\n{all}");
    }
    child.wait().expect("its end");
    Some(all)
}

fn is_as_it_was(shown: &str) -> bool {
    let words: Vec<&str> = shown.split([' ', '\r', '\n', ';']).collect();
    ["echo", "icanon", "isig"].iter().all(|mode| words.contains(mode))
}

#[test]
fn an_interrupted_question_gives_the_terminal_back() {
    let folder = folder();
    let before = std::fs::read(folder.path().join("db.yaml")).expect("the file");
    for keys in ["\u{3}", "half of it\u{3}"] {
        let line = "$SEAL set db.yaml pw --cert cert.pem";
        let Some(shown) = at_a_terminal(folder.path(), line, "Value of pw", keys.as_bytes()) else { return };
        assert!(shown.contains("code=130") && is_as_it_was(&shown) && !shown.contains("half"), "{shown}");
        assert!(shown.contains("interrupted; nothing was changed"), "{shown}");
        assert_eq!(std::fs::read(folder.path().join("db.yaml")).expect("the file"), before);
    }
}

#[test]
fn what_is_typed_is_taken_and_not_shown() {
    let folder = folder();
    let line = "$SEAL set db.yaml pw --cert cert.pem";
    let Some(shown) = at_a_terminal(folder.path(), line, "Value of pw", b"a-value-typed\x7fd-here\r") else { return };
    assert!(shown.contains("code=0") && is_as_it_was(&shown) && !shown.contains("a-value"), "{shown}");
}

#[test]
fn an_interrupted_editor_leaves_nothing_in_memory() {
    let folder = folder();
    let before = std::fs::read(folder.path().join("db.yaml")).expect("the file");
    std::fs::write(folder.path().join("editor"), "echo \"READY $1 .\"\nexec sleep 50\n").expect("an editor");
    let line = "EDITOR='sh ./editor' $SEAL edit db.yaml --cert cert.pem";
    let Some(shown) = at_a_terminal(folder.path(), line, " .", b"\x03") else { return };
    let desk = shown.split_once("READY ").and_then(|(_, rest)| rest.split_once(" .")).expect("the editor ran").0;
    assert!(desk.starts_with('/') && !Path::new(desk).parent().expect("a folder").exists(), "{shown}");
    assert!(shown.contains("nothing was changed") && shown.contains("code=3") && is_as_it_was(&shown), "{shown}");
    assert_eq!(std::fs::read(folder.path().join("db.yaml")).expect("the file"), before);
}
