//! What a load command printed: oha, wrk, k6, autocannon, hyperfine, or a small JSON of one's own.

use serde_json::Value;

/// The figures of one run under load. What a tool does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadFigures {
    /// The tool, or `custom`.
    pub tool: &'static str,
    /// Requests that were answered, well or badly.
    pub requests: Option<f64>,
    /// Requests that failed: no answer in time, or an answer that is an error.
    pub errors: Option<f64>,
    /// Answers a second.
    pub per_second: Option<f64>,
    /// Half of the requests took no longer, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 99 of 100 took no longer, in milliseconds; 95 of 100 where a tool tells only that.
    pub p99_ms: Option<f64>,
    /// So many at a time.
    pub concurrency: Option<f64>,
}

impl LoadFigures {
    /// Returns the share of requests that failed, from 0 to 1.
    pub fn error_share(&self) -> Option<f64> {
        let (errors, requests) = (self.errors?, self.requests?);
        let all = requests.max(errors);
        if all > 0.0 { Some(errors / all) } else { Some(0.0) }
    }
}

/// Reads what a load command printed; `None` where no figures are found in it.
///
/// A JSON document may stand anywhere on a line of its own: the last one that is understood counts.
pub fn parse_load(output: &str) -> Option<LoadFigures> {
    json_documents(output).iter().rev().find_map(from_json).or_else(|| from_text(output))
}

/// Finds the JSON objects that start at the beginning of a line.
fn json_documents(output: &str) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut at = 0;
    while let Some(rest) = output.get(at..) {
        let Some(start) = rest.find('{') else { break };
        let begins_line = rest.get(..start).is_some_and(|before| {
            before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty())
        });
        let end = rest.get(start..).and_then(|text| {
            if !begins_line {
                return None;
            }
            let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            let value = stream.next()?.ok()?;
            documents.push(value);
            Some(start + stream.byte_offset())
        });
        // After something that is no document, the next line may begin one.
        let next_line = || rest.get(start..)?.find('\n').map(|length| start + length + 1);
        let Some(length) = end.or_else(next_line) else { break };
        at += length;
    }
    documents
}

fn number(value: &Value, path: &[&str]) -> Option<f64> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_f64()
}

fn from_json(value: &Value) -> Option<LoadFigures> {
    let get = |path: &[&str]| number(value, path);
    let seconds = |path: &[&str]| get(path).map(|seconds| seconds * 1000.0);
    if value.get("latencyPercentiles").is_some() && value.get("summary").is_some() {
        let statuses = value.get("statusCodeDistribution").and_then(Value::as_object);
        let count = |is_wanted: &dyn Fn(&str) -> bool| -> f64 {
            let of = statuses.into_iter().flatten().filter(|(status, _)| is_wanted(status));
            of.filter_map(|(_, n)| n.as_f64()).sum()
        };
        let lost = value.get("errorDistribution").and_then(Value::as_object);
        let lost: f64 = lost.into_iter().flatten().filter_map(|(_, n)| n.as_f64()).sum();
        return Some(LoadFigures {
            tool: "oha",
            requests: Some(count(&|_| true) + lost),
            errors: Some(count(&|status| !status.starts_with(['2', '3'])) + lost),
            per_second: get(&["summary", "requestsPerSec"]),
            p50_ms: seconds(&["latencyPercentiles", "p50"]),
            p99_ms: seconds(&["latencyPercentiles", "p99"]),
            concurrency: None,
        });
    }
    if value.get("metrics").is_some_and(|metrics| metrics.get("http_reqs").is_some()) {
        // `--summary-export` has the values bare, `handleSummary` below `values`.
        let metric = |name: &str, key: &str| {
            get(&["metrics", name, key]).or_else(|| get(&["metrics", name, "values", key]))
        };
        let requests = metric("http_reqs", "count");
        let failed = metric("http_req_failed", "value").or(metric("http_req_failed", "rate"));
        return Some(LoadFigures {
            tool: "k6",
            requests,
            errors: requests.zip(failed).map(|(requests, share)| requests * share),
            per_second: metric("http_reqs", "rate"),
            p50_ms: metric("http_req_duration", "med"),
            p99_ms: metric("http_req_duration", "p(99)").or(metric("http_req_duration", "p(95)")),
            concurrency: metric("vus_max", "value").or(metric("vus_max", "max")),
        });
    }
    if let (Some(latency), Some(requests)) = (value.get("latency"), value.get("requests"))
        && let Some(p50) = number(latency, &["p50"])
        && requests.is_object()
    {
        let errors = ["errors", "non2xx"].iter().filter_map(|key| get(&[key])).sum::<f64>();
        let answered = number(requests, &["total"]);
        let lost = get(&["errors"]).unwrap_or_default();
        return Some(LoadFigures {
            tool: "autocannon",
            // Its total counts answers; a request that was lost is none.
            requests: answered.map(|answered| answered + lost),
            errors: Some(errors),
            per_second: number(requests, &["average"]),
            p50_ms: Some(p50),
            p99_ms: number(latency, &["p99"]),
            concurrency: get(&["connections"]),
        });
    }
    if let Some(result) = value.get("results").and_then(|it| it.get(0))
        && let Some(median) = number(result, &["median"])
    {
        let codes = result.get("exit_codes").and_then(Value::as_array);
        let failed =
            codes.map(|codes| codes.iter().filter(|code| code.as_i64() != Some(0)).count());
        return Some(LoadFigures {
            tool: "hyperfine",
            requests: codes.map(|codes| codes.len() as f64),
            errors: failed.map(|n| n as f64),
            per_second: None,
            p50_ms: Some(median * 1000.0),
            p99_ms: number(result, &["max"]).map(|seconds| seconds * 1000.0),
            concurrency: None,
        });
    }
    custom(value)
}

