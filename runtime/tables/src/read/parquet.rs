//! Parquet files: the columns at the top that hold numbers, text or truth values.

use std::collections::HashSet;
use std::path::Path;

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};
use synx_plan::observations::Header;
use synx_plan::problem::Problem;

use super::{Limits, Read};
use crate::column::{Column, Texts, Values};
use crate::table::Table;

const HELP: &str = "write the file again, for example with `pandas.DataFrame.to_parquet`";

/// A column that grows row by row.
enum Growing {
    Numbers(Vec<f64>),
    Text(Texts),
}

/// The thread that parquet files are read on. The library that reads them gives up in panics on some torn files: these end the thread, and are no mistake of
/// synx that a user would have to hear of.
pub const PARQUET_THREAD: &str = "synx-parquet";

/// The columns of a file and how many rows it has, from its end alone.
///
/// # Errors
/// E0901 where the system refuses, E0980 to E0985 where the file is no table.
pub fn parquet_header(path: &Path, limits: &Limits) -> Result<Header, Problem> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| Problem::io("read", path, &error))?;
    apart(&name, || {
        let reader = SerializedFileReader::new(file).map_err(|error| bad(&name, &error))?;
        let metadata = reader.metadata().file_metadata();
        let fields = metadata.schema().get_fields();
        limits.check_columns(&name, fields.len())?;
        let simple = fields.iter().filter(|field| is_simple(field));
        let column = |field: &TypePtr| (field.name().to_owned(), matches!(Growing::of(field), Growing::Numbers(_)));
        Ok(Header { columns: simple.map(column).collect(), rows: u64::try_from(metadata.num_rows()).unwrap_or(0) })
    })
}

/// Reads the rows. Truth values, dates and times are text; lists and structures are left out.
pub(super) fn read<R: ChunkReader + 'static>(from: R, name: &str, limits: &Limits) -> Result<Read, Problem> {
    apart(name, || rows(from, name, limits))
}

/// Reads on a thread of its own: what gives up there is a torn file.
fn apart<T: Send>(name: &str, read: impl FnOnce() -> Result<T, Problem> + Send) -> Result<T, Problem> {
    let torn = || {
        Problem::new("E0984", format!("{name} cannot be read as parquet"))
            .note("what it holds is not what it says of itself")
            .help(HELP)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(PARQUET_THREAD.to_owned());
        let reading = thread.spawn_scoped(scope, read);
        reading.map_err(|error| Problem::io("read", Path::new(name), &error))?.join().map_err(|_| torn())?
    })
}

fn bad(name: &str, error: &ParquetError) -> Problem {
    Problem::new("E0984", format!("{name} cannot be read as parquet")).note(error.to_string()).help(HELP)
}

fn rows<R: ChunkReader + 'static>(from: R, name: &str, limits: &Limits) -> Result<Read, Problem> {
    let reader = SerializedFileReader::new(from).map_err(|error| bad(name, &error))?;
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema();
    let (simple, nested): (Vec<TypePtr>, Vec<TypePtr>) = schema.get_fields().iter().cloned().partition(is_simple);
    limits.check_columns(name, schema.get_fields().len())?;
    let mut seen = HashSet::new();
    if let Some(twice) = simple.iter().find(|field| !seen.insert(field.name())) {
        return Err(Problem::new("E0945", format!("two columns of {name} are called `{}`", twice.name()))
            .help("give every column a name of its own: columns are found by their names"));
    }
    let rows = usize::try_from(metadata.num_rows()).unwrap_or(usize::MAX);
    limits.check_rows(name, rows, simple.len())?;
    if rows == 0 || simple.is_empty() {
        return Err(Problem::new("E0940", format!("{name} has no rows of numbers or text")));
    }
    let mut columns: Vec<Growing> = simple.iter().map(|field| Growing::of(field)).collect();
    let projected = Type::group_type_builder(schema.name()).with_fields(simple.clone()).build();
    let projected = projected.map_err(|error| bad(name, &error))?;
    let read = reader.get_row_iter(Some(projected)).map_err(|error| bad(name, &error))?;
    let (mut count, mut bytes) = (0usize, 0u64);
    for row in read {
        let row = row.map_err(|error| bad(name, &error))?;
        count += 1;
        // The rows that the file says it has were checked; it may have others.
        limits.check_rows(name, count, columns.len())?;
        for (growing, (column, field)) in columns.iter_mut().zip(row.get_column_iter()) {
            let place = || format!("row {count}, column `{column}`");
            bytes += growing.push(field, name, limits, &place)? as u64;
        }
        if bytes > limits.bytes {
            return Err(limits.too_many_bytes(name));
        }
    }
    let mut table = Table::new(count);
    for (field, growing) in simple.iter().zip(columns) {
        let column = match growing {
            Growing::Numbers(values) => Column::numbers(values),
            Growing::Text(texts) => Column { values: Values::Text(texts), unit: String::new() },
        };
        if column.len() != count {
            let headline = format!("{name} cannot be read as parquet");
            return Err(Problem::new("E0984", headline).note("its columns have different numbers of rows"));
        }
        table.set(field.name(), column);
    }
    Ok(Read { table, lines: None, left_out: nested.iter().map(|field| field.name().to_owned()).collect() })
}

