//! Kubeconfig files and the flags that override them, with the rules of client-go.
//!
//! Order: `--kubeconfig`, the files of `KUBECONFIG` (merged, missing ones skipped), `~/.kube/config`, the cluster around this process.

use super::{ClusterError, error::chain};
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where a pod finds its own namespace.
const POD_NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// The environment variables of the process.
pub type Environment = BTreeMap<String, String>;

/// What flags say about the cluster; everything absent comes from the kubeconfig.
#[derive(Clone, Default)]
pub struct Overrides {
    /// One file instead of the usual places.
    pub kubeconfig: Option<PathBuf>,
    /// Context name.
    pub context: Option<String>,
    /// Cluster name.
    pub cluster: Option<String>,
    /// User name in the kubeconfig.
    pub user: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// API server address.
    pub server: Option<String>,
    /// Bearer token.
    pub token: Option<String>,
    /// Basic authentication.
    pub username: Option<String>,
    /// Basic authentication.
    pub password: Option<String>,
    /// User to impersonate.
    pub impersonate: Option<String>,
    /// UID to impersonate.
    pub impersonate_uid: Option<String>,
    /// Groups to impersonate.
    pub impersonate_groups: Vec<String>,
    /// CA file of the API server.
    pub certificate_authority: Option<String>,
    /// Client certificate file.
    pub client_certificate: Option<String>,
    /// Client key file.
    pub client_key: Option<String>,
    /// Do not check the API server's certificate.
    pub insecure: bool,
    /// Name to expect in it.
    pub tls_server_name: Option<String>,
    /// Proxy to the API server.
    pub proxy_url: Option<String>,
    /// Longest wait for one answer; zero is no limit.
    pub request_timeout: Option<std::time::Duration>,
}

/// A namespace and whether a flag named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// True when given by flag rather than by context.
    pub explicit: bool,
}

/// The namespace that a command works in when the manifest names none. Reads files only; no cluster is asked.
pub fn namespace(overrides: &Overrides, env: &Environment) -> Result<Namespace, ClusterError> {
    if let Some(name) = &overrides.namespace {
        return Ok(Namespace { name: name.clone(), explicit: true });
    }
    let from_context = |name: String| Namespace { name, explicit: false };
    let in_pod = in_cluster(env);
    match effective(overrides, env)? {
        Some(config) => match config.contexts[0]
            .context
            .as_ref()
            .and_then(|context| context.namespace.clone())
            .filter(|name| !name.is_empty())
        {
            Some(name) => Ok(from_context(name)),
            None if in_pod => Ok(from_context(pod_namespace(env))),
            None => Ok(from_context("default".to_owned())),
        },
        None if in_pod => Ok(from_context(pod_namespace(env))),
        None => Err(ClusterError::NoConfiguration),
    }
}

/// True when this process runs in a pod that may talk to its API server.
pub fn in_cluster(env: &Environment) -> bool {
    ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"]
        .iter()
        .all(|name| env.get(*name).is_some_and(|value| !value.is_empty()))
        && Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()
}

fn pod_namespace(env: &Environment) -> String {
    let from_file = || std::fs::read_to_string(POD_NAMESPACE_FILE).ok().map(|text| text.trim().to_owned());
    env.get("POD_NAMESPACE").cloned().or_else(from_file).filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

/// The one context, cluster and user to use, flags applied; `None` when neither files nor flags name a cluster.
pub fn effective(overrides: &Overrides, env: &Environment) -> Result<Option<Kubeconfig>, ClusterError> {
    let config = load(overrides, env)?;
    let server = overrides.server.clone().or_else(|| env.get("KUBERNETES_MASTER").cloned().filter(|_| config.is_none()));
    let config = match config {
        None if server.is_none() && overrides.context.is_none() => return Ok(None),
        config => config.unwrap_or_default(),
    };
    let context = context(&config, overrides)?;
    let cluster = cluster(&config, &context, overrides, server)?;
    if cluster.server.as_deref().unwrap_or_default().is_empty() {
        return Err(ClusterError::Invalid("cluster has no server defined".to_owned()));
    }
    let user = user(&config, &context, overrides)?;
    let name = || "chosen".to_owned();
    let context = Context { cluster: name(), user: Some(name()), ..context };
    Ok(Some(Kubeconfig {
        current_context: Some(name()),
        contexts: vec![NamedContext { name: name(), context: Some(context), ..Default::default() }],
        clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..Default::default() }],
        auth_infos: vec![NamedAuthInfo { name: name(), auth_info: Some(user), ..Default::default() }],
        ..Kubeconfig::default()
    }))
}

