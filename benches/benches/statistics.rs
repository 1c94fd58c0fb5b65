//! Benchmarks every statistic of the registry, on light curves of several lengths.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tape_analysis::registry;
use tape_benches::kernels::EPOCHS;
use tape_benches::workload::LightCurves;
use tape_core::Value;

/// Total number of epochs per measurement, divided among light curves of one length.
const TOTAL: usize = 30_000;

fn statistics(criterion: &mut Criterion) {
    for statistic in registry() {
        let info = statistic.info();
        let mut group = criterion.benchmark_group(info.name.as_ref());
        for epochs in EPOCHS {
            let curves = LightCurves::new(TOTAL / epochs, epochs);
            group.throughput(Throughput::Elements(curves.epochs() as u64));
            group.bench_with_input(BenchmarkId::from_parameter(epochs), &curves, |bencher, curves| {
                let mut out = vec![Value::Null; info.outputs.len()];
                bencher.iter(|| {
                    // A new view each time, because a view caches shared quantities.
                    for light_curve in curves.iter() {
                        statistic.evaluate(black_box(&light_curve), &mut out);
                        black_box(&out);
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, statistics);
criterion_main!(benches);
