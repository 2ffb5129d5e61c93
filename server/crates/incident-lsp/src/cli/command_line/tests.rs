use super::join;

#[test]
fn arguments_mean_the_same_to_a_shell() {
    assert_eq!(join(["explain", "a b.txt", "it's", ""]), r"explain 'a b.txt' 'it'\''s' ''");
}
