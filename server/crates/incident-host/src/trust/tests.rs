use super::{distrust, is_trusted, trust, trusted_roots};
use crate::folders::Folders;
use crate::testing::Scratch;

#[test]
fn trust_covers_what_lies_below_and_can_be_taken_back() {
    let scratch = Scratch::new();
    let folders = Folders::of(&scratch.environment()).unwrap();
    let root = scratch.root();
    let below = root.join("service");
    std::fs::create_dir(&below).unwrap();
    assert!(!is_trusted(&folders, &root));
    trust(&folders, &root).unwrap();
    trust(&folders, &root).unwrap();
    assert!(is_trusted(&folders, &root) && is_trusted(&folders, &below));
    assert!(!is_trusted(&folders, &scratch.path("home")));
    assert_eq!(trusted_roots(&folders), std::slice::from_ref(&root));
    assert!(distrust(&folders, &root).unwrap());
    assert!(!distrust(&folders, &root).unwrap());
    assert!(!is_trusted(&folders, &root));
}

#[test]
fn a_damaged_list_trusts_nobody() {
    let scratch = Scratch::new();
    let folders = Folders::of(&scratch.environment()).unwrap();
    trust(&folders, &scratch.root()).unwrap();
    std::fs::write(folders.state().join("trusted.json"), b"{\"roots\": [\"/").unwrap();
    assert!(!is_trusted(&folders, &scratch.root()));
}

#[cfg(unix)]
#[test]
fn state_is_private_to_the_user() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let folders = Folders::of(&scratch.environment()).unwrap();
    trust(&folders, &scratch.root()).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folders.state()), 0o700);
    assert_eq!(mode(&folders.state().join("trusted.json")), 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_into_a_trusted_folder_is_trusted_and_one_out_of_it_is_not() {
    let scratch = Scratch::new();
    let folders = Folders::of(&scratch.environment()).unwrap();
    trust(&folders, &scratch.root()).unwrap();
    let inwards = scratch.path("inwards");
    std::os::unix::fs::symlink(scratch.root(), &inwards).unwrap();
    let outwards = scratch.root().join("outwards");
    std::os::unix::fs::symlink(scratch.path("home"), &outwards).unwrap();
    assert!(is_trusted(&folders, &inwards));
    assert!(!is_trusted(&folders, &outwards));
}
