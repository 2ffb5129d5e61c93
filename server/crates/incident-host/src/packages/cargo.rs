//! What only cargo can tell. Runs cargo, so it is for trusted workspaces alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use incident_core::cancel::Cancel;
use incident_core::deps::PackageId;

use crate::command::{Limits, Program};
use crate::workspace::Workspace;

/// Asks cargo where every resolved package lies; nothing where cargo does not answer.
///
/// `--frozen` keeps it from the network and from writing the lock file.
pub(super) fn package_roots(
    workspace: &Workspace,
    cancel: &Cancel,
) -> BTreeMap<PackageId, PathBuf> {
    let outside = [workspace.root().to_owned()];
    let limits = Limits { time: Duration::from_secs(20), output: 128 << 20 };
    let answer = Program::find("cargo", workspace.environment(), &outside).and_then(|cargo| {
        cargo
            .command(workspace.root(), workspace.environment(), &outside)
            .args(["metadata", "--format-version", "1", "--frozen", "--color", "never"])
            // The toolchain that the workspace names is not fetched behind anybody's back.
            .env("RUSTUP_AUTO_INSTALL", "0")
            .limits(limits)
            .run(cancel)
    });
    let output = match answer {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            tracing::debug!(stderr = %String::from_utf8_lossy(&output.stderr), "cargo metadata");
            return BTreeMap::new();
        }
        Err(err) => {
            tracing::debug!(%err, "cargo metadata");
            return BTreeMap::new();
        }
    };
    let Ok(metadata) = serde_json::from_slice::<cargo_metadata::Metadata>(&output) else {
        return BTreeMap::new();
    };
    let roots = metadata.packages.into_iter().filter_map(|package| {
        let id = PackageId { name: package.name.to_string(), version: package.version.to_string() };
        Some((id, package.manifest_path.parent()?.as_std_path().to_owned()))
    });
    roots.collect()
}
