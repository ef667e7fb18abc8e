//! A fit without its rows, as JSON and named arrays, and back.
