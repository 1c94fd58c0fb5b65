//! A pool of buffers, because allocating a buffer costs a driver more than computing most chunks.
//!
//! A chunk borrows buffers and returns them on drop, so there are as many buffers as the workers use at a time: while
//! one worker packs, the columns of another are uploaded, a third computes, and a fourth reads. A reused buffer is
//! overwritten completely: columns by copies queued before the kernel, and results by NaN.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu::util::StagingBelt;
use wgpu::{
    BindingResource, Buffer, BufferBinding, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor,
    Device, PollType,
};

use crate::device::Gpu;

/// Maximum bytes of unused buffers to keep, for each kind.
const MOST_KEPT: u64 = 256 << 20;
/// Size of the smallest buffer. With fewer distinct sizes, more buffers can be reused.
const SMALLEST: u64 = 4 << 10;
/// Bytes of one piece of an upload. A column of a typical chunk is one piece.
const PIECE: usize = 1 << 20;
/// Maximum bytes in flight to the device, for each worker.
const MOST_ON_THE_WAY: usize = 64 << 20;

/// Counts of buffers requested and allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferCounts {
    /// Buffers requested.
    pub lent: u64,
    /// Buffers allocated.
    pub made: u64,
}

/// The buffer pools of a device.
#[derive(Debug)]
pub(crate) struct Rings {
    /// Buffers that kernels read and write.
    storage: Arc<Ring>,
    /// Buffers for reading back results.
    read_back: Arc<Ring>,
    /// Staging belts for uploads, one for each active worker.
    belts: Mutex<Vec<StagingBelt>>,
    /// A buffer whose bytes are NaN in any precision.
    nothing: Mutex<Option<Buffer>>,
}

/// A pool of buffers with the same usage.
#[derive(Debug)]
struct Ring {
    label: &'static str,
    usage: BufferUsages,
    free: Mutex<Vec<Buffer>>,
    lent: AtomicU64,
    made: AtomicU64,
}

/// A borrowed buffer. It returns to the pool on drop.
#[derive(Debug)]
pub(crate) struct Lent {
    buffer: Buffer,
    bytes: u64,
    home: Option<Arc<Ring>>,
}

impl Rings {
    pub(crate) fn new() -> Self {
        let ring = |label, usage| {
            let (free, lent, made) = (Mutex::default(), AtomicU64::default(), AtomicU64::default());
            Arc::new(Ring { label, usage, free, lent, made })
        };
        Self {
            storage: ring("numbers", BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST),
            read_back: ring("read back", BufferUsages::MAP_READ | BufferUsages::COPY_DST),
            belts: Mutex::default(),
            nothing: Mutex::default(),
        }
    }
}

impl Ring {
    fn lend(self: &Arc<Self>, device: &Device, bytes: u64) -> Lent {
        // An empty buffer cannot be bound.
        let bytes = if bytes == 0 { 8 } else { bytes };
        let rounded = bytes.next_power_of_two().max(SMALLEST);
        let size = if rounded <= device.limits().max_buffer_size { rounded } else { bytes };
        self.lent.fetch_add(1, Ordering::Relaxed);
        let known = {
            let mut free = lock(&self.free);
            free.iter().position(|buffer| buffer.size() == size).map(|place| free.swap_remove(place))
        };
        let buffer = known.unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            let (label, usage) = (Some(self.label), self.usage);
            device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation: false })
        });
        Lent { buffer, bytes, home: Some(Arc::clone(self)) }
    }
}

impl Lent {
    pub(crate) const fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Returns the number of bytes requested, or eight if none were.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns a binding of the requested bytes only.
    pub(crate) fn binding(&self) -> BindingResource<'_> {
        BindingResource::Buffer(BufferBinding { buffer: &self.buffer, offset: 0, size: NonZeroU64::new(self.bytes) })
    }

    /// Frees the buffer, because its state is unknown.
    pub(crate) fn discard(mut self) {
        self.home = None;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(home) = self.home.take() else { return };
        let mut free = lock(&home.free);
        let kept: u64 = free.iter().map(Buffer::size).sum();
        if kept + self.buffer.size() <= MOST_KEPT {
            free.push(self.buffer.clone());
        }
    }
}

/// An upload in progress.
pub(crate) struct Up<'a> {
    gpu: &'a Gpu,
    belt: StagingBelt,
    encoder: CommandEncoder,
    on_the_way: usize,
}

