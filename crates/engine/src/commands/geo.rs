//! Places: sorted sets whose scores are geohashes.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::blob::Blob;
use crate::commands::sets::replace;
use crate::commands::strings::word;
use crate::commands::zsets::zadd;
use crate::cx::Cx;
use crate::db::Kind;
use crate::number::{int_bytes, parse_float};
use crate::refusal::quoted;
use crate::table::{Answer, FIRST, Keys, TWO, table};
use crate::types::Zset;
use crate::types::geohash::{self, Place, Shape};
use crate::types::globe;
use crate::{Refusal, order};

const STORED: &[&str] = &["STORE", "STOREDIST"];

table! { TABLE, "geo";
    "geoadd" => geoadd, AtLeast(4), [WRITE DENYOOM], FIRST, "3.2.0",
        "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
        "Adds places, or moves them; counts the new ones.";
    "geodist" => geodist, AtLeast(3), [READ], FIRST, "3.2.0", "key member1 member2 [M | KM | FT | MI]",
        "Tells how far two places are apart.";
    "geohash" => geohash, AtLeast(1), [READ], FIRST, "3.2.0", "key [member [member ...]]",
        "Gives places as geohashes of eleven letters.";
    "geopos" => geopos, AtLeast(1), [READ], FIRST, "3.2.0", "key [member [member ...]]",
        "Gives the longitudes and latitudes of places.";
    "georadius" => georadius, AtLeast(5), [WRITE DENYOOM MOVABLE_KEYS],
        Keys::FirstAndAfter { words: STORED, from: 6 }, "3.2.0",
        "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
        "Finds the places within a circle, and may keep them under a key.";
    "georadiusbymember" => georadiusbymember, AtLeast(4), [WRITE DENYOOM MOVABLE_KEYS],
        Keys::FirstAndAfter { words: STORED, from: 5 }, "3.2.0",
        "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
        "Finds the places around one of them, and may keep them under a key.";
    "georadiusbymember_ro" => georadiusbymember_ro, AtLeast(4), [READ], FIRST, "3.2.10",
        "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        "Finds the places around one of them.";
    "georadius_ro" => georadius_ro, AtLeast(5), [READ], FIRST, "3.2.10",
        "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        "Finds the places within a circle.";
    "geosearch" => geosearch, AtLeast(6), [READ], FIRST, "6.2.0",
        "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        "Finds the places within a circle or a box.";
    "geosearchstore" => geosearchstore, AtLeast(7), [WRITE DENYOOM], TWO, "6.2.0",
        "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
        "Keeps the places within a circle or a box under a key.";
}

/// A longitude and a latitude, from this argument on.
fn place(args: &Args<'_>, at: usize) -> Result<Place, Refusal> {
    let number = |at: usize| parse_float(&args[at]).ok_or(Refusal::NotAFloat);
    let place = [number(at)?, number(at + 1)?];
    if geohash::is_valid(place) {
        return Ok(place);
    }
    Err(Refusal::err(format_args!(
        "invalid longitude,latitude pair {:.6},{:.6}",
        place[0], place[1]
    )))
}

/// How many meters a unit has.
fn unit(text: &[u8]) -> Result<f64, Refusal> {
    const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let found = UNITS.iter().find(|(name, _)| is(text, name));
    found
        .map(|(_, meters)| *meters)
        .ok_or_else(|| Refusal::err("unsupported unit provided. please use M, KM, FT, MI"))
}

/// A distance, with four digits after the point. Halves go to the even digit.
fn show_distance(distance: f64) -> Value {
    let scaled = (distance * 10_000.0).round_ties_even() as i64;
    Value::bulk(format!("{}.{:04}", scaled / 10_000, scaled % 10_000))
}

fn show_place(place: Place) -> Value {
    Value::Array(place.map(Value::Double).to_vec())
}

/// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]` — a `ZADD` of geohashes.
fn geoadd(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let option = |at: &usize| ["NX", "XX", "CH"].iter().any(|word| args.is(*at, word));
    let start = (1..).find(|at| !option(at)).unwrap_or(1);
    let has = |word: &str| (1..start).any(|at| args.is(at, word));
    let places = args.from(start).len();
    if !places.is_multiple_of(3) || (has("NX") && has("XX")) {
        return Err(Refusal::Syntax);
    }
    let mut argv = vec![word("ZADD")];
    argv.extend_from_slice(&args.rest()[..start]);
    for at in (start..start + places).step_by(3) {
        let score = geohash::encode(place(args, at)?);
        argv.push(Bytes::from(int_bytes(score.cast_signed())));
        argv.push(args[at + 2].clone());
    }
    let answer = zadd(cx, &Args::new(&argv, 1))?;
    if cx.dirty > 0 {
        cx.repeat_as(|| argv);
    }
    Ok(answer)
}

/// `GEODIST key member1 member2 [M | KM | FT | MI]`
fn geodist(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let meters = match args.from(3) {
        [] => 1.0,
        [name] => unit(name)?,
        _ => return Err(Refusal::Syntax),
    };
    let Some(zset) = cx.read::<Zset>(args.key(0))? else {
        return Ok(Value::Null);
    };
    let place = |at: usize| zset.score(&args[at]).map(geohash::decode);
    let Some((from, to)) = place(1).zip(place(2)) else {
        return Ok(Value::Null);
    };
    Ok(show_distance(globe::distance(from, to) / meters))
}

fn each_place(cx: &mut Cx<'_>, args: &Args<'_>, none: Value, show: fn(Place) -> Value) -> Answer {
    let zset = cx.read::<Zset>(args.key(0))?;
    let one = |member: &Bytes| {
        let score = zset.and_then(|zset| zset.score(member));
        score.map_or_else(|| none.clone(), |score| show(geohash::decode(score)))
    };
    Ok(Value::array(args.from(1).iter().map(one)))
}

/// `GEOHASH key [member [member ...]]`
fn geohash(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    each_place(cx, args, Value::Null, |place| {
        Value::bulk(geohash::letters(place))
    })
}

/// `GEOPOS key [member [member ...]]`
fn geopos(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    each_place(cx, args, Value::NullArray, show_place)
}

/// Which of the searches runs; they share their options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `GEORADIUS` and `GEORADIUSBYMEMBER`, which may store.
    Radius,
    RadiusReadOnly,
    Search,
    SearchStore,
}

impl Form {
    fn is_search(self) -> bool {
        matches!(self, Form::Search | Form::SearchStore)
    }
}

/// What a search is to do.
#[derive(Default)]
struct Plan<'a> {
    centre: Option<Place>,
    /// The shape, and how many meters its unit has.
    shape: Option<(Shape, f64)>,
    by_member: bool,
    by_place: bool,
    descending: Option<bool>,
    count: usize,
    any: bool,
    distances: bool,
    hashes: bool,
    places: bool,
    destination: Option<&'a Bytes>,
    store_distance: bool,
}

fn circle(args: &Args<'_>, at: usize) -> Result<(Shape, f64), Refusal> {
    let radius = parse_float(&args[at]).ok_or_else(|| Refusal::err("need numeric radius"))?;
    if radius < 0.0 {
        return Err(Refusal::err("radius cannot be negative"));
    }
    let meters = unit(&args[at + 1])?;
    let radius = radius * meters;
    Ok((Shape::Circle { radius }, meters))
}

fn rectangle(args: &Args<'_>, at: usize) -> Result<(Shape, f64), Refusal> {
    let width = parse_float(&args[at]).ok_or_else(|| Refusal::err("need numeric width"))?;
    let height = parse_float(&args[at + 1]).ok_or_else(|| Refusal::err("need numeric height"))?;
    if width < 0.0 || height < 0.0 {
        return Err(Refusal::err("height or width cannot be negative"));
    }
    let meters = unit(&args[at + 2])?;
    let (width, height) = (width * meters, height * meters);
    Ok((Shape::Box { width, height }, meters))
}

impl<'a> Plan<'a> {
    /// Where a member is; `None` where there are no members at all.
    fn at_member(&mut self, zset: Option<&Zset>, member: &[u8]) -> Result<(), Refusal> {
        let Some(zset) = zset else { return Ok(()) };
        let score = zset.score(member);
        let score = score.ok_or_else(|| Refusal::err("could not decode requested zset member"))?;
        self.centre = Some(geohash::decode(score));
        Ok(())
    }

