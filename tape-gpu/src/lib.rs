//! Segmented reductions on the GPU: the place for them.
//!
//! A [`tape_core::Chunk`] is what a GPU wants: plain columns, with the rows of each light curve contiguous and described by
//! segments. This crate will reduce chunks with wgpu, statistic by statistic, where that is faster than the CPU and with the
//! same answers. It has no kernel yet; no other crate depends on it, and nothing of it is in the `tape` command.
//!
//! It knows nothing of files, plans or threads.
#![forbid(unsafe_code)]
