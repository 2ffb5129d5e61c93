//! A stub on loopback that answers as told, and the safety and the services held against it.

mod safety;
mod services;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

/// One request as the stub saw it: its first line and its headers, in lower case.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server on loopback that answers each path as told, byte by byte as given.
struct Stub {
    address: String,
    seen: Seen,
}

impl Stub {
    fn new(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Seen::default();
        let requests = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).to_lowercase();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                requests.lock().unwrap().push(head);
                let _ = stream.write_all(&answer(&path));
            }
        });
        Self { address, seen }
    }

    fn link(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into()
}

fn text(body: &str) -> Vec<u8> {
    answer("200 OK\r\ncontent-type: text/plain", body)
}

fn redirect(to: &str) -> Vec<u8> {
    answer(&format!("302 Found\r\nlocation: {to}"), "")
}

/// Settings that allow the stubs as hosts of this kind.
fn allowing(stubs: &[&Stub], kind: Kind) -> LinkSettings {
    let host = HostSettings {
        kind: Some(kind),
        token_env: Some("STUB_TOKEN".to_owned()),
        private: true,
        http: true,
        ..HostSettings::default()
    };
    let hosts = stubs.iter().map(|stub| (stub.address.clone(), host.clone()));
    LinkSettings {
        hosts: hosts.collect(),
        timeout: Some(Duration::from_secs(20)),
        ..LinkSettings::default()
    }
}

fn load_with(link: &str, settings: &LinkSettings) -> Result<Loaded, LinkError> {
    let environment = Environment::default().with("STUB_TOKEN", "sesame-token");
    let context = Context { settings, confirmed: &[], environment: &environment };
    load(link, &context, &Cancel::new())
}

#[track_caller]
fn refusal(link: &str, settings: &LinkSettings) -> String {
    let told = load_with(link, settings).unwrap_err().to_string();
    assert!(!told.contains("sesame"), "a refusal holds no token: {told}");
    assert!(!told.contains('\n'), "{told}");
    told
}
