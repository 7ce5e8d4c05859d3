use redwind_protocol::{FromWorker, Link, OpenError, Request, Run};

use super::*;
use crate::fixture;

fn page() -> Page {
    Page::open(
        Shared::new(fixture::prepared()),
        &Link::to_lesson("locks/gc-pause"),
    )
}

/// The last request.
fn asked(page: &Page) -> (u32, Scene) {
    let asked = page.outbox.last().unwrap();
    let Request::Run(scene) = &asked.request else {
        panic!("{asked:?}")
    };
    (asked.number, scene.clone())
}

fn ran(page: &mut Page, change: impl FnOnce(&mut Run)) {
    let (number, _) = asked(page);
    let mut run = fixture::gc_pause();
    change(&mut run);
    page.apply(Action::Heard(Box::new(FromWorker::Ran {
        number,
        run: Box::new(run),
    })));
}

#[test]
fn a_fault_makes_a_branch_lands_where_the_run_differs_and_keeps_the_old_one() {
    let mut page = page();
    page.apply(Action::Seek(Seek::Record(9)));
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    let (_, scene) = asked(&page);
    let lessons = "pause worker-a after worker-a's 1st storage.read for 15s";
    assert_eq!(
        scene.interventions.unwrap(),
        [lessons, "crash worker-b at 1s"]
    );
    assert_eq!(
        (page.branch, page.position),
        (0, 9),
        "until the run is there, nothing moves"
    );
    ran(&mut page, |run| {
        run.trace.records[30].label = "changed".into()
    });
    assert_eq!(
        (page.branches.len(), page.branch, page.position),
        (3, 2, 30)
    );
    assert!(page.pending.is_none() && page.outbox.is_empty());
    assert_eq!(
        page.branches[2].title(&page.prepared),
        "A lock with an expiry + crash worker-b at 1s"
    );
    assert_eq!(
        page.branches[2].departs,
        Some(30),
        "it says where it departs"
    );
    page.apply(Action::Branch(0));
    assert_eq!(page.branch, 0);
    assert_eq!(
        page.current().departs,
        None,
        "the lesson's own run is its own"
    );
}

#[test]
fn undoing_a_fault_leads_back_to_the_branch_without_it() {
    let mut page = page();
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    ran(&mut page, |run| {
        run.trace.interventions.push("crash worker-b at 1s".into())
    });
    page.apply(Action::Undo(1));
    assert_eq!(page.branch, 0, "the lesson's own run is known already");
    assert!(page.outbox.is_empty());
    page.apply(Action::Undo(0));
    assert_eq!(
        asked(&page).1.interventions,
        Some(vec![]),
        "the lesson's own fault can be taken out too"
    );
}

#[test]
fn an_edit_that_fails_leaves_the_last_good_run_and_the_draft() {
    let mut page = page();
    page.apply(Action::Edit(Some(0)));
    page.apply(Action::Type("x = (".into()));
    page.apply(Action::RunDraft);
    let (number, scene) = asked(&page);
    assert_eq!(scene.edits, [(0, "x = (".to_owned())]);
    let error = OpenError {
        message: "unclosed".into(),
        line: Some(1),
        ..OpenError::default()
    };
    page.apply(Action::Heard(Box::new(FromWorker::Refused {
        number,
        error,
    })));
    assert_eq!(page.refusal.as_ref().unwrap().error.line, Some(1));
    assert_eq!((page.branch, page.branches.len()), (0, 2));
    assert_eq!(page.draft.as_ref().unwrap().text, "x = (");
    page.apply(Action::Type("x = 1".into()));
    page.apply(Action::RunDraft);
    ran(&mut page, |_| {});
    assert_eq!(&*page.source(0), "x = 1");
    assert!(page.draft.is_none() && page.refusal.is_none());
    page.apply(Action::Reset(0));
    assert_eq!(page.branch, 0);
}

