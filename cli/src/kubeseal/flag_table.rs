//! The table of kubeseal's flags: names, kinds of value, and help in our own words.

/// What a flag's value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `--x`, `--x=true`, `--x=false` and Go's other spellings.
    Bool,
    /// Comma-separated, repeatable.
    Paths,
    /// Repeatable, not split.
    Array,
    /// One of the three scopes, or empty.
    Scope,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// `info`, `warning`, `error`, `fatal` or a number.
    Severity,
    /// `file:line`.
    Trace,
    /// `pattern=N,...`.
    Modules,
}

/// One flag.
pub struct Flag {
    /// Long name.
    pub name: &'static str,
    /// Short name.
    pub short: Option<char>,
    /// Kind of value.
    pub kind: Kind,
    /// Word for the value in the help.
    pub value: &'static str,
    /// Help text; empty hides the flag.
    pub help: &'static str,
    /// Default as printed in the help.
    pub default: &'static str,
    /// A logging flag: taken, but nothing here logs that way, and no environment variable sets it.
    pub klog: bool,
    /// The value must not be echoed.
    pub secret: bool,
}

const fn flag(name: &'static str, kind: Kind, value: &'static str, help: &'static str) -> Flag {
    Flag { name, short: None, kind, value, help, default: "", klog: false, secret: false }
}

