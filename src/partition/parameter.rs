//! The parameters by which a query is told its partitions: `@date`, `@start` and `@end` for one, `@dates` and `@starts`
//! for many. Each warehouse writes their values in its own form.

/// A parameter, without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The first day of the partition, a DATE.
    Date,
    /// Its first instant, a TIMESTAMP.
    Start,
    /// The first instant after it, a TIMESTAMP.
    End,
    /// The first days of all partitions, each once, an array of DATE.
    Dates,
    /// The first instants of all partitions, an array of TIMESTAMP.
    Starts,
}

impl Parameter {
    /// Every parameter.
    pub const ALL: [Self; 5] = [Self::Date, Self::Start, Self::End, Self::Dates, Self::Starts];

    /// The name, without `@`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Start => "start",
            Self::End => "end",
            Self::Dates => "dates",
            Self::Starts => "starts",
        }
    }

    /// The parameter with this name, in any case and without `@`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let is_it = |parameter: &Self| parameter.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it)
    }

    /// Whether its values are instants, which differ from hour to hour.
    #[must_use]
    pub const fn is_instant(self) -> bool {
        matches!(self, Self::Start | Self::End | Self::Starts)
    }

    /// Whether a query with it is run once for many partitions.
    #[must_use]
    pub const fn is_of_many(self) -> bool {
        matches!(self, Self::Dates | Self::Starts)
    }
}
