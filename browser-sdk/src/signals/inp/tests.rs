//! Which interaction counts, and what it was made of.

use super::super::frames::Script;
use super::super::vital::told_of;
use super::*;
use proptest::prelude::*;

/// An event that takes so long, from its interaction's own time on.
fn event(interaction_id: f64, duration_ms: f64) -> Event<'static> {
    Event {
        interaction_id,
        start_ms: interaction_id * 1000.0,
        duration_ms,
        ..Event::default()
    }
}

fn inp(events: &[(f64, f64)]) -> Inp {
    let mut inp = Inp::default();
    let mut frames = Frames::default();
    for (id, duration) in events {
        inp.event(&event(*id, *duration), &mut frames);
    }
    inp
}

fn value(mut inp: Inp, count: f64) -> Option<f64> {
    inp.counted(count);
    inp.value()
}

#[test]
fn a_page_without_interactions_has_none() {
    assert_eq!(value(inp(&[]), 0.0), None);
    let hovered = inp(&[(0.0, 500.0)]);
    assert_eq!(value(hovered, 3.0), None, "hovering is no interaction");
}

#[test]
fn an_interaction_takes_as_long_as_its_longest_event() {
    let inp = inp(&[(7.0, 80.0), (7.0, 200.0), (7.0, 120.0)]);
    assert_eq!(value(inp, 1.0), Some(200.0));
}

#[test]
fn forgives_one_outlier_in_fifty() {
    let inp = inp(&[(1.0, 40.0), (8.0, 900.0), (15.0, 80.0)]);
    for (count, expected) in [
        (3.0, 900.0),
        (49.0, 900.0),
        (50.0, 80.0),
        (100.0, 40.0),
        (900.0, 40.0),
    ] {
        assert_eq!(value(inp.clone(), count), Some(expected), "{count}");
    }
}

#[test]
fn counts_by_ids_where_the_browser_does_not_count() {
    let events: Vec<_> = (0..50)
        .map(|at| {
            let duration = if at == 0 { 900.0 } else { 40.0 };
            (1.0 + ID_STEP * f64::from(at), duration)
        })
        .collect();
    assert_eq!(value(inp(&events), 0.0), Some(40.0));
}

#[test]
fn later_views_count_from_their_beginning_and_make_up_for_what_is_not_told() {
    let mut later = Inp::new(60.0, true);
    later.counted(60.0);
    assert_eq!(later.value(), None, "no interaction of its own");
    later.counted(61.0);
    assert_eq!(later.value(), Some(UNTOLD_MS));
    let mut frames = Frames::default();
    later.event(&event(7.0, 80.0), &mut frames);
    later.event(&event(14.0, 40.0), &mut frames);
    later.counted(100.0);
    assert_eq!(later.value(), Some(80.0), "40 are too few for an outlier");
}

/// A click at 1000 ms whose handlers ran from 1040 to 1140, painted at 1200.
fn click() -> Event<'static> {
    Event {
        interaction_id: 7.0,
        start_ms: 1000.0,
        duration_ms: 200.0,
        processing_start_ms: 1040.0,
        processing_end_ms: 1140.0,
        is_key: false,
        target: "#buy",
    }
}

fn numbers(inp: &Inp, frames: &Frames) -> Vec<f64> {
    let told = told_of(|attributes| inp.describe(frames, &Navigation::default(), attributes));
    told.iter().filter_map(|(_, number)| *number).collect()
}