fn context(config: &Kubeconfig, overrides: &Overrides) -> Result<Context, ClusterError> {
    let Some(name) = overrides.context.as_ref().or(config.current_context.as_ref()).filter(|name| !name.is_empty()) else {
        return Ok(Context::default());
    };
    let found = config.contexts.iter().find(|context| context.name == *name).and_then(|context| context.context.clone());
    found.ok_or_else(|| ClusterError::Missing { what: "context", name: name.clone() })
}

fn cluster(
    config: &Kubeconfig,
    context: &Context,
    overrides: &Overrides,
    server: Option<String>,
) -> Result<Cluster, ClusterError> {
    let name = overrides.cluster.as_ref().unwrap_or(&context.cluster);
    let found = config.clusters.iter().find(|cluster| cluster.name == *name).and_then(|cluster| cluster.cluster.clone());
    let mut cluster = match found {
        Some(cluster) => cluster,
        None if server.is_some() => Cluster::default(),
        None => return Err(ClusterError::Missing { what: "cluster", name: name.clone() }),
    };
    if server.is_some() || overrides.tls_server_name.is_some() {
        cluster.tls_server_name.clone_from(&overrides.tls_server_name);
    }
    if server.is_some() {
        cluster.server = server;
    }
    if overrides.insecure || overrides.certificate_authority.is_some() {
        cluster.insecure_skip_tls_verify = Some(overrides.insecure);
        cluster.certificate_authority.clone_from(&overrides.certificate_authority);
        cluster.certificate_authority_data = None;
    }
    if overrides.proxy_url.is_some() {
        cluster.proxy_url.clone_from(&overrides.proxy_url);
    }
    Ok(cluster)
}

fn user(config: &Kubeconfig, context: &Context, overrides: &Overrides) -> Result<AuthInfo, ClusterError> {
    let name = overrides.user.as_ref().or(context.user.as_ref());
    let found =
        name.and_then(|name| config.auth_infos.iter().find(|user| user.name == *name)).and_then(|user| user.auth_info.clone());
    let mut user = match (found, &overrides.user) {
        (None, Some(name)) => return Err(ClusterError::Missing { what: "auth info", name: name.clone() }),
        (found, _) => found.unwrap_or_default(),
    };
    if overrides.token.is_some() || overrides.password.is_some() || overrides.username.is_some() {
        let given = serde_json::json!({"token": overrides.token, "username": overrides.username, "password": overrides.password});
        let given: AuthInfo = serde_json::from_value(given).expect("three optional strings are an auth info");
        user.token = given.token.or(user.token);
        user.username = given.username.or(user.username);
        user.password = given.password.or(user.password);
        if overrides.token.is_some() {
            user.token_file = None;
            user.exec = None;
            user.auth_provider = None;
        }
    }
    if overrides.client_certificate.is_some() || overrides.client_key.is_some() {
        user.client_certificate.clone_from(&overrides.client_certificate);
        user.client_key.clone_from(&overrides.client_key);
        user.client_certificate_data = None;
        user.client_key_data = None;
    }
    user.impersonate = overrides.impersonate.clone().or(user.impersonate);
    user.impersonate_uid = overrides.impersonate_uid.clone().or(user.impersonate_uid);
    if !overrides.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(overrides.impersonate_groups.clone());
    }
    Ok(user)
}

/// All files merged; `None` when there are none or they are empty.
fn load(overrides: &Overrides, env: &Environment) -> Result<Option<Kubeconfig>, ClusterError> {
    let problem = |path: &Path, reason: String| ClusterError::Kubeconfig { path: path.display().to_string(), reason };
    if let Some(path) = &overrides.kubeconfig {
        let text = std::fs::read_to_string(path).map_err(|error| problem(path, crate::io::reason(&error)))?;
        return if text.trim().is_empty() { Ok(None) } else { read(path).map(Some) };
    }
    let listed = env.get("KUBECONFIG").filter(|list| !list.is_empty());
    let paths: Vec<PathBuf> = match listed {
        Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => env
            .get("HOME")
            .or_else(|| env.get("USERPROFILE"))
            .map(|home| Path::new(home).join(".kube").join("config"))
            .into_iter()
            .collect(),
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(problem(&path, crate::io::reason(&error))),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(_) => {}
        }
        let next = read(&path)?;
        merged = Some(match merged {
            None => next,
            Some(config) => config.merge(next).map_err(|error| problem(&path, chain(&error)))?,
        });
    }
    Ok(merged)
}

