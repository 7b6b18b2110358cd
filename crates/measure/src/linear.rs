//! Small dense systems of linear equations.

/// Solves a square linear system by elimination with row exchange; `None` where it has no single answer.
pub(crate) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        if matrix[pivot][column].abs() < f64::EPSILON {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let (above, below) = matrix.split_at_mut(column + 1);
        let pivot_row = &above[column];
        for (offset, row) in below.iter_mut().enumerate() {
            let factor = row[column] / pivot_row[column];
            for (entry, pivot_entry) in row.iter_mut().zip(pivot_row) {
                *entry -= factor * pivot_entry;
            }
            right[column + 1 + offset] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn a_singular_system_has_no_answer() {
        assert_eq!(
            solve(vec![vec![1.0, -1.0], vec![-1.0, 1.0]], vec![0.0, 0.0]),
            None
        );
        assert_eq!(
            solve(vec![vec![0.0, 2.0], vec![4.0, 0.0]], vec![2.0, 8.0]),
            Some(vec![2.0, 1.0])
        );
    }
}
