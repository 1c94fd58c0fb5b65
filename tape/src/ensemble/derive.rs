//! Derived columns. They are computed while rows are read, in the same pass, if a condition or a role needs them.

use tape_core::{Quantity, Role};
use tape_io::expr::{Derived, quoted};

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Adds a column that is computed from others by an SQL expression. Conditions can use it, and so can other such
    /// columns and roles ([`Ensemble::with_column`]). `docs/where.md` describes the expressions.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// use tape::core::Role;
    ///
    /// let dereddened = Ensemble::open(survey)?
    ///     .assign("snr", "flux / error")?
    ///     .assign("corrected", "flux * power(10, 0.4 * 0.05)")?
    ///     .filter("snr > 5")?
    ///     .with_column(Role::Flux, "corrected")?;
    /// let table = dereddened.batch(&[statistic("stetson_j")?]).compute()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a column has this name already, or the expression is not valid for the columns of a file. The message points
    /// at the word.
    pub fn assign(&self, name: &str, expression: &str) -> Result<Self, Error> {
        self.assigned(Derived::by_expression(name, expression))
    }

    /// Adds a column that is computed by a function of numeric columns. Nulls are passed as NaN, and NaN results are
    /// null. The function is called from several threads at once. Functions cannot be stored, so jobs, frames and saved
    /// ensembles that depend on them cannot be resumed by another process.
    ///
    /// # Errors
    /// As [`Ensemble::assign`], and if a column is not one of numbers.
    pub fn assign_with<const N: usize>(
        &self,
        name: &str,
        columns: [&str; N],
        function: impl Fn([f64; N]) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        self.assigned(Derived::by_function(name, columns, function))
    }

    /// Adds a column with the first value that is not null among some columns.
    ///
    /// # Errors
    /// As [`Ensemble::assign`].
    pub fn coalesce<S: AsRef<str>>(&self, name: &str, columns: &[S]) -> Result<Self, Error> {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column.as_ref())).collect();
        self.assign(name, &format!("coalesce({})", columns.join(", ")))
    }

    /// Uses a column that was added as the column of a role, such as the flux. Columns of the files get their roles
    /// when the survey is opened, and ids are always columns of the files.
    ///
    /// # Errors
    /// If no column was assigned under that name, or if its type cannot be that of the role.
    pub fn with_column(&self, role: Role, name: &str) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().playing(role, name)?))
    }

    /// Like [`Ensemble::to_magnitudes`], with a zero point for each epoch: a column, or an expression.
    ///
    /// # Errors
    /// As [`Ensemble::assign`], and if values are magnitudes already.
    pub fn to_magnitudes_by(&self, zero_point: &str) -> Result<Self, Error> {
        self.converted_by(Quantity::Magnitude, zero_point)
    }

    /// Like [`Ensemble::to_fluxes`], with a zero point for each epoch: a column, or an expression.
    ///
    /// # Errors
    /// As [`Ensemble::assign`], and if values are fluxes already.
    pub fn to_fluxes_by(&self, zero_point: &str) -> Result<Self, Error> {
        self.converted_by(Quantity::Flux, zero_point)
    }

    fn assigned(&self, derived: Result<Derived, tape_io::expr::PredicateError>) -> Result<Self, Error> {
        let derived = derived.map_err(|source| tape_io::Error::Condition { path: None, source })?;
        Ok(Self::new(self.to_survey().assigned(derived)?))
    }

    fn converted_by(&self, gives: Quantity, zero_point: &str) -> Result<Self, Error> {
        self.survey.check_convertible(gives)?;
        // The text must also be a complete expression by itself.
        Derived::by_expression("zero point", zero_point)
            .map_err(|source| tape_io::Error::Condition { path: None, source })?;
        let column = |role| self.survey.column(role).map(str::to_owned);
        let Some(value) = column(Role::Flux) else { return Ok(self.clone()) };
        let error = column(Role::Error);
        let (is_magnitude, from) = (gives == Quantity::Magnitude, quoted(&value));
        let expression = if is_magnitude {
            format!("({zero_point}\n) - 2.5 * log10({from})")
        } else {
            format!("power(10, 0.4 * (({zero_point}\n) - {from}))")
        };
        // Names of nested columns have dots, which are not allowed in names of derived columns.
        let called = |column: &str| {
            format!("{} of {}", if is_magnitude { "magnitude" } else { "flux" }, column.replace('.', " "))
        };
        let name = called(&value);
        let mut made = self.assign(&name, &expression)?.with_column(Role::Flux, &name)?;
        if let Some(error) = error {
            let (error_name, sigma) = (called(&error), quoted(&error));
            let expression = if is_magnitude {
                format!("2.5 / ln(10) * ({sigma} / {from})")
            } else {
                format!("0.4 * ln(10) * {sigma} * {}", quoted(&name))
            };
            made = made.assign(&error_name, &expression)?.with_column(Role::Error, &error_name)?;
        }
        Ok(made.with_quantity(gives))
    }
}
