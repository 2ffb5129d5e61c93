use expect_test::{Expect, expect};

use super::{Sample, is_metrics, read, shown_value, steps};
use crate::cancel::Cancel;
use crate::input::RawInput;

/// Noise that is the same on every run, from -1 to 1.
fn noise(at: usize) -> f64 {
    let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    (mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

/// Draws 120 samples, 15 s apart, and shows the steps found as sample numbers and levels.
fn check(value: impl Fn(usize) -> f64, expected: Expect) {
    let samples: Vec<Sample> =
        (0..120).map(|at| Sample { at: at as f64 * 15.0, value: value(at) }).collect();
    let shown: Vec<String> = steps(&samples)
        .iter()
        .map(|it| format!("{} {:.0}->{:.0}", it.at / 15.0, it.before, it.after))
        .collect();
    expected.assert_eq(&shown.join(", "));
}

#[test]
fn a_step_is_found_at_its_sample() {
    check(|at| if at < 80 { 100.0 } else { 40.0 } + noise(at) * 5.0, expect!["80 100->40"]);
    check(|at| if at < 80 { 0.0 } else { 7.0 }, expect!["80 0->7"]);
    // A gauge that hits its ceiling: noisy before, flat after.
    check(|at| if at < 80 { 11.0 + noise(at) * 4.0 } else { 16.0 }, expect!["80 11->16"]);
}

#[test]
fn a_climb_begins_where_it_departs() {
    let climb = |at: usize| match at {
        ..80 => 4.0,
        80..84 => 4.0 + (at - 79) as f64 * 50.0,
        _ => 250.0,
    };
    check(move |at| climb(at) + noise(at) * 0.3, expect!["80 4->250"]);
}

#[test]
fn noise_trends_dips_and_spikes_are_no_change() {
    check(|at| 100.0 + noise(at) * 20.0, expect![""]);
    check(|at| 40.0 + at as f64 * 0.1 + noise(at) * 3.0, expect![""]);
    check(|at| if (30..34).contains(&at) { 20.0 } else { 100.0 } + noise(at) * 5.0, expect![""]);
    check(|at| if at == 60 { 1e6 } else { 1.0 }, expect![""]);
    check(|_| 5.0, expect![""]);
}

#[test]
fn a_failure_that_was_mended_has_two_steps() {
    let value = |at: usize| if (50..90).contains(&at) { 300.0 } else { 10.0 } + noise(at) * 3.0;
    check(value, expect!["50 10->299, 90 299->10"]);
}

fn range_answer(name: &str, pods: &[&str], value: impl Fn(usize) -> f64) -> RawInput {
    let series: Vec<String> = pods
        .iter()
        .map(|pod| {
            let values: Vec<String> = (0..60)
                .map(|at| format!("[{},\"{}\"]", 1_772_545_500 + at * 15, value(at)))
                .collect();
            format!(
                "{{\"metric\":{{\"__name__\":\"{name}\",\"pod\":\"{pod}\"}},\"values\":[{}]}}",
                values.join(",")
            )
        })
        .collect();
    let text = format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{}]}}}}",
        series.join(",")
    );
    RawInput { name: format!("{name}.json"), text }
}

#[test]
fn pods_that_change_together_are_one_change() {
    let inputs = [
        range_answer("in_use", &["a", "b"], |at| if at < 30 { 4.0 } else { 9.0 }),
        range_answer("jobs_total", &["a"], |at| {
            if at < 30 { at as f64 } else { 30.0 + (at - 30) as f64 * 50.0 }
        }),
        range_answer("rss", &["a"], |_| 1.0),
    ];
    assert!(inputs.iter().all(|input| is_metrics(&input.text)));
    let (report, problems) = read(&inputs, &Cancel::new());
    assert_eq!(problems, []);
    let shown: Vec<String> = report
        .changes
        .iter()
        .map(|it| format!("{} x{} {} {}", it.shown_name(), it.n_series, it.shown(), it.sparkline))
        .collect();
    expect![[r#"
        in_use x2 4 -> 9 at 13:52:30 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
        jobs_total x1 0.0667 -> 3.33 at 13:52:45 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███████████████████"#]]
    .assert_eq(&shown.join("\n"));
    assert_eq!(report.steady, ["rss"]);
}

#[test]
fn two_scrapes_tell_what_moved() {
    let scrape = |in_use: u32, errors: u32| RawInput {
        name: format!("scrape-{errors}.txt"),
        text: format!(
            "# HELP pool_in_use Slots in use.\n# TYPE pool_in_use gauge\npool_in_use{{pool=\"a\"}} \
             {in_use}\n# TYPE errors_total counter\nerrors_total{{code=\"503\"}} {errors}\n\
             # TYPE ticks_total counter\nticks_total 7{errors}\n"
        ),
    };
    let inputs = [scrape(4, 1), scrape(16, 90)];
    let (report, problems) = read(&inputs, &Cancel::new());
    assert_eq!(problems, []);
    let shown: Vec<String> =
        report.changes.iter().map(|it| format!("{} {}", it.shown_name(), it.shown())).collect();
    assert_eq!(shown, ["errors_total{code=\"503\"} 1 -> 90", "pool_in_use{pool=\"a\"} 4 -> 16"]);
    let (_, problems) = read(&inputs[..1], &Cancel::new());
    assert_eq!(problems.len(), 1);
}

#[test]
fn logs_and_broken_answers_are_no_metrics() {
    for text in
        ["", "# TYPE\n", "2026-03-03T13:24:00Z INFO started\n", "{\"status\":\"up\"}", "a b c"]
    {
        assert!(!is_metrics(text), "{text:?}");
    }
    let torn = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metr";
    let input = RawInput { name: "m.json".to_owned(), text: torn.to_owned() };
    let (report, problems) = read(&[input], &Cancel::new());
    assert_eq!((report.n_series, problems.len()), (0, 1));
}

#[test]
fn values_have_three_figures() {
    let shown = [0.0, 16.0, 0.00411, 0.25, 2031.4, 0.1, 3.1e8, 1e-9, -5.5].map(shown_value);
    assert_eq!(shown, ["0", "16", "0.00411", "0.25", "2031", "0.1", "3.10e8", "1.00e-9", "-5.5"]);
}
