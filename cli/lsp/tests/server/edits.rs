//! After any edit the server says what a fresh check says.

use crate::support::STUDY;
use crate::walk::walk;

#[test]
fn after_any_edit_the_findings_are_those_of_a_fresh_check() {
    for seed in 0..4 {
        walk(seed, 100, STUDY, &["utf-8"]);
    }
}

#[test]
fn so_they_are_where_columns_count_utf16() {
    for seed in 4..6 {
        walk(seed, 100, STUDY, &["utf-16"]);
    }
}
