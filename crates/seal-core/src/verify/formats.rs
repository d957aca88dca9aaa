//! What a SealedSecret's items say of themselves: v2 claims against the object and against the recipients that the repository names,
//! and both formats in one object. A claim is believed as far as it speaks against the object.

use std::collections::{BTreeMap, BTreeSet};

use seal_crypto::{Item, Kind as Format, Scope, v2::Head};

use super::{Expectation, Level, Report, described};
use crate::sealed::SealedObject;

impl Report<'_> {
    pub(super) fn formats(&mut self, object: &SealedObject, expected: &Expectation) {
        let heads: BTreeMap<&str, Head> = object
            .items
            .iter()
            .filter_map(|(name, text)| Some((name.as_str(), Head::of(&Item::decode(text).ok()?).ok()?)))
            .collect();
        self.mixed(object);
        self.half_post_quantum(&heads);
        self.wrong_format(object, expected);
        for (name, head) in &heads {
            self.place(object, name, head);
            self.audience(name, head, expected);
        }
        self.recipients(&heads, expected);
    }

    fn mixed(&mut self, object: &SealedObject) {
        if object.is_mixed() {
            let v1 = object.items_of(Format::V1).join(", ");
            let message = format!("it is only as strong as its weakest item: {v1} sealed as v1 beside v2 items");
            self.add(
                &["spec", "encryptedData"],
                "mixed-formats",
                Level::Warning,
                message,
                "finish the move with `seal rotate --to age` or `--to pq`",
            );
        }
    }

    fn half_post_quantum(&mut self, heads: &BTreeMap<&str, Head>) {
        let classic: Vec<&str> = heads.iter().filter(|(_, head)| !head.post_quantum).map(|(name, _)| *name).collect();
        if let Some(first) = classic.first().filter(|_| classic.len() < heads.len()) {
            let message = format!("half post-quantum: {} for classic recipients beside post-quantum items", classic.join(", "));
            let hint = "seal all of it to post-quantum recipients: `seal rotate --to pq`";
            self.add(&["spec", "encryptedData", first], "half-post-quantum", Level::Warning, message, hint);
        }
    }

    /// What the repository says everything here is sealed to, and it is not.
    fn wrong_format(&mut self, object: &SealedObject, expected: &Expectation) {
        let v1 = object.items_of(Format::V1);
        if let Some(first) = v1.first().filter(|_| !expected.recipients.is_empty()) {
            let message = format!("sealed as v1 to an RSA key, but .seal.yaml names age recipients here ({})", v1.join(", "));
            let hint = "move it with `seal rotate --to age` or `--to pq`";
            self.add(&["spec", "encryptedData", first], "format", Level::Error, message, hint);
        }
        let v2 = object.items_of(Format::V2);
        if let Some(first) = v2.first().filter(|_| expected.recipients.is_empty() && !expected.cluster.is_empty()) {
            let message = format!(
                "sealed to age recipients, but .seal.yaml names none for cluster {} ({})",
                expected.cluster,
                v2.join(", ")
            );
            let hint =
                "name them under `recipients` of the cluster or the rule; only a controller that holds age identities opens it";
            self.add(&["spec", "encryptedData", first], "format", Level::Warning, message, hint);
        }
    }

    fn place(&mut self, object: &SealedObject, name: &str, head: &Head) {
        let context = &head.claim.context;
        let Ok(binding) = object.binding() else { return };
        let message = match (context.is_for(&binding, name), context.is_for(&binding, context.key())) {
            (true, _) => return,
            (false, true) => format!("item {name:?} was sealed as {:?}: it will not open under another key", context.key()),
            (false, false) => {
                let bound = context.binding();
                let then = described(bound.scope().as_str(), bound.namespace(), bound.name());
                let now = described(object.scope().as_str(), object.namespace(), object.name());
                format!("item {name:?} was sealed for {then}, but is now in {now}: it will not open")
            }
        };
        let hint = match context.binding().scope() {
            Scope::Strict => "undo the rename or the move, or seal it anew for where it is now",
            _ => "undo the move or the change of scope, or seal it anew for where it is now",
        };
        self.add(&["spec", "encryptedData", name], "sealed-for", Level::Error, message, hint);
    }

    fn audience(&mut self, name: &str, head: &Head, expected: &Expectation) {
        let claimed = head.claim.context.audience();
        if !expected.audience.is_empty() && claimed != expected.audience {
            let message = match claimed {
                "" => format!("item {name:?} is for any cluster that holds a key, not for {:?} alone", expected.audience),
                other => format!("item {name:?} is for the audience {other:?}, not for {:?}", expected.audience),
            };
            let level = if claimed.is_empty() { Level::Warning } else { Level::Error };
            self.add(
                &["spec", "encryptedData", name],
                "audience",
                level,
                message,
                "seal it anew: `seal rotate` does it with a key",
            );
        }
    }

    /// One finding for each recipient that is missing or too many, with the items it is about.
    fn recipients(&mut self, heads: &BTreeMap<&str, Head>, expected: &Expectation) {
        if expected.recipients.is_empty() {
            return;
        }
        let named: BTreeSet<&str> = expected.recipients.iter().map(|one| one.fingerprint.as_str()).collect();
        let mut extra = BTreeMap::<String, Vec<&str>>::new();
        let mut missing = BTreeMap::<&str, Vec<&str>>::new();
        for (name, head) in heads {
            let claimed: BTreeSet<&str> = head.claim.recipients.iter().map(|one| one.as_str()).collect();
            claimed.difference(&named).for_each(|one| extra.entry((*one).to_owned()).or_default().push(name));
            let lacking = expected.recipients.iter().filter(|one| !claimed.contains(one.fingerprint.as_str()));
            lacking.for_each(|one| missing.entry(&one.name).or_default().push(name));
        }
        for (recipient, items) in missing {
            let message = format!("not sealed to {recipient}, whom .seal.yaml names ({})", items.join(", "));
            let hint = "`seal rotate` with a key that opens it seals it to all of them";
            self.add(&["spec", "encryptedData", items[0]], "missing-recipient", Level::Error, message, hint);
        }
        for (recipient, items) in extra {
            let message = format!("sealed to {recipient}, whom .seal.yaml does not name ({})", items.join(", "));
            let hint = "`seal rotate` seals it anew without them; who could read the values keeps them, so change the values too";
            self.add(&["spec", "encryptedData", items[0]], "extra-recipient", Level::Error, message, hint);
        }
    }
}
