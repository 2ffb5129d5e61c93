//! Mining: which shapes one statement printed.
//!
//! Shapes are few, so there is time to look at each. Two shapes are joined where they differ in
//! words that are values: such words look like names, follow a preposition or a colon, take many
//! forms, and stand among many words that are the same. Verbs tell statements apart.

mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use self::words::{Symbols, Token};
use super::report::{GroupKind, Level};
use super::shape::mix;
use super::shapes::{KeyMap, Shape};

/// Shapes that one statement printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mined {
    /// Numbers of shapes, ascending.
    pub(super) members: Vec<u32>,
    pub(super) template: String,
    pub(super) target: Option<String>,
}

/// With more loggers than this a message's logger is a value.
const MAX_TARGETS: usize = 8;

/// How often joined shapes are looked at again.
const MAX_ROUNDS: usize = 6;

/// Shapes whose words are the same but for values.
#[derive(Clone, Debug)]
struct Cluster {
    level: Level,
    tokens: Vec<Token>,
    members: Vec<u32>,
}

/// Groups shapes.
pub(super) fn mine(shapes: &[Shape]) -> Vec<Mined> {
    let mut symbols = Symbols::default();
    let mut by_tokens: BTreeMap<(Level, Vec<Token>), Vec<u32>> = BTreeMap::new();
    let mut crashes: BTreeMap<CrashKey, Vec<u32>> = BTreeMap::new();
    let heads = heads_without_trace(shapes);
    for (shape, number) in shapes.iter().zip(0..) {
        let head = shape.crash.as_ref().and_then(|crash| heads.get(&crash.head?).copied());
        let strayed = head.filter(|head| head.stats.count >= STRAYED * shape.stats.count);
        let shape = strayed.unwrap_or(shape);
        let tokens = symbols.tokens(&shape.message);
        if let Some(crash) = &shape.crash {
            let has_own = crash.frames.iter().any(|frame| frame.in_app);
            let message = if has_own { Vec::new() } else { tokens };
            let key = (shape.kind as u8, crash.exception.clone(), crash.place, message);
            crashes.entry(key).or_default().push(number);
        } else {
            by_tokens.entry((shape.level, tokens)).or_default().push(number);
        }
    }
    let mut clusters: Vec<Cluster> = by_tokens
        .into_iter()
        .map(|((level, tokens), members)| Cluster { level, tokens, members })
        .collect();
    for _ in 0..MAX_ROUNDS {
        let n_before = clusters.len();
        clusters = join(clusters, |all| one_word_apart(all, &symbols));
        clusters = join(clusters, |all| same_frame(all, &symbols));
        clusters = join(clusters, |all| fits_template(all, &symbols));
        clusters = join(clusters, lists);
        if clusters.len() == n_before {
            break;
        }
    }
    let crashes = with_lost_parts(crashes, shapes, &mut symbols);
    let mut mined: Vec<Mined> =
        clusters.iter().flat_map(|cluster| by_target(cluster, shapes, &symbols)).collect();
    mined.extend(crashes.into_values().map(|members| crash(members, shapes, &mut symbols)));
    mined
}

/// How many more records of a statement must come without a trace than with one, for that one to
/// have strayed there from another record.
const STRAYED: u64 = 20;

/// Returns the shapes of heads, by key.
fn heads_without_trace(shapes: &[Shape]) -> KeyMap<&Shape> {
    let plain = shapes.iter().filter(|shape| shape.crash.is_none());
    plain.map(|shape| (shape.key, shape)).collect()
}

/// Kind, exception, place and, without a frame of the service's own, the message.
type CrashKey = (u8, String, u64, Vec<Token>);

