//! The lesson format: parse, validate, build the scenario, check the claims.
