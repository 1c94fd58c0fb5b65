//! Writes light curves as lists in any shape.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, FixedSizeListArray, Float32Array, Float64Array, GenericListArray, Int16Array,
    Int64Array, OffsetSizeTrait, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field, Int8Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use tape_core::ColumnMap;

use crate::survey::{BANDS, Epoch, Object, text_id};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    ListColumns,
    StructOfLists,
    ListOfStructs,
    ListOfListsOfStructs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    Usual,
    Large,
    /// Fixed-size lists of this many epochs.
    Fixed(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    Text,
    Dictionary,
    Integer,
    /// A band for each object.
    OfObject,
}

/// The settings with which a file is written.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) shape: Shape,
    pub(crate) lists: Lists,
    pub(crate) band: Band,
    pub(crate) text_ids: bool,
    pub(crate) odd_names: bool,
    pub(crate) second_version: bool,
    pub(crate) dictionary: bool,
    pub(crate) compressed: bool,
    pub(crate) rows_of_group: usize,
    pub(crate) rows_of_page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shape: Shape::ListColumns,
            lists: Lists::Usual,
            band: Band::Text,
            text_ids: false,
            odd_names: false,
            second_version: false,
            dictionary: true,
            compressed: false,
            rows_of_group: 1 << 20,
            rows_of_page: 1 << 20,
        }
    }
}

impl Settings {
    /// Returns the names of the id and of the nested column, and of time, flux, error and band within it.
    fn names(&self) -> [&'static str; 6] {
        if self.odd_names {
            ["#id", "light curve.α", "t", "list", "element", "β 'and' \"q\""]
        } else {
            ["id", "lightcurve", "mjd", "mag", "magerr", "band"]
        }
    }

    /// Returns the column map, which is empty if the names are found automatically.
    pub(crate) fn columns(&self) -> ColumnMap {
        let [id, within, time, flux, error, band] = self.names();
        if !self.odd_names {
            return ColumnMap::new();
        }
        let leaf = |name: &str| {
            if self.shape == Shape::ListColumns { name.to_owned() } else { format!("{within}.{name}") }
        };
        let band = if self.band == Band::OfObject { band.to_owned() } else { leaf(band) };
        ColumnMap::new().id(id).time(&leaf(time)).flux(&leaf(flux)).error(&leaf(error)).band(&band)
    }

    /// Returns the column map after a conversion to another shape.
    pub(crate) fn columns_as(&self, shape: tape_io::Shape) -> ColumnMap {
        let [id, _, time, flux, error, band] = self.names();
        let inside = matches!(shape, tape_io::Shape::StructOfLists | tape_io::Shape::ListOfStructs);
        let leaf = |name: &str| if inside { format!("{}.{name}", self.nested()) } else { name.to_owned() };
        let band = if self.band == Band::OfObject { band.to_owned() } else { leaf(band) };
        ColumnMap::new().id(id).time(&leaf(time)).flux(&leaf(flux)).error(&leaf(error)).band(&band)
    }

    /// Returns the names of id, time, flux, error and band in conditions, for a shape or for flat rows.
    pub(crate) fn in_conditions(&self, shape: Option<Shape>) -> [String; 5] {
        let [id, within, time, flux, error, band] = self.names();
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let Some(shape) = shape else { return ["id", "mjd", "mag", "magerr", "band"].map(str::to_owned) };
        let inside = |name| match shape {
            Shape::ListColumns => quoted(name),
            _ => format!("{}.{}", quoted(within), quoted(name)),
        };
        let band = if self.band == Band::OfObject { quoted(band) } else { inside(band) };
        [quoted(id), inside(time), inside(flux), inside(error), band]
    }

    /// Returns the name of the nested column.
    pub(crate) fn nested(&self) -> &'static str {
        self.names()[1]
    }

    /// Returns the label as which a band is read.
    pub(crate) fn band_read(&self, band: usize) -> String {
        if self.band == Band::Integer { band.to_string() } else { BANDS[band].to_owned() }
    }

    /// Returns the number of null and empty lists.
    pub(crate) fn empty_slots(&self, objects: &[Object]) -> u64 {
        let empty = |object: &&Object| object.epochs().next().is_none();
        if self.shape != Shape::ListOfListsOfStructs {
            return objects.iter().filter(empty).count() as u64;
        }
        let parts = |object: &Object| match &object.parts {
            Some(parts) if !parts.is_empty() => {
                parts.iter().filter(|part| part.as_ref().is_none_or(Vec::is_empty)).count() as u64
            }
            _ => 1,
        };
        objects.iter().map(parts).sum()
    }
}

/// Writes light curves with some settings.
pub(crate) fn write_nested(folder: &Path, objects: &[Object], settings: &Settings) -> PathBuf {
    let path = folder.join("nested.parquet");
    write(&path, &nested(objects, settings), settings);
    path
}

pub(crate) fn write(path: &Path, batch: &RecordBatch, settings: &Settings) {
    let compression =
        if settings.compressed { Compression::ZSTD(ZstdLevel::default()) } else { Compression::UNCOMPRESSED };
    let version = if settings.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_dictionary_enabled(settings.dictionary)
        .set_data_page_row_count_limit(settings.rows_of_page)
        .set_write_batch_size(settings.rows_of_page.min(1024))
        .set_max_row_group_row_count(Some(settings.rows_of_group))
        .build();
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("a successful write");
    writer.close().expect("a successful write");
}

