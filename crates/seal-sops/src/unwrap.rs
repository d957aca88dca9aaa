//! The data key: got back from the age keys of a block, and wrapped for new ones. Keys of other kinds are named, never used, and no
//! address in a block is ever contacted.

use rand_core::CryptoRng;
use seal_crypto::age::{self, Caps, Identity, OpenError, Recipient};
use seal_crypto::sops::{DataKey, shamir};
use seal_secret::SecretBytes;

use crate::{AgeKey, KeyGroup, Metadata};

/// Wrapped keys looked at in one block: 50 post-quantum ones per person for 40 people.
const MOST_KEYS: usize = 2000;
/// Names listed in one message.
const MOST_NAMES: usize = 6;

/// No way to the data key. Names what the file needs; holds public names only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoKey {
    /// None of the identities opens the data key, or there is none.
    #[error("{}: the file needs an identity for {}", no_identity(*identities), needs(age, others))]
    Identity {
        /// How many identities were tried.
        identities: usize,
        /// Recipients that could open it, of the groups that did not open.
        age: Vec<String>,
        /// Keys that only sops can use, as kind and name.
        others: Vec<(String, String)>,
    },
    /// Fewer groups opened than needed.
    #[error("{opened} of {needed} key groups opened: the file needs identities for more of {}", needs(age, others))]
    Groups {
        /// Groups that opened.
        opened: usize,
        /// Groups that must open.
        needed: usize,
        /// Recipients of the groups that did not open.
        age: Vec<String>,
        /// Their keys that only sops can use.
        others: Vec<(String, String)>,
    },
    /// An identity fits, and the wrapped key is damaged.
    #[error("the data key for {recipient} is damaged: {why}")]
    Damaged {
        /// For whom it was wrapped.
        recipient: String,
        /// What the age file says.
        why: OpenError,
    },
    /// What came out is no data key.
    #[error("what the block holds for its recipients is not a data key of 32 bytes")]
    Size,
    /// Shares that cannot be joined.
    #[error("the shares of the key groups do not fit together: {0}")]
    Shares(shamir::ShamirError),
    /// More wrapped keys than anybody needs.
    #[error("the block has more than {MOST_KEYS} master keys")]
    TooMany,
}

impl NoKey {
    /// None of so many identities opens these groups.
    pub fn identity<'g>(groups: impl IntoIterator<Item = &'g KeyGroup>, identities: usize) -> NoKey {
        let (age, others) = keys_of(groups);
        NoKey::Identity { identities, age, others }
    }
}

/// The public names of all keys: recipients, and kind and name of those that only sops can use.
fn keys_of<'g>(groups: impl IntoIterator<Item = &'g KeyGroup>) -> (Vec<String>, Vec<(String, String)>) {
    let (mut age, mut others) = (Vec::new(), Vec::new());
    for group in groups {
        age.extend(group.age.iter().map(|key| key.recipient.clone()));
        others.extend(group.others.iter().map(|key| (key.kind.clone(), key.name.clone())));
    }
    (age, others)
}

