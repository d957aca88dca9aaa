//! How much of a foreign file is looked at before it has proved anything. Checked before any private key is used.

/// Bounds on an age file and on the work that opening it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes from the version line to the end of the MAC line.
    pub header_bytes: usize,
    /// Recipient stanzas, of known and unknown types together.
    pub stanzas: usize,
    /// Private-key operations: for each identity, the stanzas of its type.
    pub operations: usize,
}

impl Caps {
    /// What a person opens on their own machine: 1,000 post-quantum recipients still fit.
    pub const FILE: Self = Self { header_bytes: 2 << 20, stanzas: 4096, operations: 65_536 };
    /// What a server opens for others: 20 post-quantum recipients fit (32 KiB), 256 operations cost about 0.1 s.
    pub const ITEM: Self = Self { header_bytes: 64 << 10, stanzas: 64, operations: 256 };
}

impl Default for Caps {
    fn default() -> Self {
        Self::FILE
    }
}
