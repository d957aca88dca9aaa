//! v2 items through the verbs: sealed to recipients, opened with identities, checked against `.seal.yaml`, moved from v1.

use crate::{Exit, Io};
use rand::{SeedableRng, rngs::StdRng};
use seal_crypto::{
    Certificate, PrivateKey,
    age::{Identity, RecipientKind},
};
use std::path::Path;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: one, b: two}\n";

/// A folder with identities, an RSA key and its certificate, and what `.seal.yaml` is given.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut rng = StdRng::seed_from_u64(5);
        for (name, kind) in [
            ("alice", RecipientKind::X25519),
            ("bob", RecipientKind::X25519),
            ("pq", RecipientKind::PostQuantum),
            ("pq2", RecipientKind::PostQuantum),
        ] {
            let identity = Identity::generate(kind, &mut rng).unwrap();
            desk.write(&format!("{name}.key"), identity.to_text().unwrap().expose());
            desk.write(&format!("{name}.pub"), format!("{}\n", identity.recipient().unwrap()).as_bytes());
        }
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        desk.write("rsa.key", key.to_pem().expose());
        desk.write("rsa.crt", Certificate::self_signed(&key, "", 0, 1000, &mut rng).unwrap().pem.as_bytes());
        desk
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn recipient(&self, name: &str) -> String {
        self.read(&format!("{name}.pub")).trim().to_owned()
    }

    /// Names every recipient, and gives `rules` to the folder.
    fn configure(&self, rules: &str) {
        let named = ["alice", "bob", "pq", "pq2"].map(|name| format!("  {name}: {}\n", self.recipient(name))).concat();
        self.write(".seal.yaml", format!("recipients:\n{named}groups:\n  team: [alice, bob]\n{rules}").as_bytes());
    }

    /// Runs a command; words that begin with `@` are files of the folder.
    fn seal(&self, line: &str, input: &str) -> (Exit, String, String) {
        let word = |word: &str| word.strip_prefix('@').map_or(word.to_owned(), |name| self.at(name));
        let arguments = line.split(' ').map(word).map(std::ffi::OsString::from);
        let (mut io, out, err) = Io::scripted(input.as_bytes(), 100, &[]);
        let exit = crate::run(std::iter::once("seal".into()).chain(arguments).collect(), &mut io);
        (exit, out.text(), err.text())
    }

    #[track_caller]
    fn done(&self, line: &str, input: &str) -> String {
        let (exit, out, err) = self.seal(line, input);
        assert_eq!(exit, Exit::DONE, "{line}: {out}{err}");
        out
    }

    #[track_caller]
    fn refused(&self, exit: Exit, line: &str, input: &str) -> String {
        let (code, out, err) = self.seal(line, input);
        assert_eq!(code, exit, "{line}: {out}{err}");
        format!("{out}{err}")
    }
}

#[test]
fn a_secret_is_sealed_to_recipients_and_each_of_them_opens_it() {
    let desk = Desk::new();
    desk.done(&format!("encrypt -r {} -R @bob.pub -o @db.yaml", desk.recipient("alice")), SECRET);
    let text = desk.read("db.yaml");
    assert!(text.contains("  encryptedData:\n    a: YWdlLWVuY3J5cHRpb24ub3JnL3YxC") && !text.contains("sealed-for"), "{text}");
    for key in ["alice", "bob"] {
        let opened = desk.done(&format!("decrypt -i @{key}.key @db.yaml"), "");
        assert!(opened.contains("a: b25l") && opened.contains("b: dHdv"), "{opened}");
        desk.done(&format!("decrypt --recovery-key @{key}.key @db.yaml"), "");
    }
    assert!(desk.refused(Exit::FINDINGS, "decrypt -i @pq.key @db.yaml", "").contains("no key could decrypt secret (a, b)"));
    let shown = desk.done("get @db.yaml", "");
    assert!(shown.contains("sealed to   v2, claims SHA256:") && !shown.contains("not recorded"), "{shown}");
}

#[test]
fn what_was_exchanged_moved_or_renamed_does_not_open_and_is_found_without_a_key() {
    let desk = Desk::new();
    desk.done("encrypt -R @alice.pub -o @db.yaml", SECRET);
    let good = desk.read("db.yaml");
    desk.done("verify @db.yaml", "");
    let lines: Vec<&str> = good.lines().filter(|line| line.starts_with("    a: ") || line.starts_with("    b: ")).collect();
    let (a, b) = (lines[1].replace("  b: ", "  a: "), lines[0].replace("  a: ", "  b: "));
    let exchanged = good.replace(&format!("{}\n{}\n", lines[0], lines[1]), &format!("{a}\n{b}\n"));
    for (what, changed) in [
        ("was sealed as \"b\"", exchanged),
        ("was sealed for shop/db (strict), but is now in shop/db2", good.replace("name: db\n", "name: db2\n")),
        ("was sealed for shop/db (strict), but is now in evil/db", good.replace("namespace: shop", "namespace: evil")),
    ] {
        assert_ne!(changed, good);
        desk.write("moved.yaml", changed.as_bytes());
        let told = desk.refused(Exit::FINDINGS, "verify @moved.yaml", "");
        assert!(told.contains(what) && told.contains("[sealed-for]"), "{told}");
        let told = desk.refused(Exit::FINDINGS, "decrypt -i @alice.key @moved.yaml", "");
        assert!(told.contains("no key could decrypt secret (a, b)") && told.contains("sealed for another place"), "{told}");
    }
}

