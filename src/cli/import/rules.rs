//! Rules bound to a file's columns: what a row gives for a text, a number, an instant, or yes and no.

use super::{
    columns::{Cell, Row, Scope},
    expression::Expression,
    mapping::{Otherwise, Rule},
    text::Text,
};
use crate::cli::trait_text;
use jiff::{Timestamp, civil, fmt::strtime, tz::TimeZone};
use std::{borrow::Cow, collections::BTreeMap};

/// A text, perhaps by a map.
#[derive(Debug, Clone)]
pub struct TextRule {
    text: Text,
    map: Option<BTreeMap<String, String>>,
    otherwise: Otherwise,
}

impl TextRule {
    /// Finds the columns.
    pub fn bind(rule: &Rule, scope: &Scope) -> Result<Self, String> {
        if rule.round.is_some() || rule.format.is_some() {
            return Err("round and format are for numbers and times".to_owned());
        }
        Self::with_map(&rule.value, rule.map.clone(), rule.otherwise, scope)
    }

    /// The same from its parts.
    pub fn with_map(
        text: &str,
        map: Option<BTreeMap<String, String>>,
        otherwise: Option<Otherwise>,
        scope: &Scope,
    ) -> Result<Self, String> {
        if map.is_none() && otherwise.is_some() {
            return Err("otherwise goes with map".to_owned());
        }
        Ok(Self {
            text: Text::bind(text, scope)?,
            map,
            otherwise: otherwise.unwrap_or_default(),
        })
    }

    /// The columns it uses.
    pub fn cells(&self) -> Vec<Cell> {
        self.text.cells().collect()
    }

    /// The text before the map.
    pub fn unmapped<'a>(&'a self, row: &Row<'a>) -> Cow<'a, str> {
        self.text.of(row)
    }

    /// What the map makes of a text; none if it is left out.
    pub fn mapped<'a>(&'a self, text: Cow<'a, str>) -> Result<Option<Cow<'a, str>>, String> {
        let Some(map) = &self.map else {
            return Ok(Some(text).filter(|text| !text.is_empty()));
        };
        let mapped = match (map.get(text.as_ref()), self.otherwise) {
            (Some(mapped), _) => Cow::Borrowed(mapped.as_str()),
            (None, _) if text.is_empty() => return Ok(None),
            (None, Otherwise::Keep) => text,
            (None, Otherwise::Skip) => return Ok(None),
            (None, Otherwise::Refuse) => return Err(format!("the map does not have {text:?}")),
        };
        Ok(Some(mapped).filter(|text| !text.is_empty()))
    }

    /// The text of a row; none if it is empty.
    pub fn of<'a>(&'a self, row: &Row<'a>) -> Result<Option<Cow<'a, str>>, String> {
        self.mapped(self.unmapped(row))
    }

    /// Yes or no; none if it is empty.
    pub fn flag_of(&self, row: &Row<'_>) -> Result<Option<bool>, String> {
        let Some(text) = self.of(row)? else {
            return Ok(None);
        };
        let flag = trait_text::flag(&text).ok_or_else(|| format!("{text:?} is not yes or no"))?;
        Ok(Some(flag))
    }
}

/// A number in millionths.
#[derive(Debug, Clone)]
pub struct NumberRule {
    expression: Expression,
    may_round: bool,
}

impl NumberRule {
    /// Finds the columns.
    pub fn bind(rule: &Rule, scope: &Scope) -> Result<Self, String> {
        if rule.map.is_some() || rule.otherwise.is_some() || rule.format.is_some() {
            return Err("map, otherwise and format are for texts and times".to_owned());
        }
        Self::with_round(&rule.value, rule.round.is_some(), scope)
    }

    /// The same from its parts.
    pub fn with_round(formula: &str, may_round: bool, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            expression: Expression::bind(formula, scope)?,
            may_round,
        })
    }

    /// The columns it uses.
    pub fn cells(&self) -> Vec<Cell> {
        self.expression.cells()
    }

    /// The number of a row in millionths; none if a needed column is empty.
    pub fn of(&self, row: &Row<'_>) -> Result<Option<i64>, String> {
        let Some(number) = self.expression.of(row)? else {
            return Ok(None);
        };
        let micros = number
            .to_micros(self.may_round)
            .map_err(|problem| problem.text())?;
        Ok(Some(micros))
    }
}

/// An instant.
#[derive(Debug, Clone)]
pub struct TimeRule {
    text: Text,
    format: Option<String>,
    zone: TimeZone,
}

impl TimeRule {
    /// Finds the columns; `zone` is where times are that name no offset.
    pub fn bind(rule: &Rule, scope: &Scope, zone: &TimeZone) -> Result<Self, String> {
        if rule.map.is_some() || rule.otherwise.is_some() || rule.round.is_some() {
            return Err("map, otherwise and round are for texts and numbers".to_owned());
        }
        Ok(Self {
            text: Text::bind(&rule.value, scope)?,
            format: rule.format.clone(),
            zone: zone.clone(),
        })
    }

    /// The columns it uses.
    pub fn cells(&self) -> Vec<Cell> {
        self.text.cells().collect()
    }

