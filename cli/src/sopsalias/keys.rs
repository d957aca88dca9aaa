//! Recipients by group, and the data key wrapped for them, with sops' words for what goes wrong.

use super::failure::{Failure, code};
use rand::CryptoRng;
use seal_crypto::{age::Recipient, sops::DataKey};
use seal_sops::{
    KeyGroup, Metadata,
    unwrap::{self, WrapError},
};

/// One group: any one of its keys opens its part.
pub type Group = Vec<Recipient>;

/// Recipients separated by commas, of a flag or a rule.
pub fn group(list: &str) -> Result<Group, Failure> {
    list.split(',').map(|text| recipient(text.trim())).collect()
}

/// As [`group`], of a flag that may be absent.
pub fn listed(list: Option<&str>) -> Result<Group, Failure> {
    list.map_or_else(|| Ok(Group::new()), group)
}

/// One recipient.
pub fn recipient(text: &str) -> Result<Recipient, Failure> {
    text.parse().map_err(|error| Failure::generic(format!("failed to parse input, unknown recipient type: {text:?}: {error}")))
}

/// The groups of a file, for a new data key or new shares. Keys of other kinds cannot get those here.
pub fn of_metadata(metadata: &Metadata) -> Result<Vec<Group>, Failure> {
    if let Some(foreign) = metadata.groups.iter().flat_map(|group| &group.others).next() {
        return Err(Failure::new(
            code::UNSUPPORTED,
            format!("the file is also encrypted to {} {}, which only sops itself can wrap a key for", foreign.kind, foreign.name),
        )
        .hint("run the original for this file, or take that key out with it first; opening, set and edit work here"));
    }
    metadata.groups.iter().map(|group| group.age.iter().map(|key| recipient(&key.recipient)).collect()).collect()
}

/// What to say of a file that a quantum computer could open after all.
pub fn weakness(groups: &[Group]) -> Option<&'static str> {
    let strong = groups.iter().flatten().filter(|recipient| recipient.is_post_quantum()).count();
    let all = groups.iter().flatten().count();
    (strong > 0 && strong < all)
        .then_some("post-quantum and classic recipients together: the file is only as strong as the classic ones")
}

/// The names of all keys of a file, by group.
pub fn names_by_group(metadata: &Metadata) -> Vec<Vec<String>> {
    let names = |group: &KeyGroup| {
        group.age.iter().map(|key| key.recipient.clone()).chain(group.others.iter().map(|key| key.name.clone())).collect()
    };
    metadata.groups.iter().map(names).collect()
}

/// The data key, or its shares, wrapped for every key. A file that is only half post-quantum is made, as in the original.
pub fn wrap(key: &DataKey, groups: &[Group], threshold: Option<u32>, rng: &mut impl CryptoRng) -> Result<Vec<KeyGroup>, Failure> {
    unwrap::wrap(key, groups, threshold, true, rng).map_err(|error| not_wrapped(&error))
}

/// The same data key for other keys. In a file with one group, keys that stay keep their text; shares are made anew for all.
pub fn rewrap(
    metadata: &Metadata,
    key: &DataKey,
    groups: &[Group],
    threshold: Option<u32>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyGroup>, Failure> {
    unwrap::rewrap(metadata, key, groups, threshold, true, rng).map_err(|error| not_wrapped(&error))
}

fn not_wrapped(error: &WrapError) -> Failure {
    match error {
        WrapError::Empty(_) => Failure::generic("Could not generate data key: [empty key group provided]")
            .hint("every group needs an age recipient; the rule for this file names none"),
        other => Failure::generic(format!("Could not generate data key: {other}")),
    }
}
