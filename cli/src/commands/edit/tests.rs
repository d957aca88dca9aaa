//! `seal edit` with a scripted editor, from the command line to the file.

#![cfg(unix)]

use crate::{Exit, Io};
use seal_crypto::{Certificate, PrivateKey};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const NOW: i64 = 1_800_000_000;

/// A folder with a key pair, a sealed file and a way to run commands in it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut rng = Io::scripted(b"", NOW, &[]).0.rng();
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let certificate = Certificate::self_signed(&key, "", NOW - 10, 1000, &mut rng).unwrap();
        std::fs::write(desk.path("key.pem"), key.to_pem().expose()).unwrap();
        std::fs::write(desk.path("cert.pem"), certificate.pem).unwrap();
        let literals = ["--from-literal", "a=first-value", "--from-literal", "b=second-value", "--name", "app", "-n", "shop"];
        let (exit, said) = desk.run(&[&["encrypt", "-o", "app.yaml"], literals.as_slice()].concat(), "true");
        assert_eq!(exit, Exit::DONE, "{said}");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An editor that is a shell script; `$1` is the sheet.
    fn editor(&self, script: &str) -> String {
        let path = self.path("editor.sh");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        path.display().to_string()
    }

    fn run(&self, words: &[&str], editor: &str) -> (Exit, String) {
        let full =
            |word: &&str| if word.ends_with(".yaml") || word.ends_with(".pem") { self.path(word).into() } else { (*word).into() };
        let argv = std::iter::once("seal".into()).chain(words.iter().map(full)).collect();
        let (io, output, errors) = Io::scripted(b"", NOW, &[]);
        let mut io = io.with_env("EDITOR", editor).with_env("SEAL_CERT", &self.path("cert.pem").display().to_string());
        let exit = crate::run(argv, &mut io);
        (exit, format!("{}{}", output.text(), errors.text()))
    }

    fn value(&self, key: &str) -> String {
        self.run(&["decrypt", "app.yaml", "--recovery-key", "key.pem", "--key", key], "true").1
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.path("app.yaml")).unwrap()
    }
}

#[test]
fn with_a_key_values_are_shown_and_only_changed_ones_are_sealed_again() {
    let desk = Desk::new();
    let before = desk.file();
    let copy = desk.path("seen.txt");
    let script = format!("cp \"$1\" {0}; ls -l \"$1\" | cut -c1-10 >> {0}; sed -i 's/second-value/2nd/' \"$1\"", copy.display());
    let (exit, said) = desk.run(&["edit", "app.yaml", "--recovery-key", "key.pem"], &desk.editor(&script));
    assert_eq!((exit, said.contains("sealed b")), (Exit::DONE, true), "{said}");
    let seen = std::fs::read_to_string(copy).unwrap();
    assert!(seen.contains("a: first-value") && seen.contains("b: second-value") && seen.ends_with("-rw-------\n"), "{seen}");
    assert_eq!((desk.value("a").as_str(), desk.value("b").as_str()), ("first-value", "2nd"));
    let line = |text: &str| text.lines().find(|line| line.trim_start().starts_with("a: ")).map(str::to_owned);
    assert_eq!(line(&before), line(&desk.file()), "an unchanged value keeps its ciphertext");
}

#[test]
fn without_a_key_new_values_are_taken_and_none_is_shown() {
    let desk = Desk::new();
    let copy = desk.path("seen.txt");
    let script = format!("cp \"$1\" {}; echo '  c: three' >> \"$1\"", copy.display());
    let (exit, said) = desk.run(&["edit", "app.yaml"], &desk.editor(&script));
    assert_eq!(exit, Exit::DONE, "{said}");
    assert!(!std::fs::read_to_string(copy).unwrap().contains("first-value"));
    assert_eq!((desk.value("a").as_str(), desk.value("c").as_str()), ("first-value", "three"));
}

#[test]
fn nothing_is_written_when_nothing_changed_or_the_edit_went_wrong() {
    for (script, exit) in [("true", Exit::DONE), ("exit 1", Exit::FAILED), ("echo 'x: [' >> \"$1\"", Exit::FAILED)] {
        let desk = Desk::new();
        let before = desk.file();
        let (ended, said) = desk.run(&["edit", "app.yaml", "--recovery-key", "key.pem"], &desk.editor(script));
        assert_eq!((ended, desk.file() == before), (exit, true), "{script}: {said}");
        assert!(!said.contains("first-value"), "{said}");
    }
}

#[test]
fn no_sheet_is_left_behind() {
    let desk = Desk::new();
    let place = desk.path("place.txt");
    desk.run(
        &["edit", "app.yaml", "--recovery-key", "key.pem"],
        &desk.editor(&format!("printf %s \"$1\" > {}", place.display())),
    );
    let sheet = std::fs::read_to_string(place).unwrap();
    assert!(!Path::new(&sheet).exists() && !Path::new(&sheet).parent().unwrap().exists(), "{sheet}");
}
