//! Opens a survey: finds its files, reads their footers, and checks that their columns agree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::file::metadata::ParquetMetaData;
use tape_core::{Bands, ColumnKind, ColumnMap, IdType, Resolved, Role, SIMULATED, SurveyColumns};

use super::Survey;
use crate::catalog::discover::discover_within;
use crate::catalog::sky::{Region, SkyColumns};
use crate::decode::column_type::{ColumnType, common_id_type};
use crate::decode::footer::{Footer, OpenedFile};
use crate::decode::schema_paths::{flat_columns, leaf_named, leaves, list_columns, title_of};
use crate::error::Error;
use crate::file::memory::InMemory;
use crate::survey::copies::copies;
use crate::survey::derive::Asked;
use crate::survey::file_expressions::Expressions;
use crate::survey::unify::open_alike;

impl Survey {
    /// Opens the files behind `inputs`: files, folders or patterns. Roles that `columns` does not name are resolved in
    /// the first file, by preset or by common column names. All files must have these columns.
    ///
    /// # Errors
    /// If an input matches no file, a file is not Parquet, or a column is missing or of the wrong type.
    pub fn open<P: AsRef<Path>>(inputs: &[P], columns: &ColumnMap) -> Result<Self, Error> {
        let found = discover_within(inputs, None)?;
        Ok(Self::open_found(found.files, columns)?.with_notes(found.passed_over.note()))
    }

    /// Opens a survey with only the rows in a region of the sky. Files of HATS catalogues whose pixels do not touch the
    /// region are not opened. Coordinates are in the columns that `sky` names, those of the catalogue, or columns with
    /// common names. If light curves are lists, each object has one position.
    ///
    /// # Errors
    /// See [`Survey::open`]. Also [`Error::NoRegion`] if the region is not valid, and [`Error::NoPlaces`] if there are
    /// no coordinates.
    pub fn open_within<P: AsRef<Path>>(
        inputs: &[P],
        columns: &ColumnMap,
        region: &Region,
        sky: &SkyColumns,
    ) -> Result<Self, Error> {
        region.check()?;
        let found = discover_within(inputs, Some(region))?;
        let survey = Self::open_found(found.files, columns)?.with_notes(found.passed_over.note());
        let available = survey.available();
        let mut places = sky.clone().or(found.sky).or(SkyColumns::among(&available));
        // The name that catalogues have used since their first version.
        let customary = "_healpix_29".to_owned();
        places.healpix = places.healpix.or_else(|| available.contains(&customary).then_some((customary, 29)));
        let condition = region.condition(&places).ok_or_else(|| {
            let what = match region {
                Region::Pixels(_) => "no column has the HEALPix pixel of a row: select pixels only in HATS catalogues",
                _ => "no RA/Dec columns found: name them",
            };
            Error::NoPlaces { path: survey.files[0].path.clone(), what: what.to_owned() }
        })?;
        survey.filtered(&condition)
    }

    /// Adds notes about what was found, which runs report as warnings.
    fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Opens a survey of Arrow batches. They need the same columns, in any of the shapes that files have, and at least
    /// one batch. The light curves are copied, so they take as much memory again.
    ///
    /// # Errors
    /// See [`Survey::open`]; the path is `memory:` and a number. [`Error::MixedSchemas`] if the columns differ.
    pub fn from_batches(batches: &[RecordBatch], columns: &ColumnMap) -> Result<Self, Error> {
        let (held, path) = InMemory::of(batches)?;
        Ok(Self { in_memory: vec![held], ..Self::open_found(vec![path], columns)? })
    }

    /// Adds the rows of Arrow batches. They need the columns of the files that have roles, as lists where the files
    /// have lists. Conditions and selections of objects apply to these rows as to all others, whether they are set
    /// before or after. Nothing is written to disk. The rows are copied, so they take as much memory again.
    ///
    /// # Errors
    /// [`Error::MixedSchemas`] or [`Error::Column`] if the columns differ; [`Error::Condition`] if a condition needs
    /// another column.
    pub fn with_rows(mut self, batches: &[RecordBatch]) -> Result<Self, Error> {
        let (held, path) = InMemory::of(batches)?;
        let mut footer = Footer::read(path, &self.columns)?;
        for (role, _) in self.expressions.played.iter().filter(|(role, _)| *role != Role::Flux) {
            footer.roles[*role as usize] = None;
        }
        footer.set_id_type(self.id_type);
        self.in_memory.push(held);
        Arc::make_mut(&mut self.row_groups).extend(footer.row_groups(self.files.len()));
        Arc::make_mut(&mut self.files).push(footer);
        check_alike(&self.files, &self.columns)?;
        self.bound()
    }

