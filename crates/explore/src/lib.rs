//! Invariants, verdicts with their evidence, and the search for a schedule that breaks one.
