//! v2 items and the peers: what opens with ours is an age file to the real age, and nothing to the real kubeseal, at every size.

use crate::kubeseal::{self, Kubeseal};
use crate::{folder, rng, v2_reader};
use rand::RngExt as _;
use seal_crypto::age::{Identity, parse_identities};
use seal_crypto::v2::{self, Context, Place};
use seal_crypto::{Binding, Item, Keyring, Scope};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Sizes around the lengths that the first two bytes of an age file, read as a v1 length, would announce; and a large one.
const SIZES: [usize; 5] = [0, 20_000, 25_000, 30_000, 900_000];

/// Runs age with this input; nothing when it refuses.
fn age(program: &Path, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("age runs");
    let mut stdin = child.stdin.take().expect("piped");
    std::thread::scope(|scope| {
        // It writes while it reads; a refusal closes the pipe early.
        scope.spawn(move || drop(stdin.write_all(input)));
        let output = child.wait_with_output().expect("age ends");
        output.status.success().then_some(output.stdout)
    })
}

fn v2_folder() -> PathBuf {
    folder().join("v2")
}

fn identity(name: &str) -> (PathBuf, Identity) {
    let path = v2_folder().join(name).with_extension("agekey");
    let text = std::fs::read(&path).expect("a published test key").into();
    let mut all = parse_identities(name, &text).expect("a published test key");
    (path, all.remove(0))
}

#[test]
fn age_opens_what_ours_open() {
    let Some(program) = seal_tests::peers::tool("age") else { return };
    let mut opened = 0;
    for vector in v2_reader::all(&v2_folder()).into_iter().filter(|vector| vector.expect == "opens") {
        let item = Item::decode(&vector.item).expect("base64");
        let mut args = vec!["-d"];
        let paths: Vec<_> = vector.identities.iter().map(|path| path.to_string_lossy()).collect();
        paths.iter().for_each(|path| args.extend(["-i", path]));
        let plain = age(&program, &args, item.as_bytes()).unwrap_or_else(|| panic!("{}: age refuses it", vector.file));
        let keys = vector.identities.iter().map(|path| std::fs::read(path).expect("a published test key").into());
        let identities = keys.flat_map(|text| parse_identities("vector", &text).expect("a published test key")).collect();
        let binding = Binding::new(vector.scope.parse().expect("a scope"), &vector.namespace, &vector.name).expect("valid");
        let place = Place { binding: &binding, key: &vector.key, audience: vector.audience.as_deref() };
        let ours = Keyring::with_identities(Vec::new(), identities).open(&item, &place, None).expect("it opens");
        assert!(plain.starts_with(b"seal/v2\0") && plain.ends_with(ours.value.expose()), "{}", vector.file);
        assert_eq!(ours.value.expose(), vector.value, "{}", vector.file);
        opened += 1;
    }
    assert!(opened >= 18, "{opened}");
}

#[test]
fn age_opens_what_is_sealed_here_for_both_kinds_of_recipients() {
    let Some(program) = seal_tests::peers::tool("age") else { return };
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
    let context = Context::new(&binding, "password", "eu-1", 7).expect("valid");
    for names in [["x25519-a", "x25519-b"], ["pq-a", "pq-b"]] {
        let recipients: Vec<_> = names.iter().map(|name| identity(name).1.recipient().expect("known").clone()).collect();
        for size in SIZES {
            let mut value = vec![0; size];
            rng().fill(&mut value[..]);
            let item = v2::seal(&value.clone().into(), &context, &recipients, &mut rng()).expect("seals");
            for name in names {
                let path = identity(name).0;
                let plain = age(&program, &["-d", "-i", &path.to_string_lossy()], item.as_bytes()).expect("age opens it");
                assert!(plain.ends_with(&value), "{name} {size}");
            }
        }
    }
}

#[test]
fn what_age_encrypts_is_no_item() {
    let Some(program) = seal_tests::peers::tool("age") else { return };
    let (path, own) = identity("x25519-a");
    let recipient = own.recipient().expect("known").clone();
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
    let place = Place::new(&binding, "password");
    let ring = Keyring::with_identities(Vec::new(), vec![own]);
    // The very frame of a good item, encrypted by age: without the claim it is not one.
    let context = Context::new(&binding, "password", "", 7).expect("valid");
    let good = v2::seal(&b"v".to_vec().into(), &context, std::slice::from_ref(&recipient), &mut rng()).expect("seals");
    let frame = age(&program, &["-d", "-i", &path.to_string_lossy()], good.as_bytes()).expect("age opens it");
    let theirs = age(&program, &["-r", recipient.as_str()], &frame).expect("age encrypts");
    assert!(ring.open(&Item::from_bytes(theirs), &place, None).is_err());
    assert!(ring.open(&good, &place, None).is_ok());
}

#[test]
fn the_real_kubeseal_fails_closed_on_v2_items_of_every_size() {
    let Some(kubeseal) = Kubeseal::find() else { return };
    let key = [folder().join("keys/rsa2048.pem")];
    for vector in v2_reader::all(&v2_folder()).into_iter().filter(|vector| vector.expect != "not-v2") {
        let scope = vector.scope.parse().expect("a scope");
        let sealed =
            kubeseal::sealed_secret(scope, &vector.namespace, &vector.name, [(vector.key.as_str(), vector.item.as_str())]);
        assert!(kubeseal.unseal(&sealed, &key).is_none(), "{}: kubeseal opens it", vector.file);
    }
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
    let context = Context::new(&binding, "password", "", 7).expect("valid");
    let recipients = [identity("x25519-a").1.recipient().expect("known").clone()];
    // Values of lengths around the 24,937 bytes that would make the announced RSA block complete, too.
    let exact = (24_900..24_980).step_by(4).chain(SIZES);
    for size in exact {
        let item = v2::seal(&vec![7; size].into(), &context, &recipients, &mut rng()).expect("seals").encode();
        let sealed = kubeseal::sealed_secret(Scope::Strict, "prod", "db", [("password", item.as_str())]);
        assert!(kubeseal.unseal(&sealed, &key).is_none(), "{size}: kubeseal opens it");
    }
}
