//! Files there and back through the command line, in process.

use crate::{Exit, Io};
use std::path::{Path, PathBuf};

struct Run {
    exit: Exit,
    output: Vec<u8>,
    errors: String,
}

fn run(args: &[&str], input: &[u8], answers: &[&str]) -> Run {
    let (mut io, output, errors) = Io::scripted(input, 1_795_564_800, answers);
    let argv = ["seal"].iter().chain(args).map(Into::into).collect();
    let exit = crate::run(argv, &mut io);
    Run { exit, output: output.bytes(), errors: errors.text() }
}

fn path(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn key(folder: &tempfile::TempDir, name: &str, more: &[&str]) -> (PathBuf, String) {
    let file = path(folder, name);
    let made = run(&[&["keygen", "-o", text(&file)], more].concat(), b"", &[]);
    assert_eq!(made.exit, Exit::DONE, "{}", made.errors);
    (file, made.errors.strip_prefix("Public key: ").unwrap().trim().to_owned())
}

#[test]
fn content_of_every_size_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for more in [&[][..], &["--pq"]] {
        let (file, recipient) = key(&folder, &format!("key{}", more.len()), more);
        for size in [0, 1, 65_535, 65_536, 65_537, 200_000] {
            let content: Vec<u8> = (0..size).map(|i: u32| i.to_le_bytes()[0] ^ 0x5a).collect();
            for armor in [&[][..], &["--armor"]] {
                let sealed = run(&[&["age", "encrypt", "-r", &recipient], armor].concat(), &content, &[]);
                assert_eq!(sealed.exit, Exit::DONE, "{}", sealed.errors);
                assert_eq!(sealed.output.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"), !armor.is_empty());
                let opened = run(&["age", "decrypt", "-i", text(&file)], &sealed.output, &[]);
                assert!(opened.exit == Exit::DONE && opened.output == content, "{size} {armor:?} {}", opened.errors);
            }
        }
    }
}

#[test]
fn a_passphrase_is_asked_twice_and_a_wrong_one_is_a_no() {
    let sealed = run(&["age", "encrypt", "-p"], b"hi", &["open sesame", "open sesame"]);
    assert_eq!(sealed.exit, Exit::DONE, "{}", sealed.errors);
    assert_eq!(run(&["age", "decrypt"], &sealed.output, &["open sesame"]).output, b"hi");
    let wrong = run(&["age", "decrypt"], &sealed.output, &["sesame"]);
    assert_eq!((wrong.exit, wrong.errors.as_str()), (Exit::FINDINGS, "seal: error: standard input: the passphrase is wrong\n"));
    let differ = run(&["age", "encrypt", "-p"], b"hi", &["one", "two"]);
    assert_eq!((differ.exit, differ.output.len()), (Exit::FAILED, 0));
}

#[test]
fn an_empty_passphrase_is_replaced_by_a_made_one() {
    let sealed = run(&["age", "encrypt", "-p"], b"hi", &[""]);
    let made = sealed.errors.trim().strip_prefix("The passphrase is: ").unwrap().to_owned();
    assert_eq!(made.len(), 31);
    assert_eq!(run(&["age", "decrypt"], &sealed.output, &[&made]).output, b"hi");
}

#[test]
fn a_damaged_file_leaves_the_old_output_and_no_neighbour() {
    let folder = tempfile::tempdir().unwrap();
    let (file, recipient) = key(&folder, "key", &[]);
    let mut sealed = run(&["age", "encrypt", "-r", &recipient], &[b'x'; 200_000], &[]).output;
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    let output = path(&folder, "out");
    std::fs::write(&output, "old").unwrap();
    let opened = run(&["age", "decrypt", "-i", text(&file), "-o", text(&output)], &sealed, &[]);
    assert_eq!(opened.exit, Exit::FAILED);
    assert_eq!(opened.errors, "seal: error: standard input: the content of the age file is damaged or cut short\n");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn plaintext_and_keys_are_for_their_owner_and_keys_are_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (file, recipient) = key(&folder, "key", &[]);
    let output = path(&folder, "out");
    let sealed = run(&["age", "encrypt", "-r", &recipient], b"hi", &[]).output;
    assert_eq!(run(&["age", "decrypt", "-i", text(&file), "-o", text(&output)], &sealed, &[]).exit, Exit::DONE);
    for file in [&file, &output] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&file).unwrap();
    let again = run(&["keygen", "-o", text(&file)], b"", &[]);
    assert_eq!((again.exit, std::fs::read(&file).unwrap() == before), (Exit::FAILED, true));
    assert!(again.errors.contains("exists already"), "{}", again.errors);
}
