//! The command's arguments, and the help that teaches them.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const ABOUT: &str = "A Redis you can rewind: run real Python against real Redis semantics in a simulated world, \
                     break it on purpose, and see which promise broke and why.";

const EXAMPLES: &str = "\
Examples:
  redwind lesson list                              what there is
  redwind run locks/gc-pause                       run a lesson as it stands: its first variant, its own faults
  redwind run locks/gc-pause --variant fencing     the version that survives
  redwind run queues/reliable --no-faults          without the lesson's own faults
  redwind run queues/reliable --no-faults --fault \"crash worker-a after worker-a's 1st BRPOP\"
  redwind run mine.md --format json                your own lesson, for a program to read
  redwind lesson check mine.md                     prove what your lesson claims
  redwind repl                                     a redis-cli on a server whose clock you move
  redwind serve --port 6380                        a server for your own Redis client

Exit code: 0 every promise held, 1 one was broken, 2 the input is wrong, 3 none was broken but one is undecided.";

const RUN_EXAMPLES: &str = "\
Examples:
  redwind run locks/gc-pause
  redwind run locks/gc-pause --variant token --all
  redwind run locks/gc-pause --no-faults --fault \"pause worker-a at 10ms for 9s\"

Exit code: 0 every promise held, 1 one was broken, 2 the input is wrong, 3 none was broken but one is undecided.";

/// What can be done to a run and when, as the fault language itself tells it.
fn run_help() -> String {
    use redwind_sim::language::vocabulary::{INTERVENTIONS, MOMENTS};
    let list = |examples: &[(&str, &str)]| {
        let line = |(example, what): &(&str, &str)| format!("  {example:<58}{what}\n");
        examples.iter().map(line).collect::<String>()
    };
    format!(
        "Faults, one a --fault, each in one sentence (the same that the page and lessons use):\n{}\n\
         Every `at` may be another moment, or come behind it (pause worker-a for 15s after worker-a's 2nd SET):\n{}\n\
         {RUN_EXAMPLES}",
        list(INTERVENTIONS),
        list(MOMENTS)
    )
}

const REPL_HELP: &str = "\
Every line is a command, as in redis-cli. Time stands still until you move it:
  @ +5s          five seconds pass: keys expire, waiting commands time out
  @ now          what the server's clock shows
  5 INCR visits  one command five times
  help SET       a command; help @list for a group, help for the rest
  :set nohints   no more of a command's arguments behind the line; :set hints shows them again
  clear          an empty screen
  quit           leave (or Ctrl-D)

While typing: Tab completes commands and topics of help, again for the next one, Esc for what was typed; Up and Down
give earlier lines, Ctrl-R searches them; Ctrl-A, Ctrl-E, Ctrl-W, Ctrl-U, Ctrl-K and Ctrl-Y edit as in a shell; Ctrl-L empties
the screen; Ctrl-C gives up a line. Several lines can be pasted at once: each is a command.
Earlier lines are kept in ~/.redwind_history, but for those with passwords. REDWIND_HISTFILE names another file, and
/dev/null none.

Lines can come from a file: redwind repl < commands.txt";

const SERVE_HELP: &str = "\
Any Redis client can connect. Nothing is kept on disk; Ctrl-C or SHUTDOWN ends it.

With --clock manual, time stands still until a client moves it:
  REDWIND CLOCK NOW              the server's time, in milliseconds since 1970
  REDWIND CLOCK ADVANCE 1500     keys expire and waiting commands time out on the way

Examples:
  redwind serve
  redwind serve --port 6380 --clock manual
  redis-cli -p 6380";

/// What was asked for.
#[derive(Debug, Parser)]
#[command(name = "redwind", version, about = ABOUT, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a lesson and judge it: a readable timeline, then each promise with what broke it.
    #[command(after_help = run_help())]
    Run(RunArgs),
    /// List, read and prove lessons.
    #[command(subcommand)]
    Lesson(LessonCommand),
    /// Type commands at an empty server whose clock you move.
    #[command(after_help = REPL_HELP)]
    Repl,
    /// The engine as a server on TCP, for redis-cli and every Redis client.
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// The address to listen on. Nothing protects the data: open others than loopback with care.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 6379)]
    pub(crate) port: u16,
    /// Whose time it is.
    #[arg(long, value_enum, default_value_t = Clock::Wall)]
    pub(crate) clock: Clock,
    /// What random picks begin from, for runs that repeat.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clock {
    /// The machine's.
    Wall,
    /// It stands still until `REDWIND CLOCK ADVANCE` moves it.
    Manual,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// A built-in lesson's id (locks/gc-pause), or the path of a lesson's file.
    pub(crate) lesson: String,
    /// Which variant; without it the lesson's first.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Another seed than the lesson's.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// A fault, beside the lesson's own; may be given several times.
    #[arg(long = "fault", value_name = "SENTENCE")]
    pub(crate) faults: Vec<String>,
    /// Leave out the lesson's own faults.
    #[arg(long)]
    pub(crate) no_faults: bool,
    /// Show every record: also each statement, each request sent and each reply received.
    #[arg(long)]
    pub(crate) all: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A timeline and the verdicts.
    Text,
    /// The scene and its whole trace, as the page gets it.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LessonCommand {
    /// Prove lessons: every verdict, moment and answer that they claim. Without a path, all built-in ones.
    Check {
        /// Files, or folders with lessons below them.
        paths: Vec<PathBuf>,
    },
    /// The built-in lessons, by track.
    List,
    /// Print a lesson's file: to read it, or to begin one of your own from it.
    Show {
        /// A built-in lesson's id, or the path of a lesson's file.
        lesson: String,
    },
}