/// One file. The parser's own words may quote the file, which holds tokens, so only the fact is passed on.
fn read(path: &Path) -> Result<Kubeconfig, ClusterError> {
    Kubeconfig::read_from(path).map_err(|_| ClusterError::Kubeconfig {
        path: path.display().to_string(),
        reason: "it is not a kubeconfig (YAML of kind Config)".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Environment, Namespace, Overrides, effective, namespace};

    const CONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: one, user: u, namespace: team}\n- name: b\n  context: {cluster: one, user: u}\nclusters:\n- name: one\n  cluster: {server: 'https://one:6443'}\nusers:\n- name: u\n  user: {token: hidden-canary}\n";

    fn setup(config: &str) -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, config).unwrap();
        let env = Environment::from([("KUBECONFIG".to_owned(), format!("/nonexistent/config:{}", path.display()))]);
        (folder, env)
    }

    #[test]
    fn the_namespace_comes_from_the_flag_then_the_context_then_default() {
        let (_folder, env) = setup(CONFIG);
        let of = |overrides: Overrides| namespace(&overrides, &env).unwrap();
        assert_eq!(of(Overrides::default()), Namespace { name: "team".into(), explicit: false });
        assert_eq!(
            of(Overrides { context: Some("b".into()), ..Default::default() }),
            Namespace { name: "default".into(), explicit: false }
        );
        assert_eq!(
            of(Overrides { namespace: Some("x".into()), ..Default::default() }),
            Namespace { name: "x".into(), explicit: true }
        );
    }

    #[test]
    fn a_flag_is_enough_where_there_is_no_kubeconfig_at_all() {
        let overrides = Overrides { namespace: Some("x".into()), ..Default::default() };
        assert!(namespace(&overrides, &Environment::new()).unwrap().explicit);
        let message = namespace(&Overrides::default(), &Environment::new()).unwrap_err().to_string();
        assert!(message.starts_with("invalid configuration: no configuration has been provided"), "{message}");
        let server = Overrides { server: Some("https://x".into()), ..Default::default() };
        let config = effective(&server, &Environment::new()).unwrap().unwrap();
        assert_eq!(config.clusters[0].cluster.as_ref().unwrap().server.as_deref(), Some("https://x"));
    }

    #[test]
    fn an_unknown_context_is_named() {
        let (_folder, env) = setup(CONFIG);
        let overrides = Overrides { context: Some("nope".into()), ..Default::default() };
        assert_eq!(namespace(&overrides, &env).unwrap_err().to_string(), "context \"nope\" does not exist");
    }

    #[test]
    fn flags_replace_what_the_kubeconfig_says() {
        let (_folder, env) = setup(CONFIG);
        let overrides = Overrides {
            server: Some("https://two".into()),
            insecure: true,
            impersonate: Some("me".into()),
            impersonate_groups: vec!["g".into()],
            ..Default::default()
        };
        let config = effective(&overrides, &env).unwrap().unwrap();
        let (cluster, user) = (config.clusters[0].cluster.clone().unwrap(), config.auth_infos[0].auth_info.clone().unwrap());
        assert_eq!((cluster.server.as_deref(), cluster.insecure_skip_tls_verify), (Some("https://two"), Some(true)));
        assert_eq!((user.impersonate.as_deref(), user.impersonate_groups), (Some("me"), Some(vec!["g".to_owned()])));
        assert!(user.token.is_some());
    }

    #[test]
    fn a_broken_kubeconfig_is_named_and_not_quoted() {
        let (_folder, env) = setup("users:\n- name: [hidden-canary\n");
        let message = namespace(&Overrides::default(), &env).unwrap_err().to_string();
        assert!(message.contains("config") && !message.contains("hidden-canary"), "{message}");
    }
}
