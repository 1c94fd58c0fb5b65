//! Properties of every statistic that compares the bands of an object: it depends on exactly the inputs and bands that
//! it declares, bands may be in any order, and it returns null if a band is missing.
//!
//! Some of the tested statistics are deliberately wrong, to check that the tests reject them.

use tape_analysis::{make, object_registry};
use tape_core::{Info, Inputs, LightCurve, Object, Statistic, Value, WholeObject, count};

/// The epochs in one band.
#[derive(Clone)]
struct Band {
    label: &'static str,
    time: Vec<f64>,
    flux: Vec<f64>,
    error: Vec<f64>,
}

/// A generator of uniform numbers in 0..1 (linear congruential).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Creates epochs. About half have a partner in another band.
    fn band(&mut self, label: &'static str) -> Band {
        let time = (0..31).map(|i| 60_000.0 + count(i) + 0.1 * self.uniform()).collect();
        let flux = (0..31).map(|_| 50.0 + 10.0 * self.uniform()).collect();
        Band { label, time, flux, error: (0..31).map(|_| 0.5 + self.uniform()).collect() }
    }
}

/// Returns the outputs for an object. Columns that are not declared are missing, because no plan would read them.
fn outputs(statistic: &Statistic, bands: &[Band]) -> Vec<Value> {
    let inputs = statistic.info().inputs;
    let mut light_curves = Vec::new();
    for Band { label, time, flux, error } in bands {
        let mut light_curve = LightCurve::new(flux).with_band(label);
        if inputs.error {
            light_curve = light_curve.with_error(error);
        }
        if inputs.columns().time {
            light_curve = light_curve.with_time(time);
        }
        light_curves.push(light_curve);
    }
    let mut out = vec![Value::Bool(true); statistic.info().outputs.len()];
    statistic.evaluate_object(&Object::new(&light_curves), &mut out);
    out
}

/// Checks that the statistic depends on an input or band exactly if it declares it.
fn declarations_are_real(statistic: &Statistic) -> Result<(), String> {
    let Info { name, inputs, bands, .. } = statistic.info();
    let mut random = Random(3);
    let objects: Vec<[Band; 3]> = (0..6).map(|_| ["g", "i", "r"].map(|label| random.band(label))).collect();
    let others: Vec<[Band; 3]> = (0..6).map(|_| ["g", "i", "r"].map(|label| random.band(label))).collect();
    let matters = |band: usize, change: &dyn Fn(&mut Band, &Band)| {
        objects.iter().zip(&others).any(|(object, other)| {
            let mut changed = object.clone();
            change(&mut changed[band], &other[band]);
            outputs(statistic, object) != outputs(statistic, &changed)
        })
    };
    for (at, label) in ["g", "i", "r"].into_iter().enumerate() {
        let compared = bands.is_empty() || bands.iter().any(|band| band == label);
        let cases = [
            ("flux", inputs.flux, matters(at, &|band, other| band.flux.clone_from(&other.flux))),
            ("error", inputs.error, matters(at, &|band, other| band.error.clone_from(&other.error))),
            ("time", inputs.time, matters(at, &|band, other| band.time.clone_from(&other.time))),
        ];
        for (input, declared, real) in cases {
            if (declared && compared) != real {
                return Err(format!("{name} declares {input} in {label}: {declared}; {input} matters: {real}"));
            }
        }
        let without: Vec<Band> = objects[0].iter().filter(|band| band.label != label).cloned().collect();
        let nothing = outputs(statistic, &without).iter().all(|value| *value == Value::Null);
        if nothing != (compared && !bands.is_empty()) {
            return Err(format!("{name} is null without {label}: {nothing}"));
        }
    }
    let whole = outputs(statistic, &objects[0]);
    let mut reversed = objects[0].clone();
    reversed.reverse();
    if !whole.iter().all(|value| matches!(value, Value::Float(value) if value.is_finite())) {
        return Err(format!("{name} returns {whole:?} for 31 epochs in each band"));
    }
    if bands.is_empty() || whole == outputs(statistic, &reversed) {
        Ok(())
    } else {
        Err(format!("{name} depends on the order of the bands"))
    }
}

#[test]
fn declared_inputs_and_bands_are_correct() {
    let others = [
        "stetson_i:first=i:second=r:window=0.02",
        "stetson_l:single=0.5",
        "colour:first=r:second=i:of=maximum",
        "lomb_scargle_multiband",
        "lomb_scargle_multiband:base_terms=0:band_terms=2:regularisation=0:candidates=5",
    ];
    let others: Vec<Statistic> = others.map(|name| make(name).expect(name)).to_vec();
    let all = object_registry().iter().chain(&others);
    let wrong: Vec<String> = all.filter_map(|statistic| declarations_are_real(statistic).err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

struct Liar {
    info: Info,
    f: fn(&Object<'_>) -> f64,
}

impl WholeObject for Liar {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        out[0] = (self.f)(object).into();
    }
}

#[test]
fn wrong_declarations_are_rejected() {
    let liar = |inputs, f| {
        let info = Info { bands: vec!["g".to_owned(), "r".to_owned()], ..Info::new("liar", inputs) };
        Statistic::object(Liar { info, f })
    };
    let liars = [
        liar(Inputs::FLUX_ERROR, |o| o.band("g").map_or(0.0, |g| g.median()) - o.band("r").map_or(0.0, |r| r.median())),
        liar(Inputs::FLUX, |o| o.band("g").map_or(0.0, |g| g.median())),
        liar(Inputs::FLUX, |o| o.light_curves().iter().map(|band| band.median()).sum()),
        liar(Inputs::FLUX, |o| o.light_curves()[0].median() - o.light_curves()[o.light_curves().len() - 1].median()),
    ];
    for (i, liar) in liars.iter().enumerate() {
        assert!(declarations_are_real(liar).is_err(), "liar {i} passed");
    }
    let honest =
        liar(Inputs::FLUX, |o| o.band("g").map_or(0.0, |g| g.median()) - o.band("r").map_or(0.0, |r| r.median()));
    assert_eq!(declarations_are_real(&honest), Ok(()));
}
