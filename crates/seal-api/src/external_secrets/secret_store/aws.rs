//! `provider.aws`.

use super::super::problem::Wrong;
use super::super::read::At;
use super::super::references::{KeyRef, ServiceAccountRef};
use super::super::words::AwsService;

/// `provider.aws`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsProvider {
    /// Which service.
    pub service: AwsService,
    /// Region.
    pub region: String,
    /// How to log in.
    pub auth: AwsAuth,
    /// Role that is assumed last.
    pub role: Option<String>,
    /// Roles that are assumed before it, in order.
    pub additional_roles: Vec<String>,
    /// External id of the last role.
    pub external_id: Option<String>,
    /// The session is tagged with the namespace and store it is for.
    pub simple_tags: bool,
    /// Tags of the session.
    pub session_tags: Vec<(String, String)>,
    /// Tags that go on to further sessions.
    pub transitive_tag_keys: Vec<String>,
    /// Put before every key.
    pub prefix: Option<String>,
    /// How deleted secrets of Secrets Manager go: at once.
    pub force_delete: bool,
    /// Or after these days.
    pub recovery_days: Option<i64>,
}

/// `auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AwsAuth {
    /// Whatever the controller itself has.
    #[default]
    Ambient,
    /// A service account's token for a role.
    WebIdentity(ServiceAccountRef),
    /// A key that is there already.
    Keys {
        /// Its id.
        id: KeyRef,
        /// Its secret.
        secret: KeyRef,
        /// Token of its session.
        session: Option<KeyRef>,
    },
    /// It could not be read; never as if it were absent.
    Broken,
}

impl AwsProvider {
    fn text(at: &At<'_>, field: &'static str) -> Option<String> {
        at.text(field).filter(|text| !text.is_empty())
    }

    pub(in super::super) fn read(at: &At<'_>) -> Self {
        let service = at.word("service");
        if service == AwsService::CertificateManager {
            at.note("service", Wrong::Unsupported);
        }
        if !at.has("service") {
            at.note("service", Wrong::Missing);
        }
        if at.text("sessionTagsPolicy").is_some_and(|policy| policy == "Custom") {
            at.note("sessionTagsPolicy", Wrong::Unsupported);
        }
        let settings = at.child("secretsManager");
        let tags = at.children("sessionTags");
        Self {
            service,
            region: at.required("region"),
            auth: AwsAuth::read(at),
            role: Self::text(at, "role"),
            additional_roles: at.texts("additionalRoles"),
            external_id: Self::text(at, "externalID"),
            simple_tags: at.text("sessionTagsPolicy").is_some_and(|policy| policy == "Simple"),
            session_tags: tags.iter().map(|at| (at.required("key"), at.text("value").unwrap_or_default())).collect(),
            transitive_tag_keys: at.texts("transitiveTagKeys"),
            prefix: Self::text(at, "prefix"),
            force_delete: settings.as_ref().is_some_and(|at| at.flag("forceDeleteWithoutRecovery")),
            recovery_days: settings.and_then(|at| at.number("recoveryWindowInDays", "a number from 7 to 30", 7..=30)),
        }
    }
}

impl AwsAuth {
    /// Reads `auth` of a provider or generator.
    pub(in super::super) fn read(parent: &At<'_>) -> Self {
        let Some(at) = parent.child("auth") else {
            return if parent.has("auth") { AwsAuth::Broken } else { AwsAuth::Ambient };
        };
        let before = at.notes_so_far();
        let jwt = at.child("jwt").and_then(|at| at.child("serviceAccountRef")).map(|at| ServiceAccountRef::read(&at));
        let keys = at.child("secretRef").map(|at| {
            let key = |field| at.required_child(field).map(|at| KeyRef::read(&at)).unwrap_or_default();
            let session = at.child("sessionTokenSecretRef").map(|at| KeyRef::read(&at));
            AwsAuth::Keys { id: key("accessKeyIDSecretRef"), secret: key("secretAccessKeySecretRef"), session }
        });
        if at.notes_so_far() != before {
            return AwsAuth::Broken;
        }
        jwt.map(AwsAuth::WebIdentity).or(keys).unwrap_or_default()
    }
}