/// Whether a column has one value in a row.
fn is_simple(field: &TypePtr) -> bool {
    let info = field.get_basic_info();
    field.is_primitive() && !(info.has_repetition() && info.repetition() == parquet::basic::Repetition::REPEATED)
}

impl Growing {
    fn of(field: &Type) -> Growing {
        let dated = matches!(
            field.get_basic_info().converted_type(),
            ConvertedType::DATE
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
        );
        let decimal = field.get_basic_info().converted_type() == ConvertedType::DECIMAL;
        let number = match field.get_physical_type() {
            Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE => !dated,
            Physical::FIXED_LEN_BYTE_ARRAY => {
                decimal || field.get_basic_info().logical_type_ref() == Some(&parquet::basic::LogicalType::Float16)
            }
            Physical::BYTE_ARRAY => decimal,
            Physical::BOOLEAN | Physical::INT96 => false,
        };
        if number { Growing::Numbers(Vec::new()) } else { Growing::Text(Texts::default()) }
    }

    /// Adds a value, and says how many bytes it takes.
    fn push(
        &mut self,
        field: &Field,
        name: &str,
        limits: &Limits,
        place: &dyn Fn() -> String,
    ) -> Result<usize, Problem> {
        match self {
            Growing::Numbers(values) => {
                values.push(number(field).unwrap_or(f64::NAN));
                Ok(size_of::<f64>())
            }
            Growing::Text(texts) => {
                let owned;
                let text = match field {
                    Field::Null => None,
                    Field::Str(text) => Some(text.as_str()),
                    Field::Bytes(bytes) => Some(bytes.as_utf8().map_err(|_| {
                        Problem::new("E0981", format!("{name} holds bytes that are no text in UTF-8: {}", place()))
                            .help("leave the column out of the file, or write it as text")
                    })?),
                    other => {
                        owned = other.to_string();
                        Some(owned.as_str())
                    }
                };
                let length = text.map_or(0, str::len);
                limits.check_cell(name, &place(), length)?;
                texts.push(text.filter(|text| !text.is_empty()));
                Ok(length + size_of::<u32>())
            }
        }
    }
}

fn number(field: &Field) -> Option<f64> {
    Some(match field {
        Field::Byte(value) => f64::from(*value),
        Field::Short(value) => f64::from(*value),
        Field::Int(value) => f64::from(*value),
        Field::Long(value) => *value as f64,
        Field::UByte(value) => f64::from(*value),
        Field::UShort(value) => f64::from(*value),
        Field::UInt(value) => f64::from(*value),
        Field::ULong(value) => *value as f64,
        Field::Float16(value) => value.to_f64(),
        Field::Float(value) => f64::from(*value),
        Field::Double(value) => *value,
        Field::Decimal(_) => return field.to_string().parse().ok(),
        _ => return None,
    })
}
