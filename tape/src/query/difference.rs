//! Describes queries, and how two of them differ.

use std::fmt;

use super::{ConversionQuery, ExposuresQuery, ObjectsQuery, Query, Shape};
use tape_core::Role;
use tape_exec::{OnError, Partitioning};

impl Query {
    /// Describes how another query differs from this one, as in `with the statistics mean, not eta`, or returns `None`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        // All fields are destructured, so that a new field cannot be forgotten.
        let parts = |query: &Self| {
            let Self { inputs, columns, preset, quantity, derived, condition, objects, exposures, .. } = query;
            let Self { choices, conversion, statistics, bands, groups, all_objects, joined, shape, .. } = query;
            let Self { steps, plan, partitioning, on_error, .. } = query;
            [
                ("with the statistics", list(statistics)),
                ("with the bands", bands.as_ref().map_or_else(|| "all".to_owned(), |bands| list(bands))),
                ("with the derived columns", list(derived)),
                ("with the condition", condition.clone().unwrap_or_else(none)),
                ("with the objects", objects.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string)),
                ("with the exposures", exposures.as_ref().map_or_else(none, ToString::to_string)),
                ("with the choice of objects", if choices.is_empty() { "all".to_owned() } else { list(choices) }),
                ("with the preset", preset.clone().unwrap_or_else(none)),
                ("with values", conversion.as_ref().map_or_else(|| "as they are".to_owned(), ToString::to_string)),
                ("with values that are", quantity.map_or_else(|| "of any kind".to_owned(), |kind| kind.to_string())),
                ("with light curves by", groups.as_ref().map_or_else(|| "object and band".to_owned(), |by| list(by))),
                ("with the steps", list(steps)),
                ("with objects without a light curve", if *all_objects { "listed" } else { "skipped" }.to_owned()),
                ("with columns of objects", list(joined)),
                ("with a table that is", if *shape == Shape::Wide { "wide" } else { "long" }.to_owned()),
                ("with the error policy", if *on_error == OnError::Skip { "skip" } else { "stop" }.to_owned()),
                ("with the plan", plan.to_string()),
                ("with", cut(*partitioning)),
                ("with the columns", roles(columns)),
                ("with the inputs", files(inputs)),
            ]
        };
        let both = parts(self).into_iter().zip(parts(other));
        let found = both.into_iter().find(|((_, ours), (_, theirs))| ours != theirs);
        if let Some(((what, ours), (_, theirs))) = found {
            return Some(format!("{what} {ours}, not {theirs}"));
        }
        // Long lists are abbreviated above, so their texts can be equal.
        (self != other).then(|| "with other ids of objects, or other inputs".to_owned())
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.statistics.join(", "))?;
        match &*self.inputs {
            [one] => write!(f, " of {one}")?,
            [first, ..] => write!(f, " of {first} and {} more", self.inputs.len() - 1)?,
            [] => {}
        }
        if !self.derived.is_empty() {
            write!(f, " with {}", list(&self.derived))?;
        }
        if let Some(condition) = &self.condition {
            write!(f, " where {condition}")?;
        }
        if let Some(objects) = &self.objects {
            write!(f, ", objects {objects}")?;
        }
        if let Some(exposures) = &self.exposures {
            write!(f, ", exposures {exposures}")?;
        }
        for choice in &self.choices {
            write!(f, ", objects {choice}")?;
        }
        if !self.steps.is_empty() {
            write!(f, ", after {}", list(&self.steps))?;
        }
        if let Some(bands) = &self.bands {
            write!(f, ", bands {}", bands.join(", "))?;
        }
        write!(f, "{}", if self.shape == Shape::Wide { ", wide" } else { "" })
    }
}

impl fmt::Display for ObjectsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "those of {} by {}", self.inputs.join(", "), self.id)?;
        self.condition.as_ref().map_or(Ok(()), |condition| write!(f, " where {condition}"))
    }
}

impl fmt::Display for ExposuresQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} by {} on {}", self.inputs.join(", "), self.key, self.on)
    }
}

impl fmt::Display for ConversionQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.conversion() {
            Some(conversion) => write!(f, "converted to {conversion}"),
            None => write!(f, "converted with the zero point {}", self.zero_point),
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() { none() } else { items.iter().map(T::to_string).collect::<Vec<_>>().join(", ") }
}

fn none() -> String {
    "none".to_owned()
}

fn roles(columns: &[Option<String>; 5]) -> String {
    let named =
        Role::ALL.iter().zip(columns).map(|(role, name)| format!("{role} {}", name.as_deref().unwrap_or("none")));
    named.collect::<Vec<_>>().join(", ")
}