#[test]
fn the_repository_says_who_can_open_and_verify_and_rotate_hold_to_it() {
    let desk = Desk::new();
    desk.configure("rules: [{path: '*.yaml', recipients: [team]}]\n");
    desk.write("db.yaml", SECRET.as_bytes());
    desk.done("encrypt --in-place @db.yaml", "");
    desk.write("db.yaml", format!("# kept\n{}", desk.read("db.yaml")).as_bytes());
    desk.done("verify --strict @db.yaml", "");
    desk.configure("rules: [{path: '*.yaml', recipients: [alice]}]\n");
    let told = desk.refused(Exit::FINDINGS, "verify @db.yaml", "");
    assert!(told.contains("[extra-recipient]") && !told.contains("[missing-recipient]"), "{told}");
    desk.done("rotate -i @bob.key @db.yaml", "");
    desk.done("verify --strict @db.yaml", "");
    desk.refused(Exit::FINDINGS, "decrypt -i @bob.key @db.yaml", "");
    desk.configure("rules: [{path: '*.yaml', recipients: [alice, bob]}]\n");
    let told = desk.refused(Exit::FINDINGS, "verify @db.yaml", "");
    assert!(told.contains("not sealed to bob, whom .seal.yaml names (a, b) [missing-recipient]"), "{told}");
    let told = desk.refused(Exit::FINDINGS, "rotate --check -i @alice.key @db.yaml", "");
    assert!(told.contains("shop/db: would reseal a, b"), "{told}");
    let told = desk.refused(Exit::FINDINGS, "rotate -i @pq.key @db.yaml", "");
    assert!(told.contains("no key could decrypt secret (a, b)"), "{told}");
    assert!(desk.refused(Exit::FAILED, "rotate @db.yaml", "").contains("only a key that opens it can seal it anew"));
    desk.done("rotate -i @alice.key @db.yaml", "");
    desk.done("rotate --check -i @alice.key @db.yaml", "");
    assert!(desk.read("db.yaml").starts_with("# kept\n"));
}

#[test]
fn a_tree_moves_from_v1_after_its_plan_was_shown() {
    let desk = Desk::new();
    desk.done("encrypt --cert @rsa.crt -o @db.yaml", SECRET);
    let commented = desk.read("db.yaml").replace("spec:\n", "# kept\nspec:\n");
    desk.write("db.yaml", commented.as_bytes());
    let to = |more: &str| format!("rotate --recovery-key @rsa.key --recovery-key @pq.key {more} @db.yaml");
    let plan = desk.done(&to("--to pq -R @pq.pub --dry-run"), "");
    assert!(plan.contains("shop/db: would reseal a, b"), "{plan}");
    let told = desk.refused(Exit::FINDINGS, &to("--to pq -R @pq.pub"), "");
    assert!(told.contains("shop/db:\n  a: v1 -> v2\n  b: v1 -> v2\n") && told.contains("v1 does not bind items"), "{told}");
    assert!(desk.refused(Exit::USAGE, &to("--to pq -R @alice.pub"), "").contains("not a post-quantum one"));
    assert!(desk.refused(Exit::USAGE, &to("--to age --cert @rsa.crt"), "").contains("no age recipients"));
    let (exit, _, told) = desk.seal(&to("-R @pq.pub"), "");
    assert!(exit == Exit::DONE && told.contains("1 SealedSecret has v1 items"), "{told}");
    assert_eq!(desk.read("db.yaml"), commented, "nothing is written before somebody said yes");

    desk.done(&to("--to pq -R @pq.pub --yes"), "");
    let moved = desk.read("db.yaml");
    assert!(moved.contains("# kept\nspec:\n") && !moved.contains("sealed-for"), "{moved}");
    assert!(desk.done("decrypt -i @pq.key @db.yaml", "").contains("a: b25l"));
    let current = desk.seal(&to("--to pq -R @pq.pub --yes"), "");
    assert_eq!((current.0, current.2.as_str()), (Exit::DONE, "1 current, 0 resealed, 0 failed\n"));

    desk.done(&to("--to rsa --cert @rsa.crt --yes"), "");
    assert!(desk.done("decrypt --recovery-key @rsa.key @db.yaml", "").contains("b: dHdv"));
    desk.done("verify --strict @db.yaml", "");
}

