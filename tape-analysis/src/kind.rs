//! Statistics with parameters, and their creation from text.

use tape_core::{Statistic, nearest};

use crate::error::Error;
use crate::parameter::{Allowed, Argument, Parameter};

/// A statistic with parameters: its description and its constructor.
///
/// ```
/// let kind = tape_analysis::kind("beyond_n_std").unwrap();
/// assert_eq!(kind.parameters[0].name, "n");
/// let far = kind.make("n=2.5")?;
/// assert_eq!(far.info().name, "beyond_2.5_std");
/// # Ok::<(), tape_analysis::Error>(())
/// ```
#[derive(Debug)]
pub struct Kind {
    /// Name, written before the parameters.
    pub name: &'static str,
    /// Summary in one line.
    pub summary: &'static str,
    /// Names of its columns, with the parameters in braces.
    pub columns: &'static str,
    /// Parameters of the statistic.
    pub parameters: &'static [Parameter],
    /// Parameters of the registered statistics of this kind, as text.
    pub(crate) registered: &'static [&'static str],
    pub(crate) build: fn(&Arguments) -> Result<Statistic, Error>,
}

/// The values of the parameters of a statistic or a step.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Name of the statistic or step.
    name: &'static str,
    parameters: &'static [Parameter],
    values: Vec<Option<Argument>>,
}

impl Kind {
    /// Creates the statistic with these parameters, `NAME=VALUE` joined by `:`. Parameters that are not given have
    /// their defaults.
    ///
    /// # Errors
    /// If a parameter is unknown, given twice, out of range, or required but missing.
    pub fn make(&self, parameters: &str) -> Result<Statistic, Error> {
        (self.build)(&Arguments::read(self.name, self.parameters, parameters)?)
    }

    /// Creates the registered statistics of this kind.
    pub(crate) fn registered(&self) -> impl Iterator<Item = Statistic> {
        self.registered.iter().map(|parameters| self.make(parameters).expect("registered parameters are allowed"))
    }

    /// Creates the error for a parameter with this value.
    pub(crate) fn refused(&self, parameter: &Parameter, value: &str) -> Error {
        parameter.refused(self.name, value)
    }

    /// Returns `value` if it is allowed for the parameter.
    pub(crate) fn check(&self, parameter: &Parameter, value: f64) -> Result<f64, Error> {
        if parameter.admits(value) { Ok(value) } else { Err(self.refused(parameter, &value.to_string())) }
    }
}

impl Arguments {
    /// Reads parameters written as `NAME=VALUE` and joined by `:`. Parameters that are not given have their defaults.
    pub(crate) fn read(name: &'static str, parameters: &'static [Parameter], text: &str) -> Result<Self, Error> {
        let mut arguments = Self { name, parameters, values: parameters.iter().map(|_| None).collect() };
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(text) = rest {
            let (part, after) = text.split_once(':').map_or((text, None), |(part, after)| (part, Some(after)));
            rest = after;
            let (at, written) = arguments.find(part)?;
            let parameter = &parameters[at];
            if arguments.values[at].is_some() {
                return Err(Error::GivenTwice { statistic: name.to_owned(), parameter: parameter.name.to_owned() });
            }
            arguments.values[at] = Some(if parameter.allowed == Allowed::Statistics {
                // The rest of the text belongs to these statistics.
                let offset = text.len() - after.map_or(0, |after| after.len() + 1) - written.len();
                rest = None;
                named_statistics(name, parameter, &text[offset..])?
            } else {
                parameter.read(written).ok_or_else(|| parameter.refused(name, written))?
            });
        }
        for (parameter, value) in parameters.iter().zip(&mut arguments.values) {
            if value.is_none() {
                *value = parameter.default.and_then(|text| parameter.read(text));
            }
        }
        Ok(arguments)
    }