impl Flag {
    const fn short(self, short: char) -> Flag {
        Flag { short: Some(short), ..self }
    }
    const fn default(self, default: &'static str) -> Flag {
        Flag { default, ..self }
    }
    const fn klog(name: &'static str, kind: Kind, value: &'static str) -> Flag {
        Flag { klog: true, ..flag(name, kind, value, "accepted for compatibility; has no effect") }
    }
    const fn secret(self) -> Flag {
        Flag { secret: true, ..self }
    }
    /// `-n, --namespace` or `--cert`.
    pub fn display_name(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

impl Kind {
    /// Checks a value and gives its parts in normal form, or says why not.
    pub fn read(self, value: &str) -> Result<Vec<String>, String> {
        let number = |error: &str| Err(format!("strconv.ParseInt: parsing {value:?}: {error}"));
        match self {
            Kind::Text | Kind::Array => Ok(vec![value.to_owned()]),
            Kind::Paths => Ok(value.split(',').map(|part| part.trim_matches('"').to_owned()).collect()),
            Kind::Bool => match value {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(vec!["true".into()]),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(vec!["false".into()]),
                _ => Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")),
            },
            Kind::Scope => match value {
                "" | "strict" | "namespace-wide" | "cluster-wide" => Ok(vec![value.to_owned()]),
                _ => Err("must be one of: strict, namespace-wide, cluster-wide".to_owned()),
            },
            Kind::Int => value.parse::<i32>().map_or_else(|_| number("invalid syntax"), |n| Ok(vec![n.to_string()])),
            Kind::Uint => value.parse::<u64>().map_or_else(|_| Err("parse error".to_owned()), |n| Ok(vec![n.to_string()])),
            Kind::Severity => match value.to_ascii_uppercase().as_str() {
                "INFO" | "WARNING" | "ERROR" | "FATAL" => Ok(vec![value.to_owned()]),
                _ => Kind::Int.read(value),
            },
            Kind::Trace if value.is_empty() || value.rsplit_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok()) => {
                Ok(vec![value.to_owned()])
            }
            Kind::Trace => Err("syntax error: expect file.go:234".to_owned()),
            Kind::Modules
                if value
                    .split(',')
                    .all(|part| part.is_empty() || part.split_once('=').is_some_and(|(_, n)| n.parse::<i32>().is_ok())) =>
            {
                Ok(vec![value.to_owned()])
            }
            Kind::Modules => Err("syntax error: expect comma-separated list of filename=N".to_owned()),
        }
    }
}

/// All flags, in the order of the help.
pub static FLAGS: &[Flag] = &[
    Flag::klog("add_dir_header", Kind::Bool, ""),
    flag("allow-empty-data", Kind::Bool, "", "seal a Secret that has no data"),
    Flag::klog("alsologtostderr", Kind::Bool, ""),
    Flag::klog("alsologtostderrthreshold", Kind::Severity, "severity"),
    flag("as", Kind::Text, "string", "user to impersonate"),
    flag("as-group", Kind::Array, "stringArray", "group to impersonate; may be repeated"),
    flag("as-uid", Kind::Text, "string", "UID to impersonate"),
    flag(
        "cert",
        Kind::Text,
        "string",
        "certificate to seal with: a file, or a file://, http:// or https:// address; no cluster is asked",
    ),
    flag("certificate-authority", Kind::Text, "string", "file with the API server's certificate authority"),
    flag("client-certificate", Kind::Text, "string", "file with a client certificate"),
    flag("client-key", Kind::Text, "string", "file with the key of the client certificate"),
    flag("cluster", Kind::Text, "string", "cluster of the kubeconfig to use"),
    flag("context", Kind::Text, "string", "context of the kubeconfig to use"),
    flag("controller-name", Kind::Text, "string", "Service of the controller").default("sealed-secrets-controller"),
    flag("controller-namespace", Kind::Text, "string", "namespace of the controller").default("kube-system"),
    flag("disable-compression", Kind::Bool, "", "ask the API server for uncompressed answers"),
    flag("fetch-cert", Kind::Bool, "", "print the controller's newest certificate, for use with --cert"),
    flag("format", Kind::Text, "string", "output format: json or yaml").short('o').default("json"),
    flag("from-file", Kind::Array, "strings", "with --raw: file ([key=]path) that holds the value, in place of standard input"),
    flag("help", Kind::Bool, "", "print this help"),
    flag(
        "insecure-skip-tls-verify",
        Kind::Bool,
        "",
        "do not check the API server's certificate (anyone in between can read and change everything)",
    ),
    flag("kubeconfig", Kind::Text, "string", "kubeconfig file"),
    Flag::klog("legacy_stderr_threshold_behavior", Kind::Bool, ""),
    Flag::klog("log_backtrace_at", Kind::Trace, "traceLocation"),
    Flag::klog("log_dir", Kind::Text, "string"),
    Flag::klog("log_file", Kind::Text, "string"),
    Flag::klog("log_file_max_size", Kind::Uint, "uint"),
    Flag::klog("logtostderr", Kind::Bool, ""),
    flag(
        "merge-into",
        Kind::Text,
        "string",
        "seal the input's items into this SealedSecret file, in place; scope, name and namespace are the file's",
    ),
    flag("name", Kind::Text, "string", "name of the SealedSecret (needed with --raw in the strict scope)"),
    flag("namespace", Kind::Text, "string", "namespace of the SealedSecret").short('n'),
    Flag::klog("one_output", Kind::Bool, ""),
    flag("password", Kind::Text, "string", "password for basic authentication at the API server").secret(),
    flag("proxy-url", Kind::Text, "string", "proxy to the API server"),
    flag("raw", Kind::Bool, "", "seal one value, from standard input or --from-file, and print the item alone"),
    flag("re-encrypt", Kind::Bool, "", "have the controller seal the given SealedSecrets anew with its newest key"),
    flag(
        "recovery-private-key",
        Kind::Paths,
        "strings",
        "key files for --recovery-unseal: PEM, or a Secret or List backup; comma-separated or repeated",
    ),
    flag(
        "recovery-unseal",
        Kind::Bool,
        "",
        "open SealedSecrets offline with --recovery-private-key and print the Secrets in clear",
    ),
    flag(
        "request-timeout",
        Kind::Text,
        "string",
        "longest wait for one answer of the API server, such as 30s or 2m; 0 is no limit",
    )
    .default("0"),
    flag("rotate", Kind::Bool, "", ""),
    flag("scope", Kind::Scope, "string", "strict, namespace-wide or cluster-wide; else the input's annotations decide")
        .default("strict"),
    flag("sealed-secret-file", Kind::Text, "string", "output file, written whole or not at all").short('w'),
    flag("secret-file", Kind::Text, "string", "input file").short('f'),
    flag("server", Kind::Text, "string", "address of the API server"),
    Flag::klog("skip_headers", Kind::Bool, ""),
    Flag::klog("skip_log_headers", Kind::Bool, ""),
    Flag::klog("stderrthreshold", Kind::Severity, "severity"),
    flag("tls-server-name", Kind::Text, "string", "name to expect in the API server's certificate"),
    flag("token", Kind::Text, "string", "bearer token for the API server").secret(),
    flag("user", Kind::Text, "string", "user of the kubeconfig to use"),
    flag("username", Kind::Text, "string", "user name for basic authentication at the API server"),
    Flag { short: Some('v'), ..Flag::klog("v", Kind::Int, "Level") },
    flag("validate", Kind::Bool, "", "ask the controller whether it can open the given SealedSecrets"),
    flag("version", Kind::Bool, "", "print the version"),
    Flag::klog("vmodule", Kind::Modules, "moduleSpec"),
];

/// The help text.
pub fn usage(program: &str) -> String {
    let mut text = format!("Usage of {program}:\n");
    let left = |flag: &Flag| {
        let short = flag.short.map_or_else(|| "      ".to_owned(), |short| format!("  -{short}, "));
        format!("{short}--{}{}{}", flag.name, if flag.value.is_empty() { "" } else { " " }, flag.value)
    };
    let width = FLAGS.iter().map(|flag| left(flag).len()).max().unwrap_or(0);
    for flag in FLAGS.iter().filter(|flag| !flag.help.is_empty()) {
        let default = if flag.default.is_empty() { String::new() } else { format!(" (default {:?})", flag.default) };
        text.push_str(&format!("{:width$}   {}{default}\n", left(flag), flag.help));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{FLAGS, usage};

    #[test]
    fn the_help_names_every_flag_but_the_deprecated_one() {
        let text = usage("kubeseal");
        for flag in FLAGS {
            assert_eq!(text.contains(&format!("--{} ", flag.name)), flag.name != "rotate", "{}", flag.name);
        }
    }

    #[test]
    fn names_and_shorthands_are_unique_and_sorted() {
        assert!(FLAGS.windows(2).all(|pair| {
            let key = |name: &str| name.replace('_', "\u{0}");
            key(pair[0].name) < key(pair[1].name) || pair[0].name < pair[1].name
        }));
        let mut shorts: Vec<char> = FLAGS.iter().filter_map(|flag| flag.short).collect();
        shorts.sort_unstable();
        assert_eq!(shorts, ['f', 'n', 'o', 'v', 'w']);
    }
}
