//! Whole documents in sops' own layout, for output in another store than the input's.
