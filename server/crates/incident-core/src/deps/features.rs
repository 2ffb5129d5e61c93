//! Features as Cargo resolves them, from the lock file and the manifests as text.
