//! SopsSecrets through the verbs: what is in them changes, what is around it stays.

use super::super::tests::{Desk, person};
use crate::Exit;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\ntype: Opaque\nstringData:\n  user: admin # who\n  password: first-value\n";

impl Desk {
    /// A SopsSecret at `db.yaml`, under comments of its own.
    fn carrying(&self, text: &str) {
        self.write("clear.yaml", text);
        self.done(&["encrypt", "--sops-secret", "@/clear.yaml", "--age", &person(1).recipient, "-o", "@/db.yaml"], "");
        let object = self.read("db.yaml").replace("kind: SopsSecret\n", "kind: SopsSecret # of the shop\n");
        self.write("db.yaml", &object);
    }
}

/// First words of the lines that differ.
fn changed(before: &str, after: &str) -> Vec<String> {
    assert_eq!(before.lines().count(), after.lines().count(), "{after}");
    let differs = before.lines().zip(after.lines()).filter(|(old, new)| old != new);
    differs.map(|(_, new)| new.trim().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_secret_becomes_an_object_that_carries_it_and_opens_again() {
    let desk = Desk::new();
    desk.carrying(SECRET);
    let object = desk.read("db.yaml");
    let head = "apiVersion: sealkit.dev/v1alpha1\nkind: SopsSecret # of the shop\nmetadata:\n  name: db\n  namespace: shop\nspec:\n  sops: |\n    apiVersion: v1\n    kind: Secret\n";
    assert!(object.starts_with(head) && !object.contains("first-value"), "{object}");
    assert_eq!(desk.done(&["decrypt", "@/db.yaml"], ""), SECRET);
    assert_eq!(desk.done(&["decrypt", "@/db.yaml", "--key", "stringData.password"], ""), "first-value");
    assert!(desk.done(&["get", "@/db.yaml"], "").contains("sealed      stringData.password\n"));
    assert_eq!(desk.done(&["run", "@/db.yaml", "--", "true"], ""), "");
}

#[test]
fn a_value_changes_in_the_object_and_nothing_else_does() {
    let desk = Desk::new();
    desk.carrying(SECRET);
    let before = desk.read("db.yaml");
    desk.done(&["set", "@/db.yaml", "stringData.password"], "second");
    let set = desk.read("db.yaml");
    assert_eq!(changed(&before, &set), ["password", "mac"]);
    assert!(desk.done(&["decrypt", "@/db.yaml"], "").contains("password: second\n"));
    desk.done(&["unset", "@/db.yaml", "stringData.user"], "");
    assert!(!desk.read("db.yaml").contains("user:") && desk.read("db.yaml").contains("# of the shop"));
    desk.write("editor", "#!/bin/sh\nsed -i s/second/third/ \"$1\"\n");
    let editor = desk.path("editor");
    std::os::unix::fs::PermissionsExt::set_mode(&mut std::fs::metadata(&editor).unwrap().permissions(), 0o755);
    let editor = format!("sh {}", editor.display());
    let (exit, _, said) = desk.run(&["edit", "@/db.yaml"], "", &[("EDITOR", &editor)]);
    assert_eq!((exit, said.contains("sealed what you changed")), (Exit::DONE, true), "{said}");
    assert!(desk.done(&["decrypt", "@/db.yaml"], "").contains("password: third\n"));
}

#[test]
fn sealing_again_into_the_object_keeps_it_and_what_did_not_change() {
    let desk = Desk::new();
    desk.carrying(SECRET);
    let before = desk.read("db.yaml");
    let again = |text: &str, more: &[&str]| {
        desk.write("clear.yaml", text);
        let recipient = person(1).recipient;
        let words = ["encrypt", "@/clear.yaml", "--age", &recipient, "-o", "@/db.yaml"];
        desk.run(&[&words[..], more].concat(), "", &[])
    };
    for more in [&["--sops-secret"][..], &[]] {
        assert_eq!((again(SECRET, more).0, desk.read("db.yaml")), (Exit::DONE, before.clone()));
    }
    assert_eq!(again(&SECRET.replace("first-value", "second"), &[]).0, Exit::DONE);
    assert_eq!(changed(&before, &desk.read("db.yaml")), ["password", "mac"]);
    let (exit, _, said) = again(&SECRET.replace("name: db", "name: other"), &[]);
    assert_eq!((exit, said.contains("that of the SopsSecret is \"db\"")), (Exit::FAILED, true), "{said}");
}

#[test]
fn recipients_of_the_object_follow_the_rules() {
    let desk = Desk::new();
    desk.carrying(SECRET);
    let before = desk.read("db.yaml");
    desk.done(&["rotate", "@/db.yaml", "--add-age", &person(2).recipient], "");
    let rotated = desk.read("db.yaml");
    assert!(rotated.contains(&person(2).recipient) && rotated.contains("# of the shop") && rotated != before);
    desk.write(".sops.yaml", &format!("creation_rules:\n  - age: {}\n", person(1).recipient));
    let (exit, out, said) = desk.run(&["rekey", "--yes", "@/db.yaml"], "", &[]);
    assert_eq!(exit, Exit::DONE, "{out}{said}");
    assert!(!desk.read("db.yaml").contains(&person(2).recipient), "{}", desk.read("db.yaml"));
    assert_eq!(desk.done(&["decrypt", "@/db.yaml"], ""), SECRET);
    assert_eq!(desk.run(&["verify", "@/"], "", &[]).0, Exit::FINDINGS, "the Secret in clear beside it");
    std::fs::remove_file(desk.path("clear.yaml")).unwrap();
    let (exit, out, said) = desk.run(&["verify", "@/"], "", &[]);
    assert_eq!((exit, said.as_str()), (Exit::DONE, "1 checked, nothing to object to\n"), "{out}");
}

#[test]
fn verify_tells_what_the_controller_would_refuse() {
    let desk = Desk::new();
    desk.carrying(SECRET);
    let good = desk.read("db.yaml");
    let clear = "apiVersion: sealkit.dev/v1alpha1\nkind: SopsSecret\nmetadata: {name: db}\nspec:\n  sops: |\n    kind: Secret\n    stringData: {a: hidden-canary}\n";
    for (text, words) in [
        (
            good.replace("kind: SopsSecret # of the shop\nmetadata:\n  name: db", "kind: SopsSecret\nmetadata:\n  name: web"),
            "says name \"db\", the object \"web\"",
        ),
        (clear.to_owned(), "spec.sops is not encrypted [raw-secret]"),
        (clear.replace("sops: |", "other: |"), "spec.sops must be text"),
        (clear.replace("kind: Secret", "kind: [Secret"), "it cannot be read: spec.sops:"),
    ] {
        desk.write("db.yaml", &text);
        let (exit, out, said) = desk.run(&["verify", "@/db.yaml"], "", &[]);
        assert_eq!((exit, out.contains(words), out.contains("hidden-canary")), (Exit::FINDINGS, true, false), "{out}{said}");
    }
    desk.write("two.yaml", &format!("{good}---\n{good}"));
    let (exit, _, said) = desk.run(&["set", "@/two.yaml", "stringData.a"], "x", &[]);
    assert_eq!((exit, said.contains("it holds several SopsSecrets")), (Exit::FAILED, true), "{said}");
}

#[test]
fn what_no_object_could_carry_is_refused() {
    let desk = Desk::new();
    let recipient = person(1).recipient;
    for (text, words) in [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n".to_owned(), "expected a Secret"),
        (SECRET.replace("  name: db\n", ""), "needs a metadata.name"),
        (format!("{SECRET}---\n{SECRET}"), "exactly one Secret"),
        (SECRET.replace("first-value", &"x".repeat(1 << 20)), "larger than the 1 MiB"),
    ] {
        desk.write("clear.yaml", &text);
        let (exit, out, said) =
            desk.run(&["encrypt", "--sops-secret", "@/clear.yaml", "--age", &recipient, "-o", "@/x.yaml"], "", &[]);
        assert_eq!((exit, out.as_str(), said.contains(words)), (Exit::FAILED, "", true), "{said}");
        assert!(!desk.path("x.yaml").exists());
    }
}
