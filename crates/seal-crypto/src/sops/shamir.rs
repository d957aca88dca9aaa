//! Shamir's secret sharing over GF(2^8), in the layout that Vault made and sops uses: a share is one `y` for each byte of the secret, then `x`.
//!
//! Field: polynomials over GF(2) modulo `X^8 + X^4 + X^3 + X + 1`, the one of AES. For each byte `s` of the secret a polynomial
//! `f(X) = s + c1·X + … + c(t-1)·X^(t-1)` with random coefficients; share `x` holds `f(x)`; `t` shares give `f(0)` by Lagrange.
//! No table look-up and no branch depends on a secret byte: multiplication is eight masked steps, inversion is `a^254`.

use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

/// Why shares cannot be made or joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShamirError {
    /// The threshold must be at least 2 and not above the number of shares.
    #[error("a threshold of {threshold} for {parts} key groups: it must be at least 2 and at most the number of groups")]
    Threshold {
        /// Shares wanted.
        parts: usize,
        /// Shares needed.
        threshold: usize,
    },
    /// There are 255 values of `x`.
    #[error("more than 255 key groups")]
    TooMany,
    /// An empty secret has no shares.
    #[error("an empty secret cannot be split")]
    Empty,
    /// Fewer than two shares.
    #[error("fewer than two shares")]
    TooFew,
    /// A share too short, or shares of different lengths.
    #[error("shares whose lengths do not fit together")]
    Lengths,
    /// Two shares with the same `x`, or one with `x = 0`.
    #[error("shares that are not of different groups")]
    Repeated,
}

/// Splits a secret into `parts` shares of which any `threshold` give it back. Share `i` has `x = i + 1`.
pub fn split(
    secret: &SecretBytes,
    parts: usize,
    threshold: usize,
    rng: &mut impl CryptoRng,
) -> Result<Vec<SecretBytes>, ShamirError> {
    if parts > 255 {
        return Err(ShamirError::TooMany);
    }
    if threshold < 2 || threshold > parts {
        return Err(ShamirError::Threshold { parts, threshold });
    }
    if secret.is_empty() {
        return Err(ShamirError::Empty);
    }
    let mut shares: Vec<Zeroizing<Vec<u8>>> = vec![Zeroizing::new(Vec::with_capacity(secret.len() + 1)); parts];
    // Clones of an empty vector do not keep its capacity; a share that grew would leave pieces behind.
    shares.iter_mut().for_each(|share| share.reserve_exact(secret.len() + 1));
    let mut coefficients = Zeroizing::new(vec![0; threshold]);
    for byte in secret.expose() {
        coefficients[0] = *byte;
        rng.fill_bytes(&mut coefficients[1..]);
        for (share, x) in shares.iter_mut().zip(1..=u8::MAX) {
            share.push(evaluate(&coefficients, x));
        }
    }
    for (share, x) in shares.iter_mut().zip(1..=u8::MAX) {
        share.push(x);
    }
    Ok(shares.into_iter().map(SecretBytes::from).collect())
}

/// Joins shares. Too few of them, or wrong ones, give a wrong secret and no error: the scheme cannot tell.
pub fn combine(shares: &[SecretBytes]) -> Result<SecretBytes, ShamirError> {
    let [first, _, ..] = shares else { return Err(ShamirError::TooFew) };
    let length = first.len();
    if length < 2 || shares.iter().any(|share| share.len() != length) {
        return Err(ShamirError::Lengths);
    }
    let xs: Vec<u8> = shares.iter().map(|share| share.expose()[length - 1]).collect();
    let repeated = xs.iter().enumerate().any(|(at, x)| *x == 0 || xs[..at].contains(x));
    if repeated {
        return Err(ShamirError::Repeated);
    }
    let weights: Vec<u8> = (0..xs.len()).map(|at| weight(&xs, at)).collect();
    let mut secret = Zeroizing::new(vec![0; length - 1]);
    for (share, weight) in shares.iter().zip(&weights) {
        for (byte, y) in secret.iter_mut().zip(share.expose()) {
            *byte ^= multiply(*y, *weight);
        }
    }
    Ok(secret.into())
}

