//! Client programs: Python source with the redis-py API.
