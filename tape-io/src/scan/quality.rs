//! Counts epochs that fail the customary quality cut of a survey's preset.

use tape_core::{Columns, Partition, Piece, Rows, Source, SourceError};

use crate::survey::Survey;

/// Number of rows to read at a time.
const ROWS: usize = 1 << 16;

impl Survey {
    /// Returns a warning with the number of epochs that fail the customary quality cut, if the preset has one and the
    /// user did not decide about quality. Reads the columns of the cut, except where footers show that no epoch fails.
    ///
    /// # Errors
    /// If the columns cannot be read.
    pub fn quality_warning(&self) -> Result<Option<String>, SourceError> {
        let Some(cut) = self.quality().filter(|_| !self.any_quality) else { return Ok(None) };
        // Files may lack the columns of the cut.
        let Ok(failing) = self.clone().filtered(&format!("({cut}) IS NOT TRUE")) else { return Ok(None) };
        let groups: Vec<usize> = (0..failing.row_groups().len()).filter(|&group| !failing.skips(group)).collect();
        let counts = tape_pool::try_map(groups, |group| failing.rows_of(group))?;
        let n: u64 = counts.into_iter().sum();
        let preset = self.preset().map_or("", |preset| preset.name);
        Ok((n > 0).then(|| {
            let epochs = if n == 1 { "1 epoch fails".to_owned() } else { format!("{n} epochs fail") };
            format!(
                "{epochs} the customary quality cut of {preset} ({cut}) and are used: apply the cut, or accept such epochs"
            )
        }))
    }

    /// Counts the rows of a row group that are kept.
    fn rows_of(&self, row_group: usize) -> Result<u64, SourceError> {
        let whole = Piece { row_group, rows: 0..self.row_groups()[row_group].rows };
        let mut reader = Source::read(self, &Partition { pieces: vec![whole] }, Columns::default())?;
        let (mut rows, mut n) = (Rows::new(self.id_type()), 0);
        while reader.read(&mut rows, ROWS)? > 0 {
            n += rows.len() as u64;
            rows.clear();
        }
        Ok(n)
    }
}
