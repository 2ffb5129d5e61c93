//! Tallying: blocks added up, in the order of the log, to a report.

use std::cmp::Reverse;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::change;
use super::mine::{self, Mined};
use super::report::{DeployTime, GroupKind, GroupTrace, LogGroup, LogReport, Minute};
use super::scan::scan;
use super::shapes::{KeyMap, Shape, Stats};
use super::stamp::{self, Micros};
use super::window::{Block, NO_SHAPE, ScanOptions, Window};
use super::{BLOCK_BYTES, MARGIN_BYTES};
use crate::cancel::Cancel;
use crate::problem::Problem;
use crate::text::ByteSpan;

/// The longest sample that a group shows, in characters.
const MAX_SAMPLE_CHARS: usize = 400;

/// The longest message that a group shows, in characters.
const MAX_MESSAGE_CHARS: usize = 1000;

/// Blocks added up so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    options: ScanOptions,
    inputs: Vec<Input>,
    by_key: KeyMap<u32>,
    shapes: Vec<Shape>,
    /// For each line the number of its record's shape, where labels are asked for.
    labels: Vec<u32>,
    n_records: u64,
    saw_no_zone: bool,
    problems: Vec<Problem>,
}

#[derive(Clone, Debug)]
struct Input {
    name: String,
    n_lines: u64,
    n_bytes: u64,
}

/// What a log came to.
#[derive(Debug, Default)]
pub struct Tallied {
    /// The groups.
    pub report: LogReport,
    /// For each line, over all inputs, the position of its record's group in the report from 1, or
    /// 0; empty unless asked for.
    pub labels: Vec<u32>,
    /// What was assumed or could not be done.
    pub problems: Vec<Problem>,
}

