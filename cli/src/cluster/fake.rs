//! A scripted API server on a loopback port: answers by method and path, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// Answers by `METHOD path` (query left out).
pub type Answers = BTreeMap<String, (u16, String)>;
/// What a request (route and body) does to later answers.
type Effect = dyn Fn(&str, &str, &mut Answers) + Send + Sync;

/// The server; it ends with the process.
pub struct Fake {
    address: String,
    token: Arc<Mutex<Option<String>>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Fake {
    /// Serves these answers, and lets requests change what is answered after them; everything else is 404.
    pub fn new(answers: &[(&str, u16, String)], effect: impl Fn(&str, &str, &mut Answers) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers: Answers = answers.iter().map(|(route, code, body)| ((*route).to_owned(), (*code, body.clone()))).collect();
        let answers = Arc::new(Mutex::new(answers));
        let effect: Arc<Effect> = Arc::new(effect);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let token = Arc::new(Mutex::new(None));
        let wanted = token.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, effect, log) = (answers.clone(), effect.clone(), log.clone());
                let wanted = wanted.lock().unwrap().clone();
                std::thread::spawn(move || serve(&stream, &answers, &*effect, wanted.as_deref(), &log));
            }
        });
        Self { address, token, asked }
    }

    /// From now on, who does not show this token is sent away.
    pub fn demand(&self, token: &str) {
        *self.token.lock().unwrap() = Some(token.to_owned());
    }

    /// A kubeconfig whose current context is this server.
    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\ncontexts:\n- {{name: fake, context: {{cluster: fake, user: me, namespace: team}}}}\nclusters:\n- {{name: fake, cluster: {{server: '{}'}}}}\n",
            self.address
        )
    }

    /// What it was asked: `METHOD path` and body.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

/// Requests of one connection, one after the other.
fn serve(
    stream: &TcpStream,
    answers: &Mutex<Answers>,
    effect: &Effect,
    token: Option<&str>,
    log: &Mutex<Vec<(String, String)>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let (mut length, mut allowed) = (0, token.is_none());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            let shown = line.split_once(": Bearer ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            allowed |= shown.is_some_and(|(_, shown)| Some(shown.trim()) == token);
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let mut words = first.split(' ');
        let route = format!("{} {}", words.next()?, words.next()?.split('?').next()?);
        let missing = (
            404,
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not found","reason":"NotFound","code":404}"#
                .to_owned(),
        );
        let body = String::from_utf8_lossy(&body).into_owned();
        let refused = || (401, missing.1.replace("not found", "Unauthorized").replace("404", "401"));
        let (code, text) = if !allowed {
            refused()
        } else {
            let mut answers = answers.lock().unwrap();
            let answer = answers.get(&route).unwrap_or(&missing).clone();
            effect(&route, &body, &mut answers);
            answer
        };
        log.lock().unwrap().push((route, body));
        let head = format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        let mut stream = stream;
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(text.as_bytes()).ok()?;
    }
}
