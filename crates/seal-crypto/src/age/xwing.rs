//! X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 (FIPS 203) and X25519 (RFC 7748) joined so that breaking it takes both.
//!
//! `(d, z, x) = SHAKE256(seed, 96)`; public key `ek | X25519(x, 9)`; ciphertext `ct_M | ct_X`;
//! secret `SHA3-256(ss_M | ss_X | ct_X | pk_X | "\.//^\")`.

use ml_kem::kem::Decapsulate;
use ml_kem::{B32, Ciphertext, EncapsulateDeterministic, Encoded, EncodedSizeUser, KemCore, MlKem768};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Shake256};
use x25519_dalek::{PublicKey as X25519Public, StaticSecret};
use zeroize::Zeroizing;

const LABEL: &[u8] = br"\.//^\";
const ML_KEM_PUBLIC: usize = 1184;
const ML_KEM_CIPHERTEXT: usize = 1088;
const X25519: usize = 32;

/// Bytes of an encapsulated secret.
pub(super) const CIPHERTEXT_BYTES: usize = ML_KEM_CIPHERTEXT + X25519;
/// Bytes of randomness that one encapsulation takes.
pub(super) const RANDOM_BYTES: usize = 64;

type Encapsulation = <MlKem768 as KemCore>::EncapsulationKey;
type Decapsulation = <MlKem768 as KemCore>::DecapsulationKey;

/// 1216 bytes, checked.
#[derive(Clone)]
pub(super) struct Public {
    ml_kem: Encapsulation,
    x25519: X25519Public,
    bytes: Vec<u8>,
}

impl Public {
    /// Refuses an ML-KEM key that is not in its one reduced encoding (FIPS 203 section 7.2).
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (ml_kem, x25519) = bytes.split_at_checked(ML_KEM_PUBLIC)?;
        let x25519: [u8; X25519] = x25519.try_into().ok()?;
        let ml_kem = Encapsulation::from_bytes(&Encoded::<Encapsulation>::try_from(ml_kem).ok()?);
        (ml_kem.as_bytes().as_slice() == &bytes[..ML_KEM_PUBLIC]).then_some(())?;
        Some(Self { ml_kem, x25519: x25519.into(), bytes: bytes.to_vec() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `Encapsulate(pk)`: the secret and its ciphertext. The first half of the randomness is ML-KEM's message, the second the
    /// ephemeral X25519 key.
    pub(super) fn encapsulate(&self, random: &[u8; RANDOM_BYTES]) -> (Zeroizing<[u8; 32]>, [u8; CIPHERTEXT_BYTES]) {
        let (message, ephemeral) = random.split_at(32);
        let message = Zeroizing::new(<[u8; 32]>::try_from(message).expect("half of 64"));
        let ephemeral = StaticSecret::from(<[u8; 32]>::try_from(ephemeral).expect("half of 64"));
        let (ct_m, ss_m) =
            self.ml_kem.encapsulate_deterministic(&B32::from(*message)).expect("encapsulating with given randomness cannot fail");
        let ct_x = X25519Public::from(&ephemeral);
        let ss_x = ephemeral.diffie_hellman(&self.x25519);
        let secret = combine(&ss_m, ss_x.as_bytes(), ct_x.as_bytes(), self.x25519.as_bytes());
        let mut ciphertext = [0; CIPHERTEXT_BYTES];
        ciphertext[..ML_KEM_CIPHERTEXT].copy_from_slice(&ct_m);
        ciphertext[ML_KEM_CIPHERTEXT..].copy_from_slice(ct_x.as_bytes());
        (secret, ciphertext)
    }
}

/// The private half, expanded once from its 32-byte seed.
pub(super) struct Private {
    ml_kem: Decapsulation,
    x25519: StaticSecret,
    public: Public,
}

impl Private {
    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        let mut shake = Shake256::default();
        Update::update(&mut shake, seed);
        shake.finalize_xof().read(&mut expanded[..]);
        let part = |at: usize| Zeroizing::new(<[u8; 32]>::try_from(&expanded[at..at + 32]).expect("32 of 96"));
        let (ml_kem, public) = MlKem768::generate_deterministic(&B32::from(*part(0)), &B32::from(*part(32)));
        let x25519 = StaticSecret::from(*part(64));
        let x25519_public = X25519Public::from(&x25519);
        let bytes = [public.as_bytes().as_slice(), x25519_public.as_bytes()].concat();
        Self { ml_kem, x25519, public: Public { ml_kem: public, x25519: x25519_public, bytes } }
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    /// `Decapsulate(ct, sk)`. A ciphertext that was tampered with gives another secret, as ML-KEM's implicit rejection has
    /// it; an X25519 share of low order is refused, as age does.
    pub(super) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_BYTES]) -> Option<Zeroizing<[u8; 32]>> {
        let (ct_m, ct_x) = ciphertext.split_at(ML_KEM_CIPHERTEXT);
        let ss_m = self.ml_kem.decapsulate(&Ciphertext::<MlKem768>::try_from(ct_m).ok()?).ok()?;
        let ct_x: [u8; X25519] = ct_x.try_into().ok()?;
        let ss_x = self.x25519.diffie_hellman(&ct_x.into());
        ss_x.was_contributory().then(|| combine(&ss_m, ss_x.as_bytes(), &ct_x, self.public.x25519.as_bytes()))
    }
}

fn combine(ss_m: &[u8], ss_x: &[u8; 32], ct_x: &[u8; 32], pk_x: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let parts: [&[u8]; 5] = [ss_m, ss_x, ct_x, pk_x, LABEL];
    let hash = parts.iter().fold(Sha3_256::new(), |hash, part| hash.chain_update(part));
    Zeroizing::new(hash.finalize().into())
}