impl Tally {
    /// Begins to count.
    pub fn new(options: ScanOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Begins an input and returns its number, for its windows.
    pub fn begin_input(&mut self, name: &str) -> u32 {
        self.inputs.push(Input { name: name.to_owned(), n_lines: 0, n_bytes: 0 });
        u32::try_from(self.inputs.len() - 1).unwrap_or(u32::MAX)
    }

    /// Adds a block; the blocks of one input come in their order, the inputs in any.
    pub fn add(&mut self, block: Block) {
        let Some(input) = self.inputs.get_mut(block.input as usize) else { return };
        let lines_before = input.n_lines;
        input.n_lines += block.n_lines;
        input.n_bytes += block.n_bytes;
        if block.is_cancelled {
            let line = u32::try_from(input.n_lines).ok();
            self.problems.push(
                Problem::warning("stopped reading the log here because it was cancelled")
                    .at(input.name.clone(), line),
            );
        }
        self.n_records += block.n_records;
        self.saw_no_zone |= block.saw_no_zone;
        let keeps_all = self.options.labels;
        let mut numbers = Vec::new();
        for mut shape in block.shapes {
            if shape.stats.count == 0 && !keeps_all {
                continue;
            }
            shape.stats.first.line += lines_before;
            shape.stats.last.line += lines_before;
            let number = *self.by_key.entry(shape.key).or_insert_with(|| {
                let empty = Shape { stats: Stats::default(), ..shape.clone() };
                self.shapes.push(empty);
                u32::try_from(self.shapes.len() - 1).unwrap_or(u32::MAX)
            });
            if let Some(known) = self.shapes.get_mut(number as usize) {
                known.stats.merge(&shape.stats);
            }
            numbers.push(number);
        }
        let global = |local: &u32| numbers.get(*local as usize).copied().unwrap_or(NO_SHAPE);
        self.labels.extend(block.labels.iter().map(global));
    }

    /// Reads and adds a text that is at hand.
    pub fn add_text(&mut self, name: &str, text: &[u8], cancel: &Cancel) {
        let input = self.begin_input(name);
        let starts: Vec<usize> = (0..text.len()).step_by(BLOCK_BYTES).collect();
        let options = &self.options;
        let blocks: Vec<Block> = starts
            .into_par_iter()
            .map(|start| scan(&window(text, start, input), options, cancel))
            .collect();
        blocks.into_iter().for_each(|block| self.add(block));
    }

    /// Notes what kept a part from being read.
    pub fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Groups what was counted, and holds it against `deploy`, or against the deploy that the log
    /// itself shows.
    pub fn finish(mut self, deploy: Option<DeployTime>) -> Tallied {
        let mined = mine::mine(&self.shapes);
        let mut counted: Vec<(LogGroup, Vec<u32>)> = mined
            .iter()
            .map(|mined| (self.group(mined), mined.members.clone()))
            .filter(|(group, _)| group.count > 0)
            .collect();
        let times = |pick: fn(&Stats) -> Option<Micros>| {
            self.shapes.iter().filter_map(move |it| pick(&it.stats))
        };
        let first = times(|stats| stats.first_time).min();
        let last = times(|stats| stats.last_time).max();
        let span = first.unwrap_or(0)..=last.unwrap_or(0);
        let deploy =
            deploy.or_else(|| change::find_deploy(counted.iter().map(|(it, _)| it), &span));
        if let Some(deploy) = &deploy {
            counted.iter_mut().for_each(|(group, _)| change::judge(group, deploy, &span));
        }
        counted.sort_by(|(a, _), (b, _)| {
            let weight = |group: &LogGroup| {
                (Reverse((change::weight(group), group.level, group.count)), group.first_line)
            };
            weight(a).cmp(&weight(b)).then_with(|| (&a.input, &a.id).cmp(&(&b.input, &b.id)))
        });
        let labels = self.line_labels(&counted);
        self.problems.extend(self.assumption());
        let report = LogReport {
            n_lines: self.inputs.iter().map(|input| input.n_lines).sum(),
            n_bytes: self.inputs.iter().map(|input| input.n_bytes).sum(),
            n_records: self.n_records,
            first_seen: first.and_then(stamp::show),
            last_seen: last.and_then(stamp::show),
            deploy,
            groups: counted.into_iter().map(|(group, _)| group).collect(),
        };
        Tallied { report, labels, problems: self.problems }
    }

    /// Says what stamps without a zone were taken for.
    fn assumption(&self) -> Option<Problem> {
        if !self.saw_no_zone {
            return None;
        }
        let zone = self.options.zone.as_ref().map_or("UTC".to_owned(), |zone| {
            zone.iana_name().map_or_else(|| "the zone that was given".to_owned(), str::to_owned)
        });
        Some(Problem::info(format!(
            "time stamps without a zone were read as {zone}; --tz changes it"
        )))
    }

    fn line_labels(&self, groups: &[(LogGroup, Vec<u32>)]) -> Vec<u32> {
        let mut label_of = vec![0_u32; self.shapes.len()];
        for ((_, members), number) in groups.iter().zip(1..) {
            for member in members {
                if let Some(slot) = label_of.get_mut(*member as usize) {
                    *slot = number;
                }
            }
        }
        self.labels
            .iter()
            .map(|shape| label_of.get(*shape as usize).copied().unwrap_or(0))
            .collect()
    }

    fn group(&self, mined: &Mined) -> LogGroup {
        let members =
            || mined.members.iter().filter_map(|member| self.shapes.get(*member as usize));
        let mut stats = Stats::default();
        members().for_each(|shape| stats.merge(&shape.stats));
        // The first record speaks for the group.
        let order = |shape: &&Shape| {
            (shape.stats.count == 0, shape.stats.first.input, shape.stats.first.byte)
        };
        let Some(first) = members().min_by_key(order) else { return LogGroup::default() };
        // A record that got another's trace does not change what the others are.
        let (level, kind) = members()
            .max_by_key(|shape| (shape.stats.count, shape.level, shape.kind))
            .map_or((first.level, first.kind), |most| (most.level, most.kind));
        let target = mined.target.clone();
        let name = |input: u32| {
            self.inputs.get(input as usize).map(|it| it.name.clone()).unwrap_or_default()
        };
        let text = |bytes: &[u8], n: usize| -> String {
            String::from_utf8_lossy(bytes).chars().take(n).collect()
        };
        let start = usize::try_from(stats.first.byte).unwrap_or(usize::MAX);
        let len = usize::try_from(first.sample_len).unwrap_or(0);
        let known = self.options.deploy.is_some();
        let id = id(
            level,
            first.kind,
            target.as_deref(),
            &mined.template,
            first.crash.as_ref().map(|it| it.place),
        );
        let trace = first.crash.as_ref().map(|crash| GroupTrace {
            fingerprint: id.clone(),
            exception: crash.exception.clone(),
            frames: crash.frames.clone(),
        });
        LogGroup {
            id,
            template: mined.template.clone(),
            level,
            kind,
            target,
            count: stats.count,
            count_before: known.then_some(stats.n_before),
            count_after: known.then_some(stats.count - stats.n_before),
            input: name(stats.first.input),
            first_line: stats.first.line,
            last_line: stats.last.line,
            first_byte: stats.first.byte,
            last_byte: stats.last.byte,
            first_seen: stats.first_time.and_then(stamp::show),
            last_seen: stats.last_time.and_then(stamp::show),
            message: text(&first.message, MAX_MESSAGE_CHARS),
            sample: text(&first.sample, MAX_SAMPLE_CHARS),
            sample_span: ByteSpan::new(start, start.saturating_add(len)),
            minutes: stats
                .minutes
                .iter()
                .map(|(minute, count)| Minute { minute: *minute, count: *count })
                .collect(),
            trace,
            ..LogGroup::default()
        }
    }
}

/// Returns the window around the block that begins at `start`.
fn window(text: &[u8], start: usize, input: u32) -> Window<'_> {
    let end = (start + BLOCK_BYTES).min(text.len());
    let from = start.saturating_sub(MARGIN_BYTES);
    // The last line is read whole, however long.
    let line_end = memchr::memchr(b'\n', text.get(end..).unwrap_or_default());
    let to = (end + line_end.map_or(0, |at| at + 1) + MARGIN_BYTES).min(text.len());
    Window {
        bytes: text.get(from..to).unwrap_or_default(),
        owned: start - from..end - from,
        begins_line: from == 0,
        input,
        offset: from as u64,
    }
}

/// Returns a name that stays the same from run to run.
fn id(
    level: super::Level,
    kind: GroupKind,
    target: Option<&str>,
    template: &str,
    place: Option<u64>,
) -> String {
    let mut hasher = Sha256::new();
    hasher.update(level.as_str());
    hasher.update([kind as u8]);
    hasher.update(target.unwrap_or_default());
    hasher.update([0]);
    match place.filter(|place| *place != 0) {
        Some(place) => hasher.update(place.to_le_bytes()),
        None => hasher.update(template),
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
