//! Headers that describe columns in the standards of astronomy: ECSV, and VOTable in Parquet.

use std::fmt::Write;

use arrow::datatypes::{DataType, Schema};

/// The version of VOParquet that files follow: <https://www.ivoa.net/documents/Notes/VOParquet/>.
const VOPARQUET: &str = "1.0";

/// Returns the header that makes a CSV file an ECSV file, as proposed by astropy:
/// <https://github.com/astropy/astropy-APEs/blob/main/APE6.rst>.
pub(super) fn ecsv(schema: &Schema) -> String {
    let mut text = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n".to_owned();
    for field in schema.fields() {
        // JSON is valid YAML, and escapes any name.
        let name = serde_json::Value::from(field.name().as_str());
        let _ = writeln!(text, "# - {{name: {name}, datatype: {}}}", in_ecsv(field.data_type()));
    }
    text + "# schema: astropy-2.0\n"
}

const fn in_ecsv(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float16 | DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        _ => "string",
    }
}

/// Returns the Parquet metadata that describes the columns as a VOTable without data.
pub(super) fn voparquet(schema: &Schema) -> [(String, String); 2] {
    let mut text =
        "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
                    <RESOURCE><TABLE>\n"
            .to_owned();
    for (column, field) in schema.fields().iter().enumerate() {
        let (datatype, size) = in_votable(field.data_type());
        let ucd = ucd(column, field.name());
        let _ = writeln!(text, "<FIELD name=\"{}\" datatype=\"{datatype}\"{size}{ucd}/>", escaped(field.name()));
    }
    text += "</TABLE></RESOURCE>\n</VOTABLE>\n";
    [
        ("IVOA.VOTable-Parquet.version".to_owned(), VOPARQUET.to_owned()),
        ("IVOA.VOTable-Parquet.content".to_owned(), text),
    ]
}

const fn in_votable(data_type: &DataType) -> (&'static str, &'static str) {
    match data_type {
        DataType::Boolean => ("boolean", ""),
        DataType::UInt8 => ("unsignedByte", ""),
        DataType::Int8 | DataType::Int16 => ("short", ""),
        DataType::UInt16 | DataType::Int32 => ("int", ""),
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => ("long", ""),
        DataType::Float16 | DataType::Float32 => ("float", ""),
        DataType::Float64 => ("double", ""),
        _ => ("char", " arraysize=\"*\""),
    }
}

/// Returns the UCD (meaning) of a column, if it is known: for the id and the number of epochs.
fn ucd(column: usize, name: &str) -> &'static str {
    match (column, name) {
        (0, _) => " ucd=\"meta.id;meta.main\"",
        (_, "n_obs") => " ucd=\"meta.number;obs\"",
        _ => "",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn special_characters_in_names_are_escaped() {
        let fields = [("a \"b\" <c>", DataType::Float64), ("n_obs", DataType::UInt64), ("ä", DataType::Utf8)];
        let schema = Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec());
        let ecsv = ecsv(&schema);
        assert!(ecsv.starts_with("# %ECSV 1.0\n# ---\n"), "{ecsv}");
        assert!(ecsv.contains(r#"# - {name: "a \"b\" <c>", datatype: float64}"#), "{ecsv}");
        let [_, (_, votable)] = voparquet(&schema);
        assert!(
            votable.contains(r#"<FIELD name="a &quot;b&quot; &lt;c&gt;" datatype="double" ucd="meta.id;meta.main"/>"#)
        );
        assert!(votable.contains(r#"<FIELD name="ä" datatype="char" arraysize="*"/>"#), "{votable}");
    }
}
