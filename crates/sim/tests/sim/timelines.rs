//! Small worlds and exactly what happens in them.

use crate::common::{check, with, world};

#[test]
fn a_command_travels_there_and_back() {
    check(world(&[("worker-a", &["SET lock a NX PX 10000"])]), "x");
}

#[test]
fn two_holders() {
    check(
        with(
            world(&[
                (
                    "worker-a",
                    &[
                        "SET lock a NX PX 10000",
                        "end unless OK",
                        "storage.write report A 33",
                    ],
                ),
                (
                    "worker-b",
                    &[
                        "sleep 11s",
                        "SET lock b NX PX 10000",
                        "end unless OK",
                        "storage.write report B 34",
                        "DEL lock",
                    ],
                ),
            ]),
            &["pause worker-a after worker-a's 1st SET for 15s"],
        ),
        "x",
    );
}
