//! Between the interpreter's values and the world's.

use monty_types::{ExcType, MontyException, MontyObject};
use redwind_sim::Data;

use crate::redis::{Arg, Refusal};
use crate::rewrite::names::{REDIS_ERRORS, error_line};

/// What begins the message of an exception that the interpreter carries for the prelude.
pub(crate) const SIGN: char = '\u{1}';

/// The exception that a refusal is, as the interpreter can carry it.
pub(crate) fn exception(refusal: &Refusal) -> MontyException {
    let Refusal { kind, message } = refusal;
    let redis = REDIS_ERRORS.iter().any(|(name, _)| name == kind);
    match kind.parse::<ExcType>() {
        Ok(builtin) if !redis => MontyException::new(builtin, Some(message.clone())),
        _ => signed("new", &error_line(kind), message),
    }
}

/// An exception whose class the prelude knows.
pub(crate) fn signed(what: &str, kind: &str, message: &str) -> MontyException {
    let text = format!("{SIGN}{what}{SIGN}{kind}{SIGN}{message}");
    MontyException::new(ExcType::RuntimeError, Some(text))
}

/// The class and the message of an exception, signed or not.
pub(crate) fn named(exception: &MontyException) -> (String, String) {
    let message = exception.message().unwrap_or_default();
    let mut sign = message.splitn(4, SIGN);
    match (sign.next(), sign.next(), sign.next(), sign.next()) {
        (Some(""), Some(_), Some(line), Some(text)) => {
            let kind = line.split(',').next().unwrap_or(line);
            (kind.to_owned(), text.to_owned())
        }
        _ => (exception.exc_type().to_string(), message.to_owned()),
    }
}

/// A value for a resource.
pub(crate) fn to_data(value: &Arg) -> Result<Data, Refusal> {
    Ok(match value {
        Arg::None => Data::Null,
        Arg::Bool(b) => Data::Bool(*b),
        Arg::Int(n) => Data::Int(*n),
        Arg::Float(x) => Data::Float(*x),
        Arg::Text(text) => Data::Text(text.clone()),
        Arg::List(items) => Data::List(items.iter().map(to_data).collect::<Result<_, _>>()?),
        Arg::Map(pairs) => Data::Map(
            pairs
                .iter()
                .map(|(name, value)| match name {
                    Arg::Text(name) => Ok((name.clone(), to_data(value)?)),
                    other => Err(Refusal::new(
                        "TypeError",
                        format!("a row's names are strings, not {}", other.type_name()),
                    )),
                })
                .collect::<Result<_, _>>()?,
        ),
        Arg::Bytes(_) => {
            return Err(Refusal::new(
                "TypeError",
                "bytes can't be kept here: call .decode() on them first, or make the client with decode_responses=True",
            ));
        }
        other => {
            return Err(Refusal::new(
                "TypeError",
                format!("a value of type {} can't be kept here", other.type_name()),
            ));
        }
    })
}

/// A value from a resource.
pub(crate) fn from_data(data: &Data) -> MontyObject {
    match data {
        Data::Null => MontyObject::none(),
        Data::Bool(b) => MontyObject::bool(*b),
        Data::Int(n) => MontyObject::int(*n),
        Data::Float(x) => MontyObject::float(*x),
        Data::Text(text) => MontyObject::string(text.clone()),
        Data::List(items) => MontyObject::list(items.iter().map(from_data)),
        Data::Map(pairs) => MontyObject::dict(
            pairs
                .iter()
                .map(|(name, value)| (MontyObject::string(name.clone()), from_data(value))),
        ),
    }
}
