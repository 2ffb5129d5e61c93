use jiff::tz::{Offset, TimeZone};

use super::{Clock, read, show};

fn check(stamp: &str, expected: &str) {
    let clock = Clock::new(None, Some(2026));
    let (time, len) = read(stamp.as_bytes(), &clock).unwrap_or((None, 0));
    let time = time.and_then(show).unwrap_or_else(|| "-".to_owned());
    assert_eq!(format!("{time} {len}"), expected, "{stamp}");
}

#[test]
fn stamps_in_their_many_forms() {
    check("2026-03-03T14:05:00.123456Z x", "2026-03-03T14:05:00.123456Z 27");
    check("2026-03-03 14:05:00,123 x", "2026-03-03T14:05:00.123Z 23");
    check("2026-03-03T14:05:00+02:00 x", "2026-03-03T12:05:00Z 25");
    check("2026-03-03 14:05:00 -0500 x", "2026-03-03T19:05:00Z 25");
    check("2026-03-03 14:05:00 -12 below zero", "2026-03-03T14:05:00Z 19");
    check("2026/03/03 14:05:00 x", "2026-03-03T14:05:00Z 19");
    check("2005-06-03-15.42.50.675872 x", "2005-06-03T15:42:50.675872Z 26");
    check("Mar  3 14:05:00 host", "2026-03-03T14:05:00Z 15");
    check("Sun Dec 04 04:47:44 2005]", "2005-12-04T04:47:44Z 24");
    check("Tue, 03 Mar 2026 14:05:00 GMT", "2026-03-03T14:05:00Z 29");
    check("03/Mar/2026:14:05:00 +0100]", "2026-03-03T13:05:00Z 26");
    check("03-Mar-2026 14:05:00.5 x", "2026-03-03T14:05:00.5Z 22");
    check("17/06/09 20:10:40 INFO", "2017-06-09T20:10:40Z 17");
    check("081109 203615 148 INFO", "2008-11-09T20:36:15Z 13");
    check("1772544240.495 x", "2026-03-03T13:24:00.495Z 14");
    check("1772544240495 x", "2026-03-03T13:24:00.495Z 13");
    check("14:05:00.123 x", "- 12");
}

#[test]
fn what_is_no_stamp() {
    for text in ["", "2026", "2026-13-01T00:00:00", "12 monkeys", "May be", "1234567 x", "99:99:99"]
    {
        check(text, "- 0");
    }
}

#[test]
fn a_zone_is_assumed_where_none_is_written() {
    let clock = Clock::new(Some(TimeZone::fixed(Offset::constant(2))), None);
    let (time, _) = read(b"2026-03-03 14:05:00", &clock).unwrap();
    assert_eq!(time.and_then(show).as_deref(), Some("2026-03-03T12:05:00Z"));
    assert!(clock.saw_no_zone.get());
    // No year is known.
    assert_eq!(read(b"Mar  3 14:05:00 x", &clock), Some((None, 15)));
}