/// Joins crashes of which a part did not reach the log with the only whole one that fits.
fn with_lost_parts(
    crashes: BTreeMap<CrashKey, Vec<u32>>,
    shapes: &[Shape],
    symbols: &mut Symbols,
) -> BTreeMap<CrashKey, Vec<u32>> {
    let mut by_words: BTreeMap<(u8, String, Vec<Token>), BTreeSet<CrashKey>> = BTreeMap::new();
    let mut by_place: BTreeMap<(u8, u64), BTreeSet<CrashKey>> = BTreeMap::new();
    for (key, members) in &crashes {
        let (kind, exception, place, message) = key;
        if !message.is_empty() || *place == 0 {
            continue;
        }
        for shape in members.iter().filter_map(|member| shapes.get(*member as usize)) {
            let words = (*kind, exception.clone(), symbols.tokens(&shape.message));
            by_words.entry(words).or_default().insert(key.clone());
        }
        if !exception.is_empty() || *kind == GroupKind::Panic as u8 {
            by_place.entry((*kind, *place)).or_default().insert(key.clone());
        }
    }
    let only = |keys: Option<&BTreeSet<CrashKey>>| -> Option<CrashKey> {
        let mut keys = keys?.iter();
        keys.next().filter(|_| keys.next().is_none()).cloned()
    };
    let mut joined: BTreeMap<CrashKey, Vec<u32>> = BTreeMap::new();
    for (key, members) in crashes {
        let (kind, exception, place, message) = &key;
        let whole = match (message.is_empty(), exception.is_empty()) {
            // Its own frames are missing.
            (false, _) => only(by_words.get(&(*kind, exception.clone(), message.clone()))),
            // Its end is missing.
            (true, true) if *kind != GroupKind::Panic as u8 => only(by_place.get(&(*kind, *place))),
            _ => None,
        };
        joined.entry(whole.unwrap_or(key)).or_default().extend(members);
    }
    joined.values_mut().for_each(|members| members.sort_unstable());
    joined
}

fn crash(members: Vec<u32>, shapes: &[Shape], symbols: &mut Symbols) -> Mined {
    let whole = |shape: &&Shape| !shape.message.is_empty();
    let shape_of = |member: &u32| shapes.get(*member as usize);
    let first =
        members.iter().filter_map(shape_of).find(whole).or_else(|| shape_of(members.first()?));
    let template = first.map(|shape| {
        let tokens = symbols.tokens(&shape.message);
        let message = symbols.show(&tokens);
        match shape.crash.as_ref().map(|crash| crash.exception.as_str()) {
            None | Some("") => message,
            Some(exception) if message.is_empty() => exception.to_owned(),
            Some(exception) => format!("{exception}: {message}"),
        }
    });
    let target = first.filter(|shape| !shape.target.is_empty()).map(|shape| shape.target.clone());
    Mined { members, template: template.unwrap_or_default(), target }
}

/// Splits a cluster by logger: two statements may print the same words.
fn by_target(cluster: &Cluster, shapes: &[Shape], symbols: &Symbols) -> Vec<Mined> {
    let target =
        |member: &u32| shapes.get(*member as usize).map_or("", |shape| shape.target.as_str());
    let targets: BTreeSet<&str> =
        cluster.members.iter().map(target).filter(|it| !it.is_empty()).collect();
    let mut members = cluster.members.clone();
    members.sort_unstable();
    let template = symbols.show(&cluster.tokens);
    if targets.len() <= 1 || targets.len() > MAX_TARGETS {
        let target = targets.first().filter(|_| targets.len() == 1).map(|it| (*it).to_owned());
        return vec![Mined { members, template, target }];
    }
    let mut split: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for member in &members {
        split.entry(target(member)).or_default().push(*member);
    }
    split
        .into_iter()
        .map(|(target, members)| Mined {
            members,
            template: template.clone(),
            target: (!target.is_empty()).then(|| target.to_owned()),
        })
        .collect()
}

/// Clusters that become one, with its words.
struct Joined {
    clusters: Vec<usize>,
    tokens: Vec<Token>,
}

