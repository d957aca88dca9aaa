//! A watch's body as a stream of changes: one JSON object a line, whatever the chunks.

use super::answer::failure;
use crate::ports::{Change, KubeError};
use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
use hyper::body::Body as _;
use kube::client::Body;
use serde_json::Value;
use std::future::poll_fn;
use std::pin::Pin;

/// Longest line: the API server stores nothing larger than about 1.5 MiB, and JSON may escape it.
const LINE_LIMIT: usize = 16 * 1024 * 1024;

type Chunk = Result<Vec<u8>, kube::Error>;

/// The data frames of a body.
pub(super) fn data(body: Body) -> Pin<Box<dyn Stream<Item = Chunk> + Send>> {
    Box::pin(stream::unfold(Box::pin(body), |mut body| async move {
        loop {
            match poll_fn(|context| body.as_mut().poll_frame(context)).await? {
                Ok(frame) => match frame.into_data() {
                    Ok(bytes) => return Some((Ok(bytes.to_vec()), body)),
                    Err(_trailers) => {}
                },
                Err(error) => return Some((Err(error), body)),
            }
        }
    }))
}

/// Changes, until the server ends the watch.
pub(super) fn changes(body: Body) -> BoxStream<'static, Result<Change, KubeError>> {
    split(data(body)).map(|line| line.and_then(|line| change(&line))).boxed()
}

fn split(chunks: Pin<Box<dyn Stream<Item = Chunk> + Send>>) -> impl Stream<Item = Result<Vec<u8>, KubeError>> + Send {
    stream::unfold((chunks, Vec::<u8>::new(), false), |(mut chunks, mut rest, ended)| async move {
        let mut searched = 0;
        loop {
            if let Some(end) = rest[searched..].iter().position(|byte| *byte == b'\n') {
                let tail = rest.split_off(searched + end + 1);
                let line = std::mem::replace(&mut rest, tail);
                if line.iter().all(u8::is_ascii_whitespace) {
                    searched = 0;
                    continue;
                }
                return Some((Ok(line), (chunks, rest, ended)));
            }
            searched = rest.len();
            if ended {
                return None;
            }
            match chunks.next().await {
                Some(Ok(_)) if rest.len() > LINE_LIMIT => {
                    return Some((Err(KubeError::Transport("a watch line is too long")), (chunks, Vec::new(), true)));
                }
                Some(Ok(chunk)) => rest.extend_from_slice(&chunk),
                Some(Err(_)) => return Some((Err(KubeError::Transport("the watch broke off")), (chunks, Vec::new(), true))),
                None => return None,
            }
        }
    })
}

fn change(line: &[u8]) -> Result<Change, KubeError> {
    let mut event: Value = serde_json::from_slice(line).map_err(|_| KubeError::Transport("a watch line is not JSON"))?;
    let object = event["object"].take();
    match event["type"].as_str().unwrap_or_default() {
        "ADDED" | "MODIFIED" => Ok(Change::Upsert(object)),
        "DELETED" => Ok(Change::Delete(object)),
        "BOOKMARK" => Ok(Change::Bookmark(object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned())),
        _ => {
            let code = object["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
            Err(failure(code, None, object.to_string().as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&str]) -> Vec<String> {
        let chunks: Vec<Chunk> = chunks.iter().map(|c| Ok(c.as_bytes().to_vec())).collect();
        let lines = split(Box::pin(stream::iter(chunks)));
        futures::executor::block_on(lines.map(|line| String::from_utf8(line.unwrap()).unwrap().trim().to_owned()).collect())
    }

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        assert_eq!(lines(&["{\"a\"", ":1}\n{\"b\":2}\n\n{", "}\n"]), ["{\"a\":1}", "{\"b\":2}", "{}"]);
        assert_eq!(lines(&["half a line is not a change"]), Vec::<String>::new());
    }

    #[test]
    fn an_error_line_is_an_error_of_its_own_kind() {
        let line = br#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#;
        assert!(matches!(change(line), Err(KubeError::Gone)));
        assert!(
            matches!(change(br#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#), Ok(Change::Bookmark(v)) if v == "9")
        );
    }
}
