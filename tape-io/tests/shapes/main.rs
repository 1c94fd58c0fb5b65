//! Light curves in lists of every shape, and what their files may have wrong.
mod random;
mod refusals;
mod survey;
mod write;
