//! Tests light curves in lists of every shape, and damaged files of each.
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
