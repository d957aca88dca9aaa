//! Names that manifests, targets and other programs know: groups, kinds, labels, annotations, finalizers.

use crate::Names;

/// API group of stores and secrets.
pub const GROUP: &str = "external-secrets.io";
/// API group of generators.
pub const GENERATORS_GROUP: &str = "generators.external-secrets.io";
/// `apiVersion` of stores and secrets.
pub const V1: &str = "external-secrets.io/v1";
/// `apiVersion` of pushed secrets.
pub const V1ALPHA1: &str = "external-secrets.io/v1alpha1";
/// `apiVersion` of generators.
pub const GENERATORS_V1ALPHA1: &str = "generators.external-secrets.io/v1alpha1";
/// The category all of them are in.
pub const CATEGORY: &str = "external-secrets";
/// The category of generators.
pub const GENERATORS_CATEGORY: &str = "external-secrets-generators";

const fn kind(api_version: &'static str, kind: &'static str, plural: &'static str) -> Names {
    Names { api_version, kind, plural }
}

/// An ExternalSecret's names.
pub const EXTERNAL_SECRET: Names = kind(V1, "ExternalSecret", "externalsecrets");
/// A SecretStore's names.
pub const SECRET_STORE: Names = kind(V1, "SecretStore", "secretstores");
/// A ClusterSecretStore's names.
pub const CLUSTER_SECRET_STORE: Names = kind(V1, "ClusterSecretStore", "clustersecretstores");
/// A ClusterExternalSecret's names.
pub const CLUSTER_EXTERNAL_SECRET: Names = kind(V1, "ClusterExternalSecret", "clusterexternalsecrets");
/// A PushSecret's names.
pub const PUSH_SECRET: Names = kind(V1ALPHA1, "PushSecret", "pushsecrets");
/// A Password's names.
pub const PASSWORD: Names = kind(GENERATORS_V1ALPHA1, "Password", "passwords");
/// A UUID's names.
pub const UUID: Names = kind(GENERATORS_V1ALPHA1, "UUID", "uuids");
/// An SSHKey's names.
pub const SSH_KEY: Names = kind(GENERATORS_V1ALPHA1, "SSHKey", "sshkeys");
/// A VaultDynamicSecret's names.
pub const VAULT_DYNAMIC_SECRET: Names = kind(GENERATORS_V1ALPHA1, "VaultDynamicSecret", "vaultdynamicsecrets");
/// An ECRAuthorizationToken's names.
pub const ECR_AUTHORIZATION_TOKEN: Names = kind(GENERATORS_V1ALPHA1, "ECRAuthorizationToken", "ecrauthorizationtokens");
/// An STSSessionToken's names.
pub const STS_SESSION_TOKEN: Names = kind(GENERATORS_V1ALPHA1, "STSSessionToken", "stssessiontokens");
/// A Fake's names.
pub const FAKE: Names = kind(GENERATORS_V1ALPHA1, "Fake", "fakes");
/// A ClusterGenerator's names.
pub const CLUSTER_GENERATOR: Names = kind(GENERATORS_V1ALPHA1, "ClusterGenerator", "clustergenerators");

/// On a target: `"true"` when a controller of these kinds writes it.
pub const MANAGED_LABEL: &str = "reconcile.external-secrets.io/managed";
/// On an owned target: which ExternalSecret made it.
pub const CREATED_BY_LABEL: &str = "reconcile.external-secrets.io/created-by";
/// On a target: upstream's unkeyed digest of its data. Read for adoption, written under `compatible` only.
pub const DATA_HASH_ANNOTATION: &str = "reconcile.external-secrets.io/data-hash";
/// On an ExternalSecret: the documented way to ask for a fetch. Any other annotation does it too.
pub const FORCE_SYNC_ANNOTATION: &str = "external-secrets.io/force-sync";
/// On a store: no events about the state of its provider's upkeep.
pub const IGNORE_MAINTENANCE_ANNOTATION: &str = "external-secrets.io/ignore-maintenance-checks";
/// Upstream's finalizer on every ExternalSecret; taken off, never put on.
pub const EXTERNAL_SECRET_FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";
/// Upstream's finalizer on stores that a PushSecret with `Delete` uses.
pub const STORE_FINALIZER: &str = "secretstore.externalsecrets.io/finalizer";
/// On a PushSecret with `Delete`.
pub const PUSH_FINALIZER: &str = "pushsecret.externalsecrets.io/finalizer";
/// Start of upstream's finalizers on Namespaces, followed by a ClusterExternalSecret's name; taken off, never put on.
pub const NAMESPACE_FINALIZER_PREFIX: &str = "externalsecrets.external-secrets.io/ces-";
/// Start of the field managers under which upstream writes targets, followed by an ExternalSecret's name.
pub const FIELD_MANAGER_PREFIX: &str = "externalsecrets.external-secrets.io/";
/// On a target of ours: the keyed digest of its data.
pub const DATA_MAC_ANNOTATION: &str = "sealkit.dev/data-mac";
/// On an existing Secret: this ExternalSecret may take it over, by name.
pub const ADOPT_ANNOTATION: &str = "sealkit.dev/adopt-by";
