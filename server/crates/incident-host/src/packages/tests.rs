use expect_test::{Expect, expect};
use incident_core::cancel::Cancel;
use incident_core::deps::PackageId;
use incident_core::resolve::WantedPackageFile;

use super::{NoSource, Packages};
use crate::command::Environment;
use crate::source;
use crate::testing::{Scratch, write};
use crate::workspace::Workspace;

fn open(scratch: &Scratch, environment: Environment) -> Workspace {
    Workspace::open(&scratch.root()).with_environment(environment).with_trust(false)
}

fn read(workspace: &Workspace) -> (Packages, Vec<incident_core::problem::Problem>) {
    let (listing, _) = source::list(workspace.root(), &Cancel::new());
    Packages::read(workspace, &listing, &Cancel::new())
}

fn check_members(scratch: &Scratch, expected: Expect) {
    let (packages, problems) = read(&open(scratch, scratch.environment()));
    let mut lines: Vec<String> = packages
        .members()
        .iter()
        .map(|it| format!("{} {} in {:?}", it.name, it.version.as_deref().unwrap_or("-"), it.root))
        .collect();
    lines.extend(problems.iter().map(|it| format!("{} {:?}", it.message, it.location)));
    expected.assert_debug_eq(&lines);
}

fn package(name: &str, version: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n")
}

fn id(name: &str, version: &str) -> PackageId {
    PackageId { name: name.into(), version: version.into() }
}

