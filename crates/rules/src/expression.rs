//! The expression language of declared rules: numbers, names, arithmetic, comparison, `and`/`or`/`not`, `min`/`max`.
//!
//! It is total: every expression ends and has a value. Truth and number are different types and do not mix.

use std::fmt;

/// A parsed expression over named values.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// A name, by its place in the list given to [`Expression::parse`].
    Name(usize),
    /// `-x`.
    Negate(Box<Expression>),
    /// `not x`.
    Not(Box<Expression>),
    /// `x op y`.
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// Character, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.reason)
    }
}

impl std::error::Error for ExpressionError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Number,
    Truth,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Type::Number {
            "a number"
        } else {
            "a truth value"
        })
    }
}

impl Expression {
    /// Parses an expression that has a number as its value.
    ///
    /// # Errors
    /// A syntax error, an unknown name (the known ones are listed), or a truth value where a number should stand.
    pub fn number(text: &str, names: &[&str]) -> Result<Self, ExpressionError> {
        Self::typed(text, names, Type::Number)
    }

    /// Parses an expression that is true or false.
    ///
    /// # Errors
    /// As [`Expression::number`].
    pub fn condition(text: &str, names: &[&str]) -> Result<Self, ExpressionError> {
        Self::typed(text, names, Type::Truth)
    }

    fn typed(text: &str, names: &[&str], wanted: Type) -> Result<Self, ExpressionError> {
        if text.len() > LENGTH_MAX {
            let reason = format!("{} characters long, allowed are {LENGTH_MAX}", text.len());
            return Err(ExpressionError { column: 1, reason });
        }
        let mut parser = Parser {
            text,
            at: 0,
            names,
            depth: 0,
        };
        let (expression, found) = parser.binary(0)?;
        parser.skip_space();
        if parser.at < text.len() {
            return Err(parser.error(format!("'{}' should not stand here", &text[parser.at..])));
        }
        parser.expect(found, wanted, 0)?;
        Ok(expression)
    }

    /// The value; a truth value is 1 or 0.
    pub fn value(&self, values: &[f64]) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(index) => values[*index],
            Self::Negate(inner) => -inner.value(values),
            Self::Not(inner) => truth(inner.value(values) == 0.0),
            Self::Binary(operator, left, right) => {
                let (x, y) = (left.value(values), right.value(values));
                match operator {
                    Operator::Or => truth(x != 0.0 || y != 0.0),
                    Operator::And => truth(x != 0.0 && y != 0.0),
                    Operator::Less => truth(x < y),
                    Operator::LessOrEqual => truth(x <= y),
                    Operator::Greater => truth(x > y),
                    Operator::GreaterOrEqual => truth(x >= y),
                    Operator::Equal => truth(x == y),
                    Operator::Add => x + y,
                    Operator::Subtract => x - y,
                    Operator::Multiply => x * y,
                    Operator::Divide => x / y,
                    Operator::Min => x.min(y),
                    Operator::Max => x.max(y),
                }
            }
        }
    }

    /// Whether the condition holds.
    pub fn holds(&self, values: &[f64]) -> bool {
        self.value(values) != 0.0
    }
}

fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