#[test]
fn the_terminal_reads_without_a_trace_and_writes_by_a_branch() {
    let mut page = page();
    page.apply(Action::Command {
        node: "redis".into(),
        line: "GET a".into(),
    });
    let number = page.outbox[0].number;
    page.apply(Action::Heard(Box::new(FromWorker::Answered {
        number,
        text: "(nil)".into(),
    })));
    assert_eq!(page.terminal[0].shown, Shown::Answer("(nil)".into()));
    page.apply(Action::Command {
        node: "redis".into(),
        line: "DEL a".into(),
    });
    let number = page.outbox[0].number;
    let intervention = "type redis at 0s: DEL a".to_owned();
    page.apply(Action::Heard(Box::new(FromWorker::Writes {
        number,
        interventions: vec![intervention],
    })));
    let (_, scene) = asked(&page);
    assert_eq!(
        scene.interventions.unwrap().last().unwrap(),
        "type redis at 0s: DEL a"
    );
    ran(&mut page, |_| {});
    assert!(matches!(page.terminal[1].shown, Shown::Branched(_)));
    assert_eq!(page.branches.len(), 3);
}

fn typed(page: &mut Page, line: &str) {
    page.apply(Action::Command {
        node: "redis".into(),
        line: line.into(),
    });
}

fn answered(page: &mut Page, text: &str) {
    let number = page.outbox.last().expect("it was asked").number;
    let text = text.to_owned();
    page.apply(Action::Heard(Box::new(FromWorker::Answered {
        number,
        text,
    })));
}

#[test]
fn lines_that_come_together_are_sent_one_after_the_other_each_on_what_the_one_before_left() {
    let mut page = page();
    for line in ["SET a 1", ":set nohints", "GET a", "clear", "PING"] {
        typed(&mut page, line);
    }
    assert_eq!((page.terminal.len(), page.outbox.len()), (1, 1));
    let number = page.outbox[0].number;
    page.apply(Action::Heard(Box::new(FromWorker::Writes {
        number,
        interventions: vec!["type redis at 0s: SET a 1".into()],
    })));
    assert_eq!(page.terminal.len(), 1, "the run is awaited");
    ran(&mut page, |_| {});
    let [asked] = &page.outbox[..] else {
        panic!("{:?}", page.outbox)
    };
    let Request::Terminal { scene, line, .. } = &asked.request else {
        panic!("{asked:?}")
    };
    assert_eq!((line.as_str(), scene), ("GET a", &page.current().scene));
    assert!(!page.hints && page.branch == 2);
    answered(&mut page, "\"1\"");
    let lines: Vec<&str> = page.terminal.iter().map(|e| e.line.as_str()).collect();
    assert_eq!(lines, ["PING"], "the window was emptied in its turn");
}

#[test]
fn lines_behind_one_that_is_given_up_are_given_up_too() {
    let mut page = page();
    page.apply(Action::Engine(Engine::Ready));
    typed(&mut page, "SET a 1");
    typed(&mut page, "INCR a");
    let number = page.outbox[0].number;
    page.apply(Action::Heard(Box::new(FromWorker::Writes {
        number,
        interventions: vec!["type redis at 0s: SET a 1".into()],
    })));
    page.apply(Action::Stop);
    assert!(page.lines.is_empty() && page.outbox.is_empty() && page.answering.is_none());
    typed(&mut page, "GET a");
    assert_eq!(page.outbox.len(), 1, "the terminal goes on");
}

#[test]
fn only_the_line_as_it_is_now_is_asked_about() {
    let mut page = page();
    for line in ["G", "GE", "GET"] {
        page.apply(Action::Typing(line.into()));
    }
    let [asked] = &page.outbox[..] else {
        panic!("{:?}", page.outbox)
    };
    let line = "GET".to_owned();
    assert_eq!(asked.request, Request::Suggest { line });
    let suggestion = Suggestion {
        line: "GET".into(),
        hint: " key".into(),
        completions: vec!["GET".into(), "GETBIT".into()],
    };
    let number = asked.number;
    page.apply(Action::Heard(Box::new(FromWorker::Suggested {
        number,
        suggestion: suggestion.clone(),
    })));
    assert_eq!((&*page.suggestion, page.outbox.len()), (&suggestion, 0));
    page.apply(Action::Typing(String::new()));
    assert_eq!((page.suggestion.hint.as_str(), page.outbox.len()), ("", 0));
}

