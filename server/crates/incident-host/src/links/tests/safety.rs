//! What is refused, and what is never sent.

use std::net::IpAddr;

use super::super::guard::{Guard, is_public};
use super::*;

#[test]
fn only_the_public_internet_is_public() {
    let no = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "3fff::1",
        "100::1",
    ];
    for address in no {
        assert!(!is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
    let yes = [
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "::ffff:1.1.1.1",
        "2606:4700::1111",
        "2001:4860::8888",
    ];
    for address in yes {
        assert!(is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
}

#[test]
fn every_spelling_of_a_private_address_is_refused() {
    let stub = Stub::new(|_| text("never sent"));
    let port = stub.address.rsplit(':').next().unwrap();
    let spellings = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "LOCALHOST",
        "127.0.0.1.",
    ];
    for spelling in spellings {
        let link = format!("http://{spelling}:{port}/x");
        let host = host_of(&link).unwrap();
        let settings = HostSettings { http: true, ..HostSettings::default() };
        let hosts = [(host, settings)].into_iter().collect();
        let told = refusal(&link, &LinkSettings { hosts, ..LinkSettings::default() });
        assert!(told.contains("not a public address"), "{spelling}: {told}");
    }
    assert_eq!(stub.requests(), Vec::<String>::new());
}

#[test]
fn a_name_counts_as_all_its_addresses() {
    let guard = Guard::new([]);
    let told = guard.look_up("localhost").unwrap_err().to_string();
    assert!(told.contains("localhost leads to") && told.contains("not a public address"), "{told}");
    assert!(Guard::new(["LocalHost".to_owned()]).look_up("localhost").is_ok());
}

#[test]
fn nobody_is_asked_who_was_not_allowed() {
    let stub = Stub::new(|_| text("never sent"));
    let told = refusal(&stub.link("/x"), &LinkSettings::default());
    assert!(told.contains("is not allowed yet") && told.contains("--allow-host"), "{told}");
    let untrusted = LinkSettings { was_ignored: true, ..LinkSettings::default() };
    assert!(refusal(&stub.link("/x"), &untrusted).contains("incident-lsp trust"));
    let mut settings = allowing(&[&stub], Kind::Text);
    let host = settings.hosts.get_mut(&stub.address).unwrap();
    host.http = false;
    assert!(refusal(&stub.link("/x"), &settings).contains("https only"));
    let with_password = format!("http://ada:secret@{}/x", stub.address);
    let told = refusal(&with_password, &allowing(&[&stub], Kind::Text));
    assert!(told.contains("take it out") && !told.contains("secret@"), "{told}");
    for link in ["file:///etc/passwd", "ftp://x/y", "gopher://x", "http://", "://"] {
        refusal(link, &allowing(&[&stub], Kind::Text));
    }
    assert_eq!(stub.requests(), Vec::<String>::new());
}

#[test]
fn a_confirmed_host_is_asked_and_gets_no_private_address() {
    let stub = Stub::new(|_| text("never sent"));
    let confirmed = [stub.address.clone()];
    let settings = LinkSettings::default();
    let environment = Environment::default();
    let context = Context { settings: &settings, confirmed: &confirmed, environment: &environment };
    let link = format!("https://{}/x", stub.address);
    let told = load(&link, &context, &Cancel::new()).unwrap_err().to_string();
    assert!(told.contains("not a public address"), "{told}");
}

#[test]
fn a_text_is_read_with_the_token_for_its_host() {
    let stub = Stub::new(|_| text("thread 'main' panicked at src/main.rs:1:1:\n"));
    let loaded = load_with(&stub.link("/trace.txt"), &allowing(&[&stub], Kind::Text)).unwrap();
    assert_eq!(loaded.inputs[0].text, "thread 'main' panicked at src/main.rs:1:1:\n");
    assert_eq!(loaded.inputs[0].name, stub.link("/trace.txt"));
    assert!(stub.requests()[0].contains("authorization: bearer sesame-token"));
}

#[test]
fn a_redirect_never_carries_the_token() {
    let elsewhere = Stub::new(|_| text("moved"));
    let there = elsewhere.link("/there");
    let stub = Stub::new(move |path| match path {
        "/own" => redirect("/here"),
        "/away" => redirect(&there),
        _ => text("here"),
    });
    let settings = allowing(&[&stub, &elsewhere], Kind::Text);
    assert_eq!(load_with(&stub.link("/own"), &settings).unwrap().inputs[0].text, "here");
    assert_eq!(load_with(&stub.link("/away"), &settings).unwrap().inputs[0].text, "moved");
    let seen = stub.requests();
    let with_token: Vec<bool> = seen.iter().map(|it| it.contains("authorization")).collect();
    assert_eq!(with_token, [true, false, true], "{seen:?}");
    assert!(!elsewhere.requests()[0].contains("sesame"));
}

#[test]
fn redirects_are_checked_hop_by_hop() {
    let elsewhere = Stub::new(|_| text("never sent"));
    let there = elsewhere.link("/x");
    let stub = Stub::new(move |path| match path {
        "/away" => redirect(&there),
        "/meta" => redirect("http://169.254.169.254/latest/meta-data"),
        "/file" => redirect("file:///etc/passwd"),
        "/nowhere" => redirect("http://[::"),
        "/bare" => answer("302 Found", ""),
        _ => redirect("/again"),
    });
    let settings = allowing(&[&stub], Kind::Text);
    assert!(refusal(&stub.link("/away"), &settings).contains("which nobody allowed"));
    assert!(refusal(&stub.link("/meta"), &settings).contains("which nobody allowed"));
    assert!(refusal(&stub.link("/file"), &settings).contains("which nobody allowed"));
    assert!(refusal(&stub.link("/nowhere"), &settings).contains("a redirect to an address"));
    assert!(refusal(&stub.link("/bare"), &settings).contains("without saying where to"));
    assert!(refusal(&stub.link("/x"), &settings).contains("again and again"));
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
    // Allowed by name, but not its private address.
    let mut settings = allowing(&[&stub], Kind::Text);
    let named = HostSettings { http: true, ..HostSettings::default() };
    settings.hosts.insert("169.254.169.254".to_owned(), named);
    assert!(refusal(&stub.link("/meta"), &settings).contains("not a public address"));
}

#[test]
fn what_is_packed_counts_unpacked() {
    let zeros = vec![0; 8 << 20];
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&zeros).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 64 << 10);
    let stub = Stub::new(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            packed.len()
        );
        [head.as_bytes(), &packed].concat()
    });
    let mut settings = allowing(&[&stub], Kind::Text);
    settings.max_mib = Some(1);
    assert!(refusal(&stub.link("/bomb"), &settings).contains("more to say than 1 MiB"));
}