/// Applies what `find` finds; a cluster that is found twice joins the first only.
fn join(clusters: Vec<Cluster>, find: impl Fn(&[Cluster]) -> Vec<Joined>) -> Vec<Cluster> {
    let found = find(&clusters);
    let mut clusters: Vec<Option<Cluster>> = clusters.into_iter().map(Some).collect();
    let mut done: Vec<Cluster> = Vec::new();
    for joined in found {
        let is_free = |at: &usize| clusters.get(*at).is_some_and(Option::is_some);
        let free: Vec<usize> = joined.clusters.into_iter().filter(is_free).collect();
        if free.len() < 2 {
            continue;
        }
        let taken: Vec<Cluster> =
            free.iter().filter_map(|at| clusters.get_mut(*at).and_then(Option::take)).collect();
        let level = taken.first().map(|cluster| cluster.level).unwrap_or_default();
        let members = taken.into_iter().flat_map(|cluster| cluster.members).collect();
        done.push(Cluster { level, tokens: joined.tokens, members });
    }
    // Joining may have made two of the same words.
    let mut by_tokens: BTreeMap<(Level, Vec<Token>), Vec<u32>> = BTreeMap::new();
    for cluster in clusters.into_iter().flatten().chain(done) {
        by_tokens.entry((cluster.level, cluster.tokens)).or_default().extend(cluster.members);
    }
    by_tokens
        .into_iter()
        .map(|((level, tokens), members)| Cluster { level, tokens, members })
        .collect()
}

/// Finds clusters that differ in one word, where that word is a value.
fn one_word_apart(clusters: &[Cluster], symbols: &Symbols) -> Vec<Joined> {
    let mut holes: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (cluster, number) in clusters.iter().zip(0..) {
        for at in 0..cluster.tokens.len() {
            let hash = cluster
                .tokens
                .iter()
                .enumerate()
                .fold(cluster.level as u64, |hash, (it, token)| {
                    mix(hash, if it == at { u64::MAX } else { u64::from(token.0) })
                });
            holes.entry(mix(hash, at as u64)).or_default().push((number, at));
        }
    }
    let mut found: Vec<(f32, Joined)> = holes
        .into_values()
        .filter(|members| members.len() > 1)
        .filter_map(|members| {
            let (first, at) = *members.first()?;
            let tokens = &clusters.get(first)?.tokens;
            let values: BTreeSet<Token> = members
                .iter()
                .filter_map(|(cluster, at)| clusters.get(*cluster)?.tokens.get(*at).copied())
                .collect();
            let score = symbols.variability(tokens, at, &values);
            if score < 0.25 {
                return None;
            }
            let ends_with_colon = values.iter().all(|value| symbols.is_colon(*value));
            let mut tokens = tokens.clone();
            *tokens.get_mut(at)? = if ends_with_colon { Token::VALUE_COLON } else { Token::VALUE };
            let clusters = members.into_iter().map(|(cluster, _)| cluster).collect();
            Some((score, Joined { clusters, tokens }))
        })
        .collect();
    // The surest first; hash order must not show.
    found.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.clusters.cmp(&y.clusters)));
    found.into_iter().map(|(_, joined)| joined).collect()
}