#[test]
fn what_redis_cli_says_itself_is_said_without_a_simulator() {
    let mut page = page();
    page.apply(Action::Engine(Engine::Failed));
    for (line, said) in [
        ("help", "To get help about Redis commands type:"),
        (":set nothing", "unknown redis-cli preference 'nothing'"),
        (":Other", "unknown redis-cli internal command ':Other'"),
        ("RESTART", "Use 'restart' only in Lua debugging mode."),
        ("exit", "(the terminal is part of the page"),
        ("GET a", "Could not connect"),
    ] {
        typed(&mut page, line);
        let last = page.terminal.last().expect("it is answered");
        assert!(
            matches!(&last.shown, Shown::Answer(text) if text.starts_with(said)),
            "{last:?}"
        );
    }
    assert!(page.outbox.is_empty());
}

#[test]
fn a_newer_wish_replaces_the_one_that_is_still_running() {
    let mut page = page();
    page.apply(Action::Intervene(vec!["crash worker-a at 1s".into()]));
    let (old, _) = asked(&page);
    page.apply(Action::Intervene(vec!["crash worker-a at 2s".into()]));
    assert_eq!(page.outbox.len(), 1);
    page.apply(Action::Heard(Box::new(FromWorker::Ran {
        number: old,
        run: Box::default(),
    })));
    assert_eq!(page.branches.len(), 2, "its late answer is not shown");
    ran(&mut page, |_| {});
    assert_eq!(page.branches.len(), 3);
}

#[test]
fn a_link_leads_back_to_the_same_branch_record_and_beat() {
    let mut page = page();
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    ran(&mut page, |_| {});
    page.apply(Action::Beat(0));
    page.apply(Action::Branch(2));
    page.apply(Action::Seek(Seek::Record(17)));
    page.apply(Action::Tab(Tab::Code));
    let link = Link::read(&page.link().fragment()).unwrap().unwrap();
    let mut other = Page::open(Shared::new(fixture::prepared()), &link);
    assert_eq!(
        other.position, 0,
        "the variant's own run shows until the branch is there"
    );
    ran(&mut other, |_| {});
    assert_eq!((other.position, other.tab), (17, Tab::Code));
    assert_eq!(other.current().scene, page.current().scene);
    assert!(other.notices.is_empty());
}

#[test]
fn a_link_to_another_edition_says_so_and_one_to_a_lost_variant_opens_the_first() {
    let mut link = Link::to_lesson("locks/gc-pause");
    link.content_hash = "other".into();
    link.position = 3;
    link.scene.variant = "gone".into();
    let page = Page::open(Shared::new(fixture::prepared()), &link);
    assert_eq!(page.notices.len(), 2);
    assert_eq!((page.branch, page.position), (0, 3));
    link.position = u32::MAX;
    link.beat = u32::MAX;
    let page = Page::open(Shared::new(fixture::prepared()), &link);
    assert_eq!(page.position, page.story().last());
}

#[test]
fn an_untouched_page_has_a_plain_address() {
    assert_eq!(page().link().fragment(), "#/locks/gc-pause");
}

#[test]
fn beats_lead_to_their_moment_in_the_lessons_own_run() {
    let mut page = page();
    page.apply(Action::Beat(2));
    let anchor = page.story().anchors[2].unwrap();
    assert_eq!(page.position, anchor);
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    ran(&mut page, |_| {});
    page.apply(Action::Beat(1));
    assert_eq!(page.branch, 0, "the prose is about the lesson's run");
}

#[test]
fn a_prediction_is_answered_once_and_the_run_goes_on_to_what_happened() {
    let mut page = page();
    page.apply(Action::Beat(1));
    let before = page.position;
    page.apply(Action::Answer(0));
    assert!(page.position > before);
    page.apply(Action::Answer(1));
    assert_eq!(page.answers[1], Some(0));
}

#[test]
fn playing_stops_just_before_a_promise_breaks_and_goes_on_when_asked() {
    let mut page = page();
    page.apply(Action::Play(true));
    for _ in 0..500 {
        if !page.playing {
            break;
        }
        page.apply(Action::Tick);
    }
    let (broken, _) = page.story().broken()[0];
    assert!(page.position < broken && !page.playing);
    page.apply(Action::Play(true));
    for _ in 0..500 {
        page.apply(Action::Tick);
    }
    assert_eq!(page.position, page.story().last());
}

