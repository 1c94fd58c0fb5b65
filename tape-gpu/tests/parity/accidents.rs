//! Tests broken kernels, lost devices, and the reuse of buffers and columns.

use libtest_mimic::{Failed, Trial};
use tape_core::{Chunk, DeviceKernel, IdType, Method, Segment, Statistic, Value};
use tape_gpu::{Choice, Columns, Error, Gpu, Tier};

use crate::broken::{all_caught, changed};
use crate::compare::compare_with;
use crate::segments::awkward;

type Test = fn(&Gpu) -> Result<(), Failed>;

const ALL: &[(&str, Test)] = &[
    ("a deliberately wrong kernel is detected", a_broken_kernel_is_caught),
    ("a kernel that does not write gives no result", a_forgetful_kernel_gives_no_answer),
    ("a kernel with invalid WGSL is an error that names it", a_kernel_that_is_no_wgsl_is_an_error),
    ("a lost device returns errors", a_lost_device_is_an_error),
    ("a chunk has the same values from the device and the CPU", a_chunk_has_the_values_of_the_cpu),
    ("buffers are reused for chunks of any size", buffers_are_used_again),
    ("kernels are timed with GPU timestamps and without", times_are_told),
    ("resident columns give the same results again", columns_that_stay),
    ("statistics of a chunk share its columns until it is refilled", columns_of_a_chunk),
];

pub(crate) fn trials() -> Vec<Trial> {
    ALL.iter().map(|&(name, test)| Trial::test(name, move || test(&Gpu::open(&Choice::Any)?))).collect()
}

fn statistic(name: &str) -> Result<Statistic, Failed> {
    Ok(tape_analysis::find(name).ok_or_else(|| format!("no statistic is called {name}"))?)
}

/// Creates a kernel like that of the mean, with another text.
fn of_mean(name: &'static str, wgsl: &'static str) -> Result<&'static DeviceKernel, Failed> {
    let mean = statistic("mean")?.kernel().ok_or("the mean has a kernel")?;
    let DeviceKernel { method, len, error, double, tolerance, scale, restore, .. } = *mean;
    Ok(Box::leak(Box::new(DeviceKernel { name, wgsl, method, len, error, double, tolerance, scale, restore })))
}

fn text_of_mean(change: (&str, &str)) -> Result<&'static str, Failed> {
    changed(statistic("mean")?.kernel().ok_or("the mean has a kernel")?.wgsl, change)
}

fn a_broken_kernel_is_caught(gpu: &Gpu) -> Result<(), Failed> {
    let mean = statistic("mean")?;
    let text = mean.kernel().ok_or("the mean has a kernel")?.wgsl;
    let breaks = [
        ("mean, broken", "a[1] + b[1]", "a[1] + b[1] * 1.0002"),
        ("mean, broken again", "a[1] + b[1]", "a[1]"),
        ("mean, broken a third time", "State(flux, ", "State(flux + abs(flux) * 0.001, "),
    ];
    all_caught(text, &breaks, |name, wgsl| {
        let kernel = of_mean(name, wgsl).map_err(|_| "the mean has a kernel")?;
        compare_with(gpu, &mean, kernel, &awkward(None))
    })?;
    let range = statistic("inter_percentile_range_10")?;
    let kernel = range.kernel().ok_or("it has a kernel")?;
    let breaks = [
        ("range, broken", "return vec2(lower, select(upper[1], lower,", "return vec2(lower, select(lower, lower,"),
        ("range, broken again", "array(beside(first, n, fraction)", "array(beside(first, n, fraction) * 1.001"),
    ];
    all_caught(kernel.wgsl, &breaks, |name, wgsl| {
        let kernel = Box::leak(Box::new(DeviceKernel { name, wgsl, ..*kernel }));
        compare_with(gpu, &range, kernel, &awkward(None))
    })
}

/// Each lane takes a wrong index, so that none of them writes.
const FORGETFUL: (&str, &str) =
    ("fn lift(flux: real, error: real) -> State {", "fn lift(flux: real, error: real) -> State {\n    lane = 1000u;");

