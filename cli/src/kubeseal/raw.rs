//! `--raw`: one value in, one item out, without a line break.

use super::session::Session;
use crate::report::CliError;
use seal_crypto::{Binding, Item, PublicKey, Scope};
use std::path::Path;

/// Seals the value of standard input or of one `--from-file`.
pub fn run(session: &mut Session<'_>, key: &PublicKey) -> Result<(), CliError> {
    let binding = binding(session)?;
    let value = match session.flags.list("from-file") {
        [] => {
            if session.io.input_is_terminal() {
                session.io.say(format_args!("(tty detected: expecting a secret to encrypt in stdin)"));
            }
            session.io.read_input()?
        }
        [one] => {
            let path = one.split_once('=').map_or(one.as_str(), |(_, path)| path);
            session.io.read_file(Path::new(path))?
        }
        _ => return Err(CliError::failed("must provide only one --from-file when encrypting a single item with --raw")),
    };
    let item = Item::seal(&value, key, &binding, &mut session.io.rng()).map_err(|error| CliError::failed(error.to_string()))?;
    session.deliver(item.encode().into())
}

/// What the item is bound to. A namespace taken from the context is said aloud: nothing else would show it.
fn binding(session: &mut Session<'_>) -> Result<Binding, CliError> {
    let scope = session.flags.scope().unwrap_or_default();
    let name = session.flags.text("name").unwrap_or_default();
    let mut namespace = String::new();
    if scope != Scope::ClusterWide {
        let found = session.namespace()?;
        namespace = found.name;
        if name.is_empty() && scope == Scope::Strict {
            return Err(CliError::failed(format!("must provide the --name flag with --raw and --scope {}", scope.as_str())));
        }
        if !found.explicit {
            session
                .io
                .say(format_args!("warning: no --namespace given, sealing for namespace {namespace:?} of the current context"));
        }
    }
    let name = if scope == Scope::Strict { name } else { "" };
    Binding::new(scope, &namespace, name).map_err(|error| CliError::failed(error.to_string()))
}
