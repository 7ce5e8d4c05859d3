//! One Redis server: keyspace, types, commands, scripting, expiry, blocking. No I/O, no clock, no threads.
