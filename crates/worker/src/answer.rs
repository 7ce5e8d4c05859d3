//! What the worker does with each request.

use redwind_playground::{Playground, Typed, suggest};
use redwind_protocol::{FromWorker, Request};

pub(crate) fn answer(playground: &mut Playground, number: u32, request: Request) -> FromWorker {
    let answered = match request {
        Request::Open { markdown } => playground.open(&markdown).map(|lesson| FromWorker::Opened {
            number,
            lesson: Box::new(lesson),
        }),
        Request::Run(scene) => playground.run(&scene).map(|run| FromWorker::Ran {
            number,
            run: Box::new(run),
        }),
        Request::Suggest { line } => Ok(FromWorker::Suggested {
            number,
            suggestion: suggest(&line),
        }),
        Request::Terminal {
            scene,
            node,
            at,
            line,
        } => playground
            .terminal(&scene, &node, at, &line)
            .map(|typed| match typed {
                Typed::Answered(text) => FromWorker::Answered { number, text },
                Typed::Writes(interventions) => FromWorker::Writes {
                    number,
                    interventions,
                },
            }),
    };
    answered.unwrap_or_else(|error| FromWorker::Refused { number, error })
}
