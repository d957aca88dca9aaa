//! What opening one item costs, in CPU time: `cargo run --release -p seal-crypto --example open [--features aws-lc]`.

use seal_crypto::age::{Identity, RecipientKind};
use seal_crypto::{Binding, Item, Keyring, PrivateKey, Scope, v2, v2::Place};

const ROUNDS: u32 = 100;

fn main() {
    let back_end = if cfg!(feature = "aws-lc") { "aws-lc" } else { "rsa" };
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid names");
    for name in ["rsa2048", "rsa3072", "rsa4096"] {
        let file = format!("{}/../../tests/vectors/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        let pem = std::fs::read(file).expect("a published test key").into();
        let parse = cost(|| drop(PrivateKey::from_pem(&pem)));
        let key = PrivateKey::from_pem(&pem).expect("a published test key");
        let value = b"a password of usual length".to_vec().into();
        let item = Item::seal(&value, key.public(), &binding, &mut rand::rng()).expect("it seals");
        let seal = cost(|| drop(Item::seal(&value, key.public(), &binding, &mut rand::rng())));
        let keyring = Keyring::new(vec![key]);
        let open = cost(|| assert!(keyring.open(&item, &Place::new(&binding, "key"), None).is_ok()));
        println!("{name} {back_end}: open {open:.2} ms, seal {seal:.2} ms, read key {parse:.2} ms");
    }
    v2_items(&binding);
}

/// For one recipient, and for the last of ten, whom the claim does not help: all ten stanzas are tried.
fn v2_items(binding: &Binding) {
    let value = b"a password of usual length".to_vec().into();
    let context = v2::Context::new(binding, "key", "", 0).expect("a valid context");
    for (kind, count) in [RecipientKind::X25519, RecipientKind::PostQuantum].into_iter().flat_map(|kind| [(kind, 1), (kind, 10)])
    {
        let identities: Vec<_> = (0..count).filter_map(|_| Identity::generate(kind, &mut rand::rng())).collect();
        let recipients: Vec<_> = identities.iter().filter_map(|identity| identity.recipient().cloned()).collect();
        let make = || v2::seal(&value, &context, &recipients, &mut rand::rng()).expect("it seals");
        let (item, seal) = (make(), cost(|| drop(make())));
        let keyring = Keyring::with_identities(Vec::new(), identities.into_iter().next_back().into_iter().collect());
        let open = cost(|| assert!(keyring.open(&item, &Place::new(binding, "key"), None).is_ok()));
        let bytes = item.as_bytes().len();
        println!("{kind:?}, last of {count}: open {open:.2} ms, seal {seal:.2} ms, {bytes} bytes");
    }
}

/// Mean milliseconds of CPU time of this thread, which a busy machine disturbs less than the clock on the wall.
fn cost(mut work: impl FnMut()) -> f64 {
    work();
    let before = cpu();
    (0..ROUNDS).for_each(|_| work());
    (cpu() - before) / f64::from(ROUNDS)
}

fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds: f64 = text.split(' ').next().and_then(|field| field.parse().ok()).expect("a number");
    nanoseconds / 1e6
}