fn a_forgetful_kernel_gives_no_answer(gpu: &Gpu) -> Result<(), Failed> {
    let mean = statistic("mean")?;
    let kernel = of_mean("mean, forgetful", text_of_mean(FORGETFUL)?)?;
    let resident = gpu.upload(Columns { flux: &[1.0, 2.0, 4.0], error: &[] }, std::slice::from_ref(&(0..3)))?;
    // The buffer may hold results of an earlier kernel.
    let usual = gpu.states(&mean, mean.kernel().ok_or("the mean has a kernel")?, &resident)?;
    let before = gpu.buffers();
    let mut all = vec![];
    gpu.reduce(kernel, &resident, |_, _, numbers| all.extend_from_slice(numbers))?;
    if all.len() != 2 || !all.iter().all(|number| number.is_nan()) || usual == [None] {
        return Err(format!("{all:?} instead of `None`, after {usual:?}").into());
    }
    if gpu.buffers().made != before.made {
        return Err("the buffer was not reused".into());
    }
    let states = gpu.states(&mean, kernel, &resident)?;
    if states == [None] { Ok(()) } else { Err(format!("{states:?} was accepted as a result").into()) }
}

fn buffers_are_used_again(gpu: &Gpu) -> Result<(), Failed> {
    let stetson = statistic("stetson_j")?;
    let kernel = stetson.kernel().ok_or("it has a kernel")?;
    let answer = |n: u32| -> Result<_, Error> {
        let flux: Vec<f64> = (0..n).map(|i| f64::from(i % 101 * 7919 % 101)).collect();
        let error = vec![0.5; flux.len()];
        let rows: Vec<_> = (0..flux.len() / 10).map(|k| 10 * k..10 * k + 10).collect();
        let resident = gpu.upload(Columns { flux: &flux, error: &error }, &rows)?;
        gpu.states(&stetson, kernel, &resident)
    };
    // Large after small, small after large, and more than one piece.
    let sizes = [10, 700_000, 50, 4000, 20, 700_000];
    let first = sizes.map(answer).into_iter().collect::<Result<Vec<_>, _>>()?;
    let made = gpu.buffers().made;
    for (size, first) in sizes.into_iter().zip(first) {
        if answer(size)? != first {
            return Err(format!("{size} epochs have different results the second time").into());
        }
    }
    let counts = gpu.buffers();
    if counts.made == made && counts.lent > 80 {
        Ok(())
    } else {
        Err(format!("{counts:?}, with {made} allocated before").into())
    }
}

fn times_are_told(gpu: &Gpu) -> Result<(), Failed> {
    let without = Gpu::open_with(&Choice::Any, |adapter| Tier { timestamps: false, ..Tier::of(adapter) })?;
    let mean = statistic("mean")?;
    let kernel = mean.kernel().ok_or("the mean has a kernel")?;
    for gpu in [gpu, &without] {
        let flux = vec![1.5; 100_000];
        let resident = gpu.upload(Columns { flux: &flux, error: &[] }, &[0..50_000, 50_000..100_000])?;
        let seconds = gpu.time_kernel(kernel, &resident, 3)?;
        if !(seconds > 0.0 && seconds < 60.0) {
            return Err(format!("{seconds} s, with {:?}", gpu.tier()).into());
        }
    }
    Ok(())
}

