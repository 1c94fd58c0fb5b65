use super::*;

const TIME: [f64; 4] = [0.0, 1.0, 2.0, 3.0];

fn sf2(function: &StructureFunction, flux: &[f64], error: f64) -> Vec<f64> {
    let (time, error): (Vec<f64>, Vec<f64>) = (0..flux.len()).map(|i| (count(i), error)).unzip();
    let bins = function.of(&LightCurve::new(flux).with_error(&error).with_time(&time));
    bins.into_iter().map(|bin| bin.sf2).collect()
}

fn by_steps(method: Method) -> StructureFunction {
    StructureFunction::new(method).binned(Binning::Edges(vec![0.5, 1.5, 2.5, 3.5])).expect("ascending")
}

#[test]
fn a_straight_line_changes_in_proportion_to_time() {
    // Every |Δx| in a bin is 2 Δt; σ² = 2/4.
    let flux = [1.0, 3.0, 5.0, 7.0];
    let half_pi = std::f64::consts::FRAC_PI_2;
    let want = |f: &dyn Fn(f64) -> f64| [2.0, 4.0, 6.0].map(f);
    for (method, want) in [
        (Method::Basic, want(&|x| x * x - 0.5)),
        (Method::Macleod2012, [0.0; 3]),
        (Method::Bauer2009a, want(&|x| x * x - 0.5)),
        (Method::Bauer2009b, want(&|x| half_pi * x * x - 0.5)),
        (Method::Schmidt2010, want(&|x| (half_pi.sqrt() * x - 0.5_f64.sqrt()).powi(2))),
    ] {
        let got = sf2(&by_steps(method), &flux, 0.5);
        let close = got.iter().zip(want).all(|(got, want)| (got - want).abs() <= 1e-14 * want.abs());
        assert!(close && got.len() == 3, "{method:?}: {got:?}, not {want:?}");
    }
}

#[test]
fn macleod_2012_uses_the_quartiles_of_the_changes() {
    // The changes between neighbours are 1, 2, 3, 4 and 100, with quartiles 2 and 4.
    let flux = [0.0, 1.0, 3.0, 6.0, 10.0, 110.0];
    let got = sf2(&by_steps(Method::Macleod2012), &flux, 1.0)[0];
    assert!((got - (0.74_f64 * 2.0).powi(2)).abs() < 1e-14, "{got}");
}

#[test]
fn the_order_of_the_epochs_does_not_matter() {
    let (flux, error) = ([1.0, 5.0, 2.0, 7.0], [0.1, 0.2, 0.3, 0.4]);
    let order = [2, 0, 3, 1];
    let [t, x, e] = [&TIME, &flux, &error].map(|column| order.map(|i| column[i]));
    for method in Method::ALL {
        let function = by_steps(method);
        let sorted = function.of(&LightCurve::new(&flux).with_error(&error).with_time(&TIME));
        let other = function.of(&LightCurve::new(&x).with_error(&e).with_time(&t));
        for (a, b) in sorted.iter().zip(&other) {
            assert!((a.sf2 - b.sf2).abs() < 1e-13 && (a.dt - b.dt).abs() < 1e-15, "{method:?}: {a:?} {b:?}");
        }
    }
}

#[test]
fn bins_include_their_lower_edge_and_the_last_also_its_upper() {
    let function = |edges: &[f64]| {
        let bins = StructureFunction::new(Method::Basic).binned(Binning::Edges(edges.to_vec())).expect("ascending");
        bins.with_noise(Noise::None).expect("allowed")
    };
    let flux = [0.0, 1.0, 2.0, 3.0];
    // Intervals of 1, 2 and 3 have changes of the same size.
    assert_eq!(sf2(&function(&[1.0, 2.0, 3.0]), &flux, 1.0), [1.0, (4.0 + 4.0 + 9.0) / 3.0]);
    let out = sf2(&function(&[0.0, 0.5, 1.5]), &flux, 1.0);
    assert!(out[0].is_nan() && out[1] == 1.0, "{out:?}");
}

#[test]
fn the_target_sets_the_number_of_bins() {
    // Ten pairs of five epochs.
    let flux = [1.0, 4.0, 2.0, 8.0, 5.0];
    for (target, bins) in [(1, 10), (3, 4), (5, 2), (10, 1), (1000, 1)] {
        for binning in [Binning::Length { target }, Binning::LogLength { target }] {
            let function = StructureFunction::new(Method::Basic).binned(binning).expect("allowed");
            assert_eq!(sf2(&function, &flux, 0.1).len(), bins);
        }
    }
}

#[test]
fn too_few_epochs_and_equal_intervals_have_no_bins() {
    let function = StructureFunction::new(Method::Basic);
    for n in 0..3 {
        assert!(sf2(&function, &[1.0, 2.0][..n.min(2)], 0.1).is_empty());
    }
    let (flux, error) = ([1.0, 2.0, 3.0], [0.1; 3]);
    for time in [[0.0, 0.0, 1.0], [5.0; 3]] {
        let light_curve = LightCurve::new(&flux).with_error(&error).with_time(&time);
        for binning in [Binning::Size { target: 1 }, Binning::Length { target: 1 }, Binning::LogLength { target: 1 }] {
            assert_eq!(StructureFunction::new(Method::Basic).binned(binning).expect("allowed").of(&light_curve), []);
        }
    }
}