    fn open_found(paths: Vec<PathBuf>, columns: &ColumnMap) -> Result<Self, Error> {
        let files = open_alike(paths)?;
        let first = &files[0];
        let schema = first.metadata.file_metadata().schema_descr();
        let asked = Asked::of(columns, schema, &first.path)?;
        let (flat, lists, all) = (flat_columns(schema), list_columns(schema), leaves(schema));
        let kind = |name: &str| match leaf_named(&all, name).map(|index| ColumnType::of(&schema.column(index))) {
            Some(Ok(ColumnType::Int(_))) => ColumnKind::Integer,
            Some(Ok(ColumnType::Text)) => ColumnKind::Text,
            _ => ColumnKind::Other,
        };
        let simulated = has_mark(&first.metadata);
        let available = SurveyColumns { flat: &flat, lists: &lists, kind: &kind, simulated };
        let resolved = asked.columns.resolve(&available);
        let Resolved { map, mut notes } = resolved
            .or_else(|error| asked.found_by.resolve(&available).map_err(|_| error))
            .map_err(|source| Error::Column { path: first.path.clone(), source })?;
        if map.get(Role::Band).is_none() && map.preset().is_none() {
            let what = "no band column was found, so that all epochs of an object are one light curve";
            notes.push((Role::Band, format!("{what}: name the band column if there is one")));
        }
        // The user named the roles of derived columns, so no note is needed.
        let notes: Vec<String> =
            notes.into_iter().filter(|(role, _)| !asked.plays(*role)).map(|(_, note)| note).collect();
        Ok(asked.of_survey(Self::open_as_they_are(files, map)?)?.with_notes(notes))
    }

    /// Opens exactly these files, at least one, with exactly these columns. A role that `columns` does not name has no
    /// column.
    ///
    /// # Errors
    /// See [`Survey::open`].
    pub fn open_files(paths: Vec<PathBuf>, columns: ColumnMap) -> Result<Self, Error> {
        let files = open_alike(paths)?;
        let Some(first) = files.first() else { return Err(Error::NoInput) };
        if columns.derived().is_empty() {
            return Self::open_as_they_are(files, columns);
        }
        let asked = Asked::of(&columns, first.metadata.file_metadata().schema_descr(), &first.path)?;
        let survey = Self::open_as_they_are(files, asked.found_by.clone())?;
        asked.of_survey(survey)
    }

    fn open_as_they_are(files: Vec<OpenedFile>, columns: ColumnMap) -> Result<Self, Error> {
        let mut files = tape_pool::try_map(files, |file| Footer::of(file, &columns))?;
        check_alike(&files, &columns)?;
        let id_type = id_type_of(&files);
        files.iter_mut().for_each(|footer| footer.set_id_type(id_type));
        let schema = files[0].metadata.file_metadata().schema_descr();
        let titles = Role::ALL.map(|role| title_of(schema, columns.get(role)?));
        let row_groups = files.iter().enumerate().flat_map(|(i, footer)| footer.row_groups(i)).collect();
        let bands = Bands::named(columns.preset().map_or(&[], |preset| preset.bands));
        let bytes_read = Arc::default();
        let lacking = [Role::Error, Role::Band].into_iter().filter_map(|role| lacking(&files, &columns, role));
        let notes = lacking.chain(copies(&files)).collect();
        Ok(Self {
            files: Arc::new(files),
            columns,
            titles,
            id_type,
            row_groups: Arc::new(row_groups),
            bands,
            bytes_read,
            expressions: Expressions::default(),
            selections: vec![],
            said: None,
            conversion: None,
            in_memory: vec![],
            objects: None,
            exposures: None,
            notes,
            any_quality: false,
            sentinels: Arc::default(),
        })
    }
}

/// Returns true if a file, or the file that it was rewritten from, comes from `tape simulate`.
fn has_mark(metadata: &ParquetMetaData) -> bool {
    metadata.file_metadata().key_value_metadata().into_iter().flatten().any(|pair| pair.key == SIMULATED)
}

/// Returns the type that holds the ids of all files.
fn id_type_of(files: &[Footer]) -> IdType {
    let types = || files.iter().filter_map(|footer| footer.role(Role::Id)).map(|column| column.leaf.column_type);
    let known = types().filter(|column_type| *column_type != ColumnType::Null).map(ColumnType::id_type);
    let common = known.reduce(|a, b| common_id_type(a, b).unwrap_or(a));
    common.or_else(|| types().next().map(ColumnType::id_type)).unwrap_or(IdType::Utf8)
}

/// Says which files lack the column of a role, if some do.
fn lacking(files: &[Footer], columns: &ColumnMap, role: Role) -> Option<String> {
    let mut lacking = files.iter().filter(|footer| footer.lacks(role));
    let first = lacking.next()?.path.display();
    let files = match lacking.count() {
        0 => format!("{first} has"),
        more => format!("{} files, such as {first}, have", more + 1),
    };
    let column = columns.get(role)?;
    Some(format!("{files} no column '{column}', unlike other files: the {role} is null there"))
}

/// Checks that the columns of all files have types that agree.
pub(crate) fn check_alike(files: &[Footer], columns: &ColumnMap) -> Result<(), Error> {
    for role in Role::ALL {
        let type_of = |footer: &Footer| footer.role(role).map(|column| column.leaf.column_type);
        let first = files.iter().find(|footer| type_of(footer) != Some(ColumnType::Null)).unwrap_or(&files[0]);
        for footer in files {
            let (Some(ours), Some(theirs)) = (first.role(role), footer.role(role)) else { continue };
            if !ours.leaf.column_type.agrees(theirs.leaf.column_type, role) {
                let column = columns.get(role).unwrap_or_default();
                return Err(Error::MixedSchemas {
                    path: footer.path.clone(),
                    first: first.path.clone(),
                    difference: format!("column '{column}' is {}, not {}", theirs.describe(), ours.describe()),
                });
            }
        }
    }
    Ok(())
}