fn a_kernel_that_is_no_wgsl_is_an_error(gpu: &Gpu) -> Result<(), Failed> {
    let kernel = of_mean("nonsense", "fn lift(")?;
    let resident = gpu.upload(Columns { flux: &[1.0], error: &[] }, std::slice::from_ref(&(0..1)))?;
    match gpu.reduce(kernel, &resident, |_, _, _| {}) {
        Err(Error::Invalid { kernel: "nonsense", .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn a_lost_device_is_an_error(gpu: &Gpu) -> Result<(), Failed> {
    let mean = statistic("mean")?;
    let kernel = mean.kernel().ok_or("the mean has a kernel")?;
    let columns = Columns { flux: &[1.0, 5.0], error: &[] };
    let resident = gpu.upload(columns, std::slice::from_ref(&(0..2)))?;
    gpu.destroy();
    let lost = |done: Result<(), Error>| matches!(done, Err(Error::Lost { .. }));
    let reduced = gpu.reduce(kernel, &resident, |_, _, _| {});
    let uploaded = gpu.upload(columns, std::slice::from_ref(&(0..2))).map(|_| ());
    if lost(reduced) && lost(uploaded) { Ok(()) } else { Err("calls succeed after the device was lost".into()) }
}

fn chunk() -> Chunk {
    let segments = awkward(None);
    let mut chunk = Chunk::new(IdType::Int64);
    chunk.flux = segments.flux;
    chunk.error = segments.error;
    chunk.segments = segments.rows.into_iter().map(|rows| Segment { object: 0, band: 0, rows }).collect();
    chunk
}

fn a_chunk_has_the_values_of_the_cpu(gpu: &Gpu) -> Result<(), Failed> {
    let chunk = chunk();
    for name in ["stetson_j", "standard_deviation", "median_absolute_deviation"] {
        let statistic = statistic(name)?;
        let mut out = vec![Value::Int(-1); chunk.segments.len()];
        let evaluated = gpu.evaluate_chunk(&statistic, &chunk, &mut out)?.ok_or("it has a kernel")?;
        if evaluated.by_device == 0 || evaluated.by_cpu == 0 {
            return Err(format!("{name}: {evaluated:?}, although only some fit the device").into());
        }
        for (segment, got) in chunk.segments.iter().zip(&out) {
            let mut want = [Value::Null];
            statistic.evaluate(&chunk.light_curve(segment, ""), &mut want);
            let close = match (got, want[0]) {
                (Value::Float(got), Value::Float(want)) => (got - want).abs() <= 1e-5 + 4e-5 * want.abs(),
                (got, want) => *got == want,
            };
            if !close {
                return Err(
                    format!("{name}: {got:?} instead of {:?} for {} epochs", want[0], segment.rows.len()).into()
                );
            }
        }
    }
    Ok(())
}

fn columns_that_stay(gpu: &Gpu) -> Result<(), Failed> {
    let segments = awkward(None);
    let resident = gpu.upload(Columns { flux: &segments.flux, error: &segments.error }, &segments.rows)?;
    for name in ["mean", "stetson_j", "median", "mean", "stetson_j"] {
        let statistic = statistic(name)?;
        let kernel = gpu.kernel_of(&statistic).ok_or("it has a kernel")?;
        let first = gpu.states(&statistic, kernel, &resident)?;
        if first != gpu.states(&statistic, kernel, &resident)? {
            return Err(format!("{name} differs the second time").into());
        }
        if kernel.method == Method::Fold && first.iter().flatten().count() == 0 {
            return Err("no result".into());
        }
    }
    Ok(())
}

fn columns_of_a_chunk(gpu: &Gpu) -> Result<(), Failed> {
    let mut chunk = Chunk::new(IdType::Int64);
    chunk.flux = vec![1.0, 2.0, 6.0];
    chunk.segments = vec![Segment { object: 0, band: 0, rows: 0..3 }];
    let value = |name: &str, chunk: &Chunk| -> Result<Value, Failed> {
        let mut out = [Value::Null];
        gpu.evaluate_chunk(&statistic(name)?, chunk, &mut out)?.ok_or("it has a kernel")?;
        Ok(out[0])
    };
    let first = value("mean", &chunk)?;
    // The fluxes are not read again, because they are on the device.
    chunk.flux[0] = 600.0;
    let again = value("median", &chunk)?;
    chunk.clear();
    chunk.flux = vec![10.0, 20.0, 60.0];
    chunk.segments = vec![Segment { object: 0, band: 0, rows: 0..3 }];
    let anew = value("mean", &chunk)?;
    if [first, again, anew] == [3.0, 2.0, 30.0].map(Value::Float) {
        return Ok(());
    }
    Err(format!("{first:?}, {again:?} and {anew:?}").into())
}
