//! Whether the bundle in the cluster still says what is true, and what to write when not. Pure.

use seal_core::bundle::Bundle;
use seal_crypto::age::Recipient;
use seal_crypto::{Certificate, SigningKey};

/// How long a bundle is believed.
const LIFETIME: i64 = 90 * 86_400;
/// It is issued anew when less than this is left.
const RENEW: i64 = 30 * 86_400;
/// Older certificates than these many are not published; what they opened stays open.
const MOST_CERTIFICATES: usize = 64;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It is as it should be.
    Keep,
    /// This text has to be written. `serve_meanwhile`: what is there is ours and not expired, only outdated.
    Write {
        /// The new text.
        text: String,
        /// Whether the present text may be served until then.
        serve_meanwhile: bool,
    },
    /// There is nothing to publish.
    Nothing,
}

/// Decides. `present` is what the ConfigMap holds, `now` seconds since 1970.
pub fn plan(
    present: Option<&str>,
    key: &SigningKey,
    certificates: &[Certificate],
    recipients: &[Recipient],
    now: i64,
) -> Publication {
    if certificates.is_empty() {
        return Publication::Nothing;
    }
    let wanted: Vec<String> = certificates.iter().take(MOST_CERTIFICATES).map(|certificate| certificate.pem.clone()).collect();
    let recipients: Vec<String> = recipients.iter().map(|recipient| recipient.as_str().to_owned()).collect();
    let ours = present.and_then(|text| Bundle::verify_signature(text, &key.verifying_key()).ok());
    if let Some(ours) = &ours
        && ours.certificates == wanted
        && ours.recipients == recipients
        && ours.expires - now > RENEW
    {
        return Publication::Keep;
    }
    let bundle = Bundle {
        // Also after the ConfigMap was lost it must not go back: readers refuse a smaller number.
        sequence: ours.as_ref().map_or(0, |ours| ours.sequence.saturating_add(1)).max(u64::try_from(now).unwrap_or(0)),
        issued: now,
        expires: now.saturating_add(LIFETIME),
        previous: ours.as_ref().and_then(|_| Bundle::signature_of(present?).ok()),
        installation: key.verifying_key().as_str().to_owned(),
        certificates: wanted,
        recipients,
    };
    Publication::Write { text: bundle.sign(key), serve_meanwhile: ours.is_some_and(|ours| ours.expires > now) }
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME, Publication, RENEW, plan};
    use seal_core::bundle::Bundle;
    use seal_crypto::age::{Identity, RecipientKind};
    use seal_crypto::{Certificate, PrivateKey, SigningKey};

    const NOW: i64 = 1_700_000_000;

    fn certificate() -> Certificate {
        let key = PrivateKey::generate(1024, &mut rand::rng()).expect("a small key");
        Certificate::self_signed(&key, "", NOW, 1 << 30, &mut rand::rng()).expect("a certificate")
    }

    fn written(publication: Publication) -> (String, bool) {
        let Publication::Write { text, serve_meanwhile } = publication else { panic!("{publication:?}") };
        (text, serve_meanwhile)
    }

    #[test]
    fn it_is_written_once_and_kept_until_something_changes() {
        let (key, a, b) = (SigningKey::generate(&mut rand::rng()), certificate(), certificate());
        assert_eq!(plan(None, &key, &[], &[], NOW), Publication::Nothing);
        let (first, _) = written(plan(None, &key, std::slice::from_ref(&a), &[], NOW));
        let read = Bundle::verify(&first, &key.verifying_key(), NOW).expect("believed");
        assert_eq!((read.previous, read.certificates, read.expires), (None, vec![a.pem.clone()], NOW + LIFETIME));
        assert_eq!(plan(Some(&first), &key, std::slice::from_ref(&a), &[], NOW + LIFETIME - RENEW - 1), Publication::Keep);

        let (second, serve) = written(plan(Some(&first), &key, &[b.clone(), a.clone()], &[], NOW));
        let read = Bundle::verify(&second, &key.verifying_key(), NOW)
            .expect("believed")
            .not_older_than(read.sequence + 1)
            .expect("newer");
        assert_eq!((read.previous.as_deref(), serve), (Bundle::signature_of(&first).ok().as_deref(), true));
        assert_eq!(read.certificates, [b.pem, a.pem.clone()]);
        written(plan(Some(&first), &key, std::slice::from_ref(&a), &[], NOW + LIFETIME - RENEW));
        assert!(!written(plan(Some(&first), &key, &[a], &[], NOW + LIFETIME)).1, "expired");
    }

    #[test]
    fn a_new_recipient_is_a_reason_to_write() {
        let (key, a) = (SigningKey::generate(&mut rand::rng()), certificate());
        let (first, _) = written(plan(None, &key, std::slice::from_ref(&a), &[], NOW));
        let identity = Identity::generate(RecipientKind::X25519, &mut rand::rng()).expect("a kind of ours");
        let recipients = [identity.recipient().expect("known").clone()];
        let (second, serve) = written(plan(Some(&first), &key, std::slice::from_ref(&a), &recipients, NOW));
        let read = Bundle::verify(&second, &key.verifying_key(), NOW).expect("believed");
        assert_eq!((read.recipients, serve), (vec![recipients[0].as_str().to_owned()], true));
        assert_eq!(plan(Some(&second), &key, std::slice::from_ref(&a), &recipients, NOW), Publication::Keep);
    }

    #[test]
    fn what_is_not_ours_is_overwritten_and_not_served() {
        let (key, other, a) = (SigningKey::generate(&mut rand::rng()), SigningKey::generate(&mut rand::rng()), certificate());
        let (foreign, _) = written(plan(None, &other, std::slice::from_ref(&a), &[], NOW));
        for present in [Some(foreign.as_str()), Some("rubbish"), Some("")] {
            let (text, serve) = written(plan(present, &key, std::slice::from_ref(&a), &[], NOW));
            assert!(!serve);
            assert_eq!(Bundle::verify(&text, &key.verifying_key(), NOW).expect("believed").previous, None);
        }
    }

    #[test]
    fn losing_the_config_map_does_not_take_the_sequence_back() {
        let (key, a) = (SigningKey::generate(&mut rand::rng()), certificate());
        let (first, _) = written(plan(None, &key, std::slice::from_ref(&a), &[], NOW));
        let (again, _) = written(plan(None, &key, std::slice::from_ref(&a), &[], NOW + 1));
        let sequence = |text: &str| Bundle::verify(text, &key.verifying_key(), NOW + 1).expect("believed").sequence;
        assert!(sequence(&again) > sequence(&first));
    }
}
