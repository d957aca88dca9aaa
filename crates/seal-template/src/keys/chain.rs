//! Certificates of one chain in order, leaf first, by their key ids.
//!
//! Looks at ids only: it puts files in order, it does not decide whom to trust.

use super::certificate::Certificate;
use super::{Failed, pem};

/// The certificates in `text` from the leaf up; an error where they are not one chain.
pub(crate) fn ordered(text: &[u8]) -> Result<Vec<Certificate>, Failed> {
    let (blocks, _) = pem::decode_all(text);
    let certificates = blocks.iter().map(|block| Certificate::parse(&block.bytes)).collect::<Result<Vec<_>, _>>()?;
    order(certificates)
}

/// The same for certificates already read.
pub(crate) fn order(certificates: Vec<Certificate>) -> Result<Vec<Certificate>, Failed> {
    let parents: Vec<Option<usize>> = (0..certificates.len()).map(|child| parent(&certificates, child)).collect();
    let mut leaves = (0..certificates.len()).filter(|one| !parents.contains(&Some(*one)));
    let leaf = leaves.next().ok_or(Failed("no leaf certificate found"))?;
    if leaves.next().is_some() {
        return Err(Failed("found multiple leaf or disjunct certificates"));
    }
    let mut order = Vec::new();
    let mut next = Some(leaf);
    while let Some(at) = next {
        if order.len() == certificates.len() {
            return Err(Failed("constructing chain resulted in cycle"));
        }
        order.push(at);
        next = parents[at];
    }
    let mut certificates: Vec<Option<Certificate>> = certificates.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| certificates[at].take()).collect())
}

/// `leaf`, `intermediate` or `root` of the chain in `text`; nothing where the chain has none, or the word is another.
pub(crate) fn filter(which: &[u8], text: &[u8]) -> Result<Vec<u8>, Failed> {
    let chain = ordered(text)?;
    let pick = |certificate: Option<&Certificate>| certificate.map(Certificate::to_pem).unwrap_or_default();
    Ok(match which {
        b"leaf" => pick(chain.first().filter(|one| !one.is_root())),
        b"intermediate" => chain.iter().skip(1).take_while(|one| !one.is_root()).flat_map(Certificate::to_pem).collect(),
        b"root" => pick(chain.last().filter(|one| one.is_root())),
        _ => Vec::new(),
    })
}

/// The first other certificate whose key the child names as its signer's; a missing id equals a missing or empty one.
fn parent(certificates: &[Certificate], child: usize) -> Option<usize> {
    let wanted = certificates[child].authority_key_id.as_deref().unwrap_or_default();
    (0..certificates.len())
        .find(|other| *other != child && certificates[*other].subject_key_id.as_deref().unwrap_or_default() == wanted)
}