    /// Splits a part `NAME=VALUE` into the index of the parameter and the value.
    fn find<'t>(&self, part: &'t str) -> Result<(usize, &'t str), Error> {
        let statistic = self.name.to_owned();
        let known = || self.parameters.iter().map(|parameter| parameter.name.to_owned()).collect::<Vec<_>>();
        let Some((name, value)) = part.split_once('=') else {
            return Err(Error::NotAParameter { statistic, part: part.to_owned(), known: known() });
        };
        match self.parameters.iter().position(|parameter| parameter.name == name) {
            Some(at) => Ok((at, value)),
            None => {
                let known = known();
                // If there is only one parameter, it is suggested for any unknown name.
                let only = (known.len() == 1).then(|| known[0].clone());
                let nearest = nearest(name, &known).map(str::to_owned).or(only);
                Err(Error::UnknownParameter { statistic, parameter: name.to_owned(), nearest, known })
            }
        }
    }

    fn get(&self, parameter: &Parameter) -> Result<&Argument, Error> {
        let at = self.parameters.iter().position(|other| other.name == parameter.name);
        at.and_then(|at| self.values[at].as_ref()).ok_or_else(|| Error::NotGiven {
            statistic: self.name.to_owned(),
            parameter: parameter.name.to_owned(),
            allowed: parameter.allowed.to_string(),
        })
    }

    /// Returns the value of a parameter as a real number.
    pub(crate) fn float(&self, parameter: &Parameter) -> Result<f64, Error> {
        match self.get(parameter)? {
            Argument::Float(value) => Ok(*value),
            _ => Err(parameter.refused(self.name, "not a number")),
        }
    }

    /// Returns the value of a parameter as an integer.
    pub(crate) fn int(&self, parameter: &Parameter) -> Result<usize, Error> {
        match self.get(parameter)? {
            Argument::Int(value) => Ok(*value as usize),
            _ => Err(parameter.refused(self.name, "not an integer")),
        }
    }

    /// Returns the value of a parameter as a list of real numbers.
    pub(crate) fn floats(&self, parameter: &Parameter) -> Result<Vec<f64>, Error> {
        match self.get(parameter)? {
            Argument::Floats(values) => Ok(values.clone()),
            _ => Err(parameter.refused(self.name, "not numbers")),
        }
    }

    /// Returns the value of a parameter as text.
    pub(crate) fn text(&self, parameter: &Parameter) -> Result<&str, Error> {
        match self.get(parameter)? {
            Argument::Text(text) => Ok(text),
            _ => Err(parameter.refused(self.name, "not a word")),
        }
    }

    /// Returns the statistics that a parameter names.
    pub(crate) fn statistics(&self, parameter: &Parameter) -> Result<Vec<Statistic>, Error> {
        match self.get(parameter)? {
            Argument::Statistics(all) => Ok(all.clone()),
            _ => Err(parameter.refused(self.name, "not statistics")),
        }
    }
}

/// Creates the statistics that the value of a parameter names.
fn named_statistics(of: &str, parameter: &Parameter, text: &str) -> Result<Argument, Error> {
    if text.is_empty() {
        return Err(parameter.refused(of, text));
    }
    let all = text.split('+').map(crate::registry::make);
    Ok(Argument::Statistics(all.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use crate::{kind, kinds, make, registry};

    fn refused(text: &str) -> String {
        make(text).expect_err(text).to_string()
    }

    #[test]
    fn errors_say_what_is_allowed() {
        let ratio = "its parameters are: inner, outer";
        for (text, says) in [
            ("beyond_n_stdd:n=1", "no statistic is called 'beyond_n_stdd' (did you mean 'beyond_n_std'?)".to_owned()),
            ("mean:n=1", "'n=1' is not a parameter of 'mean': write mean:NAME=VALUE; it has no parameters".to_owned()),
            ("magnitude_percentage_ratio:iner=1", format!("has no parameter 'iner' (did you mean 'inner'?); {ratio}")),
            ("beyond_n_std:k=1", "has no parameter 'k' (did you mean 'n'?); its parameters are: n".to_owned()),
            ("magnitude_percentage_ratio:40:5", format!("write magnitude_percentage_ratio:NAME=VALUE; {ratio}")),
            ("beyond_n_std:n=1:n=2", "the parameter 'n' of 'beyond_n_std' is given twice".to_owned()),
            ("beyond_n_std:n=", "is '', but must be a number above 0 and finite".to_owned()),
            ("beyond_n_std:n=nan", "is 'nan', but must be".to_owned()),
            ("beyond_n_std:n=inf", "is 'inf', but must be".to_owned()),
            ("inter_percentile_range:percent=50", "must be a number 0 or more and below 50".to_owned()),
        ] {
            assert!(refused(text).contains(&says), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn parameters_may_be_in_any_order_and_are_in_the_name() {
        for (text, name) in [
            ("magnitude_percentage_ratio:outer=1:inner=30", "magnitude_percentage_ratio_30_1"),
            ("magnitude_percentage_ratio:outer=2.5", "magnitude_percentage_ratio_40_2.5"),
            ("magnitude_percentage_ratio", "magnitude_percentage_ratio_40_5"),
            ("inter_percentile_range:percent=7", "inter_percentile_range_7"),
            ("median_buffer_range_percentage:percent=5", "median_buffer_range_percentage_5"),
            ("percent_difference_magnitude_percentile:percent=10", "percent_difference_magnitude_percentile_10"),
        ] {
            let info = make(text).expect(text).info().clone();
            assert_eq!((&*info.name, &*info.outputs[0].name), (name, name));
        }
    }

    #[test]
    fn kinds_have_unique_names_and_allowed_defaults() {
        for &kind in kinds() {
            // A kind may share its name only with the statistic that it is by default.
            if registry().iter().any(|statistic| statistic.info().name == kind.name) {
                assert_eq!(kind.make("").expect(kind.name).info().name, kind.name);
            }
            assert_eq!(kind.name, crate::kind(kind.name).expect("found").name);
            for parameter in kind.parameters {
                assert!(parameter.default.is_none_or(|text| parameter.read(text).is_some()), "{parameter:?}");
                assert!(kind.columns.contains(parameter.name), "{} in {}", parameter.name, kind.columns);
            }
        }
        assert!(kind("mean").is_none());
    }
}
