//! Whole hypotheses out of an answer that was cut in the middle.

use super::{Claim, Reply, schema};

/// Returns the claims that stand whole before the cut.
pub(super) fn whole_claims(body: &str) -> Reply {
    let mut reply = Reply::default();
    let Some(list) = body.find("\"hypotheses\"").and_then(|at| {
        let after = body.get(at..)?;
        after.get(after.find('[')? + 1..)
    }) else {
        return reply;
    };
    let mut rest = list;
    while reply.hypotheses.len() < schema::limits::HYPOTHESES {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if !rest.starts_with('{') {
            break;
        }
        let mut claims = serde_json::Deserializer::from_str(rest).into_iter::<Claim>();
        match claims.next() {
            Some(Ok(claim)) if schema::claim_fits(&claim).is_ok() => reply.hypotheses.push(claim),
            _ => break,
        }
        rest = rest.get(claims.byte_offset()..).unwrap_or_default();
    }
    reply
}
