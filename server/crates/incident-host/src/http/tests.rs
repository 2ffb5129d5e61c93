use super::*;

#[test]
fn only_http_addresses_are_asked() {
    assert_eq!(host("https://api.example.com/v1").unwrap(), "api.example.com");
    assert_eq!(host("http://127.0.0.1:8081/v1?key=x").unwrap(), "127.0.0.1:8081");
    for url in ["file:///etc/passwd", "ftp://x/", "nothing", "", "http://"] {
        assert!(host(url).is_err(), "{url}");
    }
}

#[test]
fn a_raised_flag_ends_the_waiting() {
    let cancel = Cancel::new();
    cancel.cancel();
    assert!(!wait(Duration::from_secs(60), &cancel));
    assert!(wait(Duration::ZERO, &Cancel::new()));
}
