//! Reads templates: text to tokens to a tree, refusing what Go refuses and nothing else but what is nested too deeply.

pub(crate) mod ast;
mod lex;
mod literal;
mod pipeline;
mod tree;

pub(crate) use tree::{Read, read};
