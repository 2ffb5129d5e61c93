use super::deploy_time;

#[test]
fn times_as_people_say_them() {
    let day = super::super::change::time("2026-03-03T13:24:00Z");
    let cases = [
        ("2026-03-03T14:00:00Z", Some("2026-03-03T14:00:00Z given")),
        ("2026-03-03 14:00:00 +0100", Some("2026-03-03T13:00:00Z given")),
        ("14:05", Some("2026-03-03T14:05:00Z given")),
        ("14:00 fine, 14:05 failing", Some("2026-03-03T14:00:00Z words")),
        ("failing since 14:05", Some("2026-03-03T14:05:00Z words")),
        ("00:30", Some("2026-03-04T00:30:00Z given")),
        ("yesterday", None),
        ("", None),
        ("25:99", None),
    ];
    for (words, expected) in cases {
        let told = deploy_time(words, day, None).map(|it| format!("{} {}", it.at, it.how.as_str()));
        assert_eq!(told.as_deref(), expected, "{words}");
    }
}
