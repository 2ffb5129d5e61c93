use std::sync::Arc;

use incident_core::cancel::Cancel;

use crate::testing::Scratch;
use crate::workspace::Workspace;

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"1.0.0\"\n";

fn open(scratch: &Scratch) -> Workspace {
    Workspace::open(&scratch.root()).with_environment(scratch.environment()).with_trust(false)
}

#[test]
fn a_look_stands_until_files_or_packages_change() {
    let scratch = Scratch::new();
    scratch.write("Cargo.toml", MANIFEST);
    scratch.write("src/main.rs", "fn main() {}\n");
    let (workspace, cancel) = (open(&scratch), Cancel::new());
    assert!(workspace.last_look().is_none());
    let first = workspace.look_again(&cancel);
    assert!(Arc::ptr_eq(&first, &workspace.last_look().unwrap()));

    // What a source file holds is no part of a look.
    scratch.write("src/main.rs", "fn main() { other(); }\n");
    assert!(Arc::ptr_eq(&first, &workspace.look_again(&cancel)));

    scratch.write("src/other.rs", "fn other() {}\n");
    let second = workspace.look_again(&cancel);
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(second.listing.file("src/other.rs").is_some());

    scratch.write("Cargo.toml", &MANIFEST.replace("1.0.0", "1.0.1"));
    let third = workspace.look_again(&cancel);
    assert!(!Arc::ptr_eq(&second, &third));
    assert_eq!(third.packages.members()[0].version.as_deref(), Some("1.0.1"));
}

#[test]
fn a_look_of_a_trusted_folder_is_none_of_an_untrusted_one() {
    let scratch = Scratch::new();
    scratch.write("Cargo.toml", MANIFEST);
    let (workspace, cancel) = (open(&scratch), Cancel::new());
    let trusted = workspace.clone().with_trust(true);
    let first = trusted.look_again(&cancel);
    assert!(workspace.last_look().is_none());
    assert!(!Arc::ptr_eq(&first, &workspace.look_again(&cancel)));
}

#[test]
fn a_cancelled_look_is_not_kept() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "fn one() {}\n");
    let (workspace, cancel) = (open(&scratch), Cancel::new());
    cancel.cancel();
    workspace.look_again(&cancel);
    assert!(workspace.last_look().is_none());
}
