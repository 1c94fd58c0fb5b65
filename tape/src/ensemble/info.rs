//! Information about a survey, as one value.

use std::fmt;
use std::path::PathBuf;

use tape_core::{Columns, ObjectId, Preset, Role, Silent, Source};
use tape_exec::{Cohesion, Evidence, Layout, default_workers, row_groups};
use tape_io::Shape;

use super::Ensemble;
use super::look::ColumnInfo;
use crate::error::Error;
use crate::shown::{bytes, count, counted};

/// Information about a survey. `Display` prints it like `tape inspect`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SurveyInfo {
    /// Paths of the files.
    pub files: Vec<PathBuf>,
    /// Size of all files in bytes.
    pub bytes: u64,
    /// Number of row groups.
    pub row_groups: usize,
    /// Number of epochs.
    pub rows: u64,
    /// Number of rows of the files: objects, if light curves are lists.
    pub file_rows: u64,
    /// Size of all epochs in memory, in bytes.
    pub memory: u64,
    /// Shape of the light curves in the files.
    pub shape: Shape,
    /// The preset, named by the user or recognised by its columns.
    pub preset: Option<&'static Preset>,
    /// The usual condition of good quality.
    pub quality: Option<String>,
    /// The columns of the files, and derived columns that have a role.
    pub columns: Vec<ColumnInfo>,
    /// The bands.
    pub bands: KnownBands,
    /// The smallest and the largest id, if known.
    pub ids: Option<(ObjectId, ObjectId)>,
    /// Number of objects, after a scan.
    pub objects: Option<u64>,
    /// Number of rows without an id, after a scan.
    pub null_ids: Option<u64>,
    /// Number of light curves that are null or empty, after a scan.
    pub no_epoch: Option<u64>,
    /// Layout of the light curves: whether rows are sorted and row groups split light curves, and the evidence for it.
    pub layout: Layout,
    /// Doubts about the choice of files and columns.
    pub warnings: Vec<String>,
}

/// Information about the bands of a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownBands {
    /// All bands, after a scan.
    All(Vec<String>),
    /// The first and the last label, from the footers.
    Between(String, String),
    /// No information.
    Unknown,
}

impl Ensemble {
    /// Returns information from the footers, without reading anything else.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 20, files: 2, ..Default::default() }.write(&out)?;
    /// let info = tape::Ensemble::open(out.to_str().unwrap())?.info();
    /// assert_eq!((info.files.len(), info.objects), (2, None));
    /// println!("{info}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn info(&self) -> SurveyInfo {
        let bands = match self.survey.band_range() {
            Some((first, last)) => KnownBands::Between(first, last),
            None => KnownBands::Unknown,
        };
        self.info_with(self.layout(), bands)
    }

    /// Like [`Ensemble::info`], but exact, because all ids and bands are read.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn info_scanned(&self) -> Result<SurveyInfo, Error> {
        let survey = self.survey();
        let columns = Columns { band: survey.column(Role::Band).is_some(), ..Columns::default() };
        let scan = Layout::from_scan(survey, row_groups(survey), columns, default_workers(), &Silent);
        let scan = scan.map_err(Error::from_task)?;
        let labels = survey.bands().labels();
        let bands = survey.bands().order().into_iter().map(|code| labels[usize::from(code)].clone()).collect();
        let (null_ids, no_epoch) = (Some(scan.null_ids), Some(scan.no_epoch));
        let known = self.info_with(scan.layout, KnownBands::All(bands));
        Ok(SurveyInfo { objects: scan.objects, null_ids, no_epoch, ..known })
    }

    fn info_with(&self, layout: Layout, bands: KnownBands) -> SurveyInfo {
        let survey = self.survey();
        let rows = survey.row_groups().iter().fold(0_u64, |rows, group| rows.saturating_add(group.rows));
        let ranges = layout.ids.iter().map(|ids| ids.clone().map(|ids| (ids.min, ids.max)));
        let ids = ranges.reduce(|a, b| {
            let ((min, max), (other_min, other_max)) = (a?, b?);
            Some((min.min(other_min), max.max(other_max)))
        });
        SurveyInfo {
            files: survey.paths().map(std::path::Path::to_path_buf).collect(),
            bytes: survey.file_bytes(),
            row_groups: survey.row_groups().len(),
            rows,
            file_rows: survey.file_rows(),
            memory: rows.saturating_mul(survey.row_bytes()),
            shape: survey.shape(),
            preset: survey.preset(),
            quality: survey.quality(),
            columns: self.columns(),
            bands,
            ids: ids.flatten(),
            objects: None,
            null_ids: None,
            no_epoch: None,
            layout,
            warnings: survey.notes().to_vec(),
        }
    }
}

