//! Where identities are found, in which order, and what is said of places that gave none.

use super::{IdentityArgs, Outcome, RecipientArgs, Tried, Wanted, search};
use crate::Io;
use rand::{SeedableRng, rngs::StdRng};
use seal_crypto::age::{self, Identity, RecipientKind};
use std::path::{Path, PathBuf};

struct Key {
    text: String,
    recipient: String,
}

fn key(seed: u64, kind: RecipientKind) -> Key {
    let identity = Identity::generate(kind, &mut StdRng::seed_from_u64(seed)).unwrap();
    let text = String::from_utf8(identity.to_text().unwrap().expose().to_vec()).unwrap();
    Key { text, recipient: identity.recipient().unwrap().short() }
}

fn io(env: &[(&str, &str)], answers: &[&str]) -> Io {
    let (io, _, _) = Io::scripted(b"", 0, answers);
    env.iter().fold(io, |io, (name, value)| io.with_env(name, value))
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn tried(source: &str, outcome: Outcome) -> Tried {
    Tried { source: source.to_owned(), outcome }
}

const EVERYWHERE: Wanted<'static> = Wanted { files: &[], ask: true, plugins: false };

#[test]
fn every_usual_place_is_looked_at_and_says_what_it_gave() {
    let home = tempfile::tempdir().unwrap();
    let [a, b, c, d] = [1, 2, 3, 4].map(|seed| key(seed, RecipientKind::X25519));
    let file = write(home.path(), "b.txt", &format!("# mine\n\n{}\n", b.text));
    let usual = write(home.path(), ".config/sops/age/keys.txt", &c.text);
    let env = [
        ("HOME", home.path().to_str().unwrap()),
        ("SOPS_AGE_KEY", &format!("# two\n{} {}", a.text, d.text)),
        ("SOPS_AGE_KEY_FILE", &file),
        ("SOPS_AGE_KEY_CMD", "echo never"),
    ];
    let found = search(&EVERYWHERE, &mut io(&env, &[])).unwrap();
    assert_eq!(
        found.tried(),
        [
            tried("SOPS_AGE_KEY", Outcome::Holds(vec![a.recipient.clone(), d.recipient])),
            tried(&format!("SOPS_AGE_KEY_FILE ({file})"), Outcome::Holds(vec![b.recipient])),
            tried(&usual, Outcome::Holds(vec![c.recipient])),
            tried("SOPS_AGE_KEY_CMD", Outcome::Waiting),
        ]
    );
    assert_eq!(found.identities.len(), 4);
}

#[test]
fn a_broken_place_does_not_hide_a_good_one_and_says_why_without_its_text() {
    let home = tempfile::tempdir().unwrap();
    let good = key(1, RecipientKind::PostQuantum);
    let broken = good.text.replace("AGE-SECRET-KEY-PQ-1", "AGE-SECRET-KEY-PQ-1Q");
    let usual = write(home.path(), "sops/age/keys.txt", &format!("{}\n{broken}\n", good.text));
    let env = [("XDG_CONFIG_HOME", home.path().to_str().unwrap()), ("SOPS_AGE_KEY", &good.text), ("SOPS_AGE_KEY_FILE", "/none")];
    let found = search(&EVERYWHERE, &mut io(&env, &[])).unwrap();
    assert_eq!(
        found.tried(),
        [
            tried("SOPS_AGE_KEY", Outcome::Holds(vec![good.recipient])),
            tried("SOPS_AGE_KEY_FILE (/none)", Outcome::Unusable("no such file or directory".to_owned())),
            tried(
                &usual,
                Outcome::Unusable(format!("{usual}:2: the identity's checksum does not match; a character was lost or changed"))
            ),
            tried("SOPS_AGE_KEY_CMD", Outcome::Absent("not set")),
        ]
    );
    assert!(!found.explain().contains("SECRET"), "{}", found.explain());
}

#[test]
fn a_named_file_is_the_only_place_and_must_be_good() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(1, RecipientKind::X25519);
    let good = PathBuf::from(write(folder.path(), "good", &key.text));
    let env = [("SOPS_AGE_KEY", "nonsense")];
    let wanted = IdentityArgs { identities: vec![good], plugins: false };
    assert_eq!(wanted.search(&mut io(&env, &[])).unwrap().identities.len(), 1);
    for (text, message) in [
        ("", "no identities found"),
        ("# only a comment\n", "no identities found"),
        ("\nhello\n", "2: not an age identity: it does not begin with AGE-SECRET-KEY-"),
        (&key.recipient, "1: this is a recipient (a public key), not an identity"),
        ("AGE-PLUGIN-YUBIKEY-1QGPSYQYYZEFT5W\n", "1: the identity needs the plugin age-plugin-yubikey"),
        ("AGE-PLUGIN-../../X-1QGPSYQYYZEFT5W\n", "1: the identity names a plugin with characters that no plugin name has"),
    ] {
        let path = write(folder.path(), "bad", text);
        let wanted = IdentityArgs { identities: vec![path.clone().into()], plugins: false };
        let error = wanted.search(&mut io(&env, &[])).map(|_| ()).unwrap_err().message;
        assert!(error.starts_with(&path) && error.ends_with(message), "{error}");
    }
}

