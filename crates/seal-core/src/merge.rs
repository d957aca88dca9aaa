//! Changing single values of a SealedSecret: which items are sealed anew, which keep their ciphertext, and the edits that say so.
//!
//! Scope, namespace and name come from the object that is changed. What is not named stays byte for byte.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use seal_crypto::{Binding, BindingError, Item, Keyring, Kind as Format, PublicKey, SealError, v2::Place};
use seal_manifest::{Edit, Kind, New, Node, Position, Segment};
use seal_secret::SecretBytes;
use serde_json::{Map, Value};

use crate::{
    claim::{Claim, SEALED_FOR},
    seal::Overhead,
    seal_to::SealTo,
    sealed::{SealedObject, kind_of},
    secret::valid_key,
};

/// What to change. Holds plaintext: no Debug.
#[derive(Clone, Default)]
pub struct Change {
    /// Values to seal, by item name.
    pub set: BTreeMap<String, SecretBytes>,
    /// Items to remove.
    pub remove: Vec<String>,
    /// Labels for the Secret (`spec.template.metadata.labels`).
    pub labels: Map<String, Value>,
    /// Annotations for the Secret (`spec.template.metadata.annotations`).
    pub annotations: Map<String, Value>,
}

/// The edits of one document and what they amount to.
#[derive(Clone, Default)]
pub struct Plan {
    /// Edits, in the order to apply them. Empty: nothing to change.
    pub edits: Vec<Edit>,
    /// Items sealed anew.
    pub sealed: Vec<String>,
    /// Items whose value is what the file holds already: they keep their ciphertext.
    pub kept: Vec<String>,
    /// Items removed.
    pub removed: Vec<String>,
}

impl Plan {
    /// True for an item that is sealed anew or goes.
    pub fn touches(&self, item: &str) -> bool {
        self.sealed.iter().chain(&self.removed).any(|name| name == item)
    }
}

/// Why an object cannot be changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Its own namespace or name does not suit its scope.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// It holds one deprecated blob.
    #[error("it holds one deprecated blob (spec.data), whose values cannot be changed one by one")]
    Blob,
    /// Not there to be removed.
    #[error("it has no item {0:?}")]
    NoSuchItem(String),
    /// Not a key that a Secret may have.
    #[error("key {0:?} is not valid: use 1 to 253 letters, digits, '-', '_' or '.'")]
    Key(String),
    /// The same value would be in both formats.
    #[error(
        "key {key:?}: the same value is in item {other:?}, which is sealed in the other format: v2 protects nothing that v1 gives away"
    )]
    SameValue {
        /// Its key.
        key: String,
        /// The item that has it already.
        other: String,
    },
    /// More than the API server stores.
    #[error("it would become larger than the 1.5 MiB that the API server stores{0}")]
    TooLarge(Overhead),
    /// A value cannot be sealed.
    #[error("key {key:?}: {source}")]
    Item {
        /// Its key.
        key: String,
        /// Why.
        source: SealError,
    },
}

/// Plans a change of the object at `prefix` of its document. With a keyring, values that the file holds already stay as they are (when
/// they are of the format of `to`), and one value never comes to be in both formats.
pub fn plan(
    object: &SealedObject,
    prefix: &[Segment],
    change: &Change,
    to: &SealTo,
    keyring: Option<&Keyring>,
    rng: &mut impl CryptoRng,
) -> Result<Plan, MergeError> {
    let binding = check(object, change)?;
    let mut kept = Vec::new();
    let mut sealed = BTreeMap::new();
    for (name, value) in &change.set {
        let same_format = object.items.get(name).is_some_and(|text| kind_of(text) == to.kind());
        if keyring.is_some_and(|keyring| same_format && holds(object, name, value, &binding, keyring)) {
            kept.push(name.clone());
            continue;
        }
        let weaker = keyring.and_then(|keyring| twin(object, change, value, to, &binding, keyring));
        if let Some(other) = weaker.filter(|other| other != name) {
            return Err(MergeError::SameValue { key: name.clone(), other });
        }
        let item = to.seal(value, &binding, name, rng).map_err(|source| MergeError::Item { key: name.clone(), source })?;
        sealed.insert(name.clone(), item.encode());
    }
    check_size(object, &sealed, &change.remove)?;
    let claim = next_claim(object, &sealed, &change.remove, &binding, Some(to));
    Ok(Plan { kept, ..edits(object, prefix, change, sealed, claim) })
}

