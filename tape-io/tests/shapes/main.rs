//! Light curves in lists of every shape, and what their files may have wrong.
mod bytes;
mod conditions;
mod convert;
mod derived;
mod hostile;
mod random;
mod refusals;
mod repartition;
mod survey;
mod write;