fn files(inputs: &[String]) -> String {
    match inputs {
        [] => none(),
        [one] => one.clone(),
        [first, .., last] => format!("{first} to {last} ({} files)", inputs.len()),
    }
}

fn cut(partitioning: Partitioning) -> String {
    match partitioning {
        Partitioning::RowGroups => "partitions by row group".to_owned(),
        Partitioning::Count(n) => format!("{n} partitions"),
        Partitioning::Bytes(bytes) => format!("partitions of {bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, DerivedColumn};
    use super::*;
    use tape_core::Quantity;
    use tape_exec::PlanChoice;

    fn query() -> Query {
        let name = |name: &str| Some(name.to_owned());
        Query {
            inputs: vec!["/a.parquet".to_owned()],
            columns: [name("id"), None, name("flux"), None, name("band")],
            statistics: vec!["mean".to_owned()],
            ..Query::default()
        }
    }

    #[test]
    fn every_part_of_a_query_tells_how_it_differs_and_comes_back_from_json() {
        type Change = fn(&mut Query);
        let changes: [(Change, &str); 20] = [
            (
                |q| q.inputs.push("/b.parquet".to_owned()),
                "with the inputs /a.parquet, not /a.parquet to /b.parquet (2 files)",
            ),
            (|q| q.columns[1] = Some("t".to_owned()), "time none, flux flux"),
            (|q| q.preset = Some("ztf_dr23".to_owned()), "with the preset none, not ztf_dr23"),
            (|q| q.quantity = Some(Quantity::Flux), "of any kind, not fluxes"),
            (
                |q| q.derived = vec![DerivedColumn { name: "m".to_owned(), expression: None }],
                "not m, computed by a function",
            ),
            (|q| q.condition = Some("flux > 0".to_owned()), "with the condition none, not flux > 0"),
            (
                |q| {
                    let inputs = vec!["/o".to_owned()];
                    q.objects = Some(ObjectsQuery { inputs, id: "id".to_owned(), condition: Some("c > 1".to_owned()) });
                },
                "not those of /o by id where c > 1",
            ),
            (
                |q| {
                    let inputs = vec!["/v".to_owned()];
                    q.exposures = Some(ExposuresQuery { inputs, key: "visitId".to_owned(), on: "visit".to_owned() });
                },
                "with the exposures none, not of /v by visitId on visit",
            ),
            (|q| q.choices = vec![Choice::Sample("0.1".to_owned(), 7)], "not a random fraction of 0.1 (seed 7)"),
            (
                |q| q.conversion = Some(ConversionQuery { to_magnitudes: true, zero_point: "31.4".to_owned() }),
                "with values as they are, not converted to magnitudes, with a zero point of 31.4",
            ),
            (|q| q.statistics.push("eta".to_owned()), "with the statistics mean, not mean, eta"),
            (|q| q.bands = Some(vec!["g".to_owned()]), "with the bands all, not g"),
            (|q| q.groups = Some(vec!["id".to_owned()]), "with light curves by object and band, not id"),
            (|q| q.steps = vec!["clip:sigma=3".to_owned()], "with the steps none, not clip:sigma=3"),
            (|q| q.all_objects = true, "skipped, not listed"),
            (|q| q.joined = vec!["ra".to_owned()], "with columns of objects none, not ra"),
            (|q| q.shape = Shape::Wide, "with a table that is long, not wide"),
            (|q| q.plan = PlanChoice::Shuffle, "with the plan auto, not shuffle"),
            (|q| q.partitioning = Partitioning::Count(3), "with partitions by row group, not 3 partitions"),
            (|q| q.on_error = OnError::Skip, "with the error policy stop, not skip"),
        ];
        assert_eq!(query().difference(&query()), None);
        for (change, difference) in changes {
            let mut changed = query();
            change(&mut changed);
            let told = query().difference(&changed).expect("it differs");
            assert!(told.contains(difference), "{told}, not {difference}");
            let json = serde_json::to_string(&changed).expect("plain");
            assert_eq!(serde_json::from_str::<Query>(&json).expect("it is one"), changed);
        }
        let ids = |ids: &[&str]| Query {
            choices: vec![Choice::Ids(ids.iter().map(|&id| id.to_owned()).collect())],
            ..query()
        };
        assert!(ids(&["1"]).difference(&ids(&["2"])).expect("it differs").contains("other ids of objects"));
        assert!(serde_json::from_str::<Query>(r#"{"inputs":[],"more":1}"#).is_err());
    }
}
