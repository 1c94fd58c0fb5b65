//! Nothing: what is shown of the library is in `tests/`.