/// Binary operators by rising precedence; longer signs before their prefixes.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];
/// The level of comparisons, at which `not` binds.
const COMPARISON: usize = 2;
const DEPTH_MAX: usize = 64;
const LENGTH_MAX: usize = 4_096;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    names: &'a [&'a str],
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, reason: impl Into<String>) -> ExpressionError {
        ExpressionError {
            column: self.text[..self.at].chars().count() + 1,
            reason: reason.into(),
        }
    }

    fn expect(&self, found: Type, wanted: Type, at: usize) -> Result<(), ExpressionError> {
        if found == wanted {
            return Ok(());
        }
        Err(ExpressionError {
            column: self.text[..at].chars().count() + 1,
            reason: format!("this is {found}, {wanted} should stand here"),
        })
    }

    fn skip_space(&mut self) {
        while self.text[self.at..].starts_with([' ', '\t', '\n']) {
            self.at += 1;
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip_space();
        let Some(after) = self.text[self.at..].strip_prefix(sign) else {
            return false;
        };
        let word = sign.starts_with(|c: char| c.is_ascii_alphabetic());
        let found = !word || !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if found {
            self.at += sign.len();
        }
        found
    }

    fn binary(&mut self, level: usize) -> Result<(Expression, Type), ExpressionError> {
        if level == LEVELS.len() {
            return self.unary();
        }
        self.skip_space();
        let start = self.at;
        if level == COMPARISON && self.take("not") {
            self.deeper()?;
            let (inner, kind) = self.binary(COMPARISON)?;
            self.expect(kind, Type::Truth, start)?;
            self.depth -= 1;
            return Ok((Expression::Not(Box::new(inner)), Type::Truth));
        }
        let (mut left, mut kind) = self.binary(level + 1)?;
        while let Some(&(_, operator)) = LEVELS[level].iter().find(|(sign, _)| self.take(sign)) {
            let operand = if level < COMPARISON {
                Type::Truth
            } else {
                Type::Number
            };
            self.expect(kind, operand, start)?;
            self.skip_space();
            let right_at = self.at;
            let (right, right_kind) = self.binary(level + 1)?;
            self.expect(right_kind, operand, right_at)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
            kind = if level <= COMPARISON {
                Type::Truth
            } else {
                Type::Number
            };
        }
        Ok((left, kind))
    }

    fn deeper(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            Err(self.error(format!("nested deeper than {DEPTH_MAX}")))
        } else {
            Ok(())
        }
    }

    fn unary(&mut self) -> Result<(Expression, Type), ExpressionError> {
        self.deeper()?;
        self.skip_space();
        let start = self.at;
        let result = if self.take("-") {
            let (inner, kind) = self.unary()?;
            self.expect(kind, Type::Number, start)?;
            (Expression::Negate(Box::new(inner)), Type::Number)
        } else if self.take("(") {
            let inner = self.binary(0)?;
            self.close()?;
            inner
        } else if self.take("min") {
            self.call(Operator::Min)?
        } else if self.take("max") {
            self.call(Operator::Max)?
        } else {
            self.atom()?
        };
        self.depth -= 1;
        Ok(result)
    }

    fn call(&mut self, operator: Operator) -> Result<(Expression, Type), ExpressionError> {
        if !self.take("(") {
            return Err(self.error("'(' should stand here"));
        }
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            let at = self.at;
            let (part, kind) = self.binary(0)?;
            self.expect(kind, Type::Number, at)?;
            parts.push(part);
            if !self.take(",") {
                break;
            }
        }
        self.close()?;
        let mut parts = parts.into_iter();
        let first = parts.next().expect("at least one part was parsed");
        let folded = parts.fold(first, |left, right| {
            Expression::Binary(operator, Box::new(left), Box::new(right))
        });
        Ok((folded, Type::Number))
    }

    fn close(&mut self) -> Result<(), ExpressionError> {
        if self.take(")") {
            Ok(())
        } else {
            Err(self.error("')' should stand here"))
        }
    }

    fn atom(&mut self) -> Result<(Expression, Type), ExpressionError> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            let number: f64 = word
                .parse()
                .map_err(|_| self.error(format!("'{word}' is no number")))?;
            self.at += end;
            return Ok((Expression::Number(number), Type::Number));
        }
        if word.is_empty() {
            return Err(self.error("a number, a name or '(' should stand here"));
        }
        let Some(index) = self.names.iter().position(|name| *name == word) else {
            return Err(self.error(format!(
                "'{word}' is not known; known are {}",
                self.names.join(", ")
            )));
        };
        self.at += end;
        Ok((Expression::Name(index), Type::Number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["mark_move_pct", "maintenance_ratio"];

    #[track_caller]
    fn value(text: &str) -> f64 {
        Expression::number(text, &NAMES)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .value(&[-6.0, 0.01])
    }

    #[track_caller]
    fn refused(text: &str) -> String {
        Expression::condition(text, &NAMES).unwrap_err().to_string()
    }

    #[test]
    fn arithmetic_has_its_usual_order() {
        assert_eq!(value("1 + 2 * 3 - 4 / 2"), 5.0);
        assert_eq!(value("(1 + 2) * -3"), -9.0);
        assert_eq!(value("max(maintenance_ratio * 2, 0.05, min(1, 0.5))"), 0.5);
        assert_eq!(value("10 - 3 - 2"), 5.0);
    }

    #[test]
    fn conditions() {
        let holds =
            |text| Expression::condition(text, &NAMES).is_ok_and(|parsed| parsed.holds(&[-6.0, 0.01]));
        assert!(holds("mark_move_pct < -5 and not maintenance_ratio > 0.02"));
        assert!(holds("mark_move_pct > 5 or (mark_move_pct <= -6)"));
        assert!(!holds("mark_move_pct >= 5"));
    }

    #[test]
    fn errors_say_where_and_what() {
        assert_eq!(
            refused("mark_mov > 5"),
            "column 1: 'mark_mov' is not known; known are mark_move_pct, maintenance_ratio"
        );
        assert_eq!(
            refused("mark_move_pct"),
            "column 1: this is a number, a truth value should stand here"
        );
        assert_eq!(
            refused("mark_move_pct > 5 and 1"),
            "column 23: this is a number, a truth value should stand here"
        );
        assert_eq!(refused("(mark_move_pct > 5"), "column 19: ')' should stand here");
        assert_eq!(
            refused("mark_move_pct > 5 5"),
            "column 19: '5' should not stand here"
        );
        assert_eq!(refused(""), "column 1: a number, a name or '(' should stand here");
        assert!(refused(&"(".repeat(1000)).contains("nested deeper"));
        assert!(
            refused("mark_move_pct ≥ 5").contains("'≥ 5' should not stand here")
                || refused("mark_move_pct ≥ 5").contains("a truth value")
        );
        assert!(refused(&"1+".repeat(10_000)).contains("allowed are 4096"));
    }
}
