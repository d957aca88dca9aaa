//! Feature `ssh`: OpenSSH Ed25519 keys as identities and recipients, and what is said without it.

use super::secret;
use crate::age::{Recipient, RecipientError, parse_identities};

macro_rules! ssh_file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/ssh/", $name))
    };
}

fn refused(file: &str) -> String {
    parse_identities("id", &secret(file.as_bytes())).map(drop).expect_err("refused").to_string()
}

#[cfg(feature = "ssh")]
#[test]
fn an_ssh_key_opens_what_is_for_it() {
    use crate::age::{Caps, IdentityKind, RecipientKind, armor, decrypt, encrypt};
    let recipient: Recipient = ssh_file!("ed25519.pub").parse().expect("a good key");
    let identities = parse_identities("id", &secret(ssh_file!("ed25519").as_bytes())).expect("a good key");
    assert_eq!((recipient.kind(), identities[0].kind()), (RecipientKind::Ssh, IdentityKind::Ssh));
    assert_eq!(identities[0].recipient(), Some(&recipient));
    let theirs = armor::unwrap(ssh_file!("sealed.txt").as_bytes()).expect("armor");
    let ours = encrypt(&secret(b"v"), &[recipient], &[], &mut super::rng()).expect("it seals");
    for (file, content) in [(theirs, &b"from the real age"[..]), (ours, b"v")] {
        let (opened, _) = decrypt(&file, &identities, &Caps::ITEM).expect("it opens");
        assert_eq!(opened.expose(), content);
    }
    assert_eq!(
        refused(ssh_file!("encrypted")),
        "id:1: the OpenSSH private key is encrypted with a passphrase: take that off a copy (ssh-keygen -p), or use an age identity"
    );
    assert_eq!(refused(ssh_file!("rsa")), "id:1: the OpenSSH private key is not an Ed25519 key");
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==".parse::<Recipient>();
    assert_eq!(rsa.map(drop), Err(RecipientError::Ssh("SSH keys other than ssh-ed25519 as")));
}

#[cfg(not(feature = "ssh"))]
#[test]
fn without_the_feature_ssh_keys_are_named_and_refused() {
    assert_eq!(
        refused(ssh_file!("ed25519")),
        "id:1: a PEM private key, and SSH keys are not built in (cargo feature ssh): use an age identity (seal keygen)"
    );
    assert_eq!(ssh_file!("ed25519.pub").parse::<Recipient>().map(drop), Err(RecipientError::Ssh("SSH")));
}
