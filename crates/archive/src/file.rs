//! Files: Parquet to and from bytes, and writes that are whole or absent.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;

use crate::ArchiveError;

/// `batch` as the bytes of a Parquet file; `sorted_by` are the columns it is sorted by, ascending.
///
/// The writer's version and Arrow's own schema are left out, so that equal rows give equal bytes.
pub(crate) fn encode(batch: &RecordBatch, sorted_by: &[&str]) -> Vec<u8> {
    encode_with(batch, sorted_by, &[])
}

/// The same with words that the file says of itself, as key and value.
pub(crate) fn encode_with(batch: &RecordBatch, sorted_by: &[&str], said: &[(String, String)]) -> Vec<u8> {
    let said: Vec<KeyValue> = said
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    let sorting: Vec<SortingColumn> = sorted_by
        .iter()
        .map(|name| {
            let index = batch
                .schema()
                .index_of(name)
                .expect("a table is sorted by a column it has");
            SortingColumn {
                column_idx: index as i32,
                descending: false,
                nulls_first: false,
            }
        })
        .collect();
    let properties = WriterProperties::builder()
        .set_created_by("aftershock".to_owned())
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(3).expect("3 is a zstd level"),
        ))
        .set_sorting_columns((!sorting.is_empty()).then_some(sorting))
        .set_key_value_metadata((!said.is_empty()).then_some(said))
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options)
        .expect("every column type has a Parquet form");
    writer
        .write(batch)
        .and_then(|()| writer.close())
        .expect("writing to memory cannot fail");
    bytes
}

/// The rows of a Parquet file, with the columns of `schema` in its order. Other writers' files are taken too, as
/// long as name, type and presence of values agree. A column of `optional` may be absent and is then left out.
pub(crate) fn decode(
    path: &Path,
    bytes: Vec<u8>,
    schema: &SchemaRef,
    optional: &[&str],
) -> Result<RecordBatch, ArchiveError> {
    let corrupt = |reason: String| ArchiveError::corrupt(path, reason);
    let unreadable = |error: &dyn std::fmt::Display| {
        ArchiveError::corrupt(
            path,
            format!("it does not read as Parquet ({error}); expected a whole Parquet file"),
        )
    };
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(bytes), options)
        .map_err(|error| unreadable(&error))?;
    let found = builder.schema().clone();
    if let Some(field) = found
        .fields()
        .iter()
        .find(|field| schema.field_with_name(field.name()).is_err())
    {
        return Err(corrupt(format!(
            "unknown column `{}`; expected {}",
            field.name(),
            names(schema)
        )));
    }
    let wanted: Vec<_> = schema
        .fields()
        .iter()
        .filter(|field| {
            !optional.contains(&field.name().as_str()) || found.field_with_name(field.name()).is_ok()
        })
        .cloned()
        .collect();
    for field in &wanted {
        let present = found.field_with_name(field.name()).map_err(|_| {
            corrupt(format!(
                "no column `{}`; expected {}",
                field.name(),
                names(schema)
            ))
        })?;
        if present.data_type() != field.data_type() {
            return Err(corrupt(format!(
                "column `{}` holds {}; expected {}",
                field.name(),
                present.data_type(),
                field.data_type()
            )));
        }
    }
    let batches = builder
        .build()
        .and_then(|reader| {
            reader
                .collect::<Result<Vec<_>, _>>()
                .map_err(parquet::errors::ParquetError::from)
        })
        .map_err(|error| unreadable(&error))?;
    let whole = concat_batches(&found, &batches).map_err(|error| unreadable(&error))?;
    let columns = wanted
        .iter()
        .map(|field| {
            let column = whole
                .column_by_name(field.name())
                .expect("presence was checked")
                .clone();
            match (0..column.len()).find(|&row| !field.is_nullable() && column.is_null(row)) {
                Some(row) => Err(ArchiveError::BadRow {
                    path: path.to_owned(),
                    row,
                    reason: format!("`{}` is null; expected a value", field.name()),
                }),
                None => Ok(column),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(SchemaRef::new(Schema::new(wanted)), columns)
        .expect("types and nulls were checked"))
}

fn names(schema: &Schema) -> String {
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    names.join(", ")
}

/// Creates a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), ArchiveError> {
    fs::create_dir_all(path).map_err(ArchiveError::io("create", path))
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    fs::read(path).map_err(ArchiveError::io("read", path))
}

/// Writes and syncs a file under its final name; for folders that are renamed as a whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let failed = || ArchiveError::io("write", path);
    let mut file = File::create(path).map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    file.sync_all().map_err(failed())
}

/// Writes a file so that its name shows the old bytes or the new ones, never a part of them.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let folder = path.parent().expect("a file lies in a folder");
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    create_folder(folder)?;
    let written = write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path).map_err(ArchiveError::io("write", path)));
    if written.is_err() {
        // The error that is reported is the first one; a leftover under a temporary name is never read.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_folder(folder))
}

/// Makes the names in a folder permanent, where the system can.
pub(crate) fn sync_folder(path: &Path) -> Result<(), ArchiveError> {
    if cfg!(unix) {
        File::open(path)
            .and_then(|folder| folder.sync_all())
            .map_err(ArchiveError::io("sync", path))?;
    }
    Ok(())
}

/// Checks that `name` can stand in a path and in a hive column.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), ArchiveError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.bytes().all(plain)
        && name
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
    {
        return Ok(());
    }
    Err(ArchiveError::BadName {
        what,
        name: name.to_owned(),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_plain_words() {
        let error = write(Path::new("/dev/full"), b"x").expect_err("the device is full");
        assert_eq!(
            error.to_string(),
            "cannot write /dev/full: no space left on device"
        );
    }
}
