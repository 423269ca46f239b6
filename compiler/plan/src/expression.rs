//! Expressions over columns: the formulas of laws and derived columns.
