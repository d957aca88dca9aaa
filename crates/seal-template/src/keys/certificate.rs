//! What template functions need to know of an X.509 certificate (RFC 5280): its bytes, key ids, names.
//!
//! Trusts nothing and verifies nothing: it sorts and prints what a certificate says.

use core::net::{Ipv4Addr, Ipv6Addr};

use der::Decode as _;
use x509_cert::Certificate as Parsed;

use super::asn1::{self, Reader, tag};
use super::{Failed, name, oid, pem};
use crate::url;

/// One certificate as it was read.
pub(crate) struct Certificate {
    /// The DER, byte for byte.
    pub(crate) raw: Vec<u8>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    /// The subject's name in DER.
    pub(crate) subject: Vec<u8>,
    /// The SubjectPublicKeyInfo in DER.
    pub(crate) public_key: Vec<u8>,
    alternative_names: Vec<u8>,
}

impl Certificate {
    /// Reads DER. The whole certificate is checked for form first.
    pub(crate) fn parse(raw: &[u8]) -> Result<Self, Failed> {
        Parsed::from_der(raw).map_err(|_| Failed("malformed certificate"))?;
        let mut tbs = asn1::whole(raw, tag::SEQUENCE)?.inside(tag::SEQUENCE)?;
        tbs.optional(tag::explicit(0))?;
        // Serial number, signature algorithm, issuer, validity.
        for _ in 0..4 {
            tbs.item()?;
        }
        let mut found = Self {
            raw: raw.to_vec(),
            subject_key_id: None,
            authority_key_id: None,
            subject: tbs.item()?.raw.to_vec(),
            public_key: tbs.item()?.raw.to_vec(),
            alternative_names: Vec::new(),
        };
        while !tbs.is_empty() {
            let item = tbs.item()?;
            if item.tag == tag::explicit(3) {
                found.read_extensions(item.body)?;
            }
        }
        Ok(found)
    }

    /// Reads the first PEM block.
    pub(crate) fn from_pem(text: &[u8]) -> Result<Self, Failed> {
        let (block, _) = pem::decode(text).ok_or(Failed("no PEM data where a certificate belongs"))?;
        Self::parse(&block.bytes)
    }

    /// The certificate in PEM.
    pub(crate) fn to_pem(&self) -> Vec<u8> {
        pem::plain("CERTIFICATE", &self.raw)
    }

    /// Signed by its own key, as far as the key ids say.
    pub(crate) fn is_root(&self) -> bool {
        self.authority_key_id.is_none() || self.authority_key_id == self.subject_key_id
    }

    /// The subject in one line, as Go prints it.
    pub(crate) fn subject_text(&self) -> Result<String, Failed> {
        name::text(&self.subject)
    }

    /// DNS names, then addresses, then mail addresses, then URIs.
    pub(crate) fn alternative_names(&self) -> Result<Vec<Vec<u8>>, Failed> {
        let mut kinds: [Vec<Vec<u8>>; 4] = Default::default();
        if self.alternative_names.is_empty() {
            return Ok(Vec::new());
        }
        let mut names = asn1::whole(&self.alternative_names, tag::SEQUENCE)?;
        while !names.is_empty() {
            let item = names.item()?;
            match item.tag {
                DNS => kinds[0].push(item.body.to_vec()),
                ADDRESS => kinds[1].push(address(item.body)?.into_bytes()),
                MAIL => kinds[2].push(item.body.to_vec()),
                URI => kinds[3].push(uri(item.body)?),
                _ => {}
            }
        }
        Ok(kinds.into_iter().flatten().collect())
    }

    fn read_extensions(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut extensions = asn1::whole(bytes, tag::SEQUENCE)?;
        while !extensions.is_empty() {
            let mut extension = extensions.inside(tag::SEQUENCE)?;
            let id = extension.expect(tag::OID)?;
            extension.optional(tag::BOOLEAN)?;
            let value = extension.expect(tag::OCTET_STRING)?;
            match id {
                oid::SUBJECT_KEY_ID => self.subject_key_id = Some(Reader::new(value).expect(tag::OCTET_STRING)?.to_vec()),
                oid::AUTHORITY_KEY_ID => {
                    let mut key_id = asn1::whole(value, tag::SEQUENCE)?;
                    self.authority_key_id = key_id.optional(tag::context(0))?.map(<[u8]>::to_vec);
                }
                oid::SUBJECT_ALT_NAME => self.alternative_names = value.to_vec(),
                _ => {}
            }
        }
        Ok(())
    }
}

/// GeneralName (RFC 5280, 4.2.1.6).
pub(crate) const MAIL: u8 = tag::context(1);
pub(crate) const DNS: u8 = tag::context(2);
pub(crate) const URI: u8 = tag::context(6);
pub(crate) const ADDRESS: u8 = tag::context(7);

fn address(bytes: &[u8]) -> Result<String, Failed> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Ok(Ipv4Addr::from(four).to_string());
    }
    let six = <[u8; 16]>::try_from(bytes).map_err(|_| Failed("an address in the certificate is of a wrong size"))?;
    let address = Ipv6Addr::from(six);
    Ok(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |four| four.to_string()))
}

fn uri(bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    url::Url::parse(bytes).map(|url| url.to_bytes()).map_err(|_| Failed("a URI in the certificate is malformed"))
}