    /// Reads the options from this argument on.
    fn options(
        &mut self,
        args: &Args<'a>,
        mut at: usize,
        form: Form,
        zset: Option<&Zset>,
    ) -> Result<(), Refusal> {
        let by_circle =
            |shape: Option<(Shape, f64)>| matches!(shape, Some((Shape::Circle { .. }, _)));
        while let Some(option) = args.get(at) {
            let left = args.len() - at - 1;
            let search = form.is_search();
            if is(option, "WITHDIST") {
                self.distances = true;
            } else if is(option, "WITHHASH") {
                self.hashes = true;
            } else if is(option, "WITHCOORD") {
                self.places = true;
            } else if is(option, "ANY") {
                self.any = true;
            } else if is(option, "ASC") {
                self.descending = Some(false);
            } else if is(option, "DESC") {
                self.descending = Some(true);
            } else if is(option, "COUNT") && left >= 1 {
                at += 1;
                let count = args.int(at)?;
                if count <= 0 {
                    return Err(Refusal::err("COUNT must be > 0"));
                }
                self.count = usize::try_from(count).unwrap_or(usize::MAX);
            } else if form == Form::Radius
                && left >= 1
                && (is(option, "STORE") || is(option, "STOREDIST"))
            {
                at += 1;
                self.destination = Some(args.key(at));
                self.store_distance = is(option, "STOREDIST");
            } else if form == Form::SearchStore && is(option, "STOREDIST") {
                self.store_distance = true;
            } else if search && is(option, "FROMMEMBER") && left >= 1 && !self.by_place {
                at += 1;
                self.at_member(zset, &args[at])?;
                self.by_member = true;
            } else if search && is(option, "FROMLONLAT") && left >= 2 && !self.by_member {
                self.centre = Some(place(args, at + 1)?);
                self.by_place = true;
                at += 2;
            } else if search
                && is(option, "BYRADIUS")
                && left >= 2
                && (self.shape.is_none() || by_circle(self.shape))
            {
                self.shape = Some(circle(args, at + 1)?);
                at += 2;
            } else if search && is(option, "BYBOX") && left >= 3 && !by_circle(self.shape) {
                self.shape = Some(rectangle(args, at + 1)?);
                at += 3;
            } else {
                return Err(Refusal::Syntax);
            }
            at += 1;
        }
        Ok(())
    }

