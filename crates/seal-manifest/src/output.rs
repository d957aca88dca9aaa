//! A growing buffer that wipes every copy it leaves behind.

use seal_secret::{SecretBytes, wipe};

/// Text under construction that may hold plaintext.
#[derive(Default)]
pub struct Output(Vec<u8>);

impl Drop for Output {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Output {
    /// Room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Output {
        Output(Vec::with_capacity(bytes))
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Appends the bytes of a text.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity() * 2).max(128));
            larger.extend_from_slice(&self.0);
            wipe(&mut self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Appends one character.
    pub fn char(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    /// Appends spaces.
    pub fn spaces(&mut self, count: usize) {
        for _ in 0..count {
            self.push(" ");
        }
    }

    /// What is there so far.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only text is ever pushed")
    }

    /// Hands the buffer over.
    pub fn finish(mut self) -> SecretBytes {
        SecretBytes::from(std::mem::take(&mut self.0))
    }
}