#[test]
fn one_object_may_hold_both_formats_but_never_one_value_in_both() {
    let desk = Desk::new();
    desk.done("encrypt --cert @rsa.crt -o @db.yaml", SECRET);
    let told = desk.refused(Exit::FAILED, "set @db.yaml c --recovery-key @rsa.key -R @alice.pub", "one");
    assert!(told.contains("the same value is in item \"a\""), "{told}");
    let (exit, _, told) = desk.seal("set @db.yaml a --recovery-key @rsa.key -R @alice.pub", "one");
    assert!(exit == Exit::DONE && told.contains("only as strong as its weakest item: b sealed as v1;"), "{told}");
    let told = desk.done("get @db.yaml", "");
    assert!(told.contains("only as strong as its weakest item: b sealed as v1"), "{told}");
    let (exit, told, _) = desk.seal("verify @db.yaml", "");
    assert!(exit == Exit::DONE && told.contains("[mixed-formats]"), "{told}");
    let opened = desk.done("decrypt --recovery-key @rsa.key -i @alice.key @db.yaml", "");
    assert!(opened.contains("a: b25l") && opened.contains("b: dHdv"), "{opened}");
    desk.done("set @db.yaml c -R @pq.pub", "three");
    assert!(desk.seal("verify @db.yaml", "").1.contains("[half-post-quantum]"));
    desk.done("unset @db.yaml b", "");
    assert!(!desk.seal("verify @db.yaml", "").1.contains("[mixed-formats]"));
}

#[test]
fn an_audience_of_the_repository_is_sealed_in_and_checked() {
    let desk = Desk::new();
    desk.configure("clusters: {eu: {recipients: [alice], audience: eu-1}}\n");
    desk.write("db.yaml", SECRET.as_bytes());
    desk.done("encrypt --in-place @db.yaml", "");
    assert!(desk.done("get --output json @db.yaml", "").contains("\"audience\": \"eu-1\""));
    desk.done("verify --strict @db.yaml", "");
    desk.configure("clusters: {eu: {recipients: [alice], audience: eu-2}}\n");
    assert!(desk.refused(Exit::FINDINGS, "verify @db.yaml", "").contains("[audience]"));
    desk.done("rotate -i @alice.key @db.yaml", "");
    desk.done("verify --strict @db.yaml", "");
}

#[test]
fn mistakes_in_recipients_are_named() {
    let desk = Desk::new();
    desk.configure("rules: [{path: 'pq.yaml', recipients: [pq, alice]}]\n");
    desk.write("pq.yaml", SECRET.as_bytes());
    desk.write("list.txt", b"# nobody\n");
    for (exit, line, told) in [
        (Exit::USAGE, "encrypt -r nobody @pq.yaml", "no recipient or group is called \"nobody\""),
        (Exit::USAGE, "encrypt -r age1nobody @pq.yaml", "checksum"),
        (Exit::FAILED, "encrypt -R @list.txt @pq.yaml", "no recipients found"),
        (Exit::FAILED, "encrypt @pq.yaml", "post-quantum and classic recipients in one age file"),
        (Exit::FAILED, "encrypt -r alice --audience a\u{e4} @pq.yaml", "the audience must be"),
    ] {
        let all = desk.refused(exit, line, "");
        assert!(all.contains(told), "{line}: {all}");
    }
    let identity = desk.read("alice.key");
    let all = desk.refused(Exit::USAGE, &format!("encrypt -r {} @pq.yaml", identity.trim()), "");
    assert!(all.contains("a private key") && !all.contains(identity.trim()), "a private key is not repeated");
}

#[test]
fn more_than_the_api_server_stores_is_refused_with_what_recipients_cost() {
    let desk = Desk::new();
    let secret = |count: usize, size: usize| {
        let values: String = (0..count).map(|n| format!("  k{n}: {}\n", "x".repeat(size))).collect();
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n{values}")
    };
    desk.done("encrypt -R @alice.pub -o @db.yaml", &secret(1, 1_000_000));
    let told = desk.refused(Exit::FAILED, "encrypt -R @pq.pub -R @pq2.pub -o @db.yaml", &secret(400, 10));
    assert!(told.contains("the 1.5 MiB that the API server stores; 2 recipients for each of 400 items take"), "{told}");
    assert!(told.contains("fewer recipients"), "{told}");
}

#[test]
fn names_of_the_configuration_have_positions() {
    let desk = Desk::new();
    let alice = desk.recipient("alice");
    for (text, told) in [
        (format!("recipients: {{a: {alice}, b: age1x}}\n"), "checksum"),
        (format!("recipients: {{a: {alice}}}\ngroups: {{a: [a]}}\n"), ":2:10: the name \"a\" is taken"),
        (format!("recipients: {{a: {alice}}}\ngroups: {{g: [b]}}\n"), ":2:14: no recipient or group is called \"b\""),
        ("rules: [{path: x, recipients: []}]\n".to_owned(), "neither a cluster nor recipients"),
    ] {
        desk.write(".seal.yaml", text.as_bytes());
        let all = desk.refused(Exit::FAILED, "encrypt --in-place @rsa.crt", "");
        assert!(all.contains(told), "{text}: {all}");
    }
    assert!(Path::new(&desk.at(".seal.yaml")).is_file());
}
