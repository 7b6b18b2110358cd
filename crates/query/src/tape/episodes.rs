//! Which episode a stamp belongs to.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Operator};
use datafusion::prelude::{Expr, lit, when};

use super::EPISODE;

/// `tape_to` names a second, which belongs to the episode.
const LAST_SECOND_US: i64 = 1_000_000;

/// The windows of the episodes' records, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows(Arc<[Window]>);

#[derive(Debug)]
struct Window {
    episode: String,
    from_us: i64,
    to_us: i64,
}

impl Windows {
    /// Reads them from `catalog.episodes`.
    pub(crate) fn of(episodes: &RecordBatch) -> Self {
        let column = |name: &str| episodes.column_by_name(name);
        let (Some(ids), Some(from), Some(to)) = (column("episode"), column("tape_from"), column("tape_to"))
        else {
            return Self::default();
        };
        let (Some(ids), Some(from), Some(to)) = (
            ids.as_string_opt::<i32>(),
            from.as_primitive_opt::<TimestampMicrosecondType>(),
            to.as_primitive_opt::<TimestampMicrosecondType>(),
        ) else {
            return Self::default();
        };
        let mut windows: Vec<Window> = (0..episodes.num_rows())
            .map(|row| Window {
                episode: ids.value(row).to_owned(),
                from_us: from.value(row),
                to_us: to.value(row) + LAST_SECOND_US,
            })
            .collect();
        windows.sort_by(|a, b| a.episode.cmp(&b.episode));
        Self(windows.into())
    }

    /// The episode of `stamp` for stamps from `first_us` to `last_us`: the first by id where windows overlap.
    pub(crate) fn case(&self, stamp: &Expr, first_us: i64, last_us: i64) -> Result<Expr, DataFusionError> {
        let near = |window: &&Window| window.from_us <= last_us && first_us < window.to_us;
        let mut windows = self.0.iter().filter(near);
        let nothing = lit(ScalarValue::Utf8(None));
        let Some(first) = windows.next() else {
            return Ok(nothing);
        };
        let mut case = when(first.holds(stamp), lit(first.episode.as_str()));
        for window in windows {
            case.when(window.holds(stamp), lit(window.episode.as_str()));
        }
        case.otherwise(nothing)
    }

    /// The filter without the column `episode`: what it asks of that becomes a bound of `stamp` that the asked rows
    /// keep. `None` where that cannot be said.
    pub(crate) fn bounds(&self, filter: &Expr, stamp: &Expr) -> Result<Option<Expr>, DataFusionError> {
        let asked = |wanted: &[&Expr]| {
            let mut windows = Vec::new();
            for value in wanted {
                let Expr::Literal(value, _) = value else {
                    return None;
                };
                let value = value.try_as_str()?;
                windows.extend(
                    self.0
                        .iter()
                        .filter(|window| Some(window.episode.as_str()) == value),
                );
            }
            Some(any(windows.into_iter(), stamp))
        };
        let is_episode = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == EPISODE.0);
        let bounded = filter.clone().transform_down(|expr| {
            let bound = match &expr {
                Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::Eq,
                    right,
                }) if is_episode(left) => asked(&[right]),
                Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::Eq,
                    right,
                }) if is_episode(right) => asked(&[left]),
                Expr::InList(InList {
                    expr,
                    list,
                    negated: false,
                }) if is_episode(expr) => asked(&list.iter().collect::<Vec<_>>()),
                Expr::IsNotNull(expr) if is_episode(expr) => Some(any(self.0.iter(), stamp)),
                // Beneath a negation a bound that holds too often would drop rows.
                Expr::Not(_) => {
                    return Ok(Transformed::new(
                        expr,
                        false,
                        datafusion::common::tree_node::TreeNodeRecursion::Jump,
                    ));
                }
                _ => None,
            };
            Ok(bound.map_or_else(|| Transformed::no(expr), Transformed::yes))
        })?;
        let left = bounded
            .data
            .column_refs()
            .iter()
            .any(|column| column.name == EPISODE.0);
        Ok((!left).then_some(bounded.data))
    }
}

impl Window {
    fn holds(&self, stamp: &Expr) -> Expr {
        let at = |micros| {
            lit(ScalarValue::TimestampMicrosecond(
                Some(micros),
                Some("UTC".into()),
            ))
        };
        stamp
            .clone()
            .gt_eq(at(self.from_us))
            .and(stamp.clone().lt(at(self.to_us)))
    }
}

fn any<'a>(windows: impl Iterator<Item = &'a Window>, stamp: &Expr) -> Expr {
    windows
        .map(|window| window.holds(stamp))
        .reduce(Expr::or)
        .unwrap_or_else(|| lit(false))
}
