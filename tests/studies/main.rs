//! Studies of the kinds that people publish, each whole: it checks clean, and its plan has the grids, cells, tokens and operations that
//! arithmetic on its text gives. A study is `NN_name.synx`, what it must come to is `study_NN.rs` beside it.
#![allow(clippy::unwrap_used)]

mod study_01;
mod study_02;
mod study_03;
mod study_04;
mod study_05;
mod study_06;
mod study_07;
mod study_08;
mod study_09;
mod study_10;
mod study_11;
mod study_12;
mod support;
