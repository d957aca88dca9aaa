//! Why an object is not synced: the reason, the words for people, the event, and when to look again.

use crate::ports::KubeError;
use seal_api::Reason;

/// Event reason when everything was opened and written.
pub const EVENT_UNSEALED: &str = "Unsealed";
/// Event reason when the object cannot be turned into a Secret.
pub const EVENT_UNSEAL_FAILED: &str = "ErrUnsealFailed";
/// Event reason when the Secret cannot be written.
pub const EVENT_UPDATE_FAILED: &str = "ErrUpdateFailed";

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Soon, then ever more slowly: something outside may pass by itself.
    Soon,
    /// Slowly, for ever: someone may move the obstacle.
    Slowly,
    /// When the object or the keys change: until then the answer is the same.
    OnChange,
}

/// A failure, with everything that is told about it. Holds names, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For condition and metric.
    pub reason: Reason,
    /// `condition.message`.
    pub message: String,
    /// Message of the event.
    pub event_message: String,
    /// Reason of the event.
    pub event: &'static str,
    /// When to look again.
    pub again: Again,
}

impl Failure {
    fn unseal(reason: Reason, message: String, again: Again) -> Self {
        Self { reason, event_message: format!("Failed to unseal: {message}"), message, event: EVENT_UNSEAL_FAILED, again }
    }

    fn update(reason: Reason, message: String, again: Again) -> Self {
        Self { reason, event_message: message.clone(), message, event: EVENT_UPDATE_FAILED, again }
    }

    /// Items that no key opens; `message` is the one that users match on.
    pub fn no_key(message: String) -> Self {
        Self::unseal(Reason::NoKey, message, Again::OnChange)
    }

    /// The object is malformed.
    pub fn invalid(message: String) -> Self {
        Self::unseal(Reason::Invalid, message, Again::OnChange)
    }

    /// A template cannot be read or rendered. Only one that ran out of time is worth another try.
    pub fn template(message: String, again: Again) -> Self {
        Self::unseal(Reason::TemplateFailed, message, again)
    }

    /// Another object's templates are making keys.
    pub fn waits_for_its_turn() -> Self {
        let text = "its templates make keys, which is done for one object at a time; it waits for its turn".to_owned();
        Self::unseal(Reason::TemplateFailed, text, Again::Soon)
    }

    /// Items that do not bind their name where the administrator demands those that do.
    pub fn v2_required(message: String) -> Self {
        Self::unseal(Reason::V2Required, message, Again::OnChange)
    }

    /// The document was changed after it was encrypted.
    pub fn mac_mismatch(message: String) -> Self {
        Self::unseal(Reason::MacMismatch, message, Again::OnChange)
    }

    /// The document does not prove what it was encrypted for where the administrator demands it.
    pub fn binding_required(message: String) -> Self {
        Self::unseal(Reason::BindingRequired, message, Again::OnChange)
    }

    /// The keys that the object names are not there yet.
    pub fn no_own_key(message: String) -> Self {
        Self::unseal(Reason::NoKey, message, Again::Slowly)
    }

    /// A Secret that is never written.
    pub fn refused(message: String) -> Self {
        Self::update(Reason::Refused, message, Again::OnChange)
    }

    /// A Secret of that name is there and not ours.
    pub fn not_managed(kind: &str, name: &str) -> Self {
        let text = format!("Resource {name:?} already exists and is not managed by {kind}");
        Self { message: format!("failed update: {text}"), ..Self::update(Reason::NotManaged, text, Again::Slowly) }
    }

    /// An object of another kind has the same name and therefore writes the same Secret.
    pub fn rival(kind: &str, name: &str) -> Self {
        let text = format!("a SealedSecret {name:?} exists and writes the Secret of that name; rename one of them");
        Self {
            message: format!("failed update: {text}"),
            ..Self::update(Reason::NotManaged, format!("{kind}: {text}"), Again::Slowly)
        }
    }

    /// The Secret there is immutable.
    pub fn immutable(at: &str) -> Self {
        let text = format!(
            "Error updating {at}: the target Secret is immutable. Delete it and it is made again, or set the new values under another name."
        );
        Self::update(Reason::Immutable, text, Again::Slowly)
    }

    /// The Secret there has another type.
    pub fn type_changed(at: &str, from: &str, to: &str) -> Self {
        let text = format!(
            "Error updating {at}: the target Secret has type {from:?} and type {to:?} is asked for; Kubernetes does not change the type of a Secret. Delete the Secret and it is made again."
        );
        Self::update(Reason::TypeChanged, text, Again::Slowly)
    }

    /// The Secret was changed, and the policy is to say so.
    pub fn drifted(what: &str) -> Self {
        Self::update(Reason::Drifted, format!("{what}; the drift policy is to report and not to heal"), Again::OnChange)
    }

    /// The API server said no or nothing.
    pub fn api(doing: &str, error: &KubeError) -> Self {
        let again = if error.is_transient() { Again::Soon } else { Again::Slowly };
        Self::update(Reason::ApiFailed, format!("{doing}: {error}"), again)
    }

    /// A defect of ours; what it was is in the log by place, not by content.
    pub fn internal() -> Self {
        let text = "an internal error stopped the work on this object; the controller's log says where".to_owned();
        Self::unseal(Reason::Internal, text, Again::Soon)
    }
}
