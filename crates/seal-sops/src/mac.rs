//! The MAC of the format: an unkeyed hash over the values in document order, sealed under the data key.