/// Plans a change that only removes: no key has a part in it.
pub fn plan_removal(object: &SealedObject, prefix: &[Segment], change: &Change) -> Result<Plan, MergeError> {
    let binding = check(object, change)?;
    let claim = next_claim(object, &BTreeMap::new(), &change.remove, &binding, None);
    Ok(edits(object, prefix, change, BTreeMap::new(), claim))
}

fn edits(object: &SealedObject, prefix: &[Segment], change: &Change, sealed: BTreeMap<String, String>, claim: NextClaim) -> Plan {
    let mut plan = Plan::default();
    let at = |path: &[&str]| prefix.iter().cloned().chain(path.iter().map(|&key| key.into())).collect::<Vec<Segment>>();
    items(object, change, &sealed, &at, &mut plan);
    for (field, values) in [("labels", &change.labels), ("annotations", &change.annotations)] {
        let present = object.template.metadata.get(field);
        for (name, value) in values.iter().filter(|(name, value)| present.and_then(|map| map.get(*name)) != Some(value)) {
            let path = at(&["spec", "template", "metadata", field, name]);
            plan.edits.push(Edit::Set { path, value: New::Tree(Node::from_json(value)) });
        }
    }
    let path = at(&["metadata", "annotations", SEALED_FOR]);
    match claim {
        NextClaim::Stays => {}
        NextClaim::Becomes(claim) => plan.edits.push(Edit::Set { path, value: New::Text(claim.to_text().into()) }),
        NextClaim::Goes => {
            plan.edits.push(Edit::Remove { path: if last_annotation(object) { at(&["metadata", "annotations"]) } else { path } })
        }
    }
    plan.sealed = sealed.into_keys().collect();
    plan.removed.clone_from(&change.remove);
    plan
}

/// Plans putting ciphertext that was made elsewhere into the object at `prefix`. `to` is what it is sealed to, when known: the claim says
/// so afterwards. Items that the object does not have are not added.
pub fn replace_items(
    object: &SealedObject,
    prefix: &[Segment],
    fresh: &BTreeMap<String, String>,
    to: Option<&SealTo>,
) -> Result<Plan, MergeError> {
    let binding = object.binding()?;
    if let Some(missing) = fresh.keys().find(|name| !object.items.contains_key(*name)) {
        return Err(MergeError::NoSuchItem(missing.clone()));
    }
    check_size(object, fresh, &[])?;
    let claim = to.map_or(NextClaim::Stays, |to| next_claim(object, fresh, &[], &binding, Some(to)));
    Ok(edits(object, prefix, &Change::default(), fresh.clone(), claim))
}

/// Refuses what no API server would store.
fn check_size(object: &SealedObject, sealed: &BTreeMap<String, String>, removed: &[String]) -> Result<(), MergeError> {
    let mut after = object.clone();
    after.items.retain(|name, _| !removed.contains(name));
    after.items.extend(sealed.clone());
    if after.is_too_large() { Err(MergeError::TooLarge(Overhead::of(&after))) } else { Ok(()) }
}

/// Everything that can be refused without a key.
fn check(object: &SealedObject, change: &Change) -> Result<Binding, MergeError> {
    if object.blob.is_some() && object.items.is_empty() {
        return Err(MergeError::Blob);
    }
    if let Some(missing) = change.remove.iter().find(|name| !object.items.contains_key(*name)) {
        return Err(MergeError::NoSuchItem(missing.clone()));
    }
    if let Some(bad) = change.set.keys().find(|name| !valid_key(name)) {
        return Err(MergeError::Key(bad.clone()));
    }
    Ok(object.binding()?)
}

/// Edits of `spec.encryptedData`. A mapping that would end up without entries is written as `{}`, never as nothing.
fn items(
    object: &SealedObject,
    change: &Change,
    sealed: &BTreeMap<String, String>,
    at: &dyn Fn(&[&str]) -> Vec<Segment>,
    plan: &mut Plan,
) {
    let left = object.items.keys().filter(|name| !change.remove.contains(name)).count();
    if left + sealed.len() == 0 && !change.remove.is_empty() {
        let empty = Node { kind: Kind::Map(Vec::new()), at: Position::default() };
        plan.edits.push(Edit::Set { path: at(&["spec", "encryptedData"]), value: New::Tree(empty) });
        return;
    }
    for (name, text) in sealed {
        plan.edits.push(Edit::Set { path: at(&["spec", "encryptedData", name]), value: New::Text(text.clone().into()) });
    }
    for name in &change.remove {
        plan.edits.push(Edit::Remove { path: at(&["spec", "encryptedData", name]) });
    }
}