/// Reads `{ requests, errors, per_second, latency_ms: { p50, p99 }, concurrency }`, each optional,
/// at least one of the first four there.
fn custom(value: &Value) -> Option<LoadFigures> {
    let get = |path: &[&str]| number(value, path);
    let figures = LoadFigures {
        tool: "custom",
        requests: get(&["requests"]),
        errors: get(&["errors"]),
        per_second: get(&["per_second"]),
        p50_ms: get(&["latency_ms", "p50"]),
        p99_ms: get(&["latency_ms", "p99"]),
        concurrency: get(&["concurrency"]),
    };
    let told = [figures.requests, figures.errors, figures.per_second, figures.p50_ms];
    told.iter().any(Option::is_some).then_some(figures)
}

fn from_text(output: &str) -> Option<LoadFigures> {
    let field = |name: &str| {
        output.lines().find_map(|line| line.trim_start().strip_prefix(name).map(str::trim))
    };
    let first_number = |text: &str| leading_number(text).map(|(number, _)| number);
    if let Some(success) = field("Success rate:") {
        let success = first_number(success)? / 100.0;
        let statuses = output.lines().filter_map(|line| line.trim().strip_prefix('['));
        let answered: f64 = statuses
            .filter_map(|line| line.split_once("] "))
            .filter_map(|(_, rest)| first_number(rest.trim()))
            .sum();
        let percentile = |name: &str| {
            let line = output.lines().find(|line| line.trim_start().starts_with(name))?;
            duration_ms(line.split_once(" in ")?.1)
        };
        return Some(LoadFigures {
            tool: "oha",
            requests: Some(answered).filter(|n| *n > 0.0),
            errors: Some(answered * (1.0 - success)).filter(|_| answered > 0.0),
            per_second: field("Requests/sec:").and_then(first_number),
            p50_ms: percentile("50.00%").or_else(|| percentile("50%")),
            p99_ms: percentile("99.00%").or_else(|| percentile("99%")),
            concurrency: None,
        });
    }
    if let Some(requests) = field("http_reqs").map(|it| it.trim_start_matches(['.', ':', ' '])) {
        let (n_requests, rest) = leading_number(requests)?;
        let durations = field("http_req_duration").unwrap_or_default();
        let of = |name: &str| duration_ms(durations.split_once(name)?.1);
        let failed = field("http_req_failed").map(|it| it.trim_start_matches(['.', ':', ' ']));
        let share = failed.and_then(first_number).map(|percent| percent / 100.0);
        let vus = field("vus_max").map(|it| it.trim_start_matches(['.', ':', ' ']));
        return Some(LoadFigures {
            tool: "k6",
            requests: Some(n_requests),
            errors: share.map(|share| share * n_requests),
            per_second: first_number(rest.trim()),
            p50_ms: of("med="),
            p99_ms: of("p(99)=").or_else(|| of("p(95)=")),
            concurrency: vus.and_then(first_number),
        });
    }
    if let Some(rate) = field("Requests/sec:") {
        let total = output.lines().find(|line| line.contains(" requests in "))?;
        let bad = field("Non-2xx or 3xx responses:").and_then(first_number).unwrap_or_default();
        let lost: f64 = field("Socket errors:")
            .into_iter()
            .flat_map(|errors| errors.split(','))
            .filter_map(|part| first_number(part.split_whitespace().nth(1)?))
            .sum();
        let percentile = |name: &str| {
            let mut lines = output.lines().map(str::trim_start);
            duration_ms(lines.find_map(|line| line.strip_prefix(name))?.trim_start())
        };
        let connections = output.lines().find_map(|line| line.split_once(" threads and "));
        return Some(LoadFigures {
            tool: "wrk",
            requests: first_number(total.trim_start()).map(|answered| answered + lost),
            errors: Some(bad + lost),
            per_second: first_number(rate),
            p50_ms: percentile("50%").or_else(|| percentile("50.000%")),
            p99_ms: percentile("99%").or_else(|| percentile("99.000%")),
            concurrency: connections.and_then(|(_, rest)| first_number(rest)),
        });
    }
    let mean =
        output.lines().find(|line| line.contains("Time (mean ") || line.contains("Time (abs "))?;
    Some(LoadFigures {
        tool: "hyperfine",
        p50_ms: duration_ms(mean.split_once("):")?.1.trim_start()),
        ..LoadFigures::default()
    })
    .filter(|figures| figures.p50_ms.is_some())
}

