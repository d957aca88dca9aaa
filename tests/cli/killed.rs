//! A run that is killed leaves the old file or the new one, and no plaintext beside it: each write is stopped at every system call
//! after its first trace on disk, which may be a file without a name, and the folder is looked at.
//!
//! The program under test is stepped with ptrace, so it needs no hook in it and no tool beside it.

use nix::{
    errno::Errno,
    sys::{
        ptrace,
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const SEAL: &str = env!("CARGO_BIN_EXE_seal-under-test");

/// A key of this test alone.
const IDENTITY: &str = "AGE-SECRET-KEY-16EXN848K6UFSACT4ECYWLC7YF9E87HS87LSLCD2R00ZF3XMVXTKSX3ARH7\n";
const RECIPIENT: &str = "age1upwshseqrsxacvr2wwyjl4twkdewee5cws3sjnhu50t24g34mvasdnvyk8";

/// A command that changes one file of a folder.
struct Case<'a> {
    /// What is changed.
    file: &'static str,
    /// The arguments; `@` stands for the folder.
    args: &'a [&'a str],
    /// What it reads.
    input: &'static str,
    /// How the value in the file is read.
    reads: &'a [&'a str],
    /// The value before and after.
    values: [&'static str; 2],
}

/// How a run that was to be killed ended.
#[derive(PartialEq)]
enum Ended {
    Killed,
    ByItself,
}

#[test]
fn a_sealed_value_is_the_old_or_the_new_one_wherever_the_run_is_killed() {
    let case = Case {
        file: "db.yaml",
        args: &["set", "@/db.yaml", "pw", "--cert", "@/rsa2048.crt"],
        input: "new",
        reads: &["decrypt", "@/db.yaml", "--recovery-key", "@/rsa2048.pem", "--key", "pw"],
        values: ["old", "new"],
    };
    check(&case, |folder| {
        for name in ["rsa2048.crt", "rsa2048.pem"] {
            let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/keys");
            std::fs::copy(keys.join(name), folder.join(name)).expect("a key of the vectors");
        }
        let from = ["encrypt", "--from-file", "pw=-", "--name", "db", "-n", "shop", "--cert", "@/rsa2048.crt", "-o", "@/db.yaml"];
        seal(folder, &from, "old");
    });
}

#[test]
fn a_sops_file_is_the_old_or_the_new_one_wherever_the_run_is_killed() {
    let reads = &["decrypt", "-i", "@/key.txt", "@/app.enc.yaml", "--key", "pw"];
    let set = ["set", "-i", "@/key.txt", "@/app.enc.yaml", "pw"];
    let again = ["encrypt", "-i", "@/key.txt", "--age", RECIPIENT, "@/new.yaml", "-o", "@/app.enc.yaml"];
    for (args, input) in [(&set[..], "new"), (&again, "")] {
        let case = Case { file: "app.enc.yaml", args, input, reads, values: ["old", "new"] };
        check(&case, |folder| {
            std::fs::write(folder.join("key.txt"), IDENTITY).expect("a key file");
            std::fs::write(folder.join("old.yaml"), "pw: old\nport: 5432\n").expect("a file");
            std::fs::write(folder.join("new.yaml"), "pw: new\nport: 5432\n").expect("a file");
            seal(folder, &["encrypt", "--age", RECIPIENT, "@/old.yaml", "-o", "@/app.enc.yaml"], "");
        });
    }
}

#[test]
fn a_killed_run_leaves_no_plaintext_beside_the_file() {
    // A new file has no neighbour at any moment. One that replaces another has a hidden one from the end of the call that names it
    // to the beginning of the call that renames it, and both are looked at.
    for (old, most) in [(None, 0), (Some("old"), 2)] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        std::fs::write(folder.join("key.txt"), IDENTITY).expect("a key file");
        std::fs::write(folder.join("app.yaml"), "pw: canary\n").expect("a file");
        seal(folder, &["encrypt", "--age", RECIPIENT, "@/app.yaml", "-o", "@/app.enc.yaml"], "");
        std::fs::remove_file(folder.join("app.yaml")).expect("the file in clear");
        let args = &["decrypt", "-i", "@/key.txt", "@/app.enc.yaml", "-o", "@/app.yaml"];
        let case = Case { file: "app.yaml", args, input: "", reads: &[], values: ["", ""] };
        let (mut kills, mut left) = (0, 0);
        loop {
            match old {
                Some(old) => std::fs::write(folder.join("app.yaml"), old).expect("the old file"),
                None => drop(std::fs::remove_file(folder.join("app.yaml"))),
            }
            let ended = match stopped_at(folder, &case, kills) {
                Ok(ended) => ended,
                Err(Errno::EPERM) if std::env::var_os("CI").is_none() => {
                    eprintln!("NOT RUN: this system lets nobody trace a process");
                    return;
                }
                Err(error) => panic!("cannot trace the program: {error}"),
            };
            left += names(folder).iter().filter(|name| name.starts_with(".seal-")).count();
            sweep(folder);
            if ended == Ended::ByItself {
                break;
            }
            kills += 1;
        }
        assert_eq!(std::fs::read_to_string(folder.join("app.yaml")).expect("the file"), "pw: canary\n");
        assert!(kills > 5, "{kills} kills: what was stepped through?");
        assert!(left <= most, "{left} of {kills} kills left a neighbour, {most} are known");
    }
}