/// True when the item opens to exactly this value.
fn holds(object: &SealedObject, name: &str, value: &SecretBytes, binding: &Binding, keyring: &Keyring) -> bool {
    let hint = object.claim().and_then(|claim| claim.key_of(name));
    object
        .items
        .get(name)
        .and_then(|text| Item::decode(text).ok())
        .and_then(|item| keyring.open(&item, &Place::new(binding, name), hint.as_ref()).ok())
        .is_some_and(|opened| opened.value == *value)
}

/// The item of the other format that would still hold this value after the change.
fn twin(
    object: &SealedObject,
    change: &Change,
    value: &SecretBytes,
    to: &SealTo,
    binding: &Binding,
    keyring: &Keyring,
) -> Option<String> {
    let stays = |name: &&String| !change.remove.contains(name) && !change.set.contains_key(*name);
    let other = object.items.keys().filter(stays).filter(|name| kind_of(&object.items[*name]) != to.kind());
    other.filter(|_| !value.is_empty()).find(|name| holds(object, name, value, binding, keyring)).cloned()
}

/// True when the claim is the only annotation: then the whole map goes, an empty one is not left behind.
fn last_annotation(object: &SealedObject) -> bool {
    object.metadata.get("annotations").and_then(Value::as_object).is_some_and(|all| all.len() == 1)
}

/// What becomes of the claim annotation.
#[derive(Debug, PartialEq, Eq)]
enum NextClaim {
    Stays,
    Becomes(Claim),
    Goes,
}

