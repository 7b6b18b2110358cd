//! A table of a tape: exactly the parts that its list names, each with its venue, instrument and first and last stamp.

use std::sync::Arc;

use aftershock_archive::tape::{Kind, PartEntry};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Result as Planned, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path as Key;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::prelude::{Expr, ident};

use super::{EPISODE, PLACE, Windows};
use crate::{Error, Result};

/// The order that `ORDER BY` asks for; a stamp is never NULL.
const IN_TIME: SortOptions = SortOptions {
    descending: false,
    nulls_first: false,
};

/// Where the files of a tape lie.
pub(crate) struct Place {
    pub(crate) url: ObjectStoreUrl,
    pub(crate) prefix: Key,
}

/// The parts of one kind.
#[derive(Debug)]
pub(crate) struct Parts {
    kind: Kind,
    /// Columns of the files, then venue and instrument.
    stored: TableSchema,
    /// The same, then the episode where rows have a stamp.
    schema: SchemaRef,
    url: ObjectStoreUrl,
    /// By their first stamp.
    files: Vec<File>,
    windows: Windows,
}

#[derive(Clone, Debug)]
struct File {
    file: PartitionedFile,
    first_us: i64,
    last_us: i64,
    rows: u64,
}

impl Parts {
    pub(crate) fn new<'a>(
        kind: Kind,
        parts: impl Iterator<Item = &'a PartEntry>,
        place: &Place,
        windows: Windows,
    ) -> Result<Self> {
        let hive = PLACE.map(|(name, _)| Arc::new(Field::new(name, DataType::Utf8, false)));
        let stored = TableSchema::builder(viewed(&kind.stored_schema()))
            .with_table_partition_cols(hive.to_vec())
            .build();
        let mut fields: Vec<Field> = stored
            .table_schema()
            .fields()
            .iter()
            .map(|field| field.as_ref().clone())
            .collect();
        if kind.stamp().is_some() {
            fields.push(Field::new(EPISODE.0, DataType::Utf8, true));
        }
        let mut files = parts
            .map(|part| File::of(kind, part, place))
            .collect::<Result<Vec<_>>>()?;
        files.sort_by(|a, b| {
            let key = |file: &File| (file.first_us, file.last_us);
            key(a).cmp(&key(b)).then_with(|| a.file.path().cmp(b.file.path()))
        });
        Ok(Self {
            kind,
            stored,
            schema: Arc::new(Schema::new(fields)),
            url: place.url.clone(),
            files,
            windows,
        })
    }

    fn stamp(&self) -> Option<Expr> {
        self.kind.stamp().map(ident)
    }

    /// What `filters` ask of the stored columns; rows that pass them pass this too.
    fn stored_filter(&self, state: &dyn Session, filters: &[Expr]) -> Planned<Option<Arc<dyn PhysicalExpr>>> {
        let mut asked = Vec::new();
        for filter in filters {
            match self.stamp() {
                Some(stamp) => asked.extend(self.windows.bounds(filter, &stamp)?),
                None => asked.push(filter.clone()),
            }
        }
        let stored = DFSchema::try_from(Arc::clone(self.stored.table_schema()))?;
        let filter = conjunction(asked).map(|filter| state.create_physical_expr(filter, &stored));
        filter.transpose()
    }

    /// The files in which rows can pass `filter`.
    fn chosen(&self, filter: Option<&Arc<dyn PhysicalExpr>>) -> Planned<Vec<File>> {
        let Some(filter) = filter.filter(|_| !self.files.is_empty()) else {
            return Ok(self.files.clone());
        };
        let schema = self.stored.table_schema();
        let predicate = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(schema))
            .try_build(Arc::clone(filter))?;
        let known = self
            .files
            .iter()
            .filter_map(|file| file.file.statistics.clone())
            .collect();
        let kept = predicate.prune(&PrunableStatistics::new(known, Arc::clone(schema)))?;
        let kept = self.files.iter().zip(kept).filter(|(_, kept)| *kept);
        Ok(kept.map(|(file, _)| file.clone()).collect())
    }

    /// Rows come by their stamp where each file ends before the next begins, and those stamped alike by the venue's number.
    fn ordering(&self, files: &[File]) -> Vec<LexOrdering> {
        let follow = |shared: i64| {
            files
                .windows(2)
                .all(|pair| pair[0].last_us + shared <= pair[1].first_us)
        };
        let stamp = self.kind.stamp().filter(|_| follow(0));
        let number = self.kind.number().filter(|_| follow(1));
        let by = stamp.into_iter().chain(number).filter_map(|name| {
            let place = self.schema.index_of(name).ok()?;
            Some(PhysicalSortExpr::new(Arc::new(Column::new(name, place)), IN_TIME))
        });
        LexOrdering::new(by).into_iter().collect()
    }
}

