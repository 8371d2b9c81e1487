//! The words of a query, its texts and comments left out: enough to see which parameters and tables stand in it.

use super::stage::Binds;

/// A query without its comments, string literals and backticks.
#[derive(Debug)]
pub(super) struct BareSql(String);

impl BareSql {
    pub(super) fn of(sql: &str) -> Self {
        let mut bare = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some(letter) = rest.chars().next() {
            let skipped = match letter {
                '\'' | '"' => quoted(rest, letter),
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
                _ => 0,
            };
            if skipped > 0 {
                bare.push(' ');
                rest = &rest[skipped..];
            } else {
                if letter != '`' {
                    bare.push(letter);
                }
                rest = &rest[letter.len_utf8()..];
            }
        }
        Self(bare)
    }

    /// The parameters, lower case, without their `@`.
    pub(super) fn parameters(&self) -> impl Iterator<Item = String> {
        let after = self.0.split('@').skip(1);
        after.map(|rest| {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            rest[..end].to_ascii_lowercase()
        })
    }

    /// How its dates stand in it.
    pub(super) fn binds(&self, what: &str) -> Result<Binds, String> {
        let (mut one, mut many) = (false, false);
        for name in self.parameters() {
            match name.as_str() {
                "date" => one = true,
                "dates" => many = true,
                _ => {
                    return Err(format!(
                        "{what} has a parameter @{name}; there is @date, and @dates for many at once"
                    ));
                }
            }
        }
        match (one, many) {
            (true, false) => Ok(Binds::OneDate),
            (false, true) => Ok(Binds::ManyDates),
            (true, true) => Err(format!("{what} has both @date and @dates; use one of them")),
            (false, false) => Err(format!(
                "{what} has neither @date nor @dates and would say the same for every date; add WHERE … = @date"
            )),
        }
    }

    /// Whether a table's `dataset.table` stands in it.
    pub(super) fn names(&self, table: &str) -> bool {
        self.0.match_indices(table).any(|(at, _)| {
            let before = self.0[..at].chars().next_back();
            let after = self.0[at + table.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The length of a string literal that stands first.
fn quoted(text: &str, mark: char) -> usize {
    let long = mark.to_string().repeat(3);
    if let Some(rest) = text.strip_prefix(&long) {
        return rest.find(&long).map_or(text.len(), |end| end + 2 * long.len());
    }
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            letter if letter == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_or_a_comment_is_no_word() {
        let sql = "SELECT '@a', \"it's @b\", '''x'y @c''', 'o\\'@d' -- @e\n# @f\n/* @g */ FROM `p.d.t` WHERE x = @Date";
        let bare = BareSql::of(sql);
        assert_eq!(bare.parameters().collect::<Vec<_>>(), ["date"]);
        assert!(bare.names("d.t"));
        assert!(!bare.names("d.tt"));
    }

    #[test]
    fn a_table_is_named_by_its_whole_name() {
        let bare = BareSql::of("SELECT 1 FROM d.tides_old JOIN old_d.tides");
        assert!(!bare.names("d.tides"));
        assert!(BareSql::of("SELECT 1 FROM d.tides").names("d.tides"));
    }

    #[test]
    fn dates_stand_in_a_query_in_one_way() {
        let binds = |sql: &str| BareSql::of(sql).binds("sql");
        assert_eq!(binds("x = @date"), Ok(Binds::OneDate));
        assert_eq!(binds("x IN UNNEST(@dates)"), Ok(Binds::ManyDates));
        assert_eq!(
            binds("x = @date OR x IN UNNEST(@dates)").unwrap_err(),
            "sql has both @date and @dates; use one of them"
        );
        assert_eq!(
            binds("x = @day").unwrap_err(),
            "sql has a parameter @day; there is @date, and @dates for many at once"
        );
        assert_eq!(
            binds("x = '@date'").unwrap_err(),
            "sql has neither @date nor @dates and would say the same for every date; add WHERE … = @date"
        );
    }
}
