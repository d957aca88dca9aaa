//! Files that are as they should be, and each way in which they are not.

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use seal_crypto::age::{Identity, Recipient, RecipientKind};
use seal_crypto::sops::DataKey;

use super::{Finding, Level, Policy, structure};
use crate::{EncryptOptions, Selector, SopsFile, Store, unwrap};

fn rng() -> StdRng {
    StdRng::seed_from_u64(5)
}

fn recipients(kind: RecipientKind, count: usize) -> Vec<Recipient> {
    let mut rng = rng();
    let one = |_| Identity::generate(kind, &mut rng).expect("a kind we make").recipient().expect("ours have one").clone();
    (0..count).map(one).collect()
}

fn seal(clear: &str, selector: Selector, groups: &[Vec<Recipient>]) -> String {
    let key = DataKey::generate(&mut rng());
    let options = EncryptOptions {
        groups: unwrap::wrap(&key, groups, None, true, &mut rng()).expect("wraps"),
        threshold: None,
        selector,
        mac_only_encrypted: false,
        strong: true,
        previous: None,
    };
    let file = SopsFile::parse("f", Store::Yaml, clear.as_bytes().to_vec()).expect("reads");
    let sealed = file.encrypt(&options, &key, Timestamp::from_second(1_760_000_000).expect("a time"), &mut rng()).expect("seals");
    String::from_utf8(sealed.expose().to_vec()).expect("text")
}

fn check(sealed: &str, policy: &Policy) -> Vec<Finding> {
    structure(&SopsFile::parse("f", Store::Yaml, sealed.as_bytes().to_vec()).expect("reads"), policy)
}

fn rules(sealed: &str, policy: &Policy) -> Vec<&'static str> {
    check(sealed, policy).iter().map(|finding| finding.rule).collect()
}

fn one() -> Vec<Vec<Recipient>> {
    vec![recipients(RecipientKind::X25519, 1)]
}

const CLEAR: &str = "# c\na: 1\nb:\n    - x\n    - ''\nc: null\n";

#[test]
fn a_file_as_it_should_be_has_no_findings() {
    let groups = one();
    let policy = Policy {
        groups: Some(vec![[("age".to_owned(), groups[0][0].to_string())].into()]),
        selector: Some(Selector::default()),
        mac_only_encrypted: Some(false),
        strong_mac: true,
        ..Policy::default()
    };
    assert_eq!(check(&seal(CLEAR, Selector::default(), &groups), &policy), []);
    let strong = vec![recipients(RecipientKind::PostQuantum, 2)];
    assert_eq!(check(&seal(CLEAR, Selector::default(), &strong), &Policy::default()), []);
    let shares = vec![recipients(RecipientKind::X25519, 1), recipients(RecipientKind::X25519, 2)];
    assert_eq!(check(&seal(CLEAR, Selector::default(), &shares), &Policy::default()), []);
    assert_eq!(rules(CLEAR, &Policy::default()), ["not-encrypted"]);
}

#[test]
fn values_in_clear_are_found_with_place_and_key() {
    let sealed = seal(CLEAR, Selector::default(), &one());
    let value = sealed.lines().find(|line| line.starts_with("a: ")).expect("there");
    let found = check(&sealed.replace(value, "a: hunter2"), &Policy::default());
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["2:4: key [\"a\"]: the value should be sealed and stands in clear"]
    );
    assert_eq!(found[0].level, Level::Error);
    let comment = sealed.lines().next().expect("there");
    assert_eq!(rules(&sealed.replace(comment, "# hunter2"), &Policy::default()), ["comment-in-clear"]);
    assert_eq!(rules(&sealed.replace(value, "a: ENC[AES256_GCM,data:hunter2]"), &Policy::default()), ["malformed-value"]);
}

#[test]
fn a_selector_that_leaves_secrets_in_clear_is_found() {
    let clear = "kind: Secret\ndata:\n    a: aHVudGVy\nother: 1\n";
    let selector = |text: &str| Selector::EncryptedRegex(text.to_owned());
    assert_eq!(rules(&seal(clear, selector("^other$"), &one()), &Policy::default()), ["secret-in-clear"]);
    assert_eq!(rules(&seal(clear, selector("^data$"), &one()), &Policy::default()), [""; 0]);
    let none = seal("a: 1\n", selector("^a$"), &one()).replace("^a$", "^b$");
    let line = none.lines().next().expect("there").to_owned();
    assert_eq!(rules(&none.replace(&line, "a: 1"), &Policy::default()), ["nothing-selected"]);
    assert_eq!(rules(&none, &Policy::default()), ["sealed-beside-selector"]);
}

#[test]
fn one_vector_for_two_values_is_found() {
    let sealed = seal("a: first\nb: other\n", Selector::default(), &one());
    let iv = |line: usize| sealed.lines().nth(line).and_then(|line| line.split(",iv:").nth(1)?.split(',').next()).expect("there");
    assert_eq!(rules(&sealed.replace(iv(1), iv(0)), &Policy::default()), ["iv-reused"]);
}

