//! Certificates by address: `https://`, `http://` where the caller allows it, `file://`. Time, size and redirects are bounded.

use super::{ClusterError, error::chain};
use reqwest::Url;
use std::time::Duration;

/// A certificate is a few KiB; a page that is not one may be anything.
const LARGEST: usize = 1 << 20;

/// Whether an unencrypted address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Only to this machine itself.
    LoopbackOnly,
    /// To anywhere: the content is checked against a pin, or the caller has warned.
    Anywhere,
}

/// Fetches a small text. Proxies come from the environment.
pub async fn fetch(address: &str, plain: Plain) -> Result<Vec<u8>, ClusterError> {
    let failed = |reason: String| ClusterError::Fetch { url: address.to_owned(), reason };
    let url = Url::parse(address).map_err(|error| failed(error.to_string()))?;
    match url.scheme() {
        "https" => {}
        "http" if plain == Plain::Anywhere || is_loopback(&url) => {}
        "http" => return Err(ClusterError::Plain(address.to_owned())),
        "file" => {
            let path = url.to_file_path().map_err(|()| failed("not a path on this machine".to_owned()))?;
            return std::fs::read(path).map_err(|error| failed(crate::io::reason(&error)));
        }
        scheme => return Err(failed(format!("unsupported protocol scheme {scheme:?}"))),
    }
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .https_only(url.scheme() == "https")
        .redirect(reqwest::redirect::Policy::limited(5))
        .build()
        .map_err(|error| failed(chain(&error)))?;
    let mut answer = client.get(url).send().await.map_err(|error| failed(chain(&error.without_url())))?;
    if !answer.status().is_success() {
        return Err(failed(format!("the server answered {}", answer.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(chain(&error.without_url())))? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err(failed("the answer is larger than 1 MiB, so it is no certificate".to_owned()));
        }
    }
    Ok(body)
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Plain, fetch};
    use std::io::{Read, Write};

    fn get(address: &str, plain: Plain) -> Result<Vec<u8>, String> {
        crate::cluster::block_on(async { Ok(fetch(address, plain).await.map_err(|error| error.to_string())) }).unwrap()
    }

    /// Serves one answer on a loopback port.
    fn serve(answer: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/cert.pem", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        });
        address
    }

    #[test]
    fn a_file_and_a_loopback_server_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "pem").unwrap();
        assert_eq!(get(&format!("file://{}", file.path().display()), Plain::LoopbackOnly).unwrap(), b"pem");
        let address = serve("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\npem");
        assert_eq!(get(&address, Plain::LoopbackOnly).unwrap(), b"pem");
    }

    #[test]
    fn plain_http_to_elsewhere_is_refused_before_anything_is_sent() {
        let message = get("http://example.invalid/cert.pem", Plain::LoopbackOnly).unwrap_err();
        assert!(message.starts_with("refusing to fetch"), "{message}");
    }

    #[test]
    fn an_error_page_or_an_unknown_scheme_is_no_certificate() {
        let address = serve("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        assert!(get(&address, Plain::LoopbackOnly).unwrap_err().contains("404"));
        assert!(get("ftp://x/y", Plain::LoopbackOnly).unwrap_err().contains("unsupported protocol scheme"));
    }
}
