//! Buffers that are used again and again: making one costs a driver more than most chunks take to compute.
//!
//! What a chunk needs is lent, and comes back when it is dropped, so there are as many buffers as workers have in use at a time:
//! while one packs, another's columns go up, a third's are computed with, and a fourth reads. What comes back is written anew
//! from the beginning: columns by copies that come before the kernel in the queue, results by not-a-number.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu::util::StagingBelt;
use wgpu::{
    BindingResource, Buffer, BufferBinding, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor,
    Device, PollType,
};

use crate::device::Gpu;

/// Bytes that are kept of buffers of a kind that nobody uses.
const MOST_KEPT: u64 = 256 << 20;
/// The smallest buffer: fewer sizes are more often the one that is wanted.
const SMALLEST: u64 = 4 << 10;
/// Bytes of a piece in which columns go up; a column of a usual chunk is one.
const PIECE: usize = 1 << 20;
/// Bytes on their way up at a time, for one worker.
const MOST_ON_THE_WAY: usize = 64 << 20;

/// How often buffers were needed, and how often there was none that could be used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferCounts {
    /// Buffers that were asked for.
    pub lent: u64,
    /// Buffers that had to be made.
    pub made: u64,
}

/// The buffers of a device.
#[derive(Debug)]
pub(crate) struct Rings {
    /// What kernels read and write.
    storage: Arc<Ring>,
    /// What results are read from.
    read_back: Arc<Ring>,
    /// Mapped memory that columns go up through, for each worker that is at it.
    belts: Mutex<Vec<StagingBelt>>,
    /// Bytes that are no number, whatever they are read as.
    nothing: Mutex<Option<Buffer>>,
}

/// Buffers of one kind.
#[derive(Debug)]
struct Ring {
    label: &'static str,
    usage: BufferUsages,
    free: Mutex<Vec<Buffer>>,
    lent: AtomicU64,
    made: AtomicU64,
}

/// A buffer until it is dropped.
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

    /// The bytes that were asked for, or eight if that was none.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes that were asked for, for a kernel: it sees no more.
    pub(crate) fn binding(&self) -> BindingResource<'_> {
        BindingResource::Buffer(BufferBinding { buffer: &self.buffer, offset: 0, size: NonZeroU64::new(self.bytes) })
    }

    /// Lets go of it for good: nobody knows in what state it is.
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

/// Columns on their way up.
pub(crate) struct Up<'a> {
    gpu: &'a Gpu,
    belt: StagingBelt,
    encoder: CommandEncoder,
    on_the_way: usize,
}

impl Gpu {
    /// How often buffers were used again.
    #[must_use]
    pub fn buffers(&self) -> BufferCounts {
        let count = |of: fn(&Ring) -> &AtomicU64| {
            [&self.rings.storage, &self.rings.read_back].iter().map(|ring| of(ring).load(Ordering::Relaxed)).sum()
        };
        BufferCounts { lent: count(|ring| &ring.lent), made: count(|ring| &ring.made) }
    }

    /// A way up for columns that go together.
    pub(crate) fn up(&self) -> Up<'_> {
        let belt = lock(&self.rings.belts).pop();
        let belt = belt.unwrap_or_else(|| StagingBelt::new(self.device.clone(), PIECE as u64));
        Up { gpu: self, belt, encoder: self.encoder("upload"), on_the_way: 0 }
    }

    /// Room for numbers. They are those of whoever had it before, until [`Gpu::dispatch`] has made them none.
    pub(crate) fn room(&self, bytes: usize) -> Lent {
        self.rings.storage.lend(&self.device, bytes as u64)
    }

    /// What results are read from.
    pub(crate) fn read_back(&self, bytes: u64) -> Lent {
        self.rings.read_back.lend(&self.device, bytes)
    }

    /// Fills a buffer with what is no number: what a kernel forgets is never taken for a result, be it another's.
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
    /// A buffer with these contents, once [`Up::send`] was called; one without contents has room for a number.
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

    /// Sends what is there, and waits until it has arrived.
    fn pass_on(&mut self) {
        self.submit();
        // A device that is lost says so at the next call.
        let _ = self.gpu.device.poll(PollType::wait_indefinitely());
        self.on_the_way = 0;
    }

    fn submit(&mut self) {
        self.belt.finish();
        let full = std::mem::replace(&mut self.encoder, self.gpu.encoder("upload"));
        self.gpu.queue.submit([full.finish()]);
        self.belt.recall();
    }

    /// Sends all that was put. Whatever is submitted later finds it there.
    pub(crate) fn send(mut self) {
        self.submit();
        let Self { gpu, belt, .. } = self;
        lock(&gpu.rings.belts).push(belt);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
