//! Keys, certificates, password hashes and AES as sprig has them. Where sprig hands an error out as text, this is an error.
//!
//! The slow ones are paid from a budget of their own.

use core::net::IpAddr;

use jiff::Timestamp;

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::dice::Dice;
use crate::keys::issue::{self, Pair, Request};
use crate::keys::{aes, password};
use crate::object::Object;
use crate::value::Value;

/// What slow functions cost, in milliseconds of an ordinary core.
mod cost {
    pub(super) const RSA_4096: u32 = 6_000;
    pub(super) const RSA_2048: u32 = 800;
    pub(super) const SIGNATURE: u32 = 20;
    pub(super) const BCRYPT: u32 = 70;
    pub(super) const SCRYPT: u32 = 150;
}

pub(super) const ALL: &[Function] = &[
    Function::new("bcrypt", &[Is::Text], |call| {
        call.budget.work(cost::BCRYPT)?;
        let hash = password::bcrypt_hash(&call.text(0), &mut Dice(call.budget.world))?;
        call.answer(hash)
    }),
    // Two arguments in the last release of sprig, three in the copy of newer controllers.
    Function::new("htpasswd", &[Is::Text, Is::Text], |call| {
        call.budget.work(cost::BCRYPT)?;
        let line = password::htpasswd(&call.text(0), &call.text(1), &call.text(2), &mut Dice(call.budget.world))?;
        call.answer(line)
    })
    .with_more(Is::Text),
    Function::new("derivePassword", &[Is::Int, Is::Text, Is::Text, Is::Text, Is::Text], |call| {
        call.budget.work(cost::SCRYPT)?;
        call.budget.make(32 << 20 >> 3)?;
        let counter = u32::try_from(call.int(0)).map_err(|_| Fault::because("the counter must be between 0 and 4294967295"))?;
        let derived = password::derive(counter, &call.text(1), &call.text(2), &call.text(3), &call.text(4))?;
        call.answer(derived)
    }),
    Function::new("encryptAES", &[Is::Text, Is::Text], |call| {
        let (key, text) = (call.text(0), call.text(1));
        call.budget.make(text.len().saturating_mul(3))?;
        let ciphertext = aes::encrypt(&key, &text, &mut Dice(call.budget.world));
        call.answer(ciphertext)
    }),
    Function::new("decryptAES", &[Is::Text, Is::Text], |call| {
        let (key, text) = (call.text(0), call.text(1));
        call.budget.make(text.len().saturating_mul(2))?;
        call.answer(aes::decrypt(&key, &text)?)
    }),
    Function::new("genPrivateKey", &[Is::Text], |call| {
        let kind = call.text(0);
        call.budget.work(if matches!(&*kind, b"" | b"rsa") { cost::RSA_4096 } else { cost::SIGNATURE })?;
        let key = issue::private_key(&kind, &mut Dice(call.budget.world))?;
        call.answer(key)
    }),
    Function::new("buildCustomCert", &[Is::Text, Is::Text], |call| {
        Ok(Object::certificate(issue::custom(&call.text(0), &call.text(1))?))
    }),
    Function::new("genCA", &[Is::Text, Is::Int], |call| authority(call, None)),
    Function::new("genCAWithKey", &[Is::Text, Is::Int, Is::Text], |call| authority(call, Some(2))),
    Function::new("genSelfSignedCert", &[Is::Text, Is::Any, Is::Any, Is::Int], |call| certificate(call, None, None)),
    Function::new("genSelfSignedCertWithKey", &[Is::Text, Is::Any, Is::Any, Is::Int, Is::Text], |call| {
        certificate(call, None, Some(4))
    }),
    Function::new("genSignedCert", &[Is::Text, Is::Any, Is::Any, Is::Int, Is::Any], |call| certificate(call, Some(4), None)),
    Function::new("genSignedCertWithKey", &[Is::Text, Is::Any, Is::Any, Is::Int, Is::Any, Is::Text], |call| {
        certificate(call, Some(4), Some(5))
    }),
];

fn authority(call: &mut Call<'_, '_>, key: Option<usize>) -> Answer {
    let name = call.text(0);
    let request = Request { common_name: &name, addresses: &[], dns_names: &[], days: call.int(1), authority: true };
    make(call, &request, None, key)
}

fn certificate(call: &mut Call<'_, '_>, signer: Option<usize>, key: Option<usize>) -> Answer {
    let name = call.text(0);
    let addresses = texts(call, 1)?.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
    let dns_names = texts(call, 2)?;
    let dns_names: Vec<&[u8]> = dns_names.iter().map(Vec::as_slice).collect();
    let request =
        Request { common_name: &name, addresses: &addresses, dns_names: &dns_names, days: call.int(3), authority: false };
    make(call, &request, signer, key)
}

fn make(call: &mut Call<'_, '_>, request: &Request<'_>, signer: Option<usize>, key: Option<usize>) -> Answer {
    call.budget.work(cost::SIGNATURE + if key.is_none() { cost::RSA_2048 } else { 0 })?;
    let key = key.map(|n| call.text(n));
    let (seconds, nanoseconds) = call.budget.world.now();
    let now = Timestamp::new(seconds, nanoseconds)
        .map_err(|_| Fault::because("the clock is outside the years that certificates know"))?;
    let signer = signer.map(|n| call.any(n).clone());
    let mut dice = Dice(call.budget.world);
    let pair = match &signer {
        None => issue::self_signed(request, key.as_deref(), now, &mut dice)?,
        Some(signer) => signed_by(signer, |authority| Ok(issue::signed(request, authority, key.as_deref(), now, &mut dice)?))?,
    };
    Ok(Object::certificate(pair))
}

fn signed_by(signer: &Value, sign: impl FnOnce(&Pair) -> Result<Pair, Fault>) -> Result<Pair, Fault> {
    match signer {
        Value::Object(Object::Certificate(authority)) => sign(&authority.0),
        _ => Err(Fault::because("this takes an authority; `genCA` and `buildCustomCert` make one")),
    }
}

/// A list of strings; nil is an empty one.
fn texts(call: &Call<'_, '_>, n: usize) -> Result<Vec<Vec<u8>>, Fault> {
    if matches!(call.any(n), Value::Nil | Value::Absent) {
        return Ok(Vec::new());
    }
    let text = |value: &Value| match value {
        Value::Text(text) => Ok(text.to_vec()),
        _ => Err(Fault::because("addresses and names are given as lists of strings")),
    };
    call.items(n)?.iter().map(text).collect()
}

fn address(text: &[u8]) -> Result<IpAddr, Fault> {
    let address = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    address.ok_or_else(|| Fault::because("one of the addresses is not an IP address"))
}
