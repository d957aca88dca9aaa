//! What has to happen to a file so that exactly the keys its policy names open it. Decides from the file's metadata alone, so a plan
//! needs no private key.

use seal_sops::{KeyGroup, Metadata};
use std::collections::BTreeSet;

/// A master key by kind and name: `age` and the recipient, or a kind that only sops can use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Master {
    /// `age`, `pgp`, `kms`, ...
    pub kind: String,
    /// The recipient, fingerprint, ARN, URL.
    pub name: String,
}

/// The keys a file should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Groups of keys; one unless Shamir's scheme is used.
    pub groups: Vec<BTreeSet<Master>>,
    /// How many groups are needed; `None`: all.
    pub threshold: Option<u32>,
    /// It must carry the stronger MAC.
    pub strong_mac: bool,
}

/// What a file needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It has exactly the keys it should have.
    Current,
    /// The data key is wrapped for further keys, or otherwise grouped. Values stay as they are.
    Rewrap(Difference),
    /// A new data key: somebody must no longer be able to open it, the stronger MAC is missing, or it was asked for.
    Rotate(Difference),
    /// It cannot be done here, and why.
    Blocked(String),
}

/// Who comes and who goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Keys that are new.
    pub added: Vec<Master>,
    /// Keys that are to go.
    pub removed: Vec<Master>,
}

/// Compares. `always` asks for a new data key whatever the difference.
pub fn plan(metadata: &Metadata, wanted: &Wanted, always: bool) -> Step {
    // The order of groups means nothing.
    let (mut has, mut wants) = (metadata.groups.iter().map(masters).collect::<Vec<_>>(), wanted.groups.clone());
    has.sort();
    wants.sort();
    let (before, after) = (union(&has), union(&wanted.groups));
    let difference =
        Difference { added: after.difference(&before).cloned().collect(), removed: before.difference(&after).cloned().collect() };
    let needed =
        |threshold: Option<u32>, groups: usize| threshold.filter(|needed| *needed > 0).map_or(groups, |needed| needed as usize);
    let regrouped = has != wants
        || (has.len() > 1 && needed(metadata.shamir_threshold, has.len()) != needed(wanted.threshold, wanted.groups.len()));
    if after.iter().all(|master| master.kind != "age") {
        return Step::Blocked("its policy names no age recipient".to_owned());
    }
    if let Some(foreign) = difference.added.iter().find(|master| master.kind != "age") {
        return Step::Blocked(format!("only sops can wrap the data key for {}: run `sops updatekeys`", described(foreign)));
    }
    let unmarked = wanted.strong_mac && metadata.strong_mac.is_none();
    let rotate = always || unmarked || !difference.removed.is_empty();
    if !rotate && !regrouped {
        return Step::Current;
    }
    let splits = wanted.groups.len() > 1 || has.len() > 1;
    if (rotate || splits)
        && let Some(foreign) = after.iter().find(|master| master.kind != "age")
    {
        return Step::Blocked(format!(
            "it needs {}, and only sops can wrap that for {}: run `sops updatekeys`{}",
            if rotate { "a new data key" } else { "new shares" },
            described(foreign),
            if rotate { " and `sops rotate`" } else { "" }
        ));
    }
    if rotate { Step::Rotate(difference) } else { Step::Rewrap(difference) }
}

/// The keys of a group by kind and name.
pub fn masters(group: &KeyGroup) -> BTreeSet<Master> {
    let age = group.age.iter().map(|key| Master { kind: "age".to_owned(), name: key.recipient.clone() });
    age.chain(group.others.iter().map(|key| Master { kind: key.kind.clone(), name: key.name.clone() })).collect()
}

/// A key as people know it.
pub fn described(master: &Master) -> String {
    if master.kind == "age" { super::super::get::short(&master.name) } else { format!("{} {}", master.kind, master.name) }
}

fn union(groups: &[BTreeSet<Master>]) -> BTreeSet<Master> {
    groups.iter().flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_sops::{AgeKey, ForeignKey};

    fn master(text: &str) -> Master {
        let (kind, name) = text.split_once(':').unwrap_or(("age", text));
        Master { kind: kind.to_owned(), name: name.to_owned() }
    }

    fn metadata(groups: &[&[&str]], threshold: Option<u32>) -> Metadata {
        let group = |names: &&[&str]| {
            let (age, others): (Vec<Master>, Vec<Master>) = names.iter().map(|name| master(name)).partition(|m| m.kind == "age");
            KeyGroup {
                age: age.into_iter().map(|m| AgeKey { recipient: m.name, enc: String::new() }).collect(),
                others: others.into_iter().map(|m| ForeignKey { kind: m.kind, name: m.name, fields: vec![] }).collect(),
            }
        };
        Metadata { groups: groups.iter().map(group).collect(), shamir_threshold: threshold, ..Metadata::default() }
    }

    fn step(has: &[&[&str]], wants: &[&[&str]], threshold: (Option<u32>, Option<u32>), always: bool) -> String {
        let groups = wants.iter().map(|group| group.iter().map(|name| master(name)).collect()).collect();
        let names = |masters: &[Master]| masters.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(",");
        match plan(&metadata(has, threshold.0), &Wanted { groups, threshold: threshold.1, strong_mac: false }, always) {
            Step::Current => "current".to_owned(),
            Step::Rewrap(d) => format!("rewrap +{} -{}", names(&d.added), names(&d.removed)),
            Step::Rotate(d) => format!("rotate +{} -{}", names(&d.added), names(&d.removed)),
            Step::Blocked(why) => why,
        }
    }

    #[test]
    fn a_file_gets_what_its_policy_asks_for_and_nothing_more() {
        let none = (None, None);
        for (has, wants, threshold, always, expected) in [
            (&[&["a", "b"][..]][..], &[&["b", "a"][..]][..], none, false, "current"),
            (&[&["a"]], &[&["a", "b"]], none, false, "rewrap +b -"),
            (&[&["a", "b"]], &[&["a"]], none, false, "rotate + -b"),
            (&[&["a"]], &[&["b"]], none, false, "rotate +b -a"),
            (&[&["a"]], &[&["a"]], none, true, "rotate + -"),
            (&[&["a"], &["b"]], &[&["a"], &["b"]], (Some(2), None), false, "current"),
            (&[&["a"], &["b"]], &[&["a"], &["b"]], (Some(2), Some(1)), false, "rewrap + -"),
            (&[&["a", "b"]], &[&["a"], &["b"]], none, false, "rewrap + -"),
            (&[&["a", "pgp:F"]], &[&["a", "b", "pgp:F"]], none, false, "rewrap +b -"),
            (&[&["a", "pgp:F"]], &[&["a"]], none, false, "rotate + -F"),
        ] {
            assert_eq!(step(has, wants, threshold, always), expected, "{has:?} to {wants:?}");
        }
    }

    #[test]
    fn what_only_sops_can_do_is_said_by_name() {
        let none = (None, None);
        for (has, wants, expected) in [
            (&[&["a"][..]][..], &[&["a", "pgp:F"][..]][..], "only sops can wrap the data key for pgp F: run `sops updatekeys`"),
            (
                &[&["a", "b", "pgp:F"]],
                &[&["a", "pgp:F"]],
                "it needs a new data key, and only sops can wrap that for pgp F: run `sops updatekeys` and `sops rotate`",
            ),
            (&[&["a"]], &[&["pgp:F"]], "its policy names no age recipient"),
        ] {
            assert_eq!(step(has, wants, none, false), expected);
        }
    }
}
