//! What the users of each client do with it. `make clients-test` fetches the clients and runs this.

use redwind_clients_test::play;

#[test]
fn redis_py_has_every_type_in_both_protocols() {
    play("python", "redis_py_types.py");
}
