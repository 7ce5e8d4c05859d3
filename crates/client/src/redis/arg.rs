//! Python values as arguments, and their binding to parameters as Python does it.

use monty_types::ObjectRef;
use monty_types::unstable::{self, MontyNode};

/// A Python value that was passed as an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits, as digits.
    Big(String),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A list or a tuple.
    List(Vec<Arg>),
    /// A set.
    Set(Vec<Arg>),
    /// A dict.
    Map(Vec<(Arg, Arg)>),
    /// A `timedelta`, in microseconds.
    Delta(i64),
    /// A `datetime`, in microseconds since the epoch.
    Moment(i64),
    /// Anything else: its type's name, and its attributes.
    Other(String, Vec<(String, Arg)>),
}

impl Arg {
    /// The value, to a depth that no program needs.
    pub(crate) fn from_object(value: ObjectRef<'_>) -> Self {
        Self::at_depth(value, 0)
    }

    fn at_depth(value: ObjectRef<'_>, depth: usize) -> Self {
        let items = |value: ObjectRef<'_>| -> Vec<Self> {
            value
                .items()
                .unwrap_or_default()
                .into_iter()
                .map(|item| Self::at_depth(item, depth + 1))
                .collect()
        };
        let pairs = |value: ObjectRef<'_>| -> Vec<(Self, Self)> {
            value
                .pairs()
                .unwrap_or_default()
                .into_iter()
                .map(|(key, value)| {
                    (
                        Self::at_depth(key, depth + 1),
                        Self::at_depth(value, depth + 1),
                    )
                })
                .collect()
        };
        if depth > 64 {
            return Self::Other("deeply nested".to_owned(), Vec::new());
        }
        match unstable::node(value) {
            MontyNode::None => Self::None,
            MontyNode::Bool(b) => Self::Bool(*b),
            MontyNode::Int(n) => Self::Int(*n),
            MontyNode::BigInt(n) => Self::Big(n.to_string()),
            MontyNode::Float(x) => Self::Float(*x),
            MontyNode::String(text) => Self::Text(text.clone()),
            MontyNode::Bytes(bytes) => Self::Bytes(bytes.clone()),
            MontyNode::List(_) | MontyNode::Tuple(_) | MontyNode::NamedTuple { .. } => {
                Self::List(items(value))
            }
            MontyNode::Set(_) | MontyNode::FrozenSet(_) => Self::Set(items(value)),
            MontyNode::Dict(_) => Self::Map(pairs(value)),
            MontyNode::TimeDelta(delta) => Self::Delta(
                (i64::from(delta.days) * 86_400 + i64::from(delta.seconds)) * 1_000_000
                    + i64::from(delta.microseconds),
            ),
            MontyNode::DateTime(moment) => {
                let days = days_from_civil(moment.year, moment.month, moment.day);
                let seconds = days * 86_400
                    + i64::from(moment.hour) * 3_600
                    + i64::from(moment.minute) * 60
                    + i64::from(moment.second)
                    - i64::from(moment.offset_seconds.unwrap_or(0));
                Self::Moment(seconds * 1_000_000 + i64::from(moment.microsecond))
            }
            MontyNode::ClassInstance { .. } => {
                let attributes = pairs(value)
                    .into_iter()
                    .filter_map(|(name, value)| match name {
                        Self::Text(name) => Some((name, value)),
                        _ => None,
                    })
                    .collect();
                Self::Other(value.type_name().to_owned(), attributes)
            }
            _ => Self::Other(value.type_name().to_owned(), Vec::new()),
        }
    }

    /// Python's truth of the value.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(b) => *b,
            Self::Int(n) => *n != 0,
            Self::Float(x) => *x != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) | Self::Set(items) => !items.is_empty(),
            Self::Map(pairs) => !pairs.is_empty(),
            Self::Delta(micros) => *micros != 0,
            Self::Big(_) | Self::Moment(_) | Self::Other(..) => true,
        }
    }

    /// The name of its type.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Big(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "dict",
            Self::Delta(_) => "timedelta",
            Self::Moment(_) => "datetime",
            Self::Other(name, _) => name,
        }
    }

    /// The number, when it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Float(x) => Some(*x),
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            _ => None,
        }
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
pub(crate) fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// An exception to raise in the program: the class's name and the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn data(message: impl Into<String>) -> Self {
        Self::new("DataError", message)
    }
}

/// A parameter of a method.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    kind: Kind,
    default: Option<Arg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    ByNameOnly,
    /// `*rest`
    Rest,
}

/// Reads parameters as Python writes them: `name, ex=None, *args, count=1!`.
pub(crate) fn parameters(text: &'static str) -> Vec<Param> {
    text.split(", ")
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (part, by_name) = match part.strip_suffix('!') {
                Some(part) => (part, true),
                None => (part, false),
            };
            let (name, default) = match part.split_once('=') {
                Some((name, default)) => (name, Some(literal(default))),
                None => (part, None),
            };
            let (name, kind) = match name.strip_prefix('*') {
                Some(name) => (name, Kind::Rest),
                None if by_name => (name, Kind::ByNameOnly),
                None => (name, Kind::Plain),
            };
            Param {
                name,
                kind,
                default,
            }
        })
        .collect()
}