/// Finds clusters with the same beginning and end around a value of several words.
fn same_frame(clusters: &[Cluster], symbols: &Symbols) -> Vec<Joined> {
    const MAX_PREFIX: usize = 8;
    const MAX_SUFFIX: usize = 4;
    let mut frames: HashMap<(u64, usize, usize), Vec<usize>> = HashMap::new();
    for (cluster, number) in clusters.iter().zip(0..) {
        let tokens = &cluster.tokens;
        let mut prefix = cluster.level as u64;
        for (token, n_prefix) in tokens.iter().zip(1..=MAX_PREFIX) {
            prefix = mix(prefix, u64::from(token.0));
            if n_prefix < 2 {
                continue;
            }
            let mut frame = mix(prefix, 0xF4A3);
            for n_suffix in 0..=MAX_SUFFIX {
                if n_prefix + n_suffix >= tokens.len() {
                    break;
                }
                if n_suffix > 0 {
                    let Some(token) = tokens.get(tokens.len() - n_suffix) else { break };
                    frame = mix(frame, u64::from(token.0));
                }
                frames.entry((frame, n_prefix, n_suffix)).or_default().push(number);
            }
        }
    }
    let mut found: Vec<((usize, usize), Joined)> = frames
        .into_iter()
        .filter(|(_, members)| members.len() > 1)
        .filter_map(|((_, n_prefix, n_suffix), members)| {
            let all: Vec<&[Token]> = members
                .iter()
                .filter_map(|at| clusters.get(*at))
                .map(|it| it.tokens.as_slice())
                .collect();
            let level = clusters.get(*members.first()?)?.level;
            if !symbols.frames_a_value(&all, n_prefix, n_suffix, level >= Level::Warn) {
                return None;
            }
            let first = *all.first()?;
            let mut tokens = first.get(..n_prefix)?.to_vec();
            tokens.push(Token::VALUE);
            tokens.extend_from_slice(first.get(first.len() - n_suffix..)?);
            Some(((n_prefix, n_suffix), Joined { clusters: members, tokens }))
        })
        .collect();
    // The closest frame first; hash order must not show.
    found.sort_by(|((p, s), x), ((q, t), y)| {
        (q + t, q).cmp(&(p + s, p)).then_with(|| x.clusters.cmp(&y.clusters))
    });
    found.into_iter().map(|(_, joined)| joined).collect()
}

/// Finds clusters that differ in how many values stand in a row: lists.
fn lists(clusters: &[Cluster]) -> Vec<Joined> {
    const MIN_LENGTHS: usize = 3;
    let mut by_collapsed: BTreeMap<(Level, Vec<Token>), Vec<usize>> = BTreeMap::new();
    for (cluster, number) in clusters.iter().zip(0..) {
        let mut tokens = cluster.tokens.clone();
        tokens.dedup_by(|next, kept| *next == Token::VALUE && *kept == Token::VALUE);
        by_collapsed.entry((cluster.level, tokens)).or_default().push(number);
    }
    let is_list = |clusters: &Vec<usize>| clusters.len() >= MIN_LENGTHS;
    by_collapsed
        .into_iter()
        .filter(|(_, clusters)| is_list(clusters))
        .map(|((_, tokens), clusters)| Joined { clusters, tokens })
        .collect()
}

/// Finds clusters that are a form of another's template: its values stand where that has values.
fn fits_template(clusters: &[Cluster], symbols: &Symbols) -> Vec<Joined> {
    /// More templates than this with one first word are not compared.
    const MAX_CANDIDATES: usize = 400;
    let mut by_start: BTreeMap<(Level, Option<Token>), Vec<usize>> = BTreeMap::new();
    for (cluster, number) in clusters.iter().zip(0..) {
        let start = cluster.tokens.first().copied();
        by_start.entry((cluster.level, start)).or_default().push(number);
    }
    let mut found = Vec::new();
    for candidates in by_start.values().filter(|it| it.len() <= MAX_CANDIDATES) {
        for template in candidates {
            let Some(tokens) = clusters.get(*template).map(|it| &it.tokens) else { continue };
            if !tokens.contains(&Token::VALUE) && !tokens.contains(&Token::VALUE_COLON) {
                continue;
            }
            let fits = |at: &usize| {
                at != template
                    && clusters.get(*at).is_some_and(|it| symbols.fits(tokens, &it.tokens))
            };
            let forms: Vec<usize> = candidates.iter().copied().filter(fits).collect();
            if !forms.is_empty() {
                let clusters = [*template].into_iter().chain(forms).collect();
                found.push(Joined { clusters, tokens: tokens.clone() });
            }
        }
    }
    found
}
