//! Writes `tests/vectors/v2`: `cargo run -p seal-crypto --example v2_vectors`. It has an encoder of its own, straight from the
//! specification, so that the vectors judge the one in `src/v2`. Everything comes from one seed: every run writes the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::{SeedableRng, rngs::StdRng};
use seal_crypto::age::{Identity, Recipient, RecipientKind, Stanza, encrypt};
use std::path::{Path, PathBuf};

/// Six fields and what stands around them; each may be spoiled.
#[derive(Clone)]
struct Parts {
    scope: String,
    namespace: String,
    name: String,
    key: String,
    audience: String,
    sealed_at: Vec<u8>,
    count: u16,
    /// Bytes after the fields, inside the context's length.
    after: Vec<u8>,
}

impl Parts {
    fn new(scope: &str, namespace: &str, name: &str, key: &str, audience: &str) -> Self {
        let text = str::to_owned;
        let (scope, namespace, name, key, audience) = (text(scope), text(namespace), text(name), text(key), text(audience));
        let sealed_at = 1_795_564_800_u64.to_be_bytes().to_vec();
        Self { scope, namespace, name, key, audience, sealed_at, count: 6, after: Vec::new() }
    }

    fn context(&self) -> Vec<u8> {
        let texts = [&self.scope, &self.namespace, &self.name, &self.key, &self.audience];
        let fields = texts.into_iter().map(|text| text.as_bytes()).chain([self.sealed_at.as_slice()]);
        let mut bytes = self.count.to_be_bytes().to_vec();
        for field in fields {
            bytes.extend(u16::try_from(field.len()).expect("short").to_be_bytes());
            bytes.extend(field);
        }
        bytes.extend(&self.after);
        bytes
    }

    fn sized(&self) -> Vec<u8> {
        let context = self.context();
        [u32::try_from(context.len()).expect("short").to_be_bytes().as_slice(), &context].concat()
    }

    fn frame(&self, value: &[u8]) -> Vec<u8> {
        [b"seal/v2\0".as_slice(), &self.sized(), value].concat()
    }

    fn claim(&self, recipients: &[Recipient]) -> Stanza {
        use sha2::{Digest, Sha256};
        let count = u16::try_from(recipients.len()).expect("few").to_be_bytes();
        let digests = recipients.iter().flat_map(|recipient| Sha256::digest(recipient.as_str()).to_vec());
        let body = self.sized().into_iter().chain(count).chain(digests).collect();
        Stanza { kind: "sealkit.dev/v2".to_owned(), args: Vec::new(), body }
    }
}

fn stanza(kind: &str, body: usize) -> Stanza {
    Stanza { kind: kind.to_owned(), args: Vec::new(), body: vec![0; body] }
}

/// Where an item is opened.
#[derive(Clone, Copy)]
struct At<'a>(&'a str, &'a str, &'a str, &'a str);

const HOME: At<'static> = At("strict", "prod", "db", "password");

/// How an item is opened, and what comes of it. `more` are header lines.
struct Case<'a> {
    expect: &'a str,
    identities: &'a str,
    at: At<'a>,
    more: &'a str,
}

/// By identity `x25519-a` at home, with no more to say.
fn at_home(expect: &str) -> Case<'_> {
    Case { expect, identities: "x25519-a", at: HOME, more: "" }
}

/// File, what it is about, identities, place, header lines and item.
type Opening<'a> = (&'a str, &'a str, &'a str, At<'a>, String, Vec<u8>);

struct Writer {
    folder: PathBuf,
    rng: StdRng,
}

impl Writer {
    fn seal(&mut self, frame: &[u8], recipients: &[Recipient], stanzas: &[Stanza]) -> Vec<u8> {
        encrypt(&frame.to_vec().into(), recipients, stanzas, &mut self.rng).expect("encrypts")
    }

    /// As a sealer does it.
    fn good(&mut self, parts: &Parts, value: &[u8], recipients: &[Recipient]) -> Vec<u8> {
        self.seal(&parts.frame(value), recipients, &[parts.claim(recipients)])
    }