/// Reads a number at the start; returns what follows it.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, rest))
}

/// Reads a duration such as `1.5ms`, `12 us`, `0.5 secs`, `1m30s`, in milliseconds.
fn duration_ms(text: &str) -> Option<f64> {
    let (number, rest) = leading_number(text.trim_start())?;
    let rest = rest.trim_start();
    let factor = match rest {
        _ if rest.starts_with("ms") => 1.0,
        _ if rest.starts_with("us") || rest.starts_with('µ') || rest.starts_with('μ') => 0.001,
        _ if rest.starts_with("ns") => 1e-6,
        _ if rest.starts_with('s') => 1000.0,
        _ if rest.starts_with('m') => {
            let more = duration_ms(rest.get(1..)?).unwrap_or_default();
            return Some(number * 60_000.0 + more);
        }
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::parse_load;

    #[track_caller]
    fn check(output: &str, expected: Expect) {
        let shown = parse_load(output).map_or("nothing".to_owned(), |it| {
            let show = |figure: Option<f64>| figure.map_or("-".to_owned(), |it| format!("{it:.4}"));
            format!(
                "{} requests {} errors {} rate {} p50 {} p99 {} at once {}",
                it.tool,
                show(it.requests),
                show(it.errors),
                show(it.per_second),
                show(it.p50_ms),
                show(it.p99_ms),
                show(it.concurrency)
            )
        });
        expected.assert_eq(&shown);
    }

    #[test]
    fn wrk_with_lost_requests() {
        check(
            "Running 10s test @ http://127.0.0.1:8080/\n  2 threads and 10 connections\n  Thread \
             Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   1.23ms  200.00us  9.00ms   \
             90.00%\n  Latency Distribution\n     50%    1.10ms\n     75%    1.30ms\n     99%    \
             1.20s\n  1000 requests in 10.00s, 1.00MB read\n  Socket errors: connect 0, read 2, \
             write 0, timeout 3\n  Non-2xx or 3xx responses: 40\nRequests/sec:    100.00\n\
             Transfer/sec:    100.00KB\n",
            expect![
                "wrk requests 1005.0000 errors 45.0000 rate 100.0000 p50 1.1000 p99 1200.0000 at once 10.0000"
            ],
        );
    }

    #[test]
    fn oha_in_both_forms() {
        check(
            r#"noise {
{"summary":{"successRate":1.0,"total":2.0,"requestsPerSec":50.5},
 "latencyPercentiles":{"p50":0.01,"p99":0.25},
 "statusCodeDistribution":{"200":95,"503":4},"errorDistribution":{"timeout":1}}"#,
            expect![
                "oha requests 100.0000 errors 5.0000 rate 50.5000 p50 10.0000 p99 250.0000 at once -"
            ],
        );
        check(
            "Summary:\n  Success rate:\t90.00%\n  Total:\t2.0000 secs\n  Requests/sec:\t50.0\n\n\
             Response time distribution:\n  50.00% in 0.0100 secs\n  99.00% in 0.2000 secs\n\n\
             Status code distribution:\n  [200] 90 responses\n  [503] 10 responses\n",
            expect![
                "oha requests 100.0000 errors 10.0000 rate 50.0000 p50 10.0000 p99 200.0000 at once -"
            ],
        );
    }

    #[test]
    fn k6_in_both_forms() {
        check(
            "     http_req_duration..............: avg=1.2ms min=1ms med=1.1ms max=2s p(90)=3ms \
             p(95)=4.5ms\n     http_req_failed................: 2.50%  ✓ 5 ✗ 195\n     \
             http_reqs......................: 200    19.9/s\n     \
             vus_max........................: 10     min=10 max=10\n",
            expect![
                "k6 requests 200.0000 errors 5.0000 rate 19.9000 p50 1.1000 p99 4.5000 at once 10.0000"
            ],
        );
        check(
            r#"{"metrics":{"http_reqs":{"count":200,"rate":20},"http_req_failed":{"value":0.5},
                "http_req_duration":{"med":2,"p(95)":4,"p(99)":9},"vus_max":{"value":7}}}"#,
            expect![
                "k6 requests 200.0000 errors 100.0000 rate 20.0000 p50 2.0000 p99 9.0000 at once 7.0000"
            ],
        );
    }

    #[test]
    fn autocannon_hyperfine_and_ones_own() {
        check(
            r#"{"latency":{"p50":3,"p99":40},"requests":{"average":99.5,"total":990},"errors":10,
                "timeouts":10,"non2xx":5,"connections":16}"#,
            expect![
                "autocannon requests 1000.0000 errors 15.0000 rate 99.5000 p50 3.0000 p99 40.0000 at once 16.0000"
            ],
        );
        check(
            r#"{"results":[{"command":"x","median":0.5,"max":0.75,"exit_codes":[0,0,1]}]}"#,
            expect![
                "hyperfine requests 3.0000 errors 1.0000 rate - p50 500.0000 p99 750.0000 at once -"
            ],
        );
        check(
            "  Time (mean ± σ):      12.3 ms ±   0.4 ms    [User: 1 ms, System: 1 ms]\n",
            expect!["hyperfine requests - errors - rate - p50 12.3000 p99 - at once -"],
        );
        check(
            "starting\n{\"warm\": true}\n{\"requests\": 10, \"errors\": 1, \"latency_ms\": {\"p50\": 2}}\nbye\n",
            expect!["custom requests 10.0000 errors 1.0000 rate - p50 2.0000 p99 - at once -"],
        );
    }

    #[test]
    fn what_is_none_of_them_gives_nothing() {
        for output in
            ["", "{", "{{{{", "all good", "Requests/sec:", "{\"a\": 1}", "Time (mean ± σ): x"]
        {
            check(output, expect!["nothing"]);
        }
        check(&"{\n".repeat(20_000), expect!["nothing"]);
    }
}