#[test]
fn members_by_glob_by_name_and_by_path() {
    let scratch = Scratch::new();
    scratch.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\", \"tool/\"]\nexclude = [\"crates/old\"]\n\
         [workspace.package]\nversion = \"3.1.4\"\n\
         [workspace.dependencies]\nshared = { path = \"libs/shared\" }\n",
    );
    scratch.write("crates/a/Cargo.toml", &package("a", "0.1.0"));
    scratch.write("crates/b/Cargo.toml", "[package]\nname = \"b\"\nversion.workspace = true\n");
    scratch.write("crates/old/Cargo.toml", &package("old", "0.1.0"));
    scratch.write("crates/deep/er/Cargo.toml", &package("deeper", "0.1.0"));
    scratch.write(
        "tool/Cargo.toml",
        &(package("tool", "1.0.0")
            + "[target.'cfg(unix)'.dependencies]\nx = { path = \"../x\" }\n"),
    );
    scratch.write("x/Cargo.toml", &package("x", "0.1.0"));
    scratch.write("libs/shared/Cargo.toml", &package("shared", "0.2.0"));
    scratch.write("tests/fixtures/serde/Cargo.toml", &package("serde", "1.0.0"));
    check_members(
        &scratch,
        expect![[r#"
            [
                "a 0.1.0 in \"crates/a\"",
                "b 3.1.4 in \"crates/b\"",
                "shared 0.2.0 in \"libs/shared\"",
                "tool 1.0.0 in \"tool\"",
                "x 0.1.0 in \"x\"",
            ]
        "#]],
    );
}

#[test]
fn several_roots_and_a_manifest_that_does_not_parse() {
    let scratch = Scratch::new();
    scratch.write("one/Cargo.toml", &package("one", "0.1.0"));
    scratch.write("one/fuzz/Cargo.toml", &package("one-fuzz", "0.0.0"));
    scratch.write("two/Cargo.toml", "[package]\nname = \"two\n");
    check_members(
        &scratch,
        expect![[r#"
            [
                "one 0.1.0 in \"one\"",
                "the manifest does not parse (invalid basic string, expected `\"`), so its package counts as unknown Some(ProblemLocation { path: \"two/Cargo.toml\", line: Some(2) })",
            ]
        "#]],
    );
}

fn check_source(packages: &Packages, scratch: &Scratch, of: &PackageId, expected: &str) {
    let found = match packages.source(of, &Cancel::new()) {
        Ok(source) => {
            let below = source.root.strip_prefix(scratch.path("")).unwrap().to_owned();
            below.display().to_string()
        }
        Err(err) => err.to_string(),
    };
    assert_eq!(found, expected);
}

#[test]
fn sources_in_registry_checkout_and_vendor() {
    let scratch = Scratch::new();
    let home = scratch.path("home/.cargo");
    write(&home.join("registry/src/r-1/dep-1.2.3/Cargo.toml"), &package("dep", "1.2.3"));
    write(&home.join("registry/src/r-1/dep-1.2.3/src/lib.rs"), "pub fn dep() {}\n");
    let revision = "0123456789abcdef0123456789abcdef01234567";
    let checkout = home.join("git/checkouts/remote-1/0123456/crates/far");
    write(&checkout.join("Cargo.toml"), &package("far", "0.9.0"));
    scratch.write(".cargo/config.toml", "[source.vendored]\ndirectory = \"vendor\"\n");
    scratch.write("vendor/near/Cargo.toml", &package("near", "2.0.0"));
    scratch.write(
        "Cargo.lock",
        &format!(
            "version = 3\n\n[[package]]\nname = \"far\"\nversion = \"0.9.0\"\n\
             source = \"git+https://host.invalid/far?branch=main#{revision}\"\n\n\
             [[package]]\nname = \"gone\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n"
        ),
    );
    let (packages, _) = read(&open(&scratch, scratch.environment()));
    let check = |of: PackageId, expected: &str| check_source(&packages, &scratch, &of, expected);
    check(id("dep", "1.2.3"), "home/.cargo/registry/src/r-1/dep-1.2.3");
    check(id("far", "0.9.0"), "home/.cargo/git/checkouts/remote-1/0123456/crates/far");
    check(id("near", "2.0.0"), "workspace/vendor/near");
    check(
        id("near", "2.0.1"),
        "the source of near 2.0.1 is not on this machine; `cargo fetch` brings it",
    );
    let climbing = packages.source(&id("../../etc", "1.0.0"), &Cancel::new());
    assert!(matches!(climbing, Err(NoSource::NotAPackage(_))));
    let gone = packages.source(&id("gone", "1.0.0"), &Cancel::new());
    assert!(matches!(gone, Err(NoSource::Untrusted(_))), "{gone:?}");

    let wanted = ["src/lib.rs", "src/gone.rs", "../../../../../secret"]
        .map(|path| WantedPackageFile { package: id("dep", "1.2.3"), path: path.into() });
    let fetched = packages.fetch(&wanted, &Cancel::new());
    let files = &fetched.files[&id("dep", "1.2.3")];
    assert_eq!(files.keys().collect::<Vec<_>>(), ["src/lib.rs"]);
    let source = packages.source(&id("dep", "1.2.3"), &Cancel::new()).unwrap();
    let paths: Vec<_> = source.files(&Cancel::new()).0.into_iter().map(|it| it.path).collect();
    assert_eq!(paths, ["Cargo.toml", "src/lib.rs"]);
}

#[test]
fn an_untrusted_workspace_points_at_no_folder_outside_itself() {
    let scratch = Scratch::new();
    let elsewhere = scratch.path("elsewhere");
    write(&elsewhere.join("dep/Cargo.toml"), &package("dep", "1.0.0"));
    let settings = format!("[source.v]\ndirectory = \"{}\"\n", elsewhere.display());
    scratch.write(".cargo/config.toml", &settings);
    let manifest = package("app", "0.1.0")
        + &format!("[dependencies]\nside = {{ path = \"{}/side\" }}\n", elsewhere.display());
    scratch.write("Cargo.toml", &manifest);
    write(&elsewhere.join("side/Cargo.toml"), &package("side", "1.0.0"));
    let environment = scratch.environment().without("PATH");
    for (is_trusted, n_found) in [(false, 0), (true, 2)] {
        let workspace = open(&scratch, environment.clone()).with_trust(is_trusted);
        let (packages, _) = read(&workspace);
        let found =
            ["dep", "side"].map(|name| packages.source(&id(name, "1.0.0"), &Cancel::new()).is_ok());
        assert_eq!(found.iter().filter(|it| **it).count(), n_found, "trusted: {is_trusted}");
    }
}

/// A git dependency in a folder that no guess finds: cargo knows, where it may be asked.
#[test]
fn cargo_is_asked_in_a_trusted_root() {
    let scratch = Scratch::new();
    scratch.write(
        "Cargo.toml",
        &(package("app", "0.1.0")
            + "[dependencies]\nodd = \"1\"\n[patch.crates-io]\nodd = { path = \"odd\" }\n"),
    );
    scratch.write("src/lib.rs", "");
    scratch.write("odd/Cargo.toml", &package("odd", "1.0.0"));
    scratch.write("odd/src/lib.rs", "");
    scratch.write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
         dependencies = [\n \"odd\",\n]\n\n[[package]]\nname = \"odd\"\nversion = \"1.0.0\"\n",
    );
    let environment =
        ["CARGO_HOME", "RUSTUP_HOME"].iter().fold(scratch.environment(), |it, name| {
            match std::env::var_os(name) {
                Some(value) => it.with(name, value),
                None => match std::env::var_os("HOME") {
                    Some(home) => {
                        let folder = format!(".{}", name.trim_end_matches("_HOME").to_lowercase());
                        it.with(name, std::path::Path::new(&home).join(folder))
                    }
                    None => it,
                },
            }
        });
    let (packages, _) = read(&open(&scratch, environment).with_trust(true));
    check_source(&packages, &scratch, &id("odd", "1.0.0"), "workspace/odd");
}