    fn write(&self, file: &str, about: &str, case: &Case<'_>, item: &[u8]) {
        let Case { expect, identities, at: At(scope, namespace, name, key), more } = case;
        let text = format!(
            "about: {about}\nexpect: {expect}\nidentities: {identities}\nscope: {scope}\nnamespace: {namespace}\nname: {name}\nkey: {key}\n{more}\n{}",
            STANDARD.encode(item)
        );
        std::fs::write(self.folder.join(file).with_extension("txt"), text).expect("written");
    }
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/v2");
    let mut rng = StdRng::seed_from_u64(2026);
    let mut make = |name: &str, kind| {
        let identity = Identity::generate(kind, &mut rng).expect("ours to make");
        let text = [identity.to_text().expect("ours to write").expose(), b"\n"].concat();
        std::fs::write(folder.join(name).with_extension("agekey"), text).expect("written");
        identity.recipient().expect("known").clone()
    };
    let [a, b] = ["x25519-a", "x25519-b"].map(|name| make(name, RecipientKind::X25519));
    let [p, q] = ["pq-a", "pq-b"].map(|name| make(name, RecipientKind::PostQuantum));
    let many: Vec<Recipient> = (0..31)
        .map(|_| Identity::generate(RecipientKind::X25519, &mut rng).expect("made").recipient().expect("known").clone())
        .chain([a.clone()])
        .collect();
    let mut writer = Writer { folder, rng };
    opening(&mut writer, &a, &b, &p, &q, &many);
    elsewhere(&mut writer, &a, &b);
    spoiled(&mut writer, &a);
    disagreeing(&mut writer, &a, &b);
    malformed(&mut writer, &a, &b);
}

fn value(bytes: &[u8]) -> String {
    format!("value: {}\n", STANDARD.encode(bytes))
}