/// Kills the command at one system call after the other until it comes to its end.
fn check(case: &Case<'_>, prepare: impl Fn(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());
    let file = folder.path().join(case.file);
    let old = std::fs::read(&file).expect("the file to change");
    let (mut kills, mut replaced) = (0, 0);
    loop {
        let ended = match stopped_at(folder.path(), case, kills) {
            Ok(ended) => ended,
            Err(Errno::EPERM) if std::env::var_os("CI").is_none() => {
                eprintln!("NOT RUN: this system lets nobody trace a process");
                return;
            }
            Err(error) => panic!("cannot trace the program: {error}"),
        };
        let now = std::fs::read(&file).expect("the file is there");
        if now != old {
            replaced += 1;
            assert_eq!(seal(folder.path(), case.reads, ""), case.values[1], "killed at call {kills}");
            std::fs::write(&file, &old).expect("the old file again");
        }
        if ended == Ended::ByItself {
            break;
        }
        kills += 1;
        sweep(folder.path());
    }
    assert_eq!(seal(folder.path(), case.reads, ""), case.values[0]);
    assert!(
        kills > 10 && replaced > 1 && replaced < kills,
        "{kills} kills, {replaced} after the rename: what was stepped through?"
    );
}

/// Runs the command and kills it at the given system call, counted from the first one after which the folder differs.
#[expect(clippy::zombie_processes, reason = "waitpid collects it, which also tells how it stopped")]
fn stopped_at(folder: &Path, case: &Case<'_>, call: usize) -> Result<Ended, Errno> {
    let before = names(folder);
    let mut child = Command::new("sh")
        .args(["-c", "kill -STOP $$; exec \"$0\" \"$@\"", SEAL])
        .args(placed(folder, case.args))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let pid = Pid::from_raw(child.id().try_into().expect("a process id"));
    child.stdin.take().expect("a pipe").write_all(case.input.as_bytes()).expect("the input fits a pipe");
    waitpid(pid, Some(WaitPidFlag::WUNTRACED))?;
    if let Err(error) = ptrace::attach(pid) {
        let _ = kill(pid, Signal::SIGKILL);
        let _ = child.wait();
        return Err(error);
    }
    waitpid(pid, None)?;
    ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD | ptrace::Options::PTRACE_O_EXITKILL)?;
    kill(pid, Signal::SIGCONT)?;
    let (mut writing, mut calls) = (false, 0);
    ptrace::syscall(pid, None)?;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::PtraceSyscall(_) => {
                writing = writing || names(folder) != before || holds_nameless(pid, folder);
                if writing {
                    if calls == call {
                        kill(pid, Signal::SIGKILL)?;
                        while !matches!(waitpid(pid, None)?, WaitStatus::Signaled(..)) {}
                        return Ok(Ended::Killed);
                    }
                    calls += 1;
                }
                ptrace::syscall(pid, None)?;
            }
            WaitStatus::Stopped(_, Signal::SIGSTOP | Signal::SIGCONT | Signal::SIGTRAP) => ptrace::syscall(pid, None)?,
            WaitStatus::Stopped(_, signal) => ptrace::syscall(pid, signal)?,
            WaitStatus::Exited(_, code) => {
                assert_eq!(code, 0, "the command failed");
                return Ok(Ended::ByItself);
            }
            other => panic!("the command ended with {other:?}"),
        }
    }
}

/// Takes away what a killed run left beside the file: sealed content under a name of its own.
fn sweep(folder: &Path) {
    for name in names(folder).iter().filter(|name| name.starts_with(".seal-")) {
        std::fs::remove_file(folder.join(name)).expect("a file that was left");
    }
}

/// True when the process has a file of that folder open that has no name.
fn holds_nameless(pid: Pid, folder: &Path) -> bool {
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let targets = open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets
        .map(|path| path.display().to_string())
        .any(|path| path.starts_with(&*folder.to_string_lossy()) && path.ends_with(" (deleted)"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn placed(folder: &Path, args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| arg.replace('@', &folder.display().to_string())).collect()
}

/// Runs the program to its end and gives what it printed.
fn seal(folder: &Path, args: &[&str], input: &str) -> String {
    let mut child = Command::new(SEAL)
        .args(placed(folder, args))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program under test");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("the input fits a pipe");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