#[test]
fn without_times_neighbouring_epochs_have_an_interval_of_one() {
    let (flux, error) = ([1.0, 5.0, 2.0, 7.0], [0.5; 4]);
    let function = by_steps(Method::Basic).ignoring_times();
    let odd = LightCurve::new(&flux).with_error(&error).with_time(&[3.0, 1.0, 2e5, 2e5]);
    assert_eq!(
        function.of(&odd),
        by_steps(Method::Basic).of(&LightCurve::new(&flux).with_error(&error).with_time(&TIME))
    );
}

#[test]
fn errors_are_measured_constant_or_none() {
    let flux = [0.0, 2.0, 4.0, 6.0];
    let function = |noise| by_steps(Method::Basic).with_noise(noise).expect("allowed");
    assert_eq!(sf2(&function(Noise::Same(1.0)), &flux, 0.5)[0], 2.0);
    assert_eq!(sf2(&function(Noise::None), &flux, 0.5)[0], 4.0);
    let unknown = function(Noise::Measured).of(&LightCurve::new(&flux).with_time(&TIME));
    assert_eq!(unknown[0].sf2, 4.0);
}

#[test]
fn light_curves_together_share_their_bins() {
    let (one, other, error) = ([0.0, 1.0, 2.0, 3.0], [0.0, 3.0, 6.0, 9.0], [0.5; 4]);
    let light_curve = |flux| LightCurve::new(flux).with_error(&error).with_time(&TIME);
    let short = LightCurve::new(&one[..2]).with_error(&error[..2]).with_time(&TIME[..2]);
    let got = by_steps(Method::Basic).of_ensemble(&[light_curve(&one), short, light_curve(&other)]);
    // Both have the same number of pairs, so this is the mean of 1 and 9.
    assert_eq!(got[0].sf2, 5.0 - 0.5);
    assert_eq!(got.len(), 3);
}

fn resampled(samples: Samples, seed: u64) -> StructureFunction {
    let resampling = Resampling { samples, seed, repetitions: 200, ..Resampling::default() };
    by_steps(Method::Bauer2009a).resampled(resampling).expect("allowed")
}

#[test]
fn samples_are_reproducible_and_depend_on_the_seed() {
    let flux = [1.0, 5.0, 2.0, 7.0];
    let run = |seed| resampled(Samples::All, seed).of(&LightCurve::new(&flux).with_error(&[0.5; 4]).with_time(&TIME));
    let bits =
        |bins: Vec<Bin>| -> Vec<_> { bins.iter().map(|bin| bin.quantiles.map(|q| q.map(f64::to_bits))).collect() };
    assert_eq!(bits(run(1)), bits(run(1)));
    assert_ne!(bits(run(1)), bits(run(2)));
}

#[test]
fn samples_scatter_like_a_mean_of_their_number_of_pairs() {
    // The squared changes between neighbours are 1 and 9 with equal frequency, so a mean of n has a scatter of
    // 4/sqrt(n).
    let flux: Vec<f64> = (0..401_u32).map(|i| f64::from([0, 1, 4, 3][i as usize % 4])).collect();
    let (time, error): (Vec<f64>, Vec<f64>) = (0..flux.len()).map(|i| (count(i), 0.0)).unzip();
    let near = Binning::Edges(vec![0.5, 1.5]);
    let resampling = Resampling { repetitions: 400, samples: Samples::Number(40_100), ..Resampling::default() };
    let function = StructureFunction::new(Method::Bauer2009a).binned(near).expect("allowed");
    let bins = function
        .resampled(resampling)
        .expect("allowed")
        .of(&LightCurve::new(&flux).with_error(&error).with_time(&time));
    // 400 of the 80,200 pairs are neighbours, and half of all pairs are drawn, so n is 200.
    let want = 4.0 / 200.0_f64.sqrt();
    let [lower, upper] = bins[0].errors().expect("resampled");
    for error in [lower, upper, bins[0].error().expect("resampled")] {
        assert!((error / want - 1.0).abs() < 0.25, "{error}, not {want}");
    }
    assert!((bins[0].sf2 - 5.0).abs() < 3.0 * want / 20.0 + 0.1, "{:?}", bins[0]);
}

