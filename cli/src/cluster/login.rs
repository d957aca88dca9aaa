//! Exec plugins and identity providers of a kubeconfig: what they may read, and what is said when they fail.
//!
//! The library would hand them a standard input that holds a Secret on its way to be sealed, and its own errors repeat what a plugin
//! printed, which may be a token.

use super::ClusterError;
use crate::objects::printable;
use kube::{
    client::AuthError,
    config::{ExecInteractiveMode, Kubeconfig},
};
use std::error::Error;

/// Most of a plugin's words that is repeated.
const LONGEST: usize = 1000;

/// Plugins get the terminal where there is one and they may, and else nothing to read, as client-go has it.
pub(super) fn prepare(config: &mut Kubeconfig, at_a_terminal: bool) -> Result<(), ClusterError> {
    let users = config.auth_infos.iter_mut().filter_map(|user| user.auth_info.as_mut());
    for exec in users.filter_map(|user| user.exec.as_mut()).filter(|_| !at_a_terminal) {
        if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
            let name = exec.command.as_deref().unwrap_or_default();
            return Err(ClusterError::Login(format!(
                "the exec plugin {name:?} of the kubeconfig wants a terminal, and there is none"
            )));
        }
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    Ok(())
}

/// What a failure to log in is told as; `None` when it is some other failure. What a plugin printed to standard output is not in it.
pub(super) fn told(error: &(dyn Error + 'static)) -> Option<ClusterError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<AuthError>() {
            return Some(ClusterError::Login(words(error)));
        }
        next = error.source();
    }
    None
}

fn words(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => {
            format!("the exec plugin of the kubeconfig cannot be started: {}", crate::io::reason(error))
        }
        AuthError::AuthExecRun { out, .. } => {
            let said: String = String::from_utf8_lossy(&out.stderr).trim().chars().take(LONGEST).collect();
            let said = said.lines().map(printable).collect::<Vec<_>>().join("; ");
            let said = if said.is_empty() { said } else { format!(": {said}") };
            format!("the exec plugin of the kubeconfig ended with {}{said}", out.status)
        }
        AuthError::AuthExecParse(_) => "the answer of the kubeconfig's exec plugin is no ExecCredential".to_owned(),
        AuthError::AuthExec(_) => "the login program of the kubeconfig failed".to_owned(),
        AuthError::ParseTokenKey(_) => "the answer of the kubeconfig's login program is not JSON".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ExecInteractiveMode, Kubeconfig, prepare};

    fn of(mode: &str) -> Kubeconfig {
        let text = format!(
            "apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: login{mode}}}}}\n"
        );
        Kubeconfig::from_yaml(&text).unwrap()
    }

    #[test]
    fn a_plugin_reads_from_a_terminal_or_not_at_all() {
        use ExecInteractiveMode::{Always, IfAvailable, Never};
        for (mode, terminal, expected) in [
            ("", true, Some(None)),
            ("", false, Some(Some(Never))),
            (", interactiveMode: IfAvailable", true, Some(Some(IfAvailable))),
            (", interactiveMode: IfAvailable", false, Some(Some(Never))),
            (", interactiveMode: Always", true, Some(Some(Always))),
            (", interactiveMode: Always", false, None),
        ] {
            let mut config = of(mode);
            let done = prepare(&mut config, terminal);
            let exec = config.auth_infos.remove(0).auth_info.unwrap().exec.unwrap();
            assert_eq!(done.ok().map(|()| exec.interactive_mode), expected, "{mode} {terminal}");
        }
    }
}
