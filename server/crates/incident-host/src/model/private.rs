//! What is kept of asking a model: a secret for the tags around data, and one line for each request.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Request;
use crate::folders::{self, FolderError, Folders};

/// The file with the secret, in the state folder.
const SEED: &str = "model-seed";
/// The file with a line for each request, in the state folder.
const AUDIT: &str = "model-audit.jsonl";
/// The audit begins anew at this size, in bytes.
const MAX_AUDIT: u64 = 4 << 20;

/// Returns this machine's secret, made when it is first needed. Without a state folder it lasts as
/// long as the process.
pub fn seed(folders: Option<&Folders>) -> Vec<u8> {
    let Some(folders) = folders else { return random() };
    let path = folders.state().join(SEED);
    match std::fs::read(&path) {
        Ok(seed) if seed.len() == 32 => seed,
        _ => {
            let seed = random();
            // If it can't be kept, the tags differ next time: nothing worse.
            let _ = folders::write_whole(&path, &seed);
            seed
        }
    }
}

fn random() -> Vec<u8> {
    let mut seed = vec![0; 32];
    let provider = rustls::crypto::ring::default_provider();
    // A system without random numbers has no TLS either, and nothing is sent.
    let _ = provider.secure_random.fill(&mut seed);
    seed
}

/// Notes that a request goes out: when, for which incident, where to, how large, and its hash.
pub fn note(
    folders: &Folders,
    incident: &str,
    request: &Request,
    now: i64,
) -> Result<(), FolderError> {
    folders::make_private(folders.state())?;
    let path = folders.state().join(AUDIT);
    let hash: String =
        Sha256::digest(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
    let line = serde_json::json!({
        "at": now,
        "incident": incident,
        "to": request.target(),
        "bytes": request.body.len(),
        "sha256": hash,
    });
    append(&path, &format!("{line}\n"))
        .map_err(|source| FolderError::Write { path: path.display().to_string(), source })
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|meta| meta.len() > MAX_AUDIT) {
        std::fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(line.as_bytes())
}