fn literal(text: &str) -> Arg {
    match text {
        "None" => Arg::None,
        "True" => Arg::Bool(true),
        "False" => Arg::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(n), _) => Arg::Int(n),
            (_, Ok(x)) => Arg::Float(x),
            _ => Arg::Text(text.trim_matches('\'').to_owned()),
        },
    }
}

/// A call whose arguments have found their parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    values: Vec<(String, Arg)>,
    rest: Vec<Arg>,
}

impl Call {
    /// A call of which only options are known.
    pub(crate) fn options(values: Vec<(String, Arg)>) -> Self {
        Self {
            values,
            rest: Vec::new(),
        }
    }

    /// The value of a parameter; `None` for one that the method has not.
    pub(crate) fn get(&self, name: &str) -> &Arg {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map_or(&Arg::None, |(_, value)| value)
    }

    /// Whether the parameter is given and true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).truth()
    }

    /// Whether the parameter is given and not `None`.
    pub(crate) fn has(&self, name: &str) -> bool {
        *self.get(name) != Arg::None
    }

    /// What `*args` took.
    pub(crate) fn rest(&self) -> &[Arg] {
        &self.rest
    }
}

/// Binds arguments to parameters; refusals read as Python's. `method` counts the object itself among the
/// arguments, as Python does in its texts.
pub(crate) fn bind(
    callee: &str,
    parameters: &[Param],
    args: Vec<Arg>,
    named: Vec<(String, Arg)>,
    method: bool,
) -> Result<Call, Refusal> {
    let given = args.len();
    let mut args = args.into_iter();
    let mut call = Call::default();
    let mut bound: Vec<Option<Arg>> = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        bound.push(match parameter.kind {
            Kind::Plain => args.next(),
            Kind::ByNameOnly => None,
            Kind::Rest => {
                call.rest = args.by_ref().collect();
                None
            }
        });
    }
    if args.next().is_some() {
        let takes = parameters
            .iter()
            .filter(|parameter| parameter.kind == Kind::Plain);
        let most = takes.clone().count() + usize::from(method);
        let least = takes
            .filter(|parameter| parameter.default.is_none())
            .count()
            + usize::from(method);
        let takes = if least == most {
            format!("{most} positional argument{}", plural(most))
        } else {
            format!("from {least} to {most} positional arguments")
        };
        let given = given + usize::from(method);
        return Err(Refusal::new(
            "TypeError",
            format!(
                "{callee} takes {takes} but {given} {} given",
                if given == 1 { "was" } else { "were" }
            ),
        ));
    }
    for (name, value) in named {
        let at = parameters
            .iter()
            .position(|parameter| parameter.name == name && parameter.kind != Kind::Rest);
        match at {
            Some(at) if bound[at].is_some() => {
                return Err(Refusal::new(
                    "TypeError",
                    format!("{callee} got multiple values for argument '{name}'"),
                ));
            }
            Some(at) => bound[at] = Some(value),
            None => {
                return Err(Refusal::new(
                    "TypeError",
                    format!("{callee} got an unexpected keyword argument '{name}'"),
                ));
            }
        }
    }
    let mut missing = Vec::new();
    for (parameter, value) in parameters.iter().zip(bound) {
        match value.or_else(|| parameter.default.clone()) {
            Some(value) => call.values.push((parameter.name.to_owned(), value)),
            None if parameter.kind != Kind::Rest => missing.push(format!("'{}'", parameter.name)),
            None => {}
        }
    }
    if missing.is_empty() {
        return Ok(call);
    }
    let count = missing.len();
    let names = match missing.as_slice() {
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
        [] => String::new(),
    };
    Err(Refusal::new(
        "TypeError",
        format!(
            "{callee} missing {count} required positional argument{}: {names}",
            plural(count)
        ),
    ))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The values of a list argument, or none.
pub(crate) fn positional(value: Arg) -> Vec<Arg> {
    match value {
        Arg::List(items) => items,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Arg, Refusal, bind, days_from_civil, parameters};

    fn refused(args: Vec<Arg>, named: &[&str]) -> String {
        let parameters = parameters("name, value, ex=None, nx=False");
        let named = named
            .iter()
            .map(|name| ((*name).to_owned(), Arg::Int(1)))
            .collect();
        match bind("Redis.set()", &parameters, args, named, true) {
            Err(Refusal { message, .. }) => message,
            Ok(call) => format!("{call:?}"),
        }
    }

    #[test]
    fn wrong_calls_are_refused_in_pythons_words() {
        let one = || Arg::Int(1);
        assert_eq!(
            refused(vec![], &[]),
            "Redis.set() missing 2 required positional arguments: 'name' and 'value'"
        );
        assert_eq!(
            refused(vec![one()], &["exx"]),
            "Redis.set() got an unexpected keyword argument 'exx'"
        );
        assert_eq!(
            refused(vec![one(), one()], &["value"]),
            "Redis.set() got multiple values for argument 'value'"
        );
        assert_eq!(
            refused(vec![one(); 5], &[]),
            "Redis.set() takes from 3 to 5 positional arguments but 6 were given"
        );
    }

    #[test]
    fn days_are_counted_from_the_epoch() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
        assert_eq!(days_from_civil(1969, 12, 31), -1);
    }
}
