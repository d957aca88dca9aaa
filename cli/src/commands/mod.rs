//! The verbs, one file each: flags and `run(args, io)` in the shape load, decide, write.

pub mod age;
pub mod cert;
pub mod completions;
pub mod decrypt;
pub mod demo;
pub mod doctor;
pub mod edit;
pub mod encrypt;
pub mod get;
pub mod git;
pub mod keygen;
pub mod keys;
pub mod kubeseal;
pub mod man;
pub mod rekey;
pub mod rotate;
pub mod run;
pub mod set;
pub mod sops;
pub mod status;
pub mod template;
pub mod unset;
pub mod verify;