#[test]
fn silence_and_drops_end_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let silent = Stub { address, seen: Seen::default() };
    let mut settings = allowing(&[&silent], Kind::Text);
    settings.timeout = Some(Duration::from_millis(200));
    // Nobody takes the connection: it stands in the listener's queue.
    assert!(refusal(&silent.link("/x"), &settings).contains("within 200ms"));
    let cut = Stub::new(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec());
    let told = refusal(&cut.link("/x"), &allowing(&[&cut], Kind::Text));
    assert!(told.contains("broke the connection off"), "{told}");
    drop(listener);
    assert!(refusal(&silent.link("/x"), &settings).contains("can't be reached"));
}

#[test]
fn each_status_has_its_sentence() {
    let stub = Stub::new(|path| match path {
        "/401" => answer("401 X", r#"{"detail":"Invalid token sesame"}"#),
        "/403" => answer("403 X", r#"{"message":"no"}"#),
        "/404" => answer("404 X", "<html>"),
        "/410" => answer("410 X", ""),
        "/429" => answer("429 X\r\nretry-after: 17", ""),
        "/limit" => {
            answer("403 X\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1772546705", "")
        }
        "/503" => answer("503 X", ""),
        "/418" => answer("418 X", r#"{"error":{"message":"tea\u001b[2J"}}"#),
        _ => answer("200 OK\r\ncontent-type: text/html", "<html>"),
    });
    let settings = allowing(&[&stub], Kind::Text);
    let cases = [
        ("/403", "refuses (status 403): no; three ways on: look at the token in STUB_TOKEN"),
        ("/404", "has nothing there, or does not show it to us (status 404); three ways on"),
        ("/410", "has deleted it (status 410)"),
        ("/429", "limit of requests is reached; try again in 17 seconds (status 429)"),
        ("/limit", "try again after 2026-03-03T14:05:05Z (status 403)"),
        ("/503", "is down or overloaded, try again later (status 503)"),
        ("/418", "said no: tea"),
        ("/page", "answers with a web page"),
    ];
    for (path, wanted) in cases {
        let told = refusal(&stub.link(path), &settings);
        assert!(told.contains(wanted), "{path}: {told}");
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }
    let told = load_with(&stub.link("/401"), &settings).unwrap_err().to_string();
    assert!(told.contains("does not know who asks (status 401)"), "{told}");
}

#[test]
fn a_raised_flag_ends_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let silent = Stub { address, seen: Seen::default() };
    let settings = allowing(&[&silent], Kind::Text);
    let environment = Environment::default();
    let context = Context { settings: &settings, confirmed: &[], environment: &environment };
    let cancel = Cancel::new();
    cancel.cancel();
    let told = load(&silent.link("/x"), &context, &cancel).unwrap_err().to_string();
    assert_eq!(told, "it was cancelled");
}