#[test]
fn the_phases_are_those_of_the_whole_frame() {
    for (other, expected, why) in [
        (None, [1000.0, 40.0, 100.0, 60.0], "alone"),
        (
            Some((995.0, 204.0, 1010.0, 1020.0)),
            [1000.0, 10.0, 130.0, 60.0],
            "an earlier handler of the same frame",
        ),
        (
            Some((995.0, 204.0, 996.0, 1300.0)),
            [1000.0, 0.0, 200.0, 0.0],
            "handlers from before the input to after the paint",
        ),
        (
            Some((900.0, 200.0, 910.0, 1020.0)),
            [1000.0, 40.0, 100.0, 60.0],
            "another frame",
        ),
    ] {
        let (mut inp, mut frames) = (Inp::default(), Frames::default());
        inp.event(&click(), &mut frames);
        if let Some((start_ms, duration_ms, processing_start_ms, processing_end_ms)) = other {
            let other = Event {
                start_ms,
                duration_ms,
                processing_start_ms,
                processing_end_ms,
                ..Event::default()
            };
            inp.event(&other, &mut frames);
        }
        assert_eq!(numbers(&inp, &frames), expected, "{why}");
    }
}

#[test]
fn the_longest_script_is_the_one_with_the_longest_part_after_the_input() {
    let script = |start_ms, duration_ms, function| Script {
        start_ms,
        duration_ms,
        frame_start_ms: 980.0,
        frame_duration_ms: 215.0,
        texts: function,
    };
    for (scripts, expected, why) in [
        (&[][..], None, "no long frame"),
        (
            &[script(985.0, 53.0, "late"), script(1050.0, 80.0, "work")][..],
            Some((80.0, 80.0)),
            "of two the longer",
        ),
        (
            &[script(800.0, 210.0, "before"), script(1050.0, 20.0, "work")][..],
            Some((20.0, 20.0)),
            "only what is after the input counts",
        ),
        (
            &[Script {
                frame_start_ms: 1150.0,
                ..script(1150.0, 50.0, "next")
            }][..],
            None,
            "a frame after the handlers",
        ),
    ] {
        let (mut inp, mut frames) = (Inp::default(), Frames::default());
        inp.event(&click(), &mut frames);
        for script in scripts {
            frames.script(script, &inp);
        }
        let numbers = numbers(&inp, &frames);
        let told = numbers.get(4..6).map(|told| (told[0], told[1]));
        assert_eq!(told, expected, "{why}");
    }
}

#[test]
fn what_is_kept_is_bounded_and_the_slowest_is_not_forgotten() {
    let (mut inp, mut frames) = (Inp::default(), Frames::default());
    inp.event(&click(), &mut frames);
    let script = |at: f64| Script {
        start_ms: at,
        duration_ms: 50.0,
        frame_start_ms: at,
        frame_duration_ms: 100.0,
        ..Script::default()
    };
    frames.script(&script(1050.0), &inp);
    let before = numbers(&inp, &frames);
    assert_eq!(before.len(), 6);
    for later in 2..2000 {
        let at = f64::from(later) * 1000.0;
        inp.event(
            &Event {
                start_ms: at,
                interaction_id: 7.0 * f64::from(later),
                duration_ms: 48.0,
                ..click()
            },
            &mut frames,
        );
        frames.script(&script(at), &inp);
    }
    assert_eq!(numbers(&inp, &frames), before);
    assert!(frames.kept() <= 64, "{}", frames.kept());
}

proptest! {
    /// The straightforward way: everything kept and sorted.
    #[test]
    fn keeps_the_longest(events in proptest::collection::vec((1u8..40, 1u16..1000), 1..200), count in 1u16..600) {
        let mut all = std::collections::BTreeMap::<u8, u16>::new();
        // In order of id, as a page has them: an interaction that was
        // given up as short can't come back with a longer event.
        let mut events = events;
        events.sort_by_key(|event| event.0);
        let mut told = Vec::new();
        for (id, duration) in events {
            told.push((f64::from(id), f64::from(duration)));
            let longest = all.entry(id).or_default();
            *longest = duration.max(*longest);
        }
        let mut all: Vec<u16> = all.into_values().collect();
        all.sort_by(|one, other| other.cmp(one));
        all.truncate(KEPT);
        let at = usize::from(count / 50).min(all.len().saturating_sub(1));
        prop_assert_eq!(value(inp(&told), f64::from(count)), Some(f64::from(all[at])));
    }

    #[test]
    fn any_numbers_are_survived(events in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..40), count in any::<f64>()) {
        value(inp(&events), count);
    }
}
