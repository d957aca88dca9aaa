//! The data key: wrapped for master keys, and got back from them.