/// Why a data key cannot be wrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// No group, or a group without recipients.
    #[error("{0}")]
    Empty(&'static str),
    /// The threshold does not go with the number of groups.
    #[error(transparent)]
    Shares(#[from] shamir::ShamirError),
    /// Post-quantum recipients beside others: the file would be no stronger than the others.
    #[error("post-quantum and classic recipients in one file; it would be only as strong as {0}")]
    HalfPostQuantum(String),
    /// The age file could not be made.
    #[error("cannot wrap the data key for {0}: {1}")]
    Age(String, age::EncryptError),
}

/// The data key by any of the identities. With key groups, as many of them as the block needs must open.
pub fn data_key(metadata: &Metadata, identities: &[Identity]) -> Result<DataKey, NoKey> {
    if metadata.age_keys().count() > MOST_KEYS {
        return Err(NoKey::TooMany);
    }
    let mut parts = Vec::new();
    let mut damaged = None;
    let mut closed: Vec<&KeyGroup> = Vec::new();
    for group in &metadata.groups {
        match part(group, identities) {
            Ok(part) => parts.push(part),
            Err(why) => {
                damaged = damaged.or(why);
                closed.push(group);
            }
        }
    }
    let needed = metadata.groups_needed();
    if parts.len() < needed {
        return Err(match damaged {
            Some(damaged) => damaged,
            None if needed > 1 => {
                let (age, others) = keys_of(closed);
                NoKey::Groups { opened: parts.len(), needed, age, others }
            }
            None => NoKey::identity(closed, identities.len()),
        });
    }
    let key = if metadata.groups.len() > 1 { shamir::combine(&parts).map_err(NoKey::Shares)? } else { parts.swap_remove(0) };
    DataKey::from_secret(&key).ok_or(NoKey::Size)
}

/// A group's part: keys whose recipient is that of an identity first. `Some` error when one fits and does not open.
fn part(group: &KeyGroup, identities: &[Identity]) -> Result<SecretBytes, Option<NoKey>> {
    let mut damaged = None;
    let ours = |key: &AgeKey| identities.iter().any(|one| one.recipient().is_some_and(|own| own.as_str() == key.recipient));
    let (likely, others): (Vec<_>, Vec<_>) = group.age.iter().partition(|key| ours(key));
    for (fits, key) in likely.into_iter().map(|key| (true, key)).chain(others.into_iter().map(|key| (false, key))) {
        match open(key, identities) {
            Ok(part) => return Ok(part),
            Err(why) if damaged.is_none() && (fits || why != OpenError::NoMatch) => {
                damaged = Some(NoKey::Damaged { recipient: key.recipient.clone(), why });
            }
            Err(_) => {}
        }
    }
    Err(damaged)
}

fn open(key: &AgeKey, identities: &[Identity]) -> Result<SecretBytes, OpenError> {
    let bytes = age::armor::unwrap(key.enc.as_bytes())?;
    age::decrypt(&bytes, identities, &Caps::ITEM).map(|(part, _)| part)
}

fn no_identity(identities: usize) -> String {
    match identities {
        0 => "no age identity was found".to_owned(),
        1 => "the age identity does not open the data key".to_owned(),
        many => format!("none of {many} age identities opens the data key"),
    }
}

fn needs(age: &[String], others: &[(String, String)]) -> String {
    let mut names: Vec<String> = age.iter().map(|recipient| short(recipient)).collect();
    names.dedup();
    let foreign = others.iter().map(|(kind, name)| format!("{kind} {name} (which only sops can use)"));
    names.extend(foreign);
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let more = if more > 0 { format!(" or {more} more") } else { String::new() };
    format!("{}{more}", names.join(" or "))
}

/// A recipient as messages show it: a post-quantum one has 1959 characters.
pub(crate) fn short(recipient: &str) -> String {
    match (recipient.get(..16), recipient.len().checked_sub(8).and_then(|at| recipient.get(at..))) {
        (Some(head), Some(tail)) if recipient.len() > 120 => format!("{head}...{tail}"),
        _ => recipient.to_owned(),
    }
}

/// Wraps a data key for groups of recipients: whole when there is one group, in shares when there are more. No threshold means that all
/// groups are needed. Half post-quantum files are refused unless told otherwise.
pub fn wrap(
    key: &DataKey,
    groups: &[Vec<Recipient>],
    threshold: Option<u32>,
    half_post_quantum: bool,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyGroup>, WrapError> {
    check(groups, half_post_quantum)?;
    let parts = match groups.len() {
        1 => vec![key.to_secret()],
        many => shamir::split(&key.to_secret(), many, threshold.filter(|t| *t > 0).map_or(many, |t| t as usize), rng)?,
    };
    let wrap_group = |(recipients, part): (&Vec<Recipient>, &SecretBytes)| {
        let age = recipients.iter().map(|recipient| wrap_one(part, recipient, rng)).collect::<Result<_, _>>()?;
        Ok(KeyGroup { age, others: Vec::new() })
    };
    groups.iter().zip(&parts).map(wrap_group).collect()
}

/// The groups of a file for other recipients and the same data key. With one group, master keys that stay keep their text, those of other
/// kinds stay all; shares are always made anew, for which groups with foreign keys are refused.
pub fn rewrap(
    metadata: &Metadata,
    key: &DataKey,
    groups: &[Vec<Recipient>],
    threshold: Option<u32>,
    half_post_quantum: bool,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyGroup>, WrapError> {
    let ([old], [recipients]) = (metadata.groups.as_slice(), groups) else {
        if metadata.foreign_keys().next().is_some() {
            return Err(WrapError::Empty("new shares cannot be made for keys that only sops can use; use sops updatekeys"));
        }
        return wrap(key, groups, threshold, half_post_quantum, rng);
    };
    check(groups, half_post_quantum)?;
    let part = key.to_secret();
    let one = |recipient: &Recipient| match old.age.iter().find(|key| key.recipient == recipient.as_str()) {
        Some(known) => Ok(known.clone()),
        None => wrap_one(&part, recipient, rng),
    };
    let age = recipients.iter().map(one).collect::<Result<_, _>>()?;
    Ok(vec![KeyGroup { age, others: old.others.clone() }])
}

fn check(groups: &[Vec<Recipient>], half_post_quantum: bool) -> Result<(), WrapError> {
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(WrapError::Empty("a key group without an age recipient: nobody could open it"));
    }
    let classic = groups.iter().flatten().find(|recipient| !recipient.is_post_quantum());
    let half = groups.iter().flatten().any(Recipient::is_post_quantum);
    match classic {
        Some(classic) if half && !half_post_quantum => Err(WrapError::HalfPostQuantum(classic.short())),
        _ => Ok(()),
    }
}

fn wrap_one(part: &SecretBytes, recipient: &Recipient, rng: &mut impl CryptoRng) -> Result<AgeKey, WrapError> {
    let sealed = age::encrypt(part, std::slice::from_ref(recipient), &[], rng)
        .map_err(|error| WrapError::Age(recipient.short(), error))?;
    Ok(AgeKey { recipient: recipient.as_str().to_owned(), enc: age::armor::wrap(&sealed) })
}

#[cfg(test)]
mod tests {
    use super::{NoKey, WrapError, data_key, rewrap, wrap};
    use crate::{ForeignKey, KeyGroup, Metadata};
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use seal_crypto::age::{Identity, Recipient, RecipientKind};
    use seal_crypto::sops::DataKey;

    fn rng() -> StdRng {
        StdRng::seed_from_u64(7)
    }

    fn people(kind: RecipientKind, count: usize) -> (Vec<Identity>, Vec<Recipient>) {
        let mut rng = rng();
        let identities: Vec<Identity> = (0..count).map(|_| Identity::generate(kind, &mut rng).expect("a kind we make")).collect();
        let recipients = identities.iter().map(|one| one.recipient().expect("ours have one").clone()).collect();
        (identities, recipients)
    }

    fn metadata(groups: Vec<KeyGroup>, threshold: Option<u32>) -> Metadata {
        Metadata { groups, shamir_threshold: threshold, ..Metadata::default() }
    }

    #[test]
    fn any_recipient_of_one_group_opens_the_key() {
        let (identities, recipients) = people(RecipientKind::X25519, 3);
        let key = DataKey::generate(&mut rng());
        let groups = wrap(&key, std::slice::from_ref(&recipients), None, false, &mut rng()).expect("wraps");
        let metadata = metadata(groups, None);
        for identity in &identities {
            assert!(data_key(&metadata, std::slice::from_ref(identity)).expect("opens") == key);
        }
    }

    #[test]
    fn as_many_groups_as_the_threshold_says_must_open() {
        let (identities, recipients) = people(RecipientKind::X25519, 3);
        let key = DataKey::generate(&mut rng());
        let groups: Vec<Vec<Recipient>> = recipients.iter().map(|one| vec![one.clone()]).collect();
        for (threshold, needed) in [(Some(2), 2), (None, 3), (Some(0), 3)] {
            let metadata = metadata(wrap(&key, &groups, threshold, false, &mut rng()).expect("wraps"), threshold);
            assert!(data_key(&metadata, &identities[3 - needed..]).expect("opens") == key);
            let error = data_key(&metadata, &identities[..needed - 1]).err().expect("too few");
            assert!(matches!(error, NoKey::Groups { opened, needed: n, .. } if opened == needed - 1 && n == needed), "{error}");
        }
    }

    #[test]
    fn without_a_key_the_error_names_what_the_file_needs() {
        let (identities, recipients) = people(RecipientKind::X25519, 2);
        let mut groups =
            wrap(&DataKey::generate(&mut rng()), &[vec![recipients[0].clone()]], None, false, &mut rng()).expect("wraps");
        groups[0].others.push(ForeignKey { kind: "pgp".into(), name: "85D77543".into(), fields: Vec::new() });
        let mut metadata = metadata(groups, None);
        let needs = format!("the file needs an identity for {} or pgp 85D77543 (which only sops can use)", recipients[0]);
        let error =
            |metadata: &Metadata, identities: &[Identity]| data_key(metadata, identities).err().expect("no key").to_string();
        assert_eq!(error(&metadata, &[]), format!("no age identity was found: {needs}"));
        assert_eq!(error(&metadata, &identities[1..]), format!("the age identity does not open the data key: {needs}"));
        let enc = &mut metadata.groups[0].age[0].enc;
        *enc = enc.replace("-----END", "????\n-----END");
        let why = seal_crypto::age::armor::unwrap(enc.as_bytes()).expect_err("damaged");
        assert_eq!(error(&metadata, &identities[..1]), format!("the data key for {} is damaged: {why}", recipients[0]));
    }

    #[test]
    fn who_stays_keeps_their_text() {
        let (_, recipients) = people(RecipientKind::X25519, 2);
        let key = DataKey::generate(&mut rng());
        let mut groups = wrap(&key, &[vec![recipients[0].clone()]], None, false, &mut rng()).expect("wraps");
        groups[0].others.push(ForeignKey { kind: "pgp".into(), name: "x".into(), fields: Vec::new() });
        let before = metadata(groups, None);
        let after = rewrap(&before, &key, std::slice::from_ref(&recipients), None, false, &mut rng()).expect("wraps");
        assert_eq!((&after[0].age[0], after[0].age.len()), (&before.groups[0].age[0], 2));
        assert_eq!(after[0].others, before.groups[0].others);
        let two: Vec<Vec<Recipient>> = recipients.iter().map(|one| vec![one.clone()]).collect();
        assert!(matches!(rewrap(&before, &key, &two, None, false, &mut rng()), Err(WrapError::Empty(_))));
    }

    #[test]
    fn half_post_quantum_is_refused_unless_told() {
        let (_, mut recipients) = people(RecipientKind::X25519, 1);
        let (identities, strong) = people(RecipientKind::PostQuantum, 1);
        let key = DataKey::generate(&mut rng());
        let alone = metadata(wrap(&key, std::slice::from_ref(&strong), None, false, &mut rng()).expect("wraps"), None);
        assert!(data_key(&alone, &identities).expect("opens") == key);
        recipients.extend(strong);
        let wraps = |half| wrap(&key, std::slice::from_ref(&recipients), None, half, &mut rng());
        assert!(matches!(wraps(false), Err(WrapError::HalfPostQuantum(_))));
        assert!(wraps(true).is_ok());
        assert!(matches!(wrap(&key, &[], None, false, &mut rng()), Err(WrapError::Empty(_))));
        assert!(matches!(wrap(&key, &[Vec::new()], None, false, &mut rng()), Err(WrapError::Empty(_))));
    }
}
