//! The stronger MAC: every change of meaning that the format's own lets through is refused.

use super::{key, now, open, options, parse, rng, seal};
use crate::{OpenOptions, Selector, Store};

const YAML: Store = Store::Yaml;
const CLEAR: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: prod\n# about\ndata:\n  a: foo\n  b: bar\nlist: [x]\nempty: \"\"\n";

fn sealed() -> String {
    let selector = Selector::EncryptedRegex("^data$".into());
    let sealed =
        parse(YAML, CLEAR.as_bytes()).expect("reads").encrypt(&options(selector), &key(), now(), &mut rng()).expect("seals");
    String::from_utf8(sealed.expose().to_vec()).expect("text")
}

#[track_caller]
fn check(change: &str, text: &str, error: &str) {
    let found = open(YAML, text.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(found.contains(error) && found.is_empty() == error.is_empty(), "{change}: {found}");
}

#[test]
fn what_the_compatible_mac_lets_through_is_refused() {
    let sealed = sealed();
    check("nothing", &sealed, "");
    let mismatch = "seal_mac mismatch: values, keys, structure or the identity of the object changed";
    for (change, from, to) in [
        ("bytes move between values", "name: db\n  namespace: prod", "name: dbp\n  namespace: rod"),
        ("a key in clear is renamed", "list: ", "tsil: "),
        ("a scalar becomes a list", "list: [x]", "list: [[x]]"),
        ("null is added", "empty: \"\"", "empty: \"\"\nmore: null"),
        ("an empty text is added", "empty: \"\"", "empty: \"\"\nmore: \"\""),
        ("a comment changes", "# about", "# abouT"),
        ("a comment is added", "\ndata:", "\n# new\ndata:"),
        ("a comment goes", "# about\n", ""),
        ("a comment moves", "empty:", "# about\nempty:"),
        ("a type changes", "type:str", "type:bytes"),
        ("a text becomes a number", "name: db\n", "name: !!str db\n"),
        ("the selector changes", "encrypted_regex: ^data$", "encrypted_regex: ^d.ta$"),
    ] {
        let changed = match change {
            "a comment moves" => sealed.replacen("# about\n", "", 1).replacen(from, to, 1),
            _ => sealed.replacen(from, to, 1),
        };
        assert_ne!(changed, sealed, "{change}");
        let expected = if change == "a text becomes a number" { "" } else { mismatch };
        check(change, &changed, expected);
    }
}

#[test]
fn layout_is_free() {
    let sealed = sealed();
    check("quotes", &sealed.replace("kind: Secret", "\"kind\":   'Secret'"), "");
    check("blank lines", &sealed.replace("\nlist", "\n\n\nlist"), "");
    check("line breaks", &sealed.replace('\n', "\r\n"), "");
}

#[test]
fn it_is_demanded_where_policy_says_so() {
    let plain = parse(YAML, CLEAR.as_bytes()).expect("reads");
    let mut options = options(Selector::default());
    options.strong = false;
    let sealed = plain.encrypt(&options, &key(), now(), &mut rng()).expect("seals");
    let demand = OpenOptions { demand_strong: true, ..OpenOptions::default() };
    let error = parse(YAML, sealed.expose()).expect("reads").open(&key(), demand).err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some(
            "file: the file has no seal_mac and one is demanded; encrypt it again with seal (sops drops it when it rewrites a file)"
        )
    );
    let strong = seal(YAML, CLEAR.as_bytes());
    assert!(parse(YAML, &strong).expect("reads").open(&key(), demand).expect("opens").has_strong_mac());
    // Every editing way keeps it right.
    let opened = open(YAML, &strong).expect("opens");
    let set = opened.set(&"[\"list\"][0]".parse().expect("a path"), crate::NewValue::Null, &key(), now(), &mut rng());
    let crate::Change::Changed(bytes) = set.unwrap_or_else(|error| panic!("{error}")) else { panic!("it changed") };
    open(YAML, bytes.expose()).unwrap_or_else(|error| panic!("{error}"));
}

/// The note in `crates/decisions` says what is hashed; this is that sum, so that a change of either is seen.
#[test]
fn the_sum_is_that_of_the_specification() {
    use seal_crypto::sops::StrongMac;
    let sealed = seal(YAML, b"# c\na: x\n");
    let file = parse(YAML, &sealed).expect("reads");
    let mut mac = StrongMac::new(&key());
    let mut fields: Vec<&[u8]> = vec![b"unencrypted_suffix", b"_unencrypted", b"\0", b"document"];
    for _ in 0..4 {
        fields.extend([b"\0".as_slice(), b""]);
    }
    let zero = [0; 8];
    let one = [0, 0, 0, 0, 0, 0, 0, 1];
    fields.extend([b"map".as_slice(), &zero, &zero]);
    fields.extend([b"value".as_slice(), &zero, &one, b"k", b"a", b"str", b"\x01", b"x"]);
    fields.extend([b"comment".as_slice(), &zero, &zero, b" c"]);
    for field in fields {
        mac.field(field);
    }
    use base64::Engine;
    let right = format!("v1:{}", base64::engine::general_purpose::STANDARD.encode(mac.finish()));
    assert_eq!(file.metadata().expect("sealed").strong_mac.as_deref(), Some(right.as_str()));
}
