//! One session: open a lesson, run, step, seek, inject, edit, type.
