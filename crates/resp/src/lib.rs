//! RESP2 and RESP3 values: decoding, encoding, and redis-cli's text rendering.
