//! Reading a PKCS#12 file: one key, its certificate, and the others.

use zeroize::Zeroizing;

use super::super::asn1::{self, Reader, tag};
use super::super::certificate::Certificate;
use super::super::private::PrivateKey;
use super::super::{Failed, oid};
use super::{Password, cipher, mac};

/// What a file holds: the first certificate is taken for the key's.
pub(crate) struct Contents {
    pub(crate) key: PrivateKey,
    pub(crate) certificates: Vec<Certificate>,
}

/// Opens a file of one key and at least one certificate.
pub(crate) fn read(file: &[u8], password: &[u8]) -> Result<Contents, Failed> {
    let mut password = Password::new(password)?;
    let mut pfx = asn1::whole(file, tag::SEQUENCE).map_err(|_| Failed("this is no PKCS#12 file"))?;
    if pfx.small()? != 3 {
        return Err(Failed("the PKCS#12 file is not of version 3"));
    }
    let mut content = pfx.inside(tag::SEQUENCE)?;
    if content.expect(tag::OID)? != oid::DATA {
        return Err(Failed("only PKCS#12 files protected by a password are supported"));
    }
    let safe = content.inside(tag::explicit(0))?.expect(tag::OCTET_STRING)?;
    authenticate(pfx, safe, &mut password)?;
    let mut found = Bags::default();
    let mut parts = asn1::whole(safe, tag::SEQUENCE)?;
    let mut count = 0;
    while !parts.is_empty() {
        count += 1;
        if count > 2 {
            return Err(Failed("the PKCS#12 file has more than two parts"));
        }
        let data = open_part(&mut parts.inside(tag::SEQUENCE)?, &password)?;
        found.read(&data, &password)?;
    }
    if found.certificates.is_empty() {
        return Err(Failed("the PKCS#12 file has no certificate"));
    }
    let key = found.key.ok_or(Failed("the PKCS#12 file has no private key"))?;
    Ok(Contents { key, certificates: found.certificates })
}

/// Checks the MAC, if the file has one; it may be absent only where there is no password.
fn authenticate(mut pfx: Reader<'_>, safe: &[u8], password: &mut Password) -> Result<(), Failed> {
    if pfx.is_empty() {
        return if password.is_empty() { Ok(()) } else { Err(Failed("the PKCS#12 file has no MAC to check the password with")) };
    }
    let data = pfx.inside(tag::SEQUENCE)?;
    if mac::verify(data.clone(), safe, password)? {
        return Ok(());
    }
    if password.is_empty() {
        *password = Password::nothing();
        if mac::verify(data, safe, password)? {
            return Ok(());
        }
    }
    Err(Failed("wrong password for the PKCS#12 file, or the file is damaged"))
}

/// The bags of one part, decrypted where it is encrypted.
fn open_part(part: &mut Reader<'_>, password: &Password) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let kind = part.expect(tag::OID)?;
    let mut content = part.inside(tag::explicit(0))?;
    match kind {
        oid::DATA => Ok(Zeroizing::new(content.expect(tag::OCTET_STRING)?.to_vec())),
        oid::ENCRYPTED_DATA => {
            let mut data = content.inside(tag::SEQUENCE)?;
            if data.small()? != 0 {
                return Err(Failed("a part of the PKCS#12 file is of an unknown version"));
            }
            let mut info = data.inside(tag::SEQUENCE)?;
            info.expect(tag::OID)?;
            let mut algorithm = info.inside(tag::SEQUENCE)?;
            cipher::decrypt(&mut algorithm, info.expect(tag::context(0))?, password)
        }
        _ => Err(Failed("a part of the PKCS#12 file is of an unknown kind")),
    }
}

#[derive(Default)]
struct Bags {
    key: Option<PrivateKey>,
    certificates: Vec<Certificate>,
}

impl Bags {
    fn read(&mut self, data: &[u8], password: &Password) -> Result<(), Failed> {
        let mut bags = asn1::whole(data, tag::SEQUENCE)?;
        while !bags.is_empty() {
            let mut bag = bags.inside(tag::SEQUENCE)?;
            let kind = bag.expect(tag::OID)?;
            let value = bag.expect(tag::explicit(0))?;
            match kind {
                oid::CERT_BAG => self.certificates.push(certificate(value)?),
                oid::KEY_BAG => self.keep(PrivateKey::pkcs8(value)?)?,
                oid::SHROUDED_KEY_BAG => self.keep(shrouded(value, password)?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: PrivateKey) -> Result<(), Failed> {
        match self.key.replace(key) {
            None => Ok(()),
            Some(_) => Err(Failed("the PKCS#12 file has more than one private key")),
        }
    }
}

fn certificate(bag: &[u8]) -> Result<Certificate, Failed> {
    let mut bag = asn1::whole(bag, tag::SEQUENCE)?;
    if bag.expect(tag::OID)? != oid::X509_CERTIFICATE {
        return Err(Failed("the PKCS#12 file has a certificate of an unknown kind"));
    }
    Certificate::parse(bag.inside(tag::explicit(0))?.expect(tag::OCTET_STRING)?)
}

fn shrouded(bag: &[u8], password: &Password) -> Result<PrivateKey, Failed> {
    let mut info = asn1::whole(bag, tag::SEQUENCE)?;
    let mut algorithm = info.inside(tag::SEQUENCE)?;
    PrivateKey::pkcs8(&cipher::decrypt(&mut algorithm, info.expect(tag::OCTET_STRING)?, password)?)
}