/// The claim after the change; it speaks of v1 items only. An object without one gets one only when every v1 item was sealed in this
/// run: nothing is claimed about items that nobody looked into. Without a v1 item left there is nothing to claim.
fn next_claim(
    object: &SealedObject,
    sealed: &BTreeMap<String, String>,
    removed: &[String],
    binding: &Binding,
    to: Option<&SealTo>,
) -> NextClaim {
    let key = to.and_then(SealTo::key).map(PublicKey::fingerprint);
    let mut untouched = object.items_of(Format::V1);
    untouched.retain(|name| !sealed.contains_key(*name) && !removed.iter().any(|gone| gone == name));
    let fresh = key.filter(|_| untouched.is_empty() && !sealed.is_empty()).map(|key| Claim::new(binding, key));
    let Some(old) = object.claim() else {
        let has_other = object.metadata.get("annotations").is_some_and(|all| all.get(SEALED_FOR).is_some());
        return fresh.filter(|_| !has_other).map_or(NextClaim::Stays, NextClaim::Becomes);
    };
    if !old.matches(binding) {
        return NextClaim::Stays;
    }
    if untouched.is_empty() && key.is_none() && !sealed.is_empty() {
        return NextClaim::Goes;
    }
    let new = fresh.unwrap_or_else(|| {
        let mut new = old.clone();
        for name in sealed.keys() {
            match key {
                Some(key) => new.record(name, key),
                None => drop(new.items.remove(name)),
            }
        }
        removed.iter().for_each(|name| drop(new.items.remove(name)));
        new
    });
    if new == old { NextClaim::Stays } else { NextClaim::Becomes(new) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        open::{Opening, open_object},
        seal::{SealOptions, seal_secret},
        secret::SecretObject,
    };
    use rand::{SeedableRng, rngs::StdRng};
    use seal_crypto::{PrivateKey, Scope};
    use seal_manifest::{ManifestFile, to_yaml};

    struct World {
        key: PrivateKey,
        rng: StdRng,
    }

    impl World {
        fn new(seed: u64) -> Self {
            let mut rng = StdRng::seed_from_u64(seed);
            Self { key: PrivateKey::generate(1024, &mut rng).expect("a key"), rng }
        }

        fn to(&self) -> SealTo {
            self.key.public().clone().into()
        }

        /// A file with the items `a` and `b` of `shop/app`.
        fn file(&mut self, scope: Scope, claim: bool) -> ManifestFile {
            let mut secret = SecretObject { data: values(&[("a", "1"), ("b", "2")]), ..SecretObject::default() };
            secret.metadata.insert("name".into(), "app".into());
            secret.metadata.insert("namespace".into(), "shop".into());
            let options = SealOptions { scope: Some(scope), claim, ..SealOptions::default() };
            let object = seal_secret(&secret, options, &self.to(), &mut self.rng).expect("sealed");
            ManifestFile::parse("f", to_yaml(&object.to_node())).expect("YAML")
        }
    }

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretBytes> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned().into())).collect()
    }

    fn object(file: &ManifestFile) -> SealedObject {
        SealedObject::from_node(&file.documents[0].root).expect("a SealedSecret")
    }

    fn applied(file: &ManifestFile, plan: &Plan) -> ManifestFile {
        let edits: Vec<_> = plan.edits.iter().map(|edit| (0, edit.clone())).collect();
        ManifestFile::parse("f", file.edit(&edits).expect("edited")).expect("YAML")
    }

    #[test]
    fn a_changed_object_of_any_scope_opens_to_old_and_new_values() {
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            let mut world = World::new(1);
            let file = world.file(scope, true);
            let change = Change { set: values(&[("b", "22"), ("c", "3")]), remove: vec!["a".into()], ..Change::default() };
            let plan = plan(&object(&file), &[], &change, &world.to(), None, &mut world.rng).expect("a plan");
            let after = object(&applied(&file, &plan));
            assert_eq!(after.scope(), scope, "a change keeps the scope");
            let opened = open_object(&after, &Keyring::new(vec![world.key]), &Opening::default()).expect("opens");
            assert!(opened.data == values(&[("b", "22"), ("c", "3")]), "{}", scope.as_str());
        }
    }

    #[test]
    fn equal_values_keep_their_ciphertext_when_a_key_can_tell() {
        let mut world = World::new(2);
        let file = world.file(Scope::Strict, true);
        let change = Change { set: values(&[("a", "1"), ("b", "changed")]), ..Change::default() };
        let key = world.to();
        let blind = plan(&object(&file), &[], &change, &key, None, &mut world.rng).expect("a plan");
        assert_eq!((blind.sealed, blind.kept), (vec!["a".to_owned(), "b".to_owned()], vec![]));
        let keyring = Keyring::new(vec![world.key]);
        let seeing = plan(&object(&file), &[], &change, &key, Some(&keyring), &mut world.rng).expect("a plan");
        assert_eq!((seeing.sealed.clone(), seeing.kept.clone()), (vec!["b".to_owned()], vec!["a".to_owned()]));
        assert_eq!(object(&applied(&file, &seeing)).items["a"], object(&file).items["a"]);
    }

    #[test]
    fn the_claim_names_the_key_of_each_item_and_nothing_is_claimed_of_what_nobody_saw() {
        let (mut old, mut new) = (World::new(3), World::new(4));
        let (first, second) = (old.key.fingerprint().to_string(), new.key.fingerprint().to_string());
        let file = old.file(Scope::Strict, true);
        let one = Change { set: values(&[("a", "x")]), ..Change::default() };
        let mixed = applied(&file, &plan(&object(&file), &[], &one, &new.to(), None, &mut new.rng).expect("a plan"));
        let claim = object(&mixed).claim().expect("a claim");
        assert_eq!((claim.key.clone(), claim.items), (first, BTreeMap::from([("a".to_owned(), second.clone())])));
        let all = Change { set: values(&[("a", "x"), ("b", "y")]), ..Change::default() };
        let fresh = applied(&mixed, &plan(&object(&mixed), &[], &all, &new.to(), None, &mut new.rng).expect("a plan"));
        let claim = object(&fresh).claim().expect("a claim");
        assert_eq!((claim.key, claim.items.len()), (second, 0));
        let unclaimed = old.file(Scope::Strict, false);
        let plan = plan(&object(&unclaimed), &[], &one, &new.to(), None, &mut new.rng).expect("a plan");
        assert_eq!(object(&applied(&unclaimed, &plan)).claim(), None);
    }

    #[test]
    fn what_cannot_be_changed_is_refused_by_name() {
        let mut world = World::new(5);
        let file = world.file(Scope::Strict, true);
        let mut blob = object(&file);
        (blob.items, blob.blob) = (BTreeMap::new(), Some("AAAA".into()));
        let mut nameless = object(&file);
        nameless.metadata.remove("namespace");
        let set = |key: &str| Change { set: values(&[(key, "x")]), ..Change::default() };
        let gone = Change { remove: vec!["z".into()], ..Change::default() };
        for (object, change, expected) in [
            (&blob, set("a"), MergeError::Blob),
            (&nameless, set("a"), MergeError::Binding(BindingError::Namespace)),
            (&object(&file), set("a b"), MergeError::Key("a b".into())),
            (&object(&file), gone, MergeError::NoSuchItem("z".into())),
        ] {
            let error = plan(object, &[], &change, &world.to(), None, &mut world.rng).err().expect("refused");
            assert_eq!(error, expected);
        }
    }
}
