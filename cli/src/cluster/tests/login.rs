//! Kubeconfigs that log in by a program or by an identity provider's token.

use super::Lab;
use crate::Exit;
use base64::Engine;
use serde_json::json;

/// A cluster that wants this token, and a kubeconfig whose user gets it in this way.
fn lab(user: &str) -> Lab {
    let lab = Lab::new(&[]);
    lab.server.demand("good-token");
    lab.write(
        "config",
        &format!("{}users:\n- name: me\n  user:\n    {}\n", lab.server.kubeconfig(), user.replace('\n', "\n    ")),
    );
    lab
}

/// A plugin beside the kubeconfig that runs this script.
fn plugin(script: &str, more: &str) -> Lab {
    let lab = lab(&format!(
        "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: sh\n  args: [-c, 'exec sh \"$0\"', SCRIPT]\n  env: [{{name: PASS, value: hidden-canary}}]\n{more}"
    ));
    let script_path = lab.folder.path().join("plugin.sh");
    lab.write("plugin.sh", script);
    lab.write("config", &lab.read("config").replace("SCRIPT", &script_path.display().to_string()));
    lab
}

fn credential(token: &str) -> String {
    json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}).to_string()
}

#[test]
fn an_exec_plugin_gives_the_token() {
    let print = |token: &str| format!("echo '{}'\n", credential(token));
    let lab = plugin(&print("good-token"), "  interactiveMode: Never\n");
    let (exit, out, err) = lab.run("seal cert fetch", "");
    assert_eq!((exit, out.as_str()), (Exit::DONE, lab.pem.as_str()), "{err}");
    let lab = plugin(&print("another"), "  interactiveMode: IfAvailable\n");
    let (exit, _, err) = lab.run("seal cert fetch", "");
    assert_eq!((exit, err.contains("log in again")), (Exit::FAILED, true), "{err}");
    let asks = format!(
        "test -n \"$PASS\" && case \"$KUBERNETES_EXEC_INFO\" in *http://127.0.0.1*) {} ;; esac\n",
        print("good-token").trim()
    );
    let lab = plugin(&asks, "  interactiveMode: Never\n  provideClusterInfo: true\n");
    let (exit, _, err) = lab.run("seal cert fetch", "");
    assert_eq!(exit, Exit::DONE, "{err}");
}

#[test]
fn a_plugin_that_fails_is_told_by_its_errors_and_never_by_what_it_printed() {
    for (script, words) in [
        (
            "echo hidden-canary; echo 'no session: log in first' >&2; exit 3",
            "ended with exit status: 3: no session: log in first\n",
        ),
        ("echo hidden-canary", "is no ExecCredential\n"),
        ("echo '{\"token\": \"hidden-canary\"'", "is no ExecCredential\n"),
        ("echo '{\"kind\": \"ExecCredential\", \"spec\": {\"token\": \"hidden-canary\"}}'", "error: cannot log in: "),
    ] {
        let lab = plugin(script, "  interactiveMode: Never\n");
        let (exit, out, err) = lab.run("seal cert fetch", "");
        assert_eq!((exit, out.as_str(), err.contains(words)), (Exit::FAILED, "", true), "{err}");
        assert!(!err.contains("hidden-canary") && err.contains("hint: `kubectl version`"), "{err}");
    }
    let lab = lab("exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-program, interactiveMode: Never}");
    let (exit, _, err) = lab.run("seal cert fetch", "");
    assert_eq!((exit, err.contains("cannot be started: no such file or directory")), (Exit::FAILED, true), "{err}");
}

#[test]
fn a_token_of_an_identity_provider_is_used_while_it_lasts() {
    let part = |value: serde_json::Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let token =
        |expires: i64| format!("{}.{}.{}", part(json!({"alg": "RS256"})), part(json!({"exp": expires})), part(json!("signed")));
    let with = |token: &str| {
        let lab = lab(&format!(
            "auth-provider: {{name: oidc, config: {{id-token: {token}, idp-issuer-url: 'https://127.0.0.1:1', client-id: seal}}}}"
        ));
        lab.server.demand(token);
        lab
    };
    let lab = with(&token(4_000_000_000));
    let (exit, out, err) = lab.run("seal cert fetch", "");
    assert_eq!((exit, out.as_str()), (Exit::DONE, lab.pem.as_str()), "{err}");
    let old = token(1_000_000_000);
    let (exit, _, err) = with(&old).run("seal cert fetch", "");
    assert_eq!((exit, err.contains("cannot log in: "), err.contains(&old)), (Exit::FAILED, true, false), "{err}");
}