impl Gpu {
    /// Returns how many buffers were requested and allocated.
    #[must_use]
    pub fn buffers(&self) -> BufferCounts {
        let count = |of: fn(&Ring) -> &AtomicU64| {
            [&self.rings.storage, &self.rings.read_back].iter().map(|ring| of(ring).load(Ordering::Relaxed)).sum()
        };
        BufferCounts { lent: count(|ring| &ring.lent), made: count(|ring| &ring.made) }
    }

    /// Starts an upload of columns.
    pub(crate) fn up(&self) -> Up<'_> {
        let belt = lock(&self.rings.belts).pop();
        let belt = belt.unwrap_or_else(|| StagingBelt::new(self.device.clone(), PIECE as u64));
        Up { gpu: self, belt, encoder: self.encoder("upload"), on_the_way: 0 }
    }

    /// Borrows a buffer. It holds old data until [`Gpu::dispatch`] overwrites it with NaN.
    pub(crate) fn room(&self, bytes: usize) -> Lent {
        self.rings.storage.lend(&self.device, bytes as u64)
    }

    /// Borrows a buffer for reading back results.
    pub(crate) fn read_back(&self, bytes: u64) -> Lent {
        self.rings.read_back.lend(&self.device, bytes)
    }

    /// Fills a buffer with NaN, so that a result that no kernel wrote is never mistaken for one, even from an earlier
    /// chunk.
    pub(crate) fn unwrite(&self, encoder: &mut CommandEncoder, out: &Lent) {
        let nothing = {
            let mut known = lock(&self.rings.nothing);
            let large_enough = known.take().filter(|buffer| buffer.size() >= out.bytes());
            known.insert(large_enough.unwrap_or_else(|| self.made_nothing(out.bytes()))).clone()
        };
        encoder.copy_buffer_to_buffer(&nothing, 0, out.buffer(), 0, out.bytes());
    }

    fn made_nothing(&self, bytes: u64) -> Buffer {
        let size = bytes.next_power_of_two().max(SMALLEST);
        let usage = BufferUsages::COPY_SRC;
        let descriptor = BufferDescriptor { label: Some("nothing"), size, usage, mapped_at_creation: true };
        let buffer = self.device.create_buffer(&descriptor);
        if let Ok(mut all) = buffer.get_mapped_range_mut(..) {
            let pattern = vec![0xFF; PIECE.min(usize::try_from(size).unwrap_or(PIECE))];
            let size = usize::try_from(size).unwrap_or(0);
            for first in (0..size).step_by(pattern.len()) {
                all.slice(first..(first + pattern.len()).min(size))
                    .copy_from_slice(&pattern[..pattern.len().min(size - first)]);
            }
        }
        buffer.unmap();
        buffer
    }

    pub(crate) fn encoder(&self, label: &str) -> CommandEncoder {
        self.device.create_command_encoder(&CommandEncoderDescriptor { label: Some(label) })
    }
}

impl Up<'_> {
    /// Uploads `contents` to a new buffer, which is ready once [`Up::send`] was called. Empty contents get room for one
    /// number.
    pub(crate) fn put(&mut self, contents: &[u8]) -> Lent {
        let lent = self.gpu.room(contents.len());
        let padded;
        let contents = if contents.len().is_multiple_of(4) && !contents.is_empty() {
            contents
        } else {
            padded = [contents, &[0; 8]].concat();
            &padded[..contents.len().next_multiple_of(4).max(4)]
        };
        for (number, piece) in contents.chunks(PIECE).enumerate() {
            let Some(size) = NonZeroU64::new(piece.len() as u64) else { continue };
            let offset = (number * PIECE) as u64;
            self.belt.write_buffer(&mut self.encoder, lent.buffer(), offset, size).copy_from_slice(piece);
            self.on_the_way += piece.len();
            if self.on_the_way >= MOST_ON_THE_WAY {
                self.pass_on();
            }
        }
        lent
    }

    /// Submits the pending pieces, and waits until they have arrived.
    fn pass_on(&mut self) {
        self.submit();
        // A lost device is reported by the next call.
        let _ = self.gpu.device.poll(PollType::wait_indefinitely());
        self.on_the_way = 0;
    }

    fn submit(&mut self) {
        self.belt.finish();
        let full = std::mem::replace(&mut self.encoder, self.gpu.encoder("upload"));
        self.gpu.queue.submit([full.finish()]);
        self.belt.recall();
    }

    /// Submits all pending pieces. Work that is submitted later sees them.
    pub(crate) fn send(mut self) {
        self.submit();
        let Self { gpu, belt, .. } = self;
        lock(&gpu.rings.belts).push(belt);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
