//! A server of one's own for every way an HTTP server can misbehave: it answers with whatever bytes it is told to and keeps
//! what it was asked.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it was asked.
#[derive(Clone)]
pub struct Asked {
    /// `GET /v1/x`.
    pub line: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What it does.
pub enum Reply {
    /// A status, extra header lines, a body.
    Answer(u16, &'static str, String),
    /// A good status and then `a` for ever.
    Endless,
    /// A good status that announces a gigabyte.
    Announced,
    /// A good status that announces more than comes.
    Stall,
}

/// A running one.
pub struct HttpScript {
    /// `http://127.0.0.1:N`.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl HttpScript {
    /// Starts it.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (Arc::new(script), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), seen.clone()));
            }
        });
        Ok(Self { url, asked, task })
    }

    /// Everything it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().map(|asked| asked.clone()).unwrap_or_default()
    }
}

impl Drop for HttpScript {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Arc<impl Fn(&Asked) -> Reply + Send + Sync + 'static>,
    seen: Arc<Mutex<Vec<Asked>>>,
) -> Option<()> {
    let asked = read(&mut stream).await?;
    seen.lock().ok()?.push(asked.clone());
    match script(&asked) {
        Reply::Answer(status, headers, body) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(body.as_bytes()).await.ok()?;
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n").await.ok()?;
            while stream.write_all(&[b'a'; 65536]).await.is_ok() {}
        }
        Reply::Announced => {
            stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 1073741824\r\n\r\n{").await.ok()?;
        }
        Reply::Stall => {
            stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{").await.ok()?;
            // Until the other side gives up.
            let _ = stream.read(&mut [0; 1]).await;
        }
    }
    Some(())
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
    Some(Asked { line, headers, body: String::from_utf8_lossy(&bytes[end..]).into_owned() })
}
