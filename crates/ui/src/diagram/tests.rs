use redwind_protocol::Run;

use super::axis::Axis;
use super::frame::Frame;
use super::hit::{Hit, hit};
use super::picture::{BandKind, Picture};
use super::shapes::Shape;
use crate::fixture::{self, A, B, REDIS, STORAGE, Script};
use crate::story::Story;

fn picture(down: bool) -> (Story, Picture) {
    let story = Story::new(fixture::gc_pause());
    let picture = Picture::new(
        &story,
        Axis::new(&story, 60.0),
        Frame::new(&story, down, 340.0),
    );
    (story, picture)
}

#[test]
fn the_axis_never_runs_backwards_and_is_to_scale_between_gaps() {
    let (story, picture) = picture(false);
    let axis = &picture.axis;
    assert!((1..story.len()).all(|i| axis.record(i) >= axis.record(i - 1)));
    // Both calls of the first client take 2 ms each way.
    let leg = |flight: usize| {
        let flight = &story.flights[flight];
        axis.record(flight.ends().unwrap()) - axis.record(flight.sent)
    };
    assert!((leg(0) - leg(1)).abs() < 1.0, "{} {}", leg(0), leg(1));
}

#[test]
fn idle_stretches_are_cut_and_say_how_long_they_are() {
    let (story, picture) = picture(false);
    let gaps = &picture.axis.gaps;
    assert!(
        gaps.iter()
            .any(|gap| gap.lasts == 3_996_000 - 14_030 || gap.lasts > 3_000_000)
    );
    let total: u64 = gaps.iter().map(|gap| gap.lasts).sum();
    assert!(total > 14_000_000 && total < story.at(story.last()));
    assert!(picture.axis.length < 3_000.0, "{}", picture.axis.length);
    assert!(
        gaps.iter().all(|gap| gap.to - gap.from >= 34.0),
        "there is room for the label"
    );
}

#[test]
fn places_and_moments_lead_to_each_other() {
    let (story, picture) = picture(false);
    let axis = &picture.axis;
    for index in 0..story.len() {
        let at = story.at(index);
        assert!(
            axis.moment(axis.time(at)).abs_diff(at) <= at / 1_000 + 2,
            "{index}"
        );
        let found = axis.record_at(axis.record(index));
        assert!((axis.record(found) - axis.record(index)).abs() < 0.01);
    }
    let middle = axis.time(5_000_000);
    assert!(
        axis.moment(middle).abs_diff(5_000_000) < 10_000,
        "also inside a gap"
    );
    assert_eq!(axis.moment(-50.0), 0);
}

#[test]
fn ticks_keep_their_distance() {
    let (_, picture) = picture(false);
    let ticks = &picture.axis.ticks;
    assert!(ticks.len() > 4);
    assert!(
        ticks
            .windows(2)
            .all(|pair| pair[1].place - pair[0].place > 40.0)
    );
}

#[test]
fn no_label_covers_another_in_either_direction_of_time() {
    for down in [false, true] {
        let (_, picture) = picture(down);
        let labels = &picture.labels;
        assert!(labels.len() > 12, "{}", labels.len());
        for (n, a) in labels.iter().enumerate() {
            for b in &labels[n + 1..] {
                let apart =
                    (a.y - b.y).abs() >= 12.9 || a.x + a.width <= b.x || b.x + b.width <= a.x;
                assert!(apart, "{:?} covers {:?}", a.text, b.text);
            }
        }
    }
}

#[test]
fn the_drawing_tells_belief_truth_pause_and_the_broken_promise() {
    let (_, picture) = picture(false);
    let band = |kind, lane| {
        picture
            .bands
            .iter()
            .filter(|b| b.kind == kind && b.lane == lane)
            .count()
    };
    assert_eq!(
        (
            band(BandKind::Belief, A),
            band(BandKind::Belief, B),
            band(BandKind::Truth, REDIS)
        ),
        (1, 1, 2)
    );
    let pause = picture
        .bands
        .iter()
        .find(|band| band.kind == BandKind::Pause)
        .unwrap();
    assert_eq!(pause.text, "paused 15 s");
    assert_eq!(
        picture
            .marks
            .iter()
            .filter(|mark| mark.shape == Shape::Broken)
            .count(),
        1
    );
    assert_eq!(
        picture.doubles.len(),
        1,
        "once, two believe to hold the lock"
    );
}

