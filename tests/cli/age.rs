//! `seal age` and `seal keygen` beside the real age 1.3.2: each opens what the other made, and both refuse the same.

use seal_tests::peers;
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Programs, and a folder that is also the home of both.
struct Pair {
    folder: tempfile::TempDir,
    age: PathBuf,
}

impl Pair {
    fn new() -> Option<Self> {
        let age = peers::tool("age")?;
        for other in ["age-keygen", "age-inspect", "age-plugin-batchpass", "age-plugin-pq"] {
            peers::tool(other)?;
        }
        Some(Self { folder: tempfile::tempdir().expect("a folder"), age })
    }

    fn seal(&self, words: &str, input: &[u8]) -> Output {
        let program = env!("CARGO_BIN_EXE_seal-under-test");
        run(self.command(program.into(), words), input)
    }

    fn theirs(&self, words: &str, input: &[u8]) -> Output {
        let (tool, words) = words.split_once(' ').unwrap_or((words, ""));
        run(self.command(self.age.with_file_name(tool), words), input)
    }

    /// `@` stands for the folder.
    fn command(&self, program: PathBuf, words: &str) -> Command {
        let mut command = Command::new(program);
        let folder = format!("{}/", self.folder.path().display());
        command.args(words.split_whitespace().map(|word| word.replace('@', &folder)));
        command.env_clear().env("HOME", self.folder.path()).env("PATH", self.age.parent().expect("a folder"));
        command
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("the file was written")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).expect("writes");
    }

    /// An identity file made by theirs and its recipient.
    fn key(&self, name: &str, flags: &str) -> String {
        done(&self.theirs(&format!("age-keygen {flags} -o @{name}"), b""));
        text(&done(&self.theirs(&format!("age-keygen -y @{name}"), b""))).trim().to_owned()
    }
}

fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // A program that refuses does not read to the end.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("it ends")
    })
}

fn done(output: &Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.clone()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| index.wrapping_mul(31).to_le_bytes()[1] ^ 0x33).collect()
}

const SIZES: [usize; 5] = [0, 1, 65_536, 65_537, 300_000];

#[test]
fn each_opens_what_the_other_encrypted_for_many() {
    let Some(pair) = Pair::new() else { return };
    for flags in ["", "-pq"] {
        let names: Vec<String> = (0..20).map(|index| format!("key{flags}{index}")).collect();
        let recipients: Vec<String> = names.iter().map(|name| pair.key(name, flags)).collect();
        for (count, armor) in [(1, ""), (1, "-a"), (2, "-a"), (20, ""), (20, "-a")] {
            let all: String = recipients[..count].iter().map(|recipient| format!(" -r {recipient}")).collect();
            for size in SIZES {
                let content = content(size);
                let ours = done(&pair.seal(&format!("age encrypt {armor}{all}"), &content));
                let theirs = done(&pair.theirs(&format!("age -e {armor}{all}"), &content));
                // First and last: an identity finds its stanza wherever it stands.
                for name in [&names[0], &names[count - 1]] {
                    assert!(done(&pair.theirs(&format!("age -d -i @{name}"), &ours)) == content, "{flags} {count} {size}");
                    assert!(done(&pair.seal(&format!("age decrypt -i @{name}"), &theirs)) == content, "{flags} {count} {size}");
                }
                assert_eq!(
                    pair.seal("age decrypt -i @key19", &ours).status.code(),
                    Some(if count == 20 && flags.is_empty() { 0 } else { 1 })
                );
            }
        }
    }
}

