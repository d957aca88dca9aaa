//! What surrounds the process, handed in by `main`: variables, the service account's namespace, the number of cores.

use std::collections::BTreeMap;

/// Prefix of upstream's variables.
const PREFIX: &str = "SEALED_SECRETS_";

/// Flags of Go's logging libraries that upstream accepts; they mean nothing here. The second field: takes a value.
const LOGGING_FLAGS: &[(&str, bool)] = &[
    ("add_dir_header", false),
    ("alsologtostderr", false),
    ("log_backtrace_at", true),
    ("log_dir", true),
    ("log_file", true),
    ("log_file_max_size", true),
    ("logtostderr", false),
    ("one_output", false),
    ("skip_headers", false),
    ("skip_log_headers", false),
    ("stderrthreshold", true),
    ("v", true),
    ("vmodule", true),
];

/// The surroundings of the process.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Content of the service account's namespace file, when there is one.
    pub service_account_namespace: Option<String>,
    /// Cores; 0 counts as 1.
    pub cores: usize,
}

impl Environment {
    /// `POD_NAMESPACE`, else the service account's, else `default`.
    pub(super) fn home_namespace(&self) -> String {
        let given = |text: Option<&String>| text.map(|t| t.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
        given(self.variables.get("POD_NAMESPACE"))
            .or_else(|| given(self.service_account_namespace.as_ref()))
            .unwrap_or_else(|| "default".to_owned())
    }

    /// This process's name in a Lease.
    pub(super) fn identity(&self) -> Option<String> {
        ["POD_NAME", "HOSTNAME"].into_iter().find_map(|name| self.variables.get(name)).filter(|name| !name.is_empty()).cloned()
    }

    /// `--flag=value` for each flag that a variable sets; they go before the command line, which wins.
    pub(super) fn as_arguments<'a>(&self, flags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let variable = |flag: &str| format!("{PREFIX}{}", flag.to_ascii_uppercase().replace('-', "_"));
        flags.into_iter().filter_map(|flag| Some(format!("--{flag}={}", self.variables.get(&variable(flag))?))).collect()
    }
}

/// Splits off Go's logging flags; returns what is left and the names of what was dropped.
pub(super) fn without_logging_flags(arguments: impl IntoIterator<Item = String>) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match logging_flag(&argument) {
            Some((name, takes_next)) => {
                dropped.push(name.to_owned());
                if takes_next {
                    arguments.next();
                }
            }
            None => kept.push(argument),
        }
    }
    (kept, dropped)
}

fn logging_flag(argument: &str) -> Option<(&'static str, bool)> {
    let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    let (name, has_value) = flag.split_once('=').map_or((flag, false), |(name, _)| (name, true));
    let name = name.replace('-', "_");
    LOGGING_FLAGS.iter().find(|(known, _)| *known == name).map(|(known, takes)| (*known, *takes && !has_value))
}
