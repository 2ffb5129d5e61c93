use super::*;

#[test]
fn codes_are_found_by_their_id() {
    for code in Code::ALL {
        assert_eq!(Code::from_id(code.as_str()), Some(code));
    }
    assert_eq!(Code::from_id("nope"), None);
}