    /// What the options may not be together.
    fn check(&self, args: &Args<'_>, form: Form) -> Result<(), Refusal> {
        if self.destination.is_some() && (self.distances || self.hashes || self.places) {
            let what = match form {
                Form::SearchStore => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return Err(Refusal::err(format_args!(
                "{what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let command = || quoted(&args.argv()[0]);
        if form.is_search() && !self.by_member && !self.by_place {
            return Err(Refusal::err(format_args!(
                "exactly one of FROMMEMBER or FROMLONLAT can be specified for {}",
                command()
            )));
        }
        if form.is_search() && self.shape.is_none() {
            return Err(Refusal::err(format_args!(
                "exactly one of BYRADIUS and BYBOX can be specified for {}",
                command()
            )));
        }
        if self.any && self.count == 0 {
            return Err(Refusal::err("the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// The places that are wanted, in the order in which they are wanted.
    fn find(&self, zset: &Zset) -> Vec<Found> {
        let (Some(centre), Some((shape, meters))) = (self.centre, self.shape) else {
            return Vec::new();
        };
        let enough = if self.any { self.count } else { usize::MAX };
        let mut found = Vec::new();
        for (low, high) in shape.ranges(centre) {
            if found.len() >= enough {
                break;
            }
            let first = zset.count_before(|score, _| score < low);
            let after = zset.count_before(|score, _| score < high);
            let candidates = zset.range(first..after).filter_map(|(member, score)| {
                let place = geohash::decode(score);
                let distance = shape.reaches(centre, place)?;
                Some(Found {
                    member: member.to_blob(),
                    score,
                    place,
                    distance,
                })
            });
            let left = enough - found.len();
            found.extend(candidates.take(left));
        }
        // The nearest are wanted when only some are, whatever they are found in the order of.
        let nearest = (self.count > 0 && !self.any).then_some(false);
        match self.descending.or(nearest) {
            Some(false) => order::sort_by(&mut found, |a, b| a.distance.total_cmp(&b.distance)),
            Some(true) => order::sort_by(&mut found, |a, b| b.distance.total_cmp(&a.distance)),
            None => {}
        }
        if self.count > 0 {
            found.truncate(self.count);
        }
        for one in &mut found {
            one.distance /= meters;
        }
        found
    }

    fn show(&self, found: Vec<Found>) -> Value {
        let one = |found: Found| {
            let member = Value::Bulk(found.member.to_bytes());
            if !(self.distances || self.hashes || self.places) {
                return member;
            }
            let mut parts = vec![member];
            if self.distances {
                parts.push(show_distance(found.distance));
            }
            if self.hashes {
                parts.push(Value::Int(found.score as i64));
            }
            if self.places {
                parts.push(show_place(found.place));
            }
            Value::Array(parts)
        };
        Value::array(found.into_iter().map(one))
    }

    /// Keeps what was found as a sorted set.
    fn store(&self, cx: &mut Cx<'_>, to: &Bytes, found: &[Found], event: &'static str) -> Value {
        let mut result = Zset::spread_out();
        for one in found {
            let score = if self.store_distance {
                one.distance
            } else {
                one.score
            };
            result.set(&one.member, score, &cx.engine.config);
        }
        let result = result.settle(&cx.engine.config);
        let len = result.len();
        replace(cx, to, (len > 0).then(|| result.wrap()), event);
        cx.dirty += (len as u64).saturating_sub(1);
        Value::from(len)
    }
}

/// A place that was found, and how far it is from the centre.
struct Found {
    member: Blob,
    score: f64,
    place: Place,
    distance: f64,
}

/// Where a search starts, if its arguments say so before the options.
enum From {
    Options,
    Place,
    Member,
}

fn search(cx: &mut Cx<'_>, args: &Args<'_>, form: Form, from: From) -> Answer {
    let mut plan = Plan::default();
    let source = usize::from(form == Form::SearchStore);
    if form == Form::SearchStore {
        plan.destination = Some(args.key(0));
    }
    let zset = cx.read::<Zset>(args.key(source))?;
    let options = match from {
        From::Options => source + 1,
        From::Place => {
            plan.centre = Some(place(args, 1)?);
            plan.shape = Some(circle(args, 3)?);
            5
        }
        // Where there are no members, the radius is not even read.
        From::Member => {
            if zset.is_some() {
                plan.at_member(zset, &args[1])?;
                plan.shape = Some(circle(args, 2)?);
            }
            4
        }
    };
    plan.options(args, options, form, zset)?;
    plan.check(args, form)?;
    let found = zset.map_or_else(Vec::new, |zset| plan.find(zset));
    let event = match form {
        Form::SearchStore => "geosearchstore",
        _ => "georadiusstore",
    };
    Ok(match plan.destination {
        Some(to) => plan.store(cx, to, &found, event),
        None => plan.show(found),
    })
}

/// `GEORADIUS key longitude latitude radius unit [options] [STORE key | STOREDIST key]`
fn georadius(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::Radius, From::Place)
}

/// `GEORADIUS_RO key longitude latitude radius unit [options]`
fn georadius_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::RadiusReadOnly, From::Place)
}

/// `GEORADIUSBYMEMBER key member radius unit [options] [STORE key | STOREDIST key]`
fn georadiusbymember(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::Radius, From::Member)
}

/// `GEORADIUSBYMEMBER_RO key member radius unit [options]`
fn georadiusbymember_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::RadiusReadOnly, From::Member)
}

/// `GEOSEARCH key FROMMEMBER … | FROMLONLAT … BYRADIUS … | BYBOX … [options]`
fn geosearch(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::Search, From::Options)
}

/// `GEOSEARCHSTORE destination source FROMMEMBER … | FROMLONLAT … BYRADIUS … | BYBOX … [options] [STOREDIST]`
fn geosearchstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    search(cx, args, Form::SearchStore, From::Options)
}
