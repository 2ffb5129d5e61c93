//! Where the official pages of a resolved version are. An address is written, never asked.

use super::Language;
use crate::deps::PackageId;

/// Returns the page of `package` in the version that is resolved; `item` is what to look for there.
///
/// `None` where the package has no page of that kind, or a name that no registry gives.
pub fn official_page(
    language: Language,
    package: &PackageId,
    item: Option<&str>,
) -> Option<String> {
    let PackageId { name, version } = package;
    if !is_plain(name) || !is_plain(version) {
        return None;
    }
    let search = item.filter(|item| is_plain(item)).map(|item| format!("?search={item}"));
    let search = search.unwrap_or_default();
    Some(match language {
        Language::Rust if is_toolchain(name) => {
            format!("https://doc.rust-lang.org/stable/{name}/{search}")
        }
        Language::Rust => {
            let krate = name.replace('-', "_");
            format!("https://docs.rs/{name}/{version}/{krate}/{search}")
        }
        Language::JavaScript | Language::TypeScript if name == "node" => {
            format!("https://nodejs.org/docs/v{version}/api/")
        }
        Language::JavaScript | Language::TypeScript => {
            format!("https://www.npmjs.com/package/{name}/v/{version}")
        }
        Language::Python if name == "python" => format!("https://docs.python.org/{version}/"),
        Language::Python => format!("https://pypi.org/project/{name}/{version}/"),
        Language::Shell => return None,
    })
}

fn is_toolchain(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "proc_macro" | "test")
}

/// Says whether a name can stand in an address as it is.
fn is_plain(name: &str) -> bool {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '/' | '+');
    !name.is_empty() && !name.contains("..") && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::{Language, PackageId, official_page};

    #[track_caller]
    fn check(language: Language, name: &str, version: &str, expected: Option<&str>) {
        let package = PackageId { name: name.to_owned(), version: version.to_owned() };
        assert_eq!(official_page(language, &package, Some("Regex")).as_deref(), expected);
    }

    #[test]
    fn a_page_is_that_of_the_resolved_version() {
        check(
            Language::Rust,
            "regex-automata",
            "0.4.19",
            Some("https://docs.rs/regex-automata/0.4.19/regex_automata/?search=Regex"),
        );
        let std = "https://doc.rust-lang.org/stable/std/?search=Regex";
        check(Language::Rust, "std", "toolchain", Some(std));
        let scoped = "https://www.npmjs.com/package/@types/node/v/22.1.0";
        check(Language::TypeScript, "@types/node", "22.1.0", Some(scoped));
        check(
            Language::Python,
            "requests",
            "2.32.3",
            Some("https://pypi.org/project/requests/2.32.3/"),
        );
        check(Language::Python, "python", "3.11", Some("https://docs.python.org/3.11/"));
        check(Language::Rust, "../evil", "1.0.0", None);
        check(Language::Rust, "a b", "1.0.0", None);
        check(Language::Shell, "git", "2.39", None);
    }
}
