//! Sealing a file in clear, every byte around the values kept.

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::{Cipher, DataKey};
use seal_secret::SecretBytes;

use crate::layout::{BlockChange, Changes, Form, New, NodeId};
use crate::reuse::Reuse;
use crate::selector::Matcher;
use crate::walk::Walk;
use crate::{KeyGroup, Metadata, Opened, Path, Problem, Selector, SopsError, SopsFile, Store, Type, Value, enc, mac, strong};

/// The version that is written into new files: the sops whose format they have.
pub const SOPS_VERSION: &str = "3.13.3";

/// How a file is sealed.
pub struct EncryptOptions<'a> {
    /// Master keys, the data key (or its shares) already wrapped for them: see [`crate::unwrap`].
    pub groups: Vec<KeyGroup>,
    /// How many groups are needed to open it, when there are several.
    pub threshold: Option<u32>,
    /// What is sealed.
    pub selector: Selector,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// Add the stronger MAC.
    pub strong: bool,
    /// The same file as it was before, opened: values equal at equal paths keep their ciphertext, if the data key is the same.
    pub previous: Option<&'a Opened>,
}

impl SopsFile {
    /// Seals a file in clear and gives the new bytes.
    pub fn encrypt(
        &self,
        options: &EncryptOptions<'_>,
        key: &DataKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        if self.metadata.is_some() {
            return Err(self.error(Problem::AlreadyEncrypted));
        }
        if self.layout.documents.is_empty() {
            return Err(self.error(Problem::NoDocument));
        }
        let metadata = Metadata {
            groups: options.groups.clone(),
            shamir_threshold: options.threshold,
            lastmodified: stamp(now),
            mac: String::new(),
            mac_only_encrypted: options.mac_only_encrypted,
            selector: options.selector.clone(),
            version: SOPS_VERSION.to_owned(),
            strong_mac: options.strong.then(String::new),
        };
        self.seal_with(metadata, options.previous, key, rng)
    }

    /// Seals every selected value, then the MACs. `metadata` lacks only those.
    pub(crate) fn seal_with(
        &self,
        mut metadata: Metadata,
        previous: Option<&Opened>,
        key: &DataKey,
        rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        if self.store == Store::Binary {
            // It is one value, and a selector could only leave it in clear.
            metadata.selector = Selector::default();
        }
        let matcher = metadata.selector.matcher().map_err(|problem| self.error(problem))?;
        self.refuse_misleading(&matcher)?;
        let walk = Walk::new(&self.layout, &self.bytes, Some(&matcher));
        let mut reuse = previous.filter(|previous| previous.key == *key).map(Reuse::new).transpose()?;
        let cipher = key.cipher();
        let mut nodes = Vec::new();
        let mut leaves = false;
        for id in self.layout.ids() {
            let Some(value) = self.sealable(id) else { continue };
            leaves |= value.kind != Type::Comment;
            if !walk.selected(id) {
                continue;
            }
            let sealed = match reuse.as_mut().and_then(|reuse| reuse.take(walk.aad(id), &value)) {
                Some(text) => text,
                None => seal_value(&cipher, &value, walk.aad(id), rng),
            };
            let is_comment = value.kind == Type::Comment;
            if is_comment && !matcher.by_key() && !matcher.seals_what_it_names() && matcher.comment(&sealed) {
                return Err(self.error_at(id, Problem::Unsupported("the selector matches a sealed comment, so the file could not be opened again: make unencrypted_comment_regex stricter")));
            }
            nodes.push((id, New::Sealed(sealed)));
        }
        if leaves && nodes.is_empty() {
            return Err(self.error(Problem::NothingSelected));
        }
        let hash = mac::compute(&self.layout, &self.bytes, &walk, metadata.mac_only_encrypted, |_| None);
        metadata.mac = mac::seal(&hash, key, &metadata.mac_aad(), &fresh_iv(rng));
        if metadata.strong_mac.is_some() {
            metadata.strong_mac = Some(strong::compute(&self.layout, &self.bytes, &walk, &metadata, key, |_| None));
        }
        self.write(&Changes { nodes, block: BlockChange::Become(&metadata), ..Changes::default() })
    }

    /// Of a file in clear: the keys whose numbers and dates would come back in another spelling, for the format keeps what they are and
    /// not how they are written: `1.50` is `1.5`, `0x1F` is `31`.
    pub fn respelled(&self, selector: &Selector) -> Result<Vec<Path>, SopsError> {
        let matcher = selector.matcher().map_err(|problem| self.error(problem))?;
        let walk = Walk::new(&self.layout, &self.bytes, Some(&matcher));
        let is_other = |id: &NodeId| {
            let node = &self.layout.nodes[*id as usize];
            let Form::Typed(value) = &node.form else { return false };
            let is_number = matches!(value.kind, Type::Int | Type::Float | Type::Time);
            is_number && walk.selected(*id) && !value.is_spelled(self.layout.source(&self.bytes, *id))
        };
        Ok(self.layout.ids().filter(is_other).map(|id| self.layout.path(id)).collect())
    }

    /// Refuses comments that say what is sealed of something else than of what stands below them: whoever wrote them would not expect it.
    fn refuse_misleading(&self, matcher: &Matcher) -> Result<(), SopsError> {
        let misleads = |id: &NodeId| self.layout.text(&self.bytes, *id).is_some_and(|text| matcher.comment(text));
        match self.layout.odd.iter().map(|(id, _)| id).find(|id| misleads(id)) {
            Some(id) => Err(self.error_at(*id, Problem::MisleadingComment)),
            None => Ok(()),
        }
    }

    /// The value of a leaf that may be sealed: not `null`, not empty.
    fn sealable(&self, id: NodeId) -> Option<Value> {
        if matches!(self.layout.nodes[id as usize].form, Form::Map | Form::List | Form::Null) {
            return None;
        }
        self.clear_value(id).filter(|value| !value.bytes.is_empty())
    }
}

/// A time as the metadata have it.
pub(crate) fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seals one value under a fresh vector.
pub(crate) fn seal_value(cipher: &Cipher, value: &Value, aad: &[u8], rng: &mut impl CryptoRng) -> String {
    let iv = fresh_iv(rng);
    enc::text(&cipher.seal(&value.bytes, aad, &iv), &iv, value.kind)
}

pub(crate) fn fresh_iv(rng: &mut impl CryptoRng) -> [u8; 32] {
    let mut iv = [0; 32];
    rng.fill_bytes(&mut iv);
    iv
}
