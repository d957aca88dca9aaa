//! What opening one item costs, in CPU time: `cargo run --release -p seal-crypto --example open [--features aws-lc]`.

use seal_crypto::{Binding, Item, Keyring, PrivateKey, Scope, v2::Place};

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
