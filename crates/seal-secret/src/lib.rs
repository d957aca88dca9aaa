//! The plaintext type of the whole workspace: wiped on drop, compared in constant time, never printed.
//!
//! It refuses what leaks: no `Debug`, `Display`, `Serialize`, `Deref`, `AsRef` or `Hash`. The one door out is
//! [`SecretBytes::expose`]; the tidy suite holds the list of files that may call it.
//!
//! ```compile_fail
//! let s = seal_secret::SecretBytes::from(vec![1u8]);
//! println!("{s:?}"); // no Debug
//! ```
//! ```compile_fail
//! let s = seal_secret::SecretBytes::from(vec![1u8]);
//! println!("{s}"); // no Display
//! ```
//! ```compile_fail
//! let s = seal_secret::SecretBytes::from(vec![1u8]);
//! let _: &[u8] = s.as_ref(); // no AsRef
//! ```

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes that must not leave the process except where the user asked for them.
///
/// `Clone` exists because one value may be sealed to several places; every copy is wiped on drop.
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

/// Empties a buffer and wipes all of its memory at once. What zeroize does for vectors goes byte by byte, which takes a file of
/// some megabytes longer than to decrypt it.
pub fn wipe(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.spare_capacity_mut().zeroize();
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl SecretBytes {
    /// The one door out. Callers keep the slice as short as they can and never put it into an error, a log or a metric.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes. A length is a fact about the plaintext: it may steer a size check, it may not be published.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for SecretBytes {
    /// Takes the buffer over without copying it, so no second copy is left behind.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(std::mem::take(&mut *bytes))
    }
}

impl PartialEq for SecretBytes {
    /// Constant time for equal lengths.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for SecretBytes {}

#[cfg(test)]
mod tests {
    use super::{SecretBytes, wipe};

    #[test]
    fn equal_bytes_are_equal_and_others_are_not() {
        let a = SecretBytes::from(b"one".to_vec());
        assert!(a == SecretBytes::from("one".to_owned()));
        assert!(a != SecretBytes::from(b"ones".to_vec()));
        assert!(a != SecretBytes::from(b"two".to_vec()));
    }

    #[test]
    fn the_buffer_is_taken_over_not_copied() {
        let bytes = b"kept in place".to_vec();
        let address = bytes.as_ptr();
        assert!(std::ptr::eq(SecretBytes::from(bytes).expose().as_ptr(), address));
        let bytes = zeroize::Zeroizing::new(b"kept in place".to_vec());
        let address = bytes.as_ptr();
        assert!(std::ptr::eq(SecretBytes::from(bytes).expose().as_ptr(), address));
    }

    #[test]
    fn wiping_reaches_what_was_in_use_and_what_was_not() {
        let mut bytes = b"some bytes and more of them".to_vec();
        bytes.truncate(4);
        let capacity = bytes.capacity();
        wipe(&mut bytes);
        assert_eq!((bytes.len(), bytes.capacity()), (0, capacity));
    }
}