#[test]
fn a_plugins_line_does_not_spoil_a_usual_file_while_plugins_are_off() {
    let home = tempfile::tempdir().unwrap();
    let key = key(1, RecipientKind::X25519);
    let usual = write(home.path(), "sops/age/keys.txt", &format!("AGE-PLUGIN-YUBIKEY-1QGPSYQYYZEFT5W\n{}\n", key.text));
    let found = search(&EVERYWHERE, &mut io(&[("XDG_CONFIG_HOME", home.path().to_str().unwrap())], &[])).unwrap();
    assert_eq!(found.identities.len(), 1);
    let off = "the identity needs the plugin age-plugin-yubikey; plugins are off (--plugins)";
    assert_eq!(
        found.tried()[2..4],
        [tried(&usual, Outcome::Holds(vec![key.recipient])), tried(&usual, Outcome::Unusable(off.to_owned()))]
    );
}

#[test]
fn a_key_file_with_a_passphrase_asks_only_where_somebody_sits() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(1, RecipientKind::X25519);
    let mut writer = age::stream::encrypt_with_passphrase(
        Vec::new(),
        true,
        &"open sesame".to_owned().into(),
        2,
        &mut StdRng::seed_from_u64(3),
    )
    .unwrap();
    std::io::Write::write_all(&mut writer, key.text.as_bytes()).unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    let args = IdentityArgs { identities: vec![write(folder.path(), "keys.age", &text).into()], plugins: false };
    assert_eq!(args.search(&mut io(&[], &["open sesame"])).unwrap().identities.len(), 1);
    for (answers, message) in [
        (&["wrong"][..], "the passphrase is wrong"),
        (&[], "it is encrypted with a passphrase, and there is nobody to ask for it"),
    ] {
        let error = args.search(&mut io(&[], answers)).map(|_| ()).unwrap_err().message;
        assert!(error.ends_with(message), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn the_key_command_runs_only_when_nothing_else_fits_and_learns_the_recipient() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, wanted) = (key(1, RecipientKind::X25519), key(2, RecipientKind::X25519));
    let keys = write(folder.path(), &wanted.recipient, &wanted.text);
    let line = format!("sh -c 'cat \"{}/$SOPS_AGE_RECIPIENT\"'", folder.path().display());
    let mut io = io(&[("SOPS_AGE_KEY", &mine.text), ("SOPS_AGE_KEY_CMD", &line)], &[]);
    let fits = |recipient: &str| {
        let recipient = recipient.to_owned();
        move |all: &[Identity]| all.iter().position(|one| one.recipient().unwrap().as_str() == recipient).ok_or("no")
    };
    let recipients = ["age1nobody".to_owned(), wanted.recipient.clone()];
    let mut found = search(&EVERYWHERE, &mut io).unwrap();
    assert_eq!(found.open(&recipients, &mut io, fits(&mine.recipient)), Ok(0));
    assert_eq!(found.tried().last().unwrap().outcome, Outcome::Waiting);
    assert_eq!(found.open(&recipients, &mut io, fits(&wanted.recipient)), Ok(1));
    assert_eq!(found.tried().last().unwrap().outcome, Outcome::Holds(vec![wanted.recipient]));
    std::fs::remove_file(keys).unwrap();
    assert_eq!(found.open(&recipients, &mut io, fits("age1other")), Err("no"));
    let why = "sh ended with exit status: 1".to_owned();
    assert_eq!(found.tried().last().unwrap().outcome, Outcome::Unusable(why));
}

#[test]
fn what_opens_nothing_is_told_with_every_place() {
    let key = key(1, RecipientKind::X25519);
    let mut io = io(&[("SOPS_AGE_KEY", &key.text)], &[]);
    let error = search(&EVERYWHERE, &mut io).unwrap().nothing_fits("a.yaml", &["age1x".to_owned(), "age1y".to_owned()]);
    assert_eq!(error.message, "a.yaml: none of the identities found opens it; it is for age1x, age1y");
    assert_eq!(
        error.hint.unwrap(),
        format!(
            "looked in:\n  SOPS_AGE_KEY       holds {}\n  SOPS_AGE_KEY_FILE  not set\n  SOPS_AGE_KEY_CMD   not set",
            key.recipient
        )
    );
    let empty = search(&EVERYWHERE, &mut self::io(&[], &[])).unwrap().nothing_fits("a.yaml", &[]);
    assert_eq!((empty.message.as_str(), empty.exit), ("a.yaml: no identity found to open it with", crate::Exit::FAILED));
}

#[test]
fn recipients_come_from_flags_and_files_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (key(1, RecipientKind::X25519).recipient, key(2, RecipientKind::X25519).recipient);
    let file = write(folder.path(), "team.txt", &format!("# team\n{b}\n\n{a}\n"));
    let resolve = |recipients: &[&str], files: &[&str]| {
        let recipients = recipients.iter().map(|r| (*r).to_owned()).collect();
        let args = RecipientArgs { recipients, files: files.iter().map(PathBuf::from).collect() };
        let found = args.resolve(false, &mut io(&[], &[])).map_err(|error| error.message)?;
        Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(resolve(&[&a], &[&file]), Ok(vec![a.clone(), b.clone()]));
    let bad = write(folder.path(), "bad.txt", &format!("{a}\n{}x\n", b));
    let message = format!("{bad}:2: the recipient's checksum does not match; a character was lost or changed");
    assert_eq!(resolve(&[], &[&bad]), Err(message));
    assert_eq!(resolve(&["age1yubikey1qqqqqq"], &[]), Err("the recipient needs the plugin age-plugin-yubikey".to_owned()));
}
