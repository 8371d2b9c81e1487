//! A bound on the depth of a query's syntax tree, found without building the tree. Whoever walks the tree recursively can
//! rely on it; this module knows no parser.

use sqlparser::tokenizer::Token;

use super::tokens;

/// The deepest syntax tree of a query, in levels. Generated chains of `OR`, `+` or `UNION ALL` get this deep, people don't.
const MAX_LEVELS: usize = 4_000;

/// Bytes of stack for a walk down `MAX_LEVELS` levels, unoptimised too: some 15 kB a level. Unused pages take no memory.
const STACK: usize = 128 << 20;

/// Refuses a query whose syntax tree may be deeper than 4,000 levels.
///
/// # Errors
/// A message for the operator with the line where the bound is crossed, or why the query can't be tokenized.
pub fn refuse_too_deep(sql: &str) -> Result<(), String> {
    let mut depth = Depth::default();
    for spanned in tokens(sql)? {
        depth.take(&spanned.token);
        if depth.levels() > MAX_LEVELS {
            return Err(format!(
                "line {} of the query: more than {MAX_LEVELS} operators and brackets inside one another; use IN or UNNEST \
                 instead of a long chain, or split the query",
                spanned.span.start.line
            ));
        }
    }
    Ok(())
}

/// Runs work that walks a syntax tree of up to 4,000 levels recursively.
pub fn on_a_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, work)
}

/// What encloses a chain of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Bracket,
    Case,
}

/// An open bracket or CASE, and the chain in it: each operator puts what is before it one level deeper.
#[derive(Debug, Clone, Copy)]
struct Level {
    within: Within,
    operators: usize,
    unions: usize,
}

/// An upper bound of the levels of a syntax tree above the token that was taken last.
pub struct Depth {
    open: Vec<Level>,
    /// The sum over all open levels.
    total: usize,
    /// Whether the last token was a period: what follows is a field, whatever its name.
    is_field: bool,
}

impl Default for Depth {
    fn default() -> Self {
        let mut depth = Self {
            open: Vec::new(),
            total: 0,
            is_field: false,
        };
        depth.enter(Within::Bracket);
        depth
    }
}

impl Depth {
    /// The levels above the last token.
    #[must_use]
    pub const fn levels(&self) -> usize {
        self.total
    }

    fn enter(&mut self, within: Within) {
        self.total += 1;
        self.open.push(Level {
            within,
            operators: 0,
            unions: 0,
        });
    }

    /// Closes the innermost level, but never the query itself.
    fn leave(&mut self) {
        if self.open.len() > 1
            && let Some(level) = self.open.pop()
        {
            self.total -= 1 + level.operators + level.unions;
        }
    }

    fn innermost(&self) -> Option<Within> {
        self.open.last().map(|level| level.within)
    }

    fn operator(&mut self) {
        if let Some(level) = self.open.last_mut() {
            level.operators += 1;
            self.total += 1;
        }
    }

    fn union(&mut self) {
        self.end_chain();
        if let Some(level) = self.open.last_mut() {
            level.unions += 1;
            self.total += 1;
        }
    }

    fn end_chain(&mut self) {
        if let Some(level) = self.open.last_mut() {
            self.total -= std::mem::take(&mut level.operators);
        }
    }

    /// Takes the next token.
    pub fn take(&mut self, token: &Token) {
        let is_field = std::mem::replace(&mut self.is_field, *token == Token::Period);
        match token {
            Token::Word(_) if is_field => {}
            Token::LParen | Token::LBracket | Token::LBrace => self.enter(Within::Bracket),
            Token::RParen | Token::RBracket | Token::RBrace => {
                while self.innermost() == Some(Within::Case) {
                    self.leave();
                }
                self.leave();
            }
            Token::Comma => self.end_chain(),
            Token::Word(word) if word.quote_style.is_none() => self.word(&word.value),
            Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::Whitespace(_)
            | Token::Period
            | Token::SemiColon => {}
            _ => self.operator(),
        }
    }

    fn word(&mut self, word: &str) {
        match word.to_ascii_uppercase().as_str() {
            "CASE" => self.enter(Within::Case),
            "END" if self.innermost() == Some(Within::Case) => self.leave(),
            "UNION" | "EXCEPT" | "INTERSECT" => self.union(),
            "SELECT" | "FROM" | "WHERE" | "HAVING" | "ON" | "WHEN" | "THEN" | "ELSE" => self.end_chain(),
            "AND" | "OR" | "NOT" | "IS" | "LIKE" | "IN" | "BETWEEN" | "JOIN" | "COLLATE" => self.operator(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(word: &str, times: usize) -> String {
        format!("SELECT 1 AS a\n{}", format!("{word} 1 = 1 ").repeat(times))
    }

    #[test]
    fn a_chain_of_any_operator_is_refused_with_its_line() {
        let ors = format!("SELECT a FROM t\nWHERE a = 0{}", "\nOR a = 1".repeat(2_500));
        let refused = refuse_too_deep(&ors).unwrap_err();
        assert!(
            refused.starts_with("line 2002 of the query: more than 4000"),
            "{refused}"
        );
        let unions = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(4_001));
        let sums = format!("SELECT 1{}", " + 1".repeat(4_001));
        let nots = format!("SELECT {} TRUE", "NOT ".repeat(4_001));
        let cases = format!("SELECT {} 1", "CASE WHEN TRUE THEN ".repeat(4_001));
        let brackets = format!("SELECT {}1{}", "(".repeat(4_001), ")".repeat(4_001));
        let joins = format!("SELECT 1 FROM t{}", " JOIN t USING (a)".repeat(4_001));
        for sql in [unions, sums, nots, cases, brackets, joins] {
            assert!(refuse_too_deep(&sql).is_err(), "{}", &sql[..60]);
        }
    }

    #[test]
    fn a_long_query_is_not_a_deep_one() {
        let columns = format!("SELECT {}", "a + 1 AS b, ".repeat(20_000));
        let list = format!("SELECT 1 FROM t WHERE a IN ({})", "-1, ".repeat(20_000));
        let cases = format!(
            "SELECT CASE {} END",
            "WHEN a = 1 AND b = 2 THEN -1 ".repeat(20_000)
        );
        let calls = format!("SELECT 1 {}", ", ROUND(a * (b + 1), 1)".repeat(20_000));
        let text = format!("SELECT '{}' -- {}", "OR ".repeat(20_000), "OR ".repeat(20_000));
        for sql in [columns, list, cases, calls, text] {
            assert_eq!(refuse_too_deep(&sql), Ok(()), "{}", &sql[..60]);
        }
        assert_eq!(refuse_too_deep(&chain("OR", 1_000)), Ok(()));
    }
}
