//! Opening 4096-bit items: CPU of our opener against upstream's own Go code, 500 items in paired rounds.
//!
//! Run: `cargo bench -p seal-tests --bench open`.

mod measure;

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use measure::{compare, own_cpu};
use seal_crypto::{Binding, Item, Keyring, PrivateKey, Scope, v2::Place};
use seal_secret::SecretBytes;

const ROUNDS: usize = 10;
const ITEMS: usize = 50;

fn main() {
    let Some(opener) = seal_tests::peers::tool("openbench") else { return };
    let mut rng = rand::rng();
    let key = PrivateKey::generate(4096, &mut rng).expect("a key");
    let binding = Binding::new(Scope::Strict, "shop", "database").expect("valid names");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let key_file = dir.path().join("key.pem");
    std::fs::write(&key_file, key.to_pem().expose()).expect("written");
    let items: Vec<Item> = (0..ITEMS)
        .map(|n| {
            let value = SecretBytes::from(format!("not a real value {n}"));
            Item::seal(&value, key.public(), &binding, &mut rng).expect("sealed")
        })
        .collect();
    let text: String = items.iter().map(|item| item.encode() + "\n").collect();
    let keyring = Keyring::new(vec![key]);

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = own_cpu();
        for item in &items {
            keyring.open(item, &Place::new(&binding, "key"), None).expect("opens");
        }
        ours.push((own_cpu() - start) / ITEMS as u32);
        theirs.push(upstream(&opener, &key_file, &text));
    }
    compare("open one 4096-bit item, CPU", ours, theirs);
}

/// CPU of one item in upstream's code, as its process measured its loop.
fn upstream(opener: &std::path::Path, key_file: &std::path::Path, text: &str) -> Duration {
    let mut child = Command::new(opener)
        .arg(key_file)
        .arg("shop/database")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the opener starts");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "upstream's opener failed");
    let line = String::from_utf8(output.stdout).expect("text");
    let nanos: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("two numbers");
    Duration::from_nanos(nanos / ITEMS as u64)
}