/// Lagrange's basis polynomial of share `at` at zero: the product of `xj / (xi + xj)`. The `x` are public.
fn weight(xs: &[u8], at: usize) -> u8 {
    let others = xs.iter().enumerate().filter(|(other, _)| *other != at);
    others.fold(1, |product, (_, x)| multiply(product, multiply(*x, inverse(xs[at] ^ x))))
}

/// Horner's rule.
fn evaluate(coefficients: &[u8], x: u8) -> u8 {
    coefficients.iter().rev().fold(0, |sum, coefficient| multiply(sum, x) ^ coefficient)
}

/// The product in the field: for each bit of `b`, from the highest, doubles the sum and adds `a`.
fn multiply(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0_u8, |sum, bit| {
        let add = ((b >> bit) & 1).wrapping_neg() & a;
        let reduce = (sum >> 7).wrapping_neg() & 0x1b;
        (sum << 1) ^ reduce ^ add
    })
}

/// `a^254`, which is `1/a` for every `a` but zero.
fn inverse(a: u8) -> u8 {
    // 254 = 0b11111110: square and multiply, seven ones and a zero.
    let ones = (0..6).fold(a, |power, _| multiply(multiply(power, power), a));
    multiply(ones, ones)
}

#[cfg(test)]
mod tests {
    use super::{ShamirError, combine, inverse, multiply, split};
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use seal_secret::SecretBytes;

    fn secret(bytes: &[u8]) -> SecretBytes {
        bytes.to_vec().into()
    }

    #[test]
    fn the_field_is_the_one_of_aes() {
        // FIPS 197, 4.2: {57} times {83} is {c1}, {57} times {13} is {fe}.
        assert_eq!((multiply(0x57, 0x83), multiply(0x57, 0x13)), (0xc1, 0xfe));
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
        }
    }

    #[test]
    fn shares_that_vault_made_are_joined() {
        // A share is its y values, then x; here x is 1, 2 and 3 on f(X) = 'k' + 7X, computed by hand: 7·2 = 14, 7·3 = 9.
        let shares = [[b'k' ^ 7, 1], [b'k' ^ 14, 2], [b'k' ^ 9, 3]].map(|share| secret(&share));
        for pair in [[0, 1], [1, 2], [2, 0]] {
            let joined = combine(&pair.map(|at| shares[at].clone())).expect("two shares");
            assert!(joined == secret(b"k"), "{pair:?}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut refused = |parts, threshold, bytes: &[u8]| split(&secret(bytes), parts, threshold, &mut rng).err();
        assert_eq!(refused(2, 1, b"x"), Some(ShamirError::Threshold { parts: 2, threshold: 1 }));
        assert_eq!(refused(2, 3, b"x"), Some(ShamirError::Threshold { parts: 2, threshold: 3 }));
        assert_eq!(refused(256, 3, b"x"), Some(ShamirError::TooMany));
        assert_eq!(refused(3, 2, b""), Some(ShamirError::Empty));
        let refused = |shares: &[&[u8]]| combine(&shares.iter().map(|share| secret(share)).collect::<Vec<_>>()).err();
        assert_eq!(refused(&[b"a\x01"]), Some(ShamirError::TooFew));
        assert_eq!(refused(&[b"a\x01", b"\x02"]), Some(ShamirError::Lengths));
        assert_eq!(refused(&[b"\x01", b"\x02"]), Some(ShamirError::Lengths));
        assert_eq!(refused(&[b"a\x01", b"b\x01"]), Some(ShamirError::Repeated));
        assert_eq!(refused(&[b"a\x00", b"b\x01"]), Some(ShamirError::Repeated));
    }

    proptest! {
        #[test]
        fn any_threshold_of_the_shares_gives_the_secret_back(
            bytes in proptest::collection::vec(any::<u8>(), 1..40),
            parts in 2_usize..12,
            needed in 0_usize..10,
            seed: u64,
        ) {
            let threshold = 2 + needed % (parts - 1);
            let mut shares = split(&secret(&bytes), parts, threshold, &mut StdRng::seed_from_u64(seed)).expect("valid");
            prop_assert!(shares.iter().all(|share| share.len() == bytes.len() + 1));
            let turn = usize::try_from(seed % 12).expect("small") % parts;
            shares.rotate_left(turn);
            prop_assert!(combine(&shares[..threshold]).expect("enough") == secret(&bytes));
            prop_assert!(combine(&shares).expect("all") == secret(&bytes));
        }
    }
}