    /// The instant of a row; none if it is empty.
    pub fn of(&self, row: &Row<'_>) -> Result<Option<Timestamp>, String> {
        let text = self.text.of(row);
        if text.is_empty() {
            return Ok(None);
        }
        let read = match &self.format {
            None => self.iso(&text),
            Some(format) => self.formatted(format, &text),
        };
        let expected = self
            .format
            .as_deref()
            .unwrap_or("2016-11-08 or 2016-11-08T10:30:00Z");
        read.map(Some)
            .map_err(|_| format!("{text:?} is not a time such as {expected}"))
    }

    fn iso(&self, text: &str) -> Result<Timestamp, jiff::Error> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(instant);
        }
        self.in_zone(text.parse::<civil::DateTime>()?)
    }

    fn formatted(&self, format: &str, text: &str) -> Result<Timestamp, jiff::Error> {
        let read = strtime::parse(format, text)?;
        if read.offset().is_some() {
            return read.to_timestamp();
        }
        let at = read
            .to_datetime()
            .or_else(|_| read.to_date().map(civil::DateTime::from))?;
        self.in_zone(at)
    }

    fn in_zone(&self, at: civil::DateTime) -> Result<Timestamp, jiff::Error> {
        Ok(at.to_zoned(self.zone.clone())?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::{columns::tests::with_row, mapping::Round};

    fn rule(value: &str) -> Rule {
        Rule {
            value: value.to_owned(),
            map: None,
            otherwise: None,
            round: None,
            format: None,
        }
    }

    fn seconds(text: &str, format: Option<&str>, zone: &str) -> Result<Option<i64>, String> {
        let rule = Rule {
            format: format.map(str::to_owned),
            ..rule("{When}")
        };
        let zone = TimeZone::get(zone).unwrap();
        with_row(&["When"], &[text], |scope, row| {
            let instant = TimeRule::bind(&rule, scope, &zone)?.of(row)?;
            Ok(instant.map(|instant| instant.as_second()))
        })
    }

    #[test]
    fn times_are_read_in_their_zone() {
        assert_eq!(seconds("2016-11-08", None, "UTC"), Ok(Some(1_478_563_200)));
        assert_eq!(
            seconds("2016-11-08", None, "Europe/Berlin"),
            Ok(Some(1_478_559_600))
        );
        let stated = seconds("2016-11-08T01:00:00+01:00", None, "America/New_York");
        assert_eq!(stated, Ok(Some(1_478_563_200)));
        assert_eq!(
            seconds("11/8/2016", Some("%m/%d/%Y"), "UTC"),
            Ok(Some(1_478_563_200))
        );
        let minute = seconds("8.11.16 00:01", Some("%d.%m.%y %H:%M"), "UTC");
        assert_eq!(minute, Ok(Some(1_478_563_260)));
        assert_eq!(seconds("", None, "UTC"), Ok(None));
        assert!(seconds("8/11/2016", None, "UTC").is_err());
        assert!(seconds("13/40/2016", Some("%m/%d/%Y"), "UTC").is_err());
    }

    #[test]
    fn maps_refuse_keep_or_skip_what_they_do_not_have() {
        let of = |cell: &str, otherwise| {
            let rule = Rule {
                map: Some(BTreeMap::from([(
                    "Partial Co".into(),
                    "Partial College".into(),
                )])),
                otherwise,
                ..rule("{Education}")
            };
            with_row(&["Education"], &[cell], |scope, row| {
                let rule = TextRule::bind(&rule, scope)?;
                Ok::<_, String>(rule.of(row)?.map(Cow::into_owned))
            })
        };
        assert_eq!(
            of("Partial Co", None),
            Ok(Some("Partial College".to_owned()))
        );
        assert!(of("Bachelors", None).unwrap_err().contains("Bachelors"));
        assert_eq!(
            of("Bachelors", Some(Otherwise::Keep)),
            Ok(Some("Bachelors".to_owned()))
        );
        assert_eq!(of("Bachelors", Some(Otherwise::Skip)), Ok(None));
        assert_eq!(of("", None), Ok(None));
    }

    #[test]
    fn rounding_must_be_allowed() {
        let of = |round| {
            let rule = Rule {
                round,
                ..rule("{A} / 3")
            };
            with_row(&["A"], &["1"], |scope, row| {
                NumberRule::bind(&rule, scope)?.of(row)
            })
        };
        assert!(of(None).is_err());
        assert_eq!(of(Some(Round::HalfEven)), Ok(Some(333_333)));
    }

    #[test]
    fn options_that_do_not_belong_are_refused() {
        let wrong = Rule {
            format: Some("%Y".to_owned()),
            ..rule("x")
        };
        let scope = Scope::default();
        assert!(TextRule::bind(&wrong, &scope).is_err());
        assert!(NumberRule::bind(&wrong, &scope).is_err());
        let wrong = Rule {
            round: Some(Round::HalfEven),
            ..rule("x")
        };
        assert!(TimeRule::bind(&wrong, &scope, &TimeZone::UTC).is_err());
    }
}
