//! Tests of the alias, run in-process.
