use super::*;

#[test]
fn places_are_found_after_every_kind_of_change() {
    for seed in [1, 2026] {
        let mut sum = Score::default();
        for (_, score) in super::score(2_000, seed) {
            sum.add(score);
        }
        assert!(sum.n_frames >= 2_000);
        let share = sum.right as f64 / sum.n_frames as f64;
        let shown = sum.misses.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(share >= WANTED_SHARE, "seed {seed}: {share}\n{shown}");
        assert!(sum.wrong_while_sure * SURE_AND_WRONG <= sum.n_frames, "seed {seed}\n{shown}");
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let texts = |seed| Program::new(&mut Random::new(seed)).render().0;
    assert_eq!(texts(7), texts(7));
    assert_ne!(texts(7), texts(8));
}
