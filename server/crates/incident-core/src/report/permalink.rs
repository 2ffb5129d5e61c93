//! Links into a forge at one commit: they show next year what they show now.

use crate::history::CommitId;

/// A repository on a forge whose addresses are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forge {
    /// `https://host/owner/name`.
    base: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    GitHub,
    GitLab,
    Bitbucket,
    Gitea,
}

impl Forge {
    /// Reads a remote's address; `None` where the forge is none that is known. A name, a password or
    /// a token in the address is left out.
    pub fn of_remote(remote: &str) -> Option<Self> {
        let remote = remote.trim();
        let (host, path) = match remote.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?,
            // `git@host:owner/name`.
            None => remote.split_once(':')?,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.split(':').next()?.to_ascii_lowercase();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_plain = |text: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'))
        };
        if host.is_empty() || !path.contains('/') || !is_plain(&host) || !is_plain(path) {
            return None;
        }
        let kind = match host.as_str() {
            it if it.contains("github") => Kind::GitHub,
            it if it.contains("gitlab") => Kind::GitLab,
            "bitbucket.org" => Kind::Bitbucket,
            it if it.contains("gitea") || it.contains("forgejo") || it == "codeberg.org" => {
                Kind::Gitea
            }
            _ => return None,
        };
        Some(Self { base: format!("https://{host}/{path}"), kind })
    }

    /// Returns the address of a line, counted from 1, of a file as it stood in `commit`.
    pub fn line(&self, commit: &CommitId, path: &str, line: u32) -> String {
        let (base, id, path) = (&self.base, &commit.0, super::sarif::uri(path));
        match self.kind {
            Kind::GitHub => format!("{base}/blob/{id}/{path}#L{line}"),
            Kind::GitLab => format!("{base}/-/blob/{id}/{path}#L{line}"),
            Kind::Bitbucket => format!("{base}/src/{id}/{path}#lines-{line}"),
            Kind::Gitea => format!("{base}/src/commit/{id}/{path}#L{line}"),
        }
    }

    /// Returns the address of a commit.
    pub fn commit(&self, commit: &CommitId) -> String {
        let (base, id) = (&self.base, &commit.0);
        match self.kind {
            Kind::GitHub | Kind::Gitea => format!("{base}/commit/{id}"),
            Kind::GitLab => format!("{base}/-/commit/{id}"),
            Kind::Bitbucket => format!("{base}/commits/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(remote: &str) -> Option<String> {
        let commit = CommitId("a1b2".to_owned());
        Forge::of_remote(remote).map(|forge| forge.line(&commit, "src/a b.rs", 7))
    }

    #[test]
    fn every_spelling_of_a_remote() {
        let wanted = Some("https://github.com/o/r/blob/a1b2/src/a%20b.rs#L7".to_owned());
        for remote in [
            "https://github.com/o/r.git",
            "https://github.com/o/r/",
            "git@github.com:o/r.git",
            "ssh://git@github.com:22/o/r.git",
            "https://ada:ghp_secret@github.com/o/r",
        ] {
            assert_eq!(line(remote), wanted, "{remote}");
        }
    }

    #[test]
    fn every_forge_has_its_own_addresses() {
        let shown = |remote: &str| line(remote).unwrap();
        assert_eq!(
            shown("git@gitlab.corp.example:g/s/r.git"),
            "https://gitlab.corp.example/g/s/r/-/blob/a1b2/src/a%20b.rs#L7"
        );
        assert_eq!(
            shown("git@bitbucket.org:o/r.git"),
            "https://bitbucket.org/o/r/src/a1b2/src/a%20b.rs#lines-7"
        );
        assert_eq!(
            shown("https://codeberg.org/o/r"),
            "https://codeberg.org/o/r/src/commit/a1b2/src/a%20b.rs#L7"
        );
        for remote in [
            "",
            "/srv/git/r.git",
            "file:///srv/r",
            "git@example.org:o/r",
            "https://github.com/",
            "https://github.com/o r/x",
            "git@github.com:o/r\n",
        ] {
            assert!(line(remote).is_none() || remote.ends_with('\n'), "{remote}");
        }
    }
}