pub(crate) fn nested(objects: &[Object], settings: &Settings) -> RecordBatch {
    let [id, within, ..] = settings.names();
    let ids: ArrayRef = if settings.text_ids {
        Arc::new(StringArray::from_iter(objects.iter().map(|object| object.id.map(text_id))))
    } else {
        Arc::new(Int64Array::from_iter(objects.iter().map(|object| object.id)))
    };
    let mut columns = vec![(id, ids, true)];
    if settings.band == Band::OfObject {
        let band = |object: &Object| object.epochs().next().and_then(|epoch| epoch.band);
        let bands = objects.iter().map(|object| band(object).map(|band| BANDS[band]));
        columns.push((settings.names()[5], Arc::new(StringArray::from_iter(bands)) as ArrayRef, true));
    }
    let mut epochs: Vec<Epoch> = vec![];
    for object in objects {
        let before = epochs.len();
        epochs.extend(object.epochs().cloned());
        // A null fixed-size list still has values.
        if let Lists::Fixed(n) = settings.lists {
            epochs.resize(before + n, Epoch { flux: Some(9e9), ..Epoch::default() });
        }
    }
    let outer = Outline::of(objects);
    let fields = of_epochs(&epochs, settings);
    let listed = |values: ArrayRef, outline: &Outline| outline.list(values, settings.lists);
    match settings.shape {
        Shape::ListColumns => {
            columns.extend(fields.into_iter().map(|(name, values)| (name, listed(values, &outer), true)))
        }
        Shape::StructOfLists => {
            let lists = fields.into_iter().map(|(name, values)| (name, listed(values, &outer))).collect();
            columns.push((within, structure(lists, Some(&outer)), true));
        }
        Shape::ListOfStructs => columns.push((within, listed(structure(fields, None), &outer), true)),
        Shape::ListOfListsOfStructs => {
            let inner = Outline::of_parts(objects).list(structure(fields, None), settings.lists);
            columns.push((within, Outline::around_parts(objects).list(inner, settings.lists), true));
        }
    }
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// Returns the columns of epochs. Without dictionaries, fluxes are single precision, to test another decoder.
fn of_epochs(epochs: &[Epoch], settings: &Settings) -> Vec<(&'static str, ArrayRef)> {
    let [_, _, time, flux, error, band] = settings.names();
    let number =
        |of: fn(&Epoch) -> Option<f64>| -> ArrayRef { Arc::new(Float64Array::from_iter(epochs.iter().map(of))) };
    #[expect(clippy::cast_possible_truncation, reason = "the fluxes in these tests are small integers")]
    let fluxes: ArrayRef = if settings.dictionary {
        number(|epoch| epoch.flux)
    } else {
        Arc::new(Float32Array::from_iter(epochs.iter().map(|epoch| epoch.flux.map(|flux| flux as f32))))
    };
    let labels = || epochs.iter().map(|epoch| epoch.band.map(|band| BANDS[band]));
    let bands: Option<ArrayRef> = match settings.band {
        Band::Text => Some(Arc::new(StringArray::from_iter(labels()))),
        Band::Dictionary => Some(Arc::new(labels().collect::<DictionaryArray<Int8Type>>())),
        Band::Integer => {
            let codes = epochs.iter().map(|epoch| epoch.band.map(|band| i16::try_from(band).expect("small")));
            Some(Arc::new(Int16Array::from_iter(codes)))
        }
        Band::OfObject => None,
    };
    let mut fields = vec![(time, number(|epoch| epoch.time)), (flux, fluxes), (error, number(|epoch| epoch.error))];
    fields.extend(bands.map(|bands| (band, bands)));
    fields
}

fn structure(fields: Vec<(&str, ArrayRef)>, nulls: Option<&Outline>) -> ArrayRef {
    let (fields, values): (Vec<_>, Vec<_>) =
        fields.into_iter().map(|(name, values)| (Field::new(name, values.data_type().clone(), true), values)).unzip();
    let nulls = nulls.map(|outline| NullBuffer::from(outline.there.clone()));
    Arc::new(StructArray::try_new(fields.into(), values, nulls).expect("columns of one length"))
}

/// The lengths of lists, and which of them are not null.
struct Outline {
    lengths: Vec<usize>,
    there: Vec<bool>,
}

impl Outline {
    fn of(objects: &[Object]) -> Self {
        Self {
            lengths: objects.iter().map(|object| object.epochs().count()).collect(),
            there: objects.iter().map(|object| object.parts.is_some()).collect(),
        }
    }

    fn of_parts(objects: &[Object]) -> Self {
        let parts = || objects.iter().flat_map(|object| object.parts.iter().flatten());
        let length = |part: &Option<Vec<Epoch>>| part.as_ref().map_or(0, Vec::len);
        Self { lengths: parts().map(length).collect(), there: parts().map(Option::is_some).collect() }
    }

    fn around_parts(objects: &[Object]) -> Self {
        let length = |object: &Object| object.parts.as_ref().map_or(0, Vec::len);
        Self {
            lengths: objects.iter().map(length).collect(),
            there: objects.iter().map(|object| object.parts.is_some()).collect(),
        }
    }

    fn list(&self, values: ArrayRef, lists: Lists) -> ArrayRef {
        match lists {
            Lists::Usual => self.of_size::<i32>(values),
            Lists::Large => self.of_size::<i64>(values),
            Lists::Fixed(n) => {
                let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
                let nulls = Some(NullBuffer::from(self.there.clone()));
                let n = i32::try_from(n).expect("small");
                Arc::new(FixedSizeListArray::try_new(item, n, values, nulls).expect("whole lists"))
            }
        }
    }

    fn of_size<O: OffsetSizeTrait>(&self, values: ArrayRef) -> ArrayRef {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let offsets = OffsetBuffer::<O>::from_lengths(self.lengths.iter().copied());
        let nulls = Some(NullBuffer::from(self.there.clone()));
        Arc::new(GenericListArray::try_new(item, offsets, values, nulls).expect("lists"))
    }
}