#[test]
fn keys_are_the_same_to_both() {
    let Some(pair) = Pair::new() else { return };
    for (ours, theirs) in [("", ""), ("--pq", "-pq")] {
        let name = format!("ours{ours}");
        let made = pair.seal(&format!("keygen {ours} -o @{name}"), b"");
        done(&made);
        let recipient = text(&done(&pair.theirs(&format!("age-keygen -y @{name}"), b"")));
        assert_eq!(text(&made.stderr), format!("Public key: {recipient}"));
        let theirs = pair.key(&format!("theirs{theirs}"), theirs);
        assert_eq!(
            text(&done(&pair.seal(&format!("keygen -y @theirs{}", if ours.is_empty() { "" } else { "-pq" }), b""))).trim(),
            theirs
        );
        // Line by line the same file, but for time and key.
        let shape = |name: &str| {
            let file = pair.read(name);
            file.lines().map(|line| line.split_inclusive([':', '1']).next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(shape(&name), shape(&format!("theirs{}", if ours.is_empty() { "" } else { "-pq" })));
    }
}

#[test]
fn passphrases_are_the_same_to_both() {
    let Some(pair) = Pair::new() else { return };
    pair.write("pass", b"correct horse battery staple\n");
    let theirs = |words: &str, input: &[u8]| {
        let mut command = pair.command(pair.age.clone(), words);
        command.env("AGE_PASSPHRASE", "correct horse battery staple").env("AGE_PASSPHRASE_WORK_FACTOR", "10");
        run(command, input)
    };
    let sealed = done(&theirs("-e -j batchpass", b"hi"));
    assert_eq!(done(&pair.seal("age decrypt --passphrase-file @pass", &sealed)), b"hi");
    let sealed = done(&pair.seal("age encrypt --armor --passphrase-file @pass", b"hi"));
    assert_eq!(done(&theirs("-d -j batchpass", &sealed)), b"hi");
    pair.write("pass", b"other");
    assert_eq!(pair.seal("age decrypt --passphrase-file @pass", &sealed).status.code(), Some(1));
    // An identity file with a passphrase needs somebody to ask.
    let unasked = pair.seal("age decrypt", &sealed);
    assert_eq!(unasked.status.code(), Some(3), "{}", text(&unasked.stderr));
}

#[test]
fn both_refuse_to_mix_strengths_and_to_open_what_was_changed() {
    let Some(pair) = Pair::new() else { return };
    let (classic, strong) = (pair.key("classic", ""), pair.key("strong", "-pq"));
    let ours = pair.seal(&format!("age encrypt -r {classic} -r {strong}"), b"hi");
    assert_eq!((ours.status.code(), ours.stdout.len()), (Some(2), 0));
    assert!(text(&ours.stderr).contains("post-quantum and classic recipients in one age file"), "{}", text(&ours.stderr));
    assert!(!pair.theirs(&format!("age -r {classic} -r {strong}"), b"hi").status.success());

    let sealed = done(&pair.theirs(&format!("age -r {classic}"), &content(70_000)));
    let armored = done(&pair.theirs(&format!("age -a -r {classic}"), &content(70_000)));
    for (file, at) in
        [(&sealed, 30), (&sealed, 120), (&sealed, 168), (&sealed, 190), (&sealed, 66_000), (&armored, 50), (&armored, 90_000)]
    {
        let mut changed = file.clone();
        changed[at] ^= 1;
        for broken in [&changed[..], &file[..at]] {
            let (ours, theirs) = (pair.seal("age decrypt -i @classic", broken), pair.theirs("age -d -i @classic", broken));
            assert!(!ours.status.success() && !theirs.status.success(), "{at}");
            assert!(content(70_000).starts_with(&ours.stdout), "what came out before the damage is authentic");
        }
    }
}

#[test]
fn inspect_agrees_with_theirs_in_every_key_of_theirs() {
    let Some(pair) = Pair::new() else { return };
    let (classic, strong) = (pair.key("classic", ""), pair.key("strong", "-pq"));
    let tag = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
    for recipients in
        [format!("-r {classic}"), format!("-r {strong}"), format!("-a -r {classic} -r {classic}"), format!("-r {tag}")]
    {
        for size in SIZES {
            let file = done(&pair.theirs(&format!("age {recipients}"), &content(size)));
            let theirs: serde_json::Value =
                serde_json::from_slice(&done(&pair.theirs("age-inspect --json -", &file))).expect("JSON");
            let mut ours: serde_json::Value =
                serde_json::from_slice(&done(&pair.seal("age inspect --output json", &file))).expect("JSON");
            ours.as_object_mut().expect("an object").remove("stanzas");
            assert_eq!(ours, theirs, "{recipients} {size}");
        }
    }
    // What is made here for hardware keys has the stanza of theirs; only the hardware could open it.
    let file = done(&pair.seal(&format!("age encrypt -r {tag}"), b"hi"));
    let seen = text(&done(&pair.theirs("age-inspect --json -", &file)));
    assert!(seen.contains("\"p256tag\""), "{seen}");
}

#[test]
fn a_plugin_opens_only_when_it_is_allowed() {
    let Some(pair) = Pair::new() else { return };
    let recipient = pair.key("strong", "-pq");
    let identity = done(&pair.theirs("age-plugin-pq -identity @strong", b""));
    pair.write("plugin", &identity);
    let sealed = done(&pair.seal(&format!("age encrypt -r {recipient}"), b"hi"));
    let off = pair.seal("age decrypt -i @plugin", &sealed);
    assert_eq!(off.status.code(), Some(3));
    assert!(text(&off.stderr).contains("the identity needs the plugin age-plugin-pq"), "{}", text(&off.stderr));
    assert_eq!(done(&pair.seal("age decrypt --plugins -i @plugin", &sealed)), b"hi");
    let mut allowed = pair.command(env!("CARGO_BIN_EXE_seal-under-test").into(), "age decrypt -i @plugin");
    allowed.env("SEAL_AGE_PLUGINS", "1");
    assert_eq!(done(&run(allowed, &sealed)), b"hi");
}

/// 64 MiB take no more memory than 1 MiB does.
#[cfg(target_os = "linux")]
#[test]
fn large_files_pass_in_constant_memory() {
    const MORE_KIB: u64 = 1024;
    let Some(pair) = Pair::new() else { return };
    let recipient = pair.key("key", "");
    let seal = |words: &str| pair.command(env!("CARGO_BIN_EXE_seal-under-test").into(), words);
    let there_and_back = |content: &[u8]| {
        let (sealed, encrypting) = resident(seal(&format!("age encrypt -r {recipient}")), content);
        let (opened, decrypting) = resident(seal("age decrypt -i @key"), &sealed);
        assert!(opened == content && done(&pair.theirs("age -d -i @key", &sealed)) == content);
        (encrypting, decrypting)
    };
    let (small, large) = (there_and_back(&content(1 << 20)), there_and_back(&content(64 << 20)));
    println!("peak resident KiB, encrypt and decrypt: 1 MiB {small:?}, 64 MiB {large:?}");
    assert!(large.0 < small.0 + MORE_KIB && large.1 < small.1 + MORE_KIB, "{small:?} {large:?}");
}

/// Output, and the peak resident size in KiB just before the end of the input.
#[cfg(target_os = "linux")]
fn resident(mut command: Command, input: &[u8]) -> (Vec<u8>, u64) {
    use std::io::Read;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let (mut stdin, mut stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let status = format!("/proc/{}/status", child.id());
    std::thread::scope(|scope| {
        let output = scope.spawn(move || {
            let mut output = Vec::new();
            stdout.read_to_end(&mut output).map(|_| output)
        });
        stdin.write_all(input).expect("it reads all");
        let status = std::fs::read_to_string(&status).expect("it still waits for the end");
        drop(stdin);
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).expect("a peak");
        assert!(child.wait().expect("it ends").success());
        (output.join().expect("no panic").expect("it is read"), peak.trim().parse().expect("a number"))
    })
}