#[async_trait::async_trait]
impl TableProvider for Parts {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Planned<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Planned<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = projection
            .cloned()
            .unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&wanted)?);
        let filter = self.stored_filter(state, filters)?;
        let files = self.chosen(filter.as_ref())?;
        let (Some(first_us), Some(last_us)) = (
            files.iter().map(|file| file.first_us).min(),
            files.iter().map(|file| file.last_us).max(),
        ) else {
            return Ok(Arc::new(EmptyExec::new(schema)));
        };

        let stored = self.stored.table_schema().fields().len();
        let mut read: Vec<usize> = wanted.iter().copied().filter(|&column| column < stored).collect();
        let with_episode = read.len() < wanted.len();
        if with_episode && !read.contains(&0) {
            read.push(0);
        }
        // What a file says of itself is read once, however many pieces of it are.
        let runtime = state.runtime_env();
        let opened = CachedParquetFileReaderFactory::new(
            runtime.object_store(&self.url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let mut source = ParquetSource::new(self.stored.clone())
            .with_parquet_file_reader_factory(Arc::new(opened))
            .with_table_parquet_options(state.table_options().parquet.clone());
        if let Some(filter) = filter {
            source = source.with_predicate(filter);
        }
        let rows = files.iter().map(|file| file.rows as usize).sum();
        let mut known = Statistics::new_unknown(self.stored.table_schema());
        known.num_rows = Precision::Exact(rows);
        let ordering = self.ordering(&files);
        let group = FileGroup::new(files.into_iter().map(|file| file.file).collect());
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_group(group)
            .with_statistics(known)
            .with_projection_indices(Some(read.clone()))?
            .with_limit(limit)
            .with_output_ordering(ordering)
            .build();
        let scan = DataSourceExec::from_data_source(config);
        let Some(stamp) = self.stamp().filter(|_| with_episode) else {
            return Ok(scan);
        };

        let below = DFSchema::try_from(scan.schema())?;
        let case = self.windows.case(&stamp, first_us, last_us)?;
        let case = state.create_physical_expr(case, &below)?;
        let columns: Vec<(Arc<dyn PhysicalExpr>, String)> = wanted
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| {
                let place = read.iter().position(|stored| stored == column);
                let value: Arc<dyn PhysicalExpr> = match place {
                    Some(place) => Arc::new(Column::new(field.name(), place)),
                    None => Arc::clone(&case),
                };
                (value, field.name().clone())
            })
            .collect();
        Ok(Arc::new(ProjectionExec::try_new(columns, scan)?))
    }
}

/// Text as views: a short word is compared and moved as a number, without a look at where it begins.
fn viewed(stored: &SchemaRef) -> SchemaRef {
    let fields = stored.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl File {
    fn of(kind: Kind, part: &PartEntry, place: &Place) -> Result<Self> {
        let bad = |error: String| Error::Data {
            path: part.path.clone().into(),
            reason: error,
        };
        let mut location = place.prefix.clone();
        for name in part.path.split('/') {
            let name = datafusion::object_store::path::PathPart::parse(name)
                .map_err(|error| bad(error.to_string()))?;
            location = location.join(name);
        }
        let facts = &part.facts;
        let mut file = PartitionedFile::new(String::new(), facts.bytes);
        file.object_meta.location = location;
        let values = [&part.key.venue, &part.key.instrument].map(|value| ScalarValue::from(value.as_str()));
        let mut known = Statistics::new_unknown(&kind.stored_schema());
        known.num_rows = Precision::Exact(facts.rows as usize);
        if kind.stamp().is_some() {
            let at = |micros| {
                Precision::Exact(ScalarValue::TimestampMicrosecond(
                    Some(micros),
                    Some("UTC".into()),
                ))
            };
            known.column_statistics[0] = ColumnStatistics {
                null_count: Precision::Exact(0),
                min_value: at(facts.first_us),
                max_value: at(facts.last_us),
                ..ColumnStatistics::new_unknown()
            };
            // Bounds that always hold: where stamps differ, the number says nothing about the order of two files.
            if let Some(number) = kind
                .number()
                .and_then(|name| kind.stored_schema().index_of(name).ok())
            {
                let any = |value| Precision::Inexact(ScalarValue::Int64(Some(value)));
                known.column_statistics[number].min_value = any(i64::MIN);
                known.column_statistics[number].max_value = any(i64::MAX);
            }
        }
        Ok(Self {
            file: file
                .with_partition_values(values.into())
                .with_statistics(Arc::new(known)),
            first_us: facts.first_us,
            last_us: facts.last_us,
            rows: facts.rows,
        })
    }
}
