//! Whether a key can go: which items only it opens. The answer is tried, not read from claims.

use seal_crypto::Keyring;

use crate::{
    open::{Opening, open_object},
    sealed::SealedObject,
};

/// Items that `retiring` opens and none of `others` does, sorted. What neither opens is not this key's doing.
pub fn needed_items(object: &SealedObject, others: &Keyring, retiring: &Keyring) -> Vec<String> {
    let opens = |object: &SealedObject, ring: &Keyring| open_object(object, ring, &Opening::default()).is_ok();
    if object.items.is_empty() {
        let needed = object.blob.is_some() && !opens(object, others) && opens(object, retiring);
        return if needed { vec!["data".to_owned()] } else { Vec::new() };
    }
    let alone = |name: &String| {
        let mut one = SealedObject { blob: None, ..object.clone() };
        one.items.retain(|other, _| other == name);
        !opens(&one, others) && opens(&one, retiring)
    };
    object.items.keys().filter(|name| alone(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::needed_items;
    use crate::{
        seal::{SealOptions, seal_secret},
        seal_to::{Recipients, SealTo},
        secret::SecretObject,
    };
    use rand::{SeedableRng, rngs::StdRng};
    use seal_crypto::{
        Keyring, PrivateKey,
        age::{Identity, Recipient, RecipientKind},
    };
    use std::collections::BTreeMap;

    #[test]
    fn an_item_needs_a_key_when_no_other_opens_it() {
        let mut rng = StdRng::seed_from_u64(1);
        let rsa: Vec<PrivateKey> = (0..2).map(|_| PrivateKey::generate(1024, &mut rng).expect("a key")).collect();
        let ages: Vec<Identity> = (0..3).map(|_| Identity::generate(RecipientKind::X25519, &mut rng).expect("made")).collect();
        let age = |indexes: &[usize]| -> SealTo {
            let one = |index: &usize| -> Recipient { ages[*index].recipient().expect("known").clone() };
            SealTo::Recipients(Recipients {
                recipients: indexes.iter().map(one).collect(),
                audience: String::new(),
                sealed_at: 0,
            })
        };
        let ways: [(&str, SealTo); 4] = [
            ("old-rsa", rsa[0].public().clone().into()),
            ("new-rsa", rsa[1].public().clone().into()),
            ("old-age", age(&[0])),
            ("both-age", age(&[0, 1])),
        ];
        let mut secret = SecretObject::default();
        secret.metadata.insert("name".into(), "db".into());
        secret.metadata.insert("namespace".into(), "shop".into());
        let mut object = crate::sealed::SealedObject::default();
        for (name, to) in ways {
            secret.data = BTreeMap::from([(name.to_owned(), "v".to_owned().into())]);
            let one = seal_secret(&secret, SealOptions::default(), &to, &mut rng).expect("sealed");
            (object.metadata, object.items) = (one.metadata, object.items.into_iter().chain(one.items).collect());
        }
        object.items.insert("rubbish".into(), "AAAA".into());
        let mut rsa = rsa.into_iter();
        let (old_rsa, new_rsa) = (rsa.next().into_iter().collect(), rsa.next().into_iter().collect());
        let mut ages = ages.into_iter();
        let (old_age, new_age) = (ages.next().into_iter().collect(), ages.next().into_iter().collect());
        let retiring = Keyring::with_identities(old_rsa, old_age);
        let others = Keyring::with_identities(new_rsa, new_age);
        assert_eq!(needed_items(&object, &others, &retiring), ["old-age", "old-rsa"]);
        assert_eq!(needed_items(&object, &retiring, &others), ["new-rsa"]);
        assert_eq!(needed_items(&object, &others, &Keyring::default()), Vec::<String>::new());
    }
}
