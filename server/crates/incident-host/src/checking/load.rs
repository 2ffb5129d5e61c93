//! Reads a package's source, or the index that was made of it before.

use std::path::PathBuf;
use std::sync::Arc;

use incident_core::api::{
    CfgContext, CrateApi, CrateKey, INDEX_FORMAT, LoadedCrate, PackageSource, index_package,
};
use incident_core::cancel::Cancel;
use incident_core::deps::PackageId;

use crate::folders;

use super::{Checker, externs};

/// Files larger than this are left out and named.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// All files of one package together.
const MAX_PACKAGE_BYTES: u64 = 48 << 20;

impl Checker {
    /// Reads one crate; `Err` says why it cannot be had.
    pub(super) fn load_one(&self, key: &CrateKey, cancel: &Cancel) -> Result<LoadedCrate, String> {
        match key {
            CrateKey::Toolchain(name) => {
                let toolchain = self.toolchain.as_ref().ok_or(
                    "no Rust toolchain with sources or documentation was found on this machine",
                )?;
                let api =
                    self.cached(&toolchain.cache_name(name), || toolchain.index(name, cancel))?;
                let cfg = CfgContext::default();
                Ok(LoadedCrate { key: key.clone(), api, cfg, externs: Default::default() })
            }
            CrateKey::Package(id) => self.load_package(id, cancel),
            CrateKey::Snippet => Err("the text itself is not a crate on disk".to_owned()),
        }
    }

    /// Returns the checksum that names the text of a package.
    pub(super) fn checksum(&self, id: &PackageId) -> Option<&str> {
        let checksum = self.locked.get(id)?.checksum.as_deref();
        checksum.filter(|checksum| checksum.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    fn load_package(&self, id: &PackageId, cancel: &Cancel) -> Result<LoadedCrate, String> {
        let locked = self.locked.get(id);
        let api = match self.checksum(id) {
            Some(checksum) => {
                let start = checksum.get(..16).unwrap_or(checksum);
                let name = format!("{}-{}-{start}", id.name, id.version);
                self.cached(&name, || self.index(id, cancel))?
            }
            // Without a checksum the source may change under the same version.
            _ => Arc::new(self.index(id, cancel)?),
        };
        let manifest = self.manifests.get(id);
        let from = locked.map(|package| package.dependencies.as_slice());
        let on = self.features.on.get(id);
        let cfg = CfgContext {
            features: on.cloned().unwrap_or_default(),
            features_unknown: on.is_none(),
            build_cfgs: api.build_cfgs.iter().cloned().collect(),
        };
        let dependencies = manifest.map_or(&[][..], |manifest| manifest.dependencies.as_slice());
        let externs = externs(dependencies, from, &self.locked, &self.manifests);
        Ok(LoadedCrate { key: CrateKey::Package(id.clone()), api, cfg, externs })
    }

    fn index(&self, id: &PackageId, cancel: &Cancel) -> Result<CrateApi, String> {
        let source = self.look.packages.source(id, cancel).map_err(|err| err.to_string())?;
        let manifest = self.manifests.get(id).cloned().unwrap_or_default();
        let root = manifest.lib_path.clone().unwrap_or_else(|| "src/lib.rs".to_owned());
        let dir = root.rsplit_once('/').map_or("", |(dir, _)| dir);
        let mut package = PackageSource {
            crate_name: manifest.lib_name.clone().unwrap_or_else(|| id.name.replace('-', "_")),
            edition: manifest.edition.max(2015),
            root: root.clone(),
            ..PackageSource::default()
        };
        let (files, _was_cut) = source.files(cancel);
        let mut n_bytes = 0;
        for file in files {
            let belongs = file.path.ends_with(".rs")
                && file.path.strip_prefix(dir).is_some_and(|rest| {
                    !dir.is_empty() || !rest.starts_with("tests/") && !rest.starts_with("benches/")
                });
            if !belongs || file.size > MAX_FILE_BYTES || n_bytes + file.size > MAX_PACKAGE_BYTES {
                continue;
            }
            n_bytes += file.size;
            if let Ok(text) = source.text(&file.path) {
                package.files.insert(file.path, text);
            }
        }
        if !package.files.contains_key(&root) {
            return Err(format!("{id} has no readable {root}"));
        }
        let build = manifest.build_path.as_deref().unwrap_or("build.rs");
        package.build_script = source.text(build).ok();
        Ok(index_package(&package, cancel))
    }

    /// Returns the index in the cache, else makes it and keeps it there.
    fn cached(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<CrateApi, String>,
    ) -> Result<Arc<CrateApi>, String> {
        let path = self.cache_path(name);
        if let Some(path) = &path
            && let Ok(bytes) = std::fs::read(path)
            && let Ok(api) = serde_json::from_slice::<CrateApi>(&bytes)
        {
            return Ok(Arc::new(api));
        }
        let api = make()?;
        if let Some(path) = path
            && let Ok(bytes) = serde_json::to_vec(&api)
        {
            // Without a cache the next check is slower, and just as right.
            let _ = folders::write_whole(&path, &bytes);
        }
        Ok(Arc::new(api))
    }

    fn cache_path(&self, name: &str) -> Option<PathBuf> {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+'));
        let folder = self.workspace.folders()?.cache().join(format!("api-{INDEX_FORMAT}"));
        is_plain.then(|| folder.join(format!("{name}.json")))
    }
}
