//! The certificate of a cluster of `.seal.yaml`: from a URL, or from the controller behind a context.
//!
//! With a pinned installation key only a certificate out of a bundle signed by it is given, so renewals need no new pin and
//! nothing else gets through.

use super::{Api, Overrides, Plain, Target, block_on, bundle, connect, fetch, newest_certificate};
use crate::{
    Io,
    config::{Cluster, Source},
    report::CliError,
};
use seal_core::bundle::Bundle;
use seal_crypto::VerifyingKey;

/// The PEM text of the newest certificate of a cluster whose source is a URL or a context. When an installation key is pinned,
/// only a certificate of a bundle that it signed is given.
pub fn certificate(cluster: &Cluster, io: &mut Io) -> Result<Vec<u8>, CliError> {
    let (environment, now) = (io.environment().clone(), io.now());
    match &cluster.source {
        Source::Url(url) => {
            let checked = !cluster.fingerprints.is_empty() || cluster.installation.is_some();
            let text = block_on(async { Ok(fetch(url, if checked { Plain::Anywhere } else { Plain::LoopbackOnly }).await?) })?;
            match &cluster.installation {
                Some(pinned) => signed_or_pinned(text, pinned, cluster, now),
                None => Ok(text),
            }
        }
        Source::Context(context) => block_on(async {
            let overrides = Overrides { context: Some(context.clone()), ..Overrides::default() };
            let api: Api = connect(&overrides, &environment).await?;
            let target = target(cluster);
            let Some(pinned) = &cluster.installation else {
                return Ok(newest_certificate(&api, &target, now).await?.into_bytes());
            };
            let bundle = bundle(&api, &target).await?.ok_or_else(|| {
                CliError::failed("the controller publishes no signed key bundle, but .seal.yaml pins an installation key")
                    .hint("upstream's controller has none: pin `fingerprints` for it instead")
            })?;
            signed(&bundle, pinned, now)
        }),
        Source::File(_) | Source::Unset => Err(CliError::failed("this cluster has neither a URL nor a context to ask")),
    }
}

/// Where the controller of a cluster is.
pub fn target(cluster: &Cluster) -> Target {
    cluster.controller.as_ref().map_or_else(Target::default, |controller| Target {
        namespace: controller.namespace.clone(),
        name: controller.name.clone(),
    })
}

/// A URL may serve the bundle, or a bare certificate, which then needs a pinned fingerprint of its own.
fn signed_or_pinned(text: Vec<u8>, pinned: &VerifyingKey, cluster: &Cluster, now: i64) -> Result<Vec<u8>, CliError> {
    if text.trim_ascii_start().starts_with(b"{") {
        return signed(&String::from_utf8_lossy(&text), pinned, now);
    }
    let known = seal_crypto::Certificate::from_pem(&text)
        .is_ok_and(|certificate| cluster.fingerprints.contains(certificate.public_key.fingerprint()));
    if known {
        return Ok(text);
    }
    Err(CliError::failed("the address serves a certificate without a signature, and its fingerprint is not pinned")
        .hint("use the address of the signed bundle (/v1/bundle), or check the certificate and pin its fingerprint"))
}

/// The certificate to seal to, out of a bundle that the pinned key signed.
fn signed(text: &str, pinned: &VerifyingKey, now: i64) -> Result<Vec<u8>, CliError> {
    let bundle = Bundle::verify(text, pinned, now).map_err(|error| CliError::from_error(&error))?;
    let first = bundle.certificates.into_iter().next().expect("a verified bundle holds a certificate");
    Ok(first.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{signed, signed_or_pinned};
    use crate::config::Cluster;
    use rand::SeedableRng;
    use seal_core::bundle::Bundle;
    use seal_crypto::{Certificate, PrivateKey, SigningKey};

    #[test]
    fn only_what_the_pinned_installation_signed_is_given() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let pem = Certificate::self_signed(&key, "", 0, 1000, &mut rng).unwrap().pem;
        let (ours, foreign) = (SigningKey::generate(&mut rng), SigningKey::generate(&mut rng));
        let bundle = Bundle {
            sequence: 1,
            issued: 0,
            expires: 100,
            previous: None,
            installation: String::new(),
            certificates: vec![pem.clone()],
            recipients: Vec::new(),
        };
        let (good, bad) = (bundle.sign(&ours), bundle.sign(&foreign));
        assert_eq!(signed(&good, &ours.verifying_key(), 10).unwrap(), pem.as_bytes());
        assert!(signed(&bad, &ours.verifying_key(), 10).unwrap_err().message.contains("not signed by the pinned"));
        assert!(signed(&good, &ours.verifying_key(), 200).unwrap_err().message.contains("expired"));
        let bare = |cluster: &Cluster| signed_or_pinned(pem.clone().into_bytes(), &ours.verifying_key(), cluster, 10);
        assert!(bare(&Cluster::default()).unwrap_err().message.contains("without a signature"));
        let cluster = Cluster { fingerprints: vec![key.fingerprint().clone()], ..Cluster::default() };
        assert_eq!(bare(&cluster).unwrap(), pem.as_bytes());
    }
}