fn opening(writer: &mut Writer, a: &Recipient, b: &Recipient, p: &Recipient, q: &Recipient, many: &[Recipient]) {
    let home = Parts::new("strict", "prod", "db", "password", "");
    let wide = Parts::new("namespace-wide", "prod", "", "password", "");
    let everywhere = Parts::new("cluster-wide", "", "", "password", "");
    let one = std::slice::from_ref(a);
    let long = "a".repeat(253);
    let longest = Parts::new("strict", &long[..63], &long, &long, &long);
    let named = Parts::new("strict", "prod", "testSecret.v2", "A_b.c-9", "");
    let cases: [Opening<'_>; 14] = [
        ("strict", "one recipient", "x25519-a", HOME, value(b"hunter2"), writer.good(&home, b"hunter2", one)),
        (
            "post-quantum",
            "one post-quantum recipient",
            "pq-a",
            HOME,
            value(b"v"),
            writer.good(&home, b"v", std::slice::from_ref(p)),
        ),
        (
            "second-of-two",
            "the second recipient opens",
            "x25519-b",
            HOME,
            value(b"v"),
            writer.good(&home, b"v", &[a.clone(), b.clone()]),
        ),
        (
            "second-of-two-pq",
            "the second post-quantum recipient opens",
            "pq-b",
            HOME,
            value(b"v"),
            writer.good(&home, b"v", &[p.clone(), q.clone()]),
        ),
        ("last-of-32", "as many recipients as there may be", "x25519-a", HOME, value(b"v"), writer.good(&home, b"v", many)),
        (
            "last-identity",
            "other identities are tried before",
            "x25519-b pq-a x25519-a",
            HOME,
            value(b"v"),
            writer.good(&home, b"v", one),
        ),
        (
            "namespace-wide",
            "found under another name",
            "x25519-a",
            At("namespace-wide", "prod", "other", "password"),
            value(b"v"),
            writer.good(&wide, b"v", one),
        ),
        (
            "cluster-wide",
            "found in another namespace",
            "x25519-a",
            At("cluster-wide", "any", "where", "password"),
            value(b"v"),
            writer.good(&everywhere, b"v", one),
        ),
        ("value-empty", "an empty value", "x25519-a", HOME, value(b""), writer.good(&home, b"", one)),
        (
            "value-binary",
            "all bytes",
            "x25519-a",
            HOME,
            value(&(0..=255).collect::<Vec<u8>>()),
            writer.good(&home, &(0..=255).collect::<Vec<u8>>(), one),
        ),
        (
            "value-fills-a-chunk",
            "frame and value together are 64 KiB",
            "x25519-a",
            HOME,
            format!("value: repeat {} eA==\n", 65_536 - home.frame(b"").len()),
            writer.good(&home, &vec![b'x'; 65_536 - home.frame(b"").len()], one),
        ),
        (
            "longest-fields",
            "every field as long as it may be, capitals in none",
            "x25519-a",
            At("strict", &long[..63], &long, &long),
            format!("audience: {long}\n{}", value(b"v")),
            writer.good(&longest, b"v", one),
        ),
        (
            "odd-names",
            "capitals, dots and underscores",
            "x25519-a",
            At("strict", "prod", "testSecret.v2", "A_b.c-9"),
            value(b"v"),
            writer.good(&named, b"v", one),
        ),
        (
            "unknown-grease",
            "a stanza that age programs pass over",
            "x25519-a",
            HOME,
            value(b"v"),
            writer.seal(&home.frame(b"v"), one, &[home.claim(one), stanza("x-grease", 48)]),
        ),
    ];
    for (file, about, identities, at, more, item) in cases {
        writer.write(&format!("opens-{file}"), about, &Case { identities, at, more: &more, ..at_home("opens") }, &item);
    }
    for (sealed_for, opener) in [("", ""), ("", "eu-1"), ("eu-1", "eu-1"), ("eu-1", "people")] {
        let item = writer.good(&Parts::new("strict", "prod", "db", "password", sealed_for), b"v", one);
        let more = if opener == "people" { value(b"v") } else { format!("audience: {opener}\n{}", value(b"v")) };
        let file = format!("opens-audience-{}-{}", or_none(sealed_for), or_none(opener));
        writer.write(&file, "what it is sealed for, and who opens", &Case { more: &more, ..at_home("opens") }, &item);
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// Sound items in the wrong place.
fn elsewhere(writer: &mut Writer, a: &Recipient, b: &Recipient) {
    let one = std::slice::from_ref(a);
    let item = writer.good(&Parts::new("strict", "prod", "db", "password", ""), b"v", one);
    for (file, at) in [
        ("moved", At("strict", "test", "db", "password")),
        ("renamed", At("strict", "prod", "db2", "password")),
        ("swapped", At("strict", "prod", "db", "user")),
        ("widened-to-namespace", At("namespace-wide", "prod", "db", "password")),
        ("widened-to-cluster", At("cluster-wide", "prod", "db", "password")),
    ] {
        writer.write(&format!("refused-{file}"), "sealed for prod/db, strict", &Case { at, ..at_home("refused") }, &item);
    }
    let wide = writer.good(&Parts::new("namespace-wide", "prod", "", "password", ""), b"v", one);
    for (file, at) in [("narrowed", HOME), ("other-namespace-wide", At("namespace-wide", "test", "db", "password"))] {
        writer.write(&format!("refused-{file}"), "sealed for namespace prod", &Case { at, ..at_home("refused") }, &wide);
    }
    let for_one = writer.good(&Parts::new("strict", "prod", "db", "password", "eu-1"), b"v", one);
    for opener in ["", "eu-2", "eu-11", "EU-1"] {
        let more = format!("audience: {opener}\n");
        let file = format!("refused-audience-{}", or_none(opener));
        writer.write(&file, "sealed for the audience eu-1", &Case { more: &more, ..at_home("refused") }, &for_one);
    }
    writer.write(
        "refused-unknown-identity",
        "for somebody else",
        &Case { identities: "x25519-b pq-a", ..at_home("refused") },
        &item,
    );
    let other = writer.good(&Parts::new("strict", "prod", "db", "password", ""), b"v", std::slice::from_ref(b));
    writer.write("refused-other-recipient", "for somebody else", &at_home("refused"), &other);
}

/// Sound items with bytes changed, cut or added.
fn spoiled(writer: &mut Writer, a: &Recipient) {
    let good = writer.good(&Parts::new("strict", "prod", "db", "password", ""), b"hunter2", std::slice::from_ref(a));
    let last = good.len() - 1;
    let find = |needle: &[u8]| good.windows(needle.len()).position(|window| window == needle).expect("there");
    let flip = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let recipient = find(b"-> X25519 ") + 60;
    for (file, about, expect, item) in [
        ("refused-trailing-byte", "one byte after the file", "refused", [good.as_slice(), b"\0"].concat()),
        ("refused-twice", "the file twice", "refused", good.repeat(2)),
        ("refused-tag", "last byte changed", "refused", flip(last)),
        ("refused-nonce", "first byte of the payload changed", "refused", flip(good.len() - (16 + 8 + 4 + 54 + 7 + 16))),
        ("refused-recipient-stanza", "a bit of the recipient's stanza changed", "refused", flip(recipient)),
        ("refused-cut-tag", "last byte missing", "refused", good[..last].to_vec()),
        ("malformed-cut-header", "cut inside the header", "malformed", good[..200].to_vec()),
        ("malformed-cut-nonce", "nothing after the header", "malformed", good[..find(b"\n--- ") + 5 + 44].to_vec()),
        ("malformed-version", "age-encryption.org/v2", "not-v2", flip(find(b"/v1\n") + 2)),
        (
            "malformed-armored",
            "armored, which is another spelling of the same file",
            "not-v2",
            seal_crypto::age::armor::wrap(&good).into_bytes(),
        ),
    ] {
        writer.write(file, about, &at_home(expect), &item);
    }
}

/// Sound files whose frame is none, or says something else than the claim.
fn disagreeing(writer: &mut Writer, a: &Recipient, b: &Recipient) {
    let one = std::slice::from_ref(a);
    let home = Parts::new("strict", "prod", "db", "password", "");
    let claim = home.claim(one);
    let later = Parts { sealed_at: 1_795_564_801_u64.to_be_bytes().to_vec(), ..home.clone() };
    let frames: [(&str, &str, Vec<u8>); 12] = [
        (
            "other-place",
            "claims prod/db, was framed for test/db",
            Parts::new("strict", "test", "db", "password", "").frame(b"a longer value"),
        ),
        (
            "other-key",
            "claims password, was framed for user",
            Parts::new("strict", "prod", "db", "user", "").frame(b"a longer value"),
        ),
        (
            "other-scope",
            "claims strict, was framed cluster-wide",
            Parts::new("cluster-wide", "", "", "password", "").frame(b"a longer value"),
        ),
        (
            "other-audience",
            "claims none, was framed for eu-1",
            Parts::new("strict", "prod", "db", "password", "eu-1").frame(b"a longer value"),
        ),
        ("other-time", "claims another time than was framed", later.frame(b"a longer value")),
        ("magic", "another magic", [b"seal/v3\0".as_slice(), &home.frame(b"a longer value")[8..]].concat()),
        ("no-frame", "a value without a frame", vec![b'v'; 100]),
        ("five-fields", "a count of 5", Parts { count: 5, ..home.clone() }.frame(b"a longer value")),
        ("seven-fields", "a seventh field", Parts { count: 7, after: vec![0, 0], ..home.clone() }.frame(b"a longer value")),
        ("bytes-after-fields", "a byte after the sixth field", Parts { after: vec![0], ..home.clone() }.frame(b"a longer value")),
        ("short-time", "sealed-at of 7 bytes", Parts { sealed_at: vec![0; 7], ..home.clone() }.frame(b"a longer value")),
        (
            "length-lies",
            "a context of 4 GiB is announced",
            [b"seal/v2\0\xff\xff\xff\xff".as_slice(), &home.context(), b"a longer value"].concat(),
        ),
    ];
    for (file, about, frame) in frames {
        let item = writer.seal(&frame, one, std::slice::from_ref(&claim));
        writer.write(&format!("refused-frame-{file}"), about, &at_home("refused"), &item);
    }
    let elsewhere = Parts::new("strict", "test", "db", "password", "").claim(one);
    let item = writer.seal(&home.frame(b"v"), one, &[elsewhere]);
    writer.write("refused-claim-other-place", "framed for prod/db, claims test/db", &at_home("refused"), &item);
    let item = writer.seal(&home.frame(b"v"), one, &[home.claim(std::slice::from_ref(b))]);
    let about = "claims another recipient than it is for: nobody can tell, and it opens";
    writer.write("opens-claims-another-recipient", about, &Case { more: &value(b"v"), ..at_home("opens") }, &item);
}

/// What needs no key to be refused.
fn malformed(writer: &mut Writer, a: &Recipient, b: &Recipient) {
    let one = std::slice::from_ref(a);
    let home = Parts::new("strict", "prod", "db", "password", "");
    let (frame, claim) = (home.frame(b"v"), home.claim(one));
    let argument = Stanza { args: vec!["x".to_owned()], ..claim.clone() };
    let with = |body: Vec<u8>| vec![Stanza { body, ..claim.clone() }];
    let none = Stanza { body: [home.sized(), vec![0, 0]].concat(), ..claim.clone() };
    let cut = claim.body[..claim.body.len() - 1].to_vec();
    let more = [claim.body.as_slice(), &[0]].concat();
    let wrong_scope = Parts::new("Strict", "prod", "db", "password", "").claim(one);
    let unbound = Parts::new("cluster-wide", "prod", "", "password", "").claim(one);
    let slash = Parts::new("strict", "prod/db", "x", "password", "").claim(one);
    let no_key = Parts::new("strict", "prod", "db", "", "").claim(one);
    let spaced = Parts::new("strict", "prod", "db", "password", "eu 1").claim(one);
    let crowd = std::iter::once(claim.clone()).chain((0..40).map(|_| stanza("x-grease", 0))).collect();
    let cases: [(&str, &str, &[Recipient], Vec<Stanza>); 18] = [
        ("no-claim", "an age file like any other", one, vec![]),
        ("two-claims", "the claim twice", one, vec![claim.clone(), claim.clone()]),
        ("claim-with-argument", "an argument where none belongs", one, vec![argument]),
        ("claim-cut", "a claim without its last byte", one, with(cut)),
        ("claim-longer", "a byte after the claim", one, with(more)),
        ("claim-of-nobody", "a claim of no recipient", one, vec![none]),
        ("claim-of-more", "claims two recipients, is for one", one, vec![home.claim(&[a.clone(), b.clone()])]),
        ("claim-of-fewer", "claims one recipient, is for two", &[a.clone(), b.clone()], vec![claim.clone()]),
        ("claim-scope-capital", "a scope in capitals", one, vec![wrong_scope]),
        ("claim-unbound-field", "a namespace where the scope binds none", one, vec![unbound]),
        ("claim-slash", "a slash in the namespace", one, vec![slash]),
        ("claim-no-key", "an empty key", one, vec![no_key]),
        ("claim-audience-space", "a space in the audience", one, vec![spaced]),
        ("ssh", "a stanza for an SSH key", one, vec![claim.clone(), stanza("ssh-ed25519", 32)]),
        ("plugin", "a stanza of a plugin's own type", one, vec![claim.clone(), stanza("yubikey", 32)]),
        (
            "half-post-quantum",
            "a post-quantum stanza beside a classic one",
            one,
            vec![claim.clone(), stanza("mlkem768x25519", 32)],
        ),
        ("header-too-long", "more than 64 KiB of header", one, vec![claim.clone(), stanza("x-grease", 50_000)]),
        ("too-many-stanzas", "more than 40 stanzas", one, crowd),
    ];
    for (file, about, recipients, stanzas) in cases {
        let item = writer.seal(&frame, recipients, &stanzas);
        writer.write(&format!("malformed-{file}"), about, &at_home("malformed"), &item);
    }
    let short = writer.seal(b"seal/v2\0", one, std::slice::from_ref(&claim));
    writer.write("malformed-short-payload", "less payload than a frame needs", &at_home("malformed"), &short);
}