#[test]
fn a_lesson_without_variants_or_records_is_an_empty_page_not_a_broken_one() {
    let mut page = Page::open(
        Shared::new(redwind_protocol::Prepared::default()),
        &Link::to_lesson("x"),
    );
    for action in [
        Action::Play(true),
        Action::Tick,
        Action::Seek(Seek::End),
        Action::Beat(3),
        Action::Answer(2),
        Action::Undo(4),
        Action::Forget(0),
        Action::Branch(7),
        Action::RunDraft,
        Action::Reset(9),
    ] {
        page.apply(action);
    }
    assert_eq!((page.position, page.branches.len()), (0, 1));
}

#[test]
fn forgetting_the_branch_that_is_shown_goes_home() {
    let mut page = page();
    page.apply(Action::Variant("token".into()));
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    ran(&mut page, |_| {});
    page.apply(Action::Forget(2));
    assert_eq!((page.branch, page.branches.len()), (1, 2));
    page.apply(Action::Forget(0));
    assert_eq!(page.branches.len(), 2, "the lesson's own stay");
}

#[test]
fn when_the_simulator_is_lost_everything_that_waits_is_told_so() {
    let mut page = page();
    page.apply(Action::Command {
        node: "redis".into(),
        line: "GET a".into(),
    });
    page.apply(Action::Intervene(vec!["crash worker-b at 1s".into()]));
    page.apply(Action::Engine(Engine::Restarting));
    assert_eq!(
        (page.outbox.len(), page.worker_generation),
        (2, 1),
        "asked again of the next one"
    );
    page.apply(Action::Engine(Engine::Failed));
    assert!(page.outbox.is_empty() && page.pending.is_none());
    assert!(page.refusal.is_some());
    assert!(matches!(page.terminal[0].shown, Shown::Refused(_)));
    page.refusal = None;
    page.apply(Action::Intervene(vec!["crash worker-b at 2s".into()]));
    assert!(
        page.refusal.is_some() && page.pending.is_none(),
        "and so is what comes later"
    );
}

#[test]
fn a_run_that_takes_too_long_is_stopped_by_replacing_the_simulator_and_what_else_waits_is_asked_again()
 {
    let mut page = page();
    page.apply(Action::Engine(Engine::Ready));
    page.apply(Action::Intervene(vec!["crash worker-a at 1s".into()]));
    page.apply(Action::Command {
        node: "redis".into(),
        line: "GET a".into(),
    });
    page.apply(Action::Stop);
    assert!(page.pending.is_none() && page.refusal.is_none());
    assert_eq!(page.outbox.len(), 1, "the terminal still waits");
    assert_eq!(
        (page.stops, page.worker_generation, page.engine),
        (1, 1, Engine::Loading)
    );
    page.apply(Action::Stop);
    assert_eq!(page.stops, 1, "nothing more is asked for");
}

#[test]
fn who_leaves_the_editor_while_the_edit_runs_gives_it_up() {
    let mut page = page();
    page.apply(Action::Engine(Engine::Ready));
    page.apply(Action::Edit(Some(0)));
    page.apply(Action::Type("while True: pass".into()));
    page.apply(Action::RunDraft);
    page.apply(Action::Edit(None));
    assert!(page.pending.is_none() && page.draft.is_none());
    assert_eq!(page.stops, 1);
}

#[test]
fn what_was_known_already_does_not_wait_for_an_older_wish() {
    let mut page = page();
    page.apply(Action::Command {
        node: "redis".into(),
        line: "SET a 1".into(),
    });
    let number = page.outbox[0].number;
    page.apply(Action::Heard(Box::new(FromWorker::Writes {
        number,
        interventions: vec!["command redis at 1s: SET a 1".into()],
    })));
    assert!(page.pending.is_some());
    page.apply(Action::Open(Box::new(Link::to_lesson("locks/gc-pause"))));
    assert!(page.pending.is_none() && page.outbox.is_empty());
    assert!(
        matches!(page.terminal[0].shown, Shown::Refused(_)),
        "the terminal does not wait for ever"
    );
}