impl SurveyInfo {
    /// Returns the column of a role.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.role == Some(role))
    }

    /// Returns the names of the columns without a role.
    pub fn other_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.role.is_none()).map(|column| column.name.as_str())
    }

    /// Describes whether row groups split light curves.
    #[must_use]
    pub fn cut(&self) -> String {
        match &self.layout.cohesion {
            Cohesion::Cohesive => "no light curve lies in two row groups".to_owned(),
            Cohesion::CutAtEdges { first: Some((id, ..)), edges: Some(edges) } => {
                format!("row groups are in order of id, and {edges} edges split light curves, the first that of {id}")
            }
            Cohesion::CutAtEdges { .. } => "row groups are in order of id, and edges may split light curves".to_owned(),
            Cohesion::Overlapping => "row groups share ranges of ids: an object's rows may lie in many".to_owned(),
            Cohesion::Unknown { why } => format!("not known: {why}"),
        }
    }

    fn sorted(&self) -> &'static str {
        match (self.layout.sorted, self.layout.evidence) {
            (Some(true), Evidence::Scan) => "by id within each row group",
            (Some(true), _) => "by id within each row group, as the footers declare",
            (Some(false), _) => "no: not by id within each row group",
            (None, _) => "not declared; a scan finds out",
        }
    }
}

impl fmt::Display for SurveyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_files(f)?;
        self.fmt_columns(f)?;
        match &self.bands {
            KnownBands::All(bands) => row(f, "bands", bands.join(", "))?,
            KnownBands::Between(first, last) => row(f, "bands", format_args!("{first} … {last} (a scan lists all)"))?,
            KnownBands::Unknown => row(f, "bands", "not known from the footers: a scan lists them")?,
        }
        match &self.ids {
            Some((min, max)) => row(f, "ids", format_args!("{min} … {max}"))?,
            None => row(f, "ids", "not known from the footers")?,
        }
        if let Some(objects) = self.objects {
            row(f, "objects", count(objects))?;
        }
        if let Some(null_ids) = self.null_ids.filter(|&n| n > 0) {
            row(f, "null ids", counted(null_ids, "row"))?;
        }
        if let Some(no_epoch) = self.no_epoch.filter(|&n| n > 0) {
            row(f, "no epoch", format_args!("{} null or empty", counted(no_epoch, "list")))?;
        }
        row(f, "sorted", self.sorted())?;
        row(f, "cut", self.cut())?;
        write!(f, "{:<10} {}", "evidence", self.layout.evidence)?;
        self.warnings.iter().try_for_each(|warning| write!(f, "\n{:<10} {warning}", "doubt"))
    }
}

impl SurveyInfo {
    fn fmt_files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, groups) = (counted(self.files.len() as u64, "file"), counted(self.row_groups as u64, "row group"));
        row(f, "files", format_args!("{files}, {groups}, {}", bytes(self.bytes)))?;
        match self.shape {
            Shape::Flat => row(f, "rows", format_args!("{}, {} in memory", count(self.rows), bytes(self.memory)))?,
            shape => {
                let (rows, lists) = (count(self.rows), counted(self.file_rows, "row"));
                row(
                    f,
                    "rows",
                    format_args!("{rows}, {} in memory, in the lists of {lists} of the files", bytes(self.memory)),
                )?;
                row(f, "shape", shape)?;
            }
        }
        let Some(preset) = self.preset else { return Ok(()) };
        row(f, "preset", format_args!("{}: {} (named, or recognised by its columns)", preset.name, preset.describes))?;
        let unit = if preset.unit.is_empty() { String::new() } else { format!(" in {}", preset.unit) };
        row(f, "values", format_args!("{}{unit}; times {}", preset.quantity, preset.time_scale))?;
        if !preset.bands.is_empty() {
            let bands = preset.bands.iter().map(|(stored, name)| format!("{stored} is {name}"));
            row(f, "", format_args!("bands: {}", bands.collect::<Vec<_>>().join(", ")))?;
        }
        match &self.quality {
            Some(quality) => row(f, "quality", format_args!("{quality} (if requested)")),
            None => Ok(()),
        }
    }

    fn fmt_columns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for role in Role::ALL {
            match self.column(role) {
                Some(ColumnInfo { name, kind, .. }) => {
                    row(f, &role.to_string(), format_args!("{name} ({})", kind.as_deref().unwrap_or_default()))?;
                }
                None => row(f, &role.to_string(), "no column found")?,
            }
        }
        let others: Vec<&str> = self.other_columns().collect();
        if others.is_empty() { Ok(()) } else { row(f, "others", others.join(", ")) }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "{name:<10} {value}")
}
