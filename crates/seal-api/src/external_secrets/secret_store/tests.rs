//! Stores as they are in Git, and stores as they should not be.

use super::super::{AwsService, KeyRef};
use super::*;
use serde_json::json;

fn store(spec: Value) -> SecretStore {
    SecretStore::from_value(StoreKind::Cluster, &json!({"metadata": {"name": "s"}, "spec": spec}))
}

fn problems(spec: Value) -> Vec<String> {
    store(spec).problems.iter().map(ToString::to_string).collect()
}

#[test]
fn each_way_into_vault_is_read() {
    let token = KeyRef { name: "t".into(), key: Some("k".into()), namespace: None };
    let reference = json!({"name": "t", "key": "k"});
    for (auth, wanted) in [
        (json!({"tokenSecretRef": reference}), VaultMethod::Token(token.clone())),
        (
            json!({"appRole": {"path": "ar", "roleId": "r", "secretRef": reference}}),
            VaultMethod::AppRole { path: "ar".into(), role_id: Some("r".into()), role_ref: None, secret: token.clone() },
        ),
        (
            json!({"kubernetes": {"mountPath": "k8s", "role": "r", "serviceAccountRef": {"name": "sa"}}}),
            VaultMethod::Kubernetes {
                path: "k8s".into(),
                role: "r".into(),
                service_account: Some(super::super::ServiceAccountRef { name: "sa".into(), ..Default::default() }),
                secret: None,
            },
        ),
        (
            json!({"userPass": {"username": "u", "secretRef": reference}}),
            VaultMethod::UserPass { path: "userpass".into(), username: "u".into(), secret: token.clone() },
        ),
        (
            json!({"jwt": {"role": "r", "secretRef": reference}}),
            VaultMethod::Jwt { path: "jwt".into(), role: "r".into(), secret: Some(token.clone()), service_account: None },
        ),
        (
            json!({"cert": {"clientCert": reference, "secretRef": reference}}),
            VaultMethod::Cert { path: "cert".into(), role: None, certificate: token.clone(), key: token.clone() },
        ),
    ] {
        let read = store(json!({"provider": {"vault": {"server": "https://v", "path": "kv", "auth": auth}}}));
        assert_eq!(read.problems, vec![], "{auth}");
        let Provider::Vault(vault) = &read.provider else { panic!("{:?}", read.provider) };
        assert_eq!(vault.auth.as_ref().map(|auth| &auth.method), Some(&wanted));
    }
}

#[test]
fn aws_is_read_and_broken_keys_never_become_the_controllers_own_identity() {
    let aws = |auth: Value| {
        let read = store(json!({"provider": {"aws": {"service": "ParameterStore", "region": "eu-1", "auth": auth}}}));
        let Provider::Aws(aws) = read.provider else { panic!("{:?}", read.provider) };
        assert_eq!(aws.service, AwsService::ParameterStore);
        aws.auth
    };
    assert_eq!(aws(json!(null)), AwsAuth::Ambient);
    assert_eq!(aws(json!({"secretRef": {"accessKeyIDSecretRef": {"name": 4}}})), AwsAuth::Broken);
    assert_eq!(aws(json!("hunter2")), AwsAuth::Broken);
    assert!(matches!(aws(json!({"jwt": {"serviceAccountRef": {"name": "sa"}}})), AwsAuth::WebIdentity(_)));
}

#[test]
fn what_is_not_served_is_kept_by_name() {
    let read = store(json!({"provider": {"onepassword": {"connectHost": "x"}}}));
    assert_eq!(read.provider, Provider::Other("onepassword".into()));
    for (spec, wanted) in [
        (json!({"provider": {"onepassword": {}}}), vec!["spec.provider.onepassword is not supported"]),
        (json!({"provider": {}}), vec!["spec.provider must name exactly one provider"]),
        (json!({"provider": {"fake": {"data": []}, "vault": {}}}), vec!["spec.provider must name exactly one provider"]),
        (json!({}), vec!["spec.provider is missing"]),
        (
            json!({"provider": {"vault": {"server": "s", "auth": {"gcp": {"role": "r"}}}}}),
            vec!["spec.provider.vault.auth.gcp is not supported"],
        ),
        (
            json!({"provider": {"vault": {"server": "s", "auth": {"new": {}}}}}),
            vec!["spec.provider.vault.auth.new is not supported"],
        ),
        (
            json!({"provider": {"vault": {"server": "s", "auth": {"appRole": {"secretRef": {"name": "n"}}}}}}),
            vec!["spec.provider.vault.auth.appRole must have exactly one of roleId, roleRef"],
        ),
        (
            json!({"provider": {"aws": {"service": "CertificateManager", "region": "r"}}}),
            vec!["spec.provider.aws.service is not supported"],
        ),
        (
            json!({"provider": {"kubernetes": {"auth": {}}}}),
            vec![
                "spec.provider.kubernetes must have exactly one of auth, authRef",
                "spec.provider.kubernetes.auth must have exactly one of cert, token, serviceAccount",
            ],
        ),
        (
            json!({"provider": {"fake": {"data": [{"key": "k", "value": 4}]}}}),
            vec!["spec.provider.fake.data[0].value must be text"],
        ),
    ] {
        assert_eq!(problems(spec.clone()), wanted, "{spec}");
    }
}

#[test]
fn the_refresh_interval_is_seconds_or_a_duration() {
    let read = |value: Value| {
        let read = store(json!({"provider": {"fake": {}}, "refreshInterval": value}));
        (read.refresh_interval.map(|interval| interval.0.as_secs()), read.problems.len())
    };
    for (value, wanted) in [
        (json!(30), (Some(30), 0)),
        (json!("1m"), (Some(60), 0)),
        (json!(0), (None, 0)),
        (json!(-3), (None, 1)),
        (json!(1.5), (None, 1)),
        (json!(1e300), (None, 1)),
        (json!("hunter2"), (None, 1)),
        (json!([]), (None, 1)),
    ] {
        assert_eq!(read(value.clone()), wanted, "{value}");
    }
}

#[test]
fn conditions_that_cannot_be_read_allow_nothing() {
    let conditions = |value: Value| store(json!({"provider": {"fake": {}}, "conditions": value})).conditions;
    assert_eq!(conditions(json!(null)), vec![]);
    assert_eq!(conditions(json!([])), vec![]);
    for broken in [json!("hunter2"), json!(["hunter2"]), json!([{"namespaces": 4}]), json!([{"namespaceRegex": ["a"]}])] {
        let read = conditions(broken.clone());
        // An unknown field is told of, and leaves a condition that names nobody.
        let harmless = read.iter().all(|c| c.broken || (c.namespaces.is_empty() && c.regexes.is_empty() && c.selector.is_none()));
        assert!(read.len() == 1 && harmless, "{broken}");
    }
}

#[test]
fn a_fake_store_is_not_printed() {
    let read = store(json!({"provider": {"fake": {"data": [{"key": "k", "value": "hunter2"}]}}}));
    assert!(!format!("{read:?}").contains("hunter2"));
}