#[test]
fn macs_have_a_shape() {
    let sealed = seal(CLEAR, Selector::default(), &one());
    let line = |name: &str| sealed.lines().find(|line| line.trim_start().starts_with(name)).expect("there").to_owned() + "\n";
    let strict = Policy { strong_mac: true, ..Policy::default() };
    assert_eq!(rules(&sealed.replace(&line("mac:"), ""), &Policy::default()), ["mac-missing"]);
    assert_eq!(rules(&sealed.replace(&line("mac:"), "    mac: ENC[x]\n"), &Policy::default()), ["mac-malformed"]);
    assert_eq!(rules(&sealed.replace(&line("seal_mac:"), ""), &strict), ["strong-mac-missing"]);
    assert_eq!(rules(&sealed.replace(&line("seal_mac:"), ""), &Policy::default()), [""; 0]);
    assert_eq!(rules(&sealed.replace("seal_mac: v1:", "seal_mac: v"), &Policy::default()), ["strong-mac-malformed"]);
    assert_eq!(rules(&sealed.replace(&line("version:"), ""), &Policy::default()), ["version-missing"]);
}

#[test]
fn wrapped_keys_are_for_the_recipient_beside_them_only() {
    let sealed = seal(CLEAR, Selector::default(), &one());
    let name = one()[0][0].to_string();
    let other = recipients(RecipientKind::PostQuantum, 1)[0].to_string();
    assert_eq!(rules(&sealed.replace(&name, &other), &Policy::default()), ["age-other-kind"]);
    assert_eq!(rules(&sealed.replace(&name, "age1nonsense"), &Policy::default()), ["recipient-malformed"]);
    assert_eq!(rules(&sealed.replace("-----END AGE", "-----END"), &Policy::default()), ["age-malformed"]);
    let both = recipients(RecipientKind::X25519, 2);
    let key = DataKey::generate(&mut rng());
    let hidden = seal_crypto::age::encrypt(&key.to_secret(), &both, &[], &mut rng()).expect("seals");
    let short = seal_crypto::age::encrypt(&b"short".to_vec().into(), &both[..1], &[], &mut rng()).expect("seals");
    for (enc, rule) in [(hidden, "hidden-recipient"), (short, "age-content")] {
        let file = SopsFile::parse("f", Store::Yaml, sealed.as_bytes().to_vec()).expect("reads");
        let mut groups = file.metadata().expect("sealed").groups.clone();
        groups[0].age[0].enc = seal_crypto::age::armor::wrap(&enc);
        let changed = file.rewrap(groups, None).expect("rewraps");
        assert_eq!(rules(std::str::from_utf8(changed.expose()).expect("text"), &Policy::default()), [rule]);
    }
}

#[test]
fn recipients_are_held_against_the_policy() {
    let all = recipients(RecipientKind::X25519, 2);
    let named = |names: &[&Recipient]| -> std::collections::BTreeSet<(String, String)> {
        names.iter().map(|one| ("age".to_owned(), one.to_string())).collect()
    };
    let sealed = seal(CLEAR, Selector::default(), &[vec![all[0].clone()]]);
    let policy = |groups| Policy { groups: Some(groups), ..Policy::default() };
    assert_eq!(rules(&sealed, &policy(vec![named(&[&all[0], &all[1]])])), ["recipient-missing"]);
    assert_eq!(rules(&sealed, &policy(vec![named(&[&all[1]])])), ["recipient-extra", "recipient-missing"]);
    let shares = seal(CLEAR, Selector::default(), &[vec![all[0].clone()], vec![all[1].clone()]]);
    assert_eq!(rules(&shares, &policy(vec![named(&[&all[1]]), named(&[&all[0]])])), [""; 0]);
    assert_eq!(rules(&shares, &policy(vec![named(&[&all[1], &all[0]])])), ["groups-differ"]);
    let two = Policy { threshold: Some(1), ..policy(vec![named(&[&all[0]]), named(&[&all[1]])]) };
    assert_eq!(rules(&shares, &two), ["threshold-differs"]);
    let other =
        Policy { selector: Some(Selector::EncryptedRegex("a".into())), mac_only_encrypted: Some(true), ..Policy::default() };
    assert_eq!(rules(&sealed, &other), ["selector-differs", "mac-only-encrypted"]);
}

#[test]
fn half_post_quantum_is_found() {
    let mut all = recipients(RecipientKind::X25519, 1);
    all.extend(recipients(RecipientKind::PostQuantum, 1));
    let sealed = seal(CLEAR, Selector::default(), &[all]);
    assert_eq!(rules(&sealed, &Policy::default()), ["half-post-quantum"]);
    assert_eq!(rules(&sealed, &Policy { half_post_quantum: true, ..Policy::default() }), [""; 0]);
}
