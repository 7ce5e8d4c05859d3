//! The page's state in the address: lesson, variant, edits, interventions, position.
