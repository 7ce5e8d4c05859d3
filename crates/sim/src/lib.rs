//! The world: virtual time, nodes, links, clients, faults, and the trace of what happened.