#[test]
fn what_is_under_the_pointer_is_found_in_either_direction_of_time() {
    for down in [false, true] {
        let (story, picture) = picture(down);
        let mark = picture
            .marks
            .iter()
            .find(|mark| mark.shape == Shape::Broken)
            .unwrap();
        let at = picture.frame.lane(mark.lane);
        assert_eq!(
            hit(&story, &picture, mark.place + 2.0, at - 3.0),
            Some(Hit::Record(mark.record))
        );
        let arrow = picture.arrows[0];
        let middle = (
            (arrow.from.0 + arrow.to.0) / 2.0,
            (arrow.from.1 + arrow.to.1) / 2.0,
        );
        assert_eq!(
            hit(&story, &picture, middle.0, middle.1),
            Some(Hit::Flight(0))
        );
        let quiet = picture.axis.time(2_000_000);
        for place in [A, REDIS] {
            let on_lane = hit(&story, &picture, quiet, picture.frame.lane(place));
            assert!(
                matches!(on_lane, Some(Hit::Lane { lane, at }) if lane == place && at.abs_diff(2_000_000) < 20_000),
                "{on_lane:?}"
            );
        }
        assert_eq!(
            hit(&story, &picture, quiet, picture.frame.lane(STORAGE)),
            None,
            "what is no process has no menu"
        );
    }
}

#[test]
fn a_hundred_thousand_records_are_laid_out_and_walked_over() {
    let mut script = Script::new();
    for n in 0..33_000 {
        let client = if n % 3 == 0 { B } else { A };
        script.call(
            n * 5_000,
            client,
            REDIS,
            "INCR counter",
            "(integer) 1",
            (1_000, 1_000),
        );
    }
    let story = Story::new(Run {
        trace: script.trace,
        anchors: vec![],
    });
    let picture = Picture::new(
        &story,
        Axis::new(&story, 40.0),
        Frame::new(&story, false, 300.0),
    );
    assert_eq!(picture.arrows.len(), 66_000);
    // A walk over the whole run: were a step to cost the length of the run, this test would not end.
    for position in 0..story.len() {
        let now = story.client_at(A, position);
        assert!(now.is_some() && story.keys_at(position).is_empty());
    }
}

#[test]
fn every_shape_has_a_form_of_its_own_and_a_line_in_the_legend() {
    let told: Vec<Shape> = Shape::LEGEND
        .iter()
        .flat_map(|(_, shapes)| shapes.iter().copied())
        .collect();
    let forms: std::collections::BTreeSet<(String, bool)> = told
        .iter()
        .map(|shape| {
            let mut d = String::new();
            shape.outline(&mut d, (10.0, 10.0));
            // Suspicion and agreement differ in being hollow and filled.
            (d, *shape == Shape::AgreedDown)
        })
        .collect();
    assert_eq!(forms.len(), told.len());
    let names: std::collections::BTreeSet<&str> = told.iter().map(|s| s.meaning()).collect();
    assert_eq!(names.len(), told.len());
    let story = Story::new(fixture::gc_pause());
    let shapes = story.trace.records.iter().filter_map(Shape::of);
    assert!(shapes.into_iter().all(|shape| told.contains(&shape)));
}

#[test]
fn what_nodes_decide_among_themselves_is_told_beside_its_mark() {
    let mut run = fixture::gc_pause();
    let at = run.trace.records.last().unwrap().at;
    let mut news = run.trace.records.last().unwrap().clone();
    news.lane = REDIS;
    news.at = at + 400_000;
    news.kind = redwind_protocol::RecordKind::AgreedDown;
    news.label = "n1 failed".into();
    news.message = None;
    run.trace.records.push(news);
    let story = Story::new(run);
    let picture = Picture::new(
        &story,
        Axis::new(&story, 60.0),
        Frame::new(&story, false, 340.0),
    );
    assert!(
        picture
            .marks
            .iter()
            .any(|mark| mark.shape == Shape::AgreedDown)
    );
    assert!(picture.labels.iter().any(|label| label.text == "n1 failed"));
}
