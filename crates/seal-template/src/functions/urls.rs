//! URLs taken apart and put together.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::url::Url;
use crate::value::{Entries, Text, Value};

pub(super) const ALL: &[Function] = &[Function::new("urlParse", &[Is::Text], parse), Function::new("urlJoin", &[Is::Dict], join)];

fn parse(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(0);
    call.budget.make(text.len().saturating_mul(4))?;
    let url = Url::parse(&text).map_err(|_| Fault::because("this is no URL"))?;
    let parts: [(&str, &[u8]); 8] = [
        ("scheme", &url.scheme),
        ("host", &url.host),
        ("hostname", url.hostname()),
        ("path", &url.path),
        ("query", &url.query),
        ("opaque", &url.opaque),
        ("fragment", &url.fragment),
        ("userinfo", &url.user_text()),
    ];
    let entries: Entries = parts.into_iter().map(|(name, part)| (Text::from(name.as_bytes()), Value::text(part))).collect();
    Ok(Value::map(entries))
}

fn join(call: &mut Call<'_, '_>) -> Answer {
    let entries = call.dict(0);
    let part = |name: &str| match entries.borrow().get(name.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Text(text)) => Ok(text.to_vec()),
        Some(_) => Err(Fault::because("the parts of a URL must be strings")),
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let with_user = [b"proto://", user.as_slice(), b"@host"].concat();
        url.user = Url::parse(&with_user).map_err(|_| Fault::because("the userinfo is not one of a URL"))?.user;
    }
    call.answer(url.to_bytes())
}
