//! Named queries: a log store or a metrics store asked for the time around now.

use jiff::Timestamp;

use super::{LinkError, LinkSettings};
use crate::message::plain;

/// How an input names a query.
const PREFIX: &str = "query:";
/// How far back a query looks that does not say it, in minutes.
const MINUTES: u32 = 60;

/// Returns the name of the query that an input names.
pub fn query_name(input: &str) -> Option<&str> {
    input.strip_prefix(PREFIX).filter(|name| !name.is_empty())
}

/// Returns the link that a query stands for at `now`, in seconds since 1970.
pub fn query_link(name: &str, settings: &LinkSettings, now: i64) -> Result<String, LinkError> {
    let Some(query) = settings.queries.get(name) else {
        return Err(LinkError::NotThis(no_query(name, settings)));
    };
    let start = now.saturating_sub(i64::from(query.minutes.unwrap_or(MINUTES)) * 60);
    let mut link = query.url.clone();
    for (which, seconds) in [("start", start), ("end", now)] {
        let stamp = Timestamp::from_second(seconds).map(|it| it.to_string()).unwrap_or_default();
        let values = [
            (format!("{{{which}}}"), stamp),
            (format!("{{{which}_s}}"), seconds.to_string()),
            (format!("{{{which}_ns}}"), format!("{seconds}000000000")),
        ];
        for (mark, value) in values {
            link = link.replace(&mark, &value);
        }
    }
    Ok(link)
}

fn no_query(name: &str, settings: &LinkSettings) -> String {
    let name = plain(name);
    if settings.was_ignored {
        return format!(
            "the query `{name}` is not known: the settings of this tree are ignored until \
             `incident-lsp trust`"
        );
    }
    let known: Vec<String> = settings.queries.keys().map(|it| plain(it)).collect();
    match known.is_empty() {
        true => {
            format!("there is no query `{name}`: name one in `[links.queries]` of .incident.toml")
        }
        false => format!("there is no query `{name}`; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::QuerySettings;
    use super::*;

    #[test]
    fn times_go_where_the_address_wants_them() {
        let query = |url: &str| QuerySettings { url: url.to_owned(), minutes: Some(30) };
        let queries = [
            (
                "errors".to_owned(),
                query("https://prom.example/api/v1/query_range?query=up&start={start}&end={end_s}"),
            ),
            (
                "log".to_owned(),
                query("https://loki.example/loki/api/v1/query_range?start={start_ns}&end={end_ns}"),
            ),
        ];
        let settings =
            LinkSettings { queries: queries.into_iter().collect(), ..LinkSettings::default() };
        let now = 1_772_546_705;
        assert_eq!(
            query_link("errors", &settings, now).unwrap(),
            "https://prom.example/api/v1/query_range?query=up&start=2026-03-03T13:35:05Z&end=1772546705"
        );
        assert_eq!(
            query_link("log", &settings, now).unwrap(),
            "https://loki.example/loki/api/v1/query_range?start=1772544905000000000&end=1772546705000000000"
        );
        let told = query_link("other", &settings, now).unwrap_err().to_string();
        assert_eq!(told, "there is no query `other`; there are errors, log");
        assert_eq!(
            (query_name("query:errors"), query_name("query:"), query_name("a.log")),
            (Some("errors"), None, None)
        );
    }
}
