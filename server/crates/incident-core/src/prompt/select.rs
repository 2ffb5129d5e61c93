//! Which pieces fit: what must be there first, then by value.

use super::estimate_tokens;
use super::pieces::Piece;

/// Marks where a piece was cut.
const CUT: &str = "\n[cut]";
/// Even in the smallest window a piece that must be there shows this many characters.
const LEAST: usize = 120;

/// Chooses pieces for `room` tokens; returns them in the order of the prompt, and the names of
/// what was left out or cut.
pub(super) fn select(pieces: Vec<Piece>, room: usize, tag: &str) -> (Vec<Piece>, Vec<String>) {
    let (mut must, mut rest): (Vec<Piece>, Vec<Piece>) =
        pieces.into_iter().partition(|piece| piece.must);
    let mut left_out = Vec::new();
    fit(&mut must, room, tag, &mut left_out);
    let cost = |piece: &Piece| estimate_tokens(&piece.rendered(tag));
    let mut used: usize = must.iter().map(cost).sum();
    rest.sort_by(|a, b| {
        b.value.total_cmp(&a.value).then((a.section, a.order).cmp(&(b.section, b.order)))
    });
    let mut chosen = must;
    for piece in rest {
        let cost = cost(&piece);
        if used + cost <= room {
            used += cost;
            chosen.push(piece);
        } else {
            left_out.push(piece.name);
        }
    }
    chosen.sort_by_key(|piece| (piece.section, piece.order));
    (chosen, left_out)
}

/// Cuts pieces that must be there until they share the room: short ones stay whole.
fn fit(must: &mut [Piece], room: usize, tag: &str, left_out: &mut Vec<String>) {
    let mut order: Vec<usize> = (0..must.len()).collect();
    order.sort_by_key(|at| must.get(*at).map_or(0, |piece| piece.body.len()));
    let mut left = room;
    for (done, at) in order.iter().enumerate() {
        let share = left / (order.len() - done);
        let Some(piece) = must.get_mut(*at) else { continue };
        let cost = estimate_tokens(&piece.rendered(tag));
        if cost > share {
            let n_chars = piece.body.chars().count();
            let over = (cost - share) * 24 / 10 + CUT.len();
            let kept = n_chars.saturating_sub(over).max(LEAST);
            if kept < n_chars {
                piece.body = piece.body.chars().take(kept).collect::<String>() + CUT;
                left_out.push(format!("the end of {}", piece.name));
            }
        }
        left = left.saturating_sub(estimate_tokens(&piece.rendered(tag)));
    }
}