#[test]
fn equal_weights_keep_a_long_light_curve_from_dominating() {
    // Neighbours change by 1 in the light curve of 3 epochs, and by 3 in that of 100.
    let short: Vec<f64> = (0..3_u32).map(f64::from).collect();
    let long: Vec<f64> = (0..100_u32).map(|i| 3.0 * f64::from(i % 2)).collect();
    let (time, error): (Vec<f64>, Vec<f64>) = (0..100).map(|i| (count(i), 0.0)).unzip();
    let both = [&short, &long]
        .map(|flux| LightCurve::new(flux).with_error(&error[..flux.len()]).with_time(&time[..flux.len()]));
    let share = |samples| {
        let near = Binning::Edges(vec![0.5, 1.5]);
        let resampling = Resampling { samples, repetitions: 300, ..Resampling::default() };
        let function = StructureFunction::new(Method::Bauer2009a).binned(near).expect("allowed");
        function.resampled(resampling).expect("allowed").of_ensemble(&both)[0].sf2
    };
    assert!(share(Samples::All) > 8.0);
    // Of three pairs from each light curve, about two of the short one and hardly any of the long one are neighbours.
    assert!(share(Samples::Least) < 2.0);
}

#[test]
fn invalid_settings_are_refused() {
    let function = || StructureFunction::new(Method::Basic);
    for binning in [
        Binning::Size { target: 0 },
        Binning::Edges(vec![1.0]),
        Binning::Edges(vec![1.0, 1.0]),
        Binning::Edges(vec![1.0, f64::NAN]),
    ] {
        assert!(function().binned(binning.clone()).is_err(), "{binning:?}");
    }
    for resampling in [
        Resampling { repetitions: 0, ..Resampling::default() },
        Resampling { samples: Samples::Number(0), ..Resampling::default() },
        Resampling { quantiles: [0.9, 0.1], ..Resampling::default() },
        Resampling { quantiles: [0.1, 1.1], ..Resampling::default() },
        Resampling { quantiles: [f64::NAN, 0.5], ..Resampling::default() },
    ] {
        assert!(function().resampled(resampling).is_err(), "{resampling:?}");
    }
    let error = function().with_noise(Noise::Same(-1.0)).expect_err("negative").to_string();
    assert!(error.contains("'noise' of 'structure_function' is '-1', but must be a finite number"), "{error}");
}

#[test]
fn by_name_it_has_the_rows_of_the_function_with_equal_settings() {
    use tape_core::{Statistic, Value};
    let (flux, error) = ([1.0, 5.0, 2.0, 7.0], [0.5, 0.1, 0.2, 0.3]);
    let light_curve = LightCurve::new(&flux).with_error(&error).with_time(&TIME);
    let rows = |name: &str| {
        let Statistic::Rows(statistic) = crate::make(name).expect(name) else { panic!("{name}") };
        let mut out = vec![];
        statistic.rows(&light_curve, &mut out);
        (statistic.info().clone(), out)
    };
    let steps = Binning::Edges(vec![0.5, 1.5, 2.5, 9.0, 10.0]);
    for method in Method::ALL {
        let function = StructureFunction::new(method).binned(steps.clone()).expect("ascending");
        let (info, got) = rows(&format!("structure_function:method={}:edges=0.5/1.5/2.5/9/10", method.name()));
        assert_eq!(info.name, format!("structure_function_{}", method.name()));
        let value = |x: f64| if x.is_nan() { Value::Null } else { Value::Float(x) };
        let want = (0..).zip(function.of(&light_curve));
        let want: Vec<Value> = want.flat_map(|(i, bin)| [Value::Int(i), value(bin.dt), value(bin.sf2)]).collect();
        assert_eq!((got.len(), &got), (12, &want), "{method:?}");
        assert_eq!(got[11], Value::Null, "no pair has an interval of nine days");
    }
    let resampling = Resampling { repetitions: 20, samples: Samples::Number(50), seed: 7, quantiles: [0.1, 0.8] };
    let function = StructureFunction::new(Method::Basic).binned(Binning::Length { target: 2 }).expect("allowed");
    let function = function.ignoring_times().with_noise(Noise::None).expect("allowed");
    let want = function.resampled(resampling).expect("allowed").of(&light_curve);
    let (info, got) = rows(
        "structure_function:bins=length:target=2:times=ignored:errors=none:repetitions=20:samples=50:seed=7:lower=0.1:\
         upper=0.8",
    );
    assert_eq!(info.outputs.len(), 5);
    let [lower, upper] = want[1].errors().expect("resampled");
    assert_eq!(got[5..10], [Value::Int(1), want[1].dt.into(), want[1].sf2.into(), lower.into(), upper.into()]);
    assert!(!info.inputs.time && !info.inputs.error && info.inputs.order);
}

#[test]
fn invalid_settings_by_name_are_refused() {
    for (text, says) in [
        ("structure_function:method=bauer", "must be one of basic, macleod_2012"),
        ("structure_function:target=0", "must be an integer of 1 or more"),
        ("structure_function:target=1.5", "must be an integer of 1 or more"),
        ("structure_function:edges=3/1", "must be two or more ascending numbers joined by /, or none"),
        ("structure_function:repetitions=5:lower=0.9", "between 0 and 1, the lower first"),
        ("structure_function:bin=size", "did you mean 'bins'?"),
    ] {
        let error = crate::make(text).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
