//! What was not there, why it matters, and the very command or setting that brings it.

use super::MissingContext;
use crate::history::{DeployedHow, History};
use crate::input::Language;
use crate::resolve::ResolvedTrace;
use crate::trace::{Frame, Origin};

/// Looks at what the text of one trace lacks.
pub(super) fn from_trace(trace: &ResolvedTrace) -> Vec<MissingContext> {
    let mut missing = Vec::new();
    let frames = &trace.trace.frames;
    let is_rust = trace.trace.language == Language::Rust;
    if frames.is_empty() {
        let how = if is_rust {
            "run the program with RUST_BACKTRACE=1 in its environment and paste the whole output"
        } else {
            "paste the stack trace that follows the message"
        };
        missing.push(MissingContext {
            kind: "backtrace",
            why: "without frames only the place of the failure is known, not who called it"
                .to_owned(),
            how_to_provide: how.to_owned(),
        });
    }
    let own: Vec<&Frame> = frames
        .iter()
        .filter(|frame| matches!(frame.origin, Origin::App | Origin::Unknown) && !frame.noise)
        .collect();
    if own.is_empty() {
        return missing;
    }
    if is_rust && own.iter().all(|frame| is_bare(frame)) {
        missing.push(MissingContext {
            kind: "symbols",
            why: "the release was stripped, so the frames are bare addresses; the place of the \
                  panic itself is all that is known"
                .to_owned(),
            how_to_provide: "name the file from before it was stripped with --binary FILE (and a \
                             copy of /proc/PID/maps with --maps); for the next time add this to \
                             Cargo.toml and build again:\n\
                             [profile.release]\ndebug = \"line-tables-only\"\nstrip = \"none\""
                .to_owned(),
        });
        return missing;
    }
    if own.iter().all(|frame| frame.location.is_none()) {
        let how = if is_rust {
            "add this to Cargo.toml and build again:\n\
             [profile.release]\ndebug = \"line-tables-only\""
        } else {
            "keep line information (source maps, debug symbols) in the release"
        };
        missing.push(MissingContext {
            kind: "line_numbers",
            why: "the release carries no line numbers, so a frame can only be tied to a function"
                .to_owned(),
            how_to_provide: how.to_owned(),
        });
    }
    missing
}

/// Says whether a frame has neither a name nor a place.
fn is_bare(frame: &Frame) -> bool {
    frame.function.is_none() && frame.location.is_none()
}

/// Looks at what the history lacks; `None` stands for no repository.
pub(super) fn from_history(history: Option<&History>) -> Vec<MissingContext> {
    let Some(history) = history else {
        return vec![MissingContext {
            kind: "history",
            why: "the workspace is no git repository, so no change can be named".to_owned(),
            how_to_provide: "run it inside the clone, or name the clone with --workspace"
                .to_owned(),
        }];
    };
    let mut missing = Vec::new();
    if history.deployed.how == DeployedHow::Head {
        missing.push(MissingContext {
            kind: "deployed_commit",
            why: "the deployed commit is not known and HEAD is assumed, so lines may be off"
                .to_owned(),
            how_to_provide: "name what was running with --deployed REV".to_owned(),
        });
    }
    if !history.bounded && !history.commits.is_empty() {
        missing.push(MissingContext {
            kind: "last_good",
            why: format!(
                "no last good version is known, so the changes looked at are {}",
                history.bounds
            ),
            how_to_provide: "name the last version that worked with --since REV".to_owned(),
        });
    }
    if history.shallow {
        missing.push(MissingContext {
            kind: "history",
            why: "the clone is shallow, so older changes cannot be seen".to_owned(),
            how_to_provide: "run `git fetch --unshallow`".to_owned(),
        });
    }
    missing
}
