//! Dates, times and durations that come as whole numbers.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::{ArrayRef, Date32Array, Int64Array};

use super::column::Column;
use crate::{Error, Result};

/// What whole numbers of a unit are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeKind {
    /// 1970 in a time of no zone.
    Local,
    /// 1970 in UTC.
    Instant,
    Duration,
    OfDay,
}

/// A column of times in whole units: "D" (of dates), "s", "ms", "us" (alone of times of day) or "ns"; the smallest integer
/// is missing.
///
/// # Errors
/// `Data` where a kind of times does not come in this unit, or a date is beyond the calendar.
pub fn times(name: &str, values: &[i64], unit: &str, kind: TimeKind) -> Result<Column> {
    let fits = match kind {
        TimeKind::Local => true,
        TimeKind::OfDay => unit == "us",
        TimeKind::Instant | TimeKind::Duration => unit != "D",
    };
    if !fits {
        return Err(Error::Data(format!(
            "column '{name}' has times in the unit '{unit}'; convert them to microseconds"
        )));
    }
    let present = values.iter().map(|&v| (v != i64::MIN).then_some(v));
    if unit == "D" {
        let day = |v: Option<i64>| v.map(i32::try_from).transpose();
        let days: Vec<Option<i32>> = present
            .map(day)
            .collect::<std::result::Result<_, _>>()
            .map_err(|_| Error::Data(format!("column '{name}' has a date that is millions of years away")))?;
        return Ok(column(name, Arc::new(Date32Array::from(days))));
    }
    let array: Int64Array = present.collect();
    let zone = (kind == TimeKind::Instant).then_some("UTC");
    macro_rules! typed {
        ($timestamp:ty, $duration:ty) => {
            match kind {
                TimeKind::Duration => Arc::new(array.reinterpret_cast::<$duration>()) as ArrayRef,
                TimeKind::OfDay => Arc::new(array.reinterpret_cast::<Time64MicrosecondType>()),
                _ => Arc::new(array.reinterpret_cast::<$timestamp>().with_timezone_opt(zone)),
            }
        };
    }
    let array = match unit {
        "s" => typed!(TimestampSecondType, DurationSecondType),
        "ms" => typed!(TimestampMillisecondType, DurationMillisecondType),
        "us" => typed!(TimestampMicrosecondType, DurationMicrosecondType),
        "ns" => typed!(TimestampNanosecondType, DurationNanosecondType),
        _ => {
            return Err(Error::Data(format!(
                "column '{name}' has times in the unit '{unit}'; convert them to seconds"
            )));
        }
    };
    Ok(column(name, array))
}

fn column(name: &str, array: ArrayRef) -> Column {
    let data_type = array.data_type().clone();
    Column::new(name, vec![array], data_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[i64], unit: &str, kind: TimeKind) -> Vec<Option<String>> {
        let column = times("t", values, unit, kind).unwrap();
        (0..column.n_rows()).map(|row| column.text(row)).collect()
    }

    #[test]
    fn times_have_one_label_whatever_their_unit() {
        for (unit, per_second) in [("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)] {
            let values = [86_400 * per_second, i64::MIN];
            assert_eq!(texts(&values, unit, TimeKind::Local), [Some("1970-01-02T00:00:00".into()), None]);
            assert_eq!(texts(&values, unit, TimeKind::Instant), [Some("1970-01-02T00:00:00Z".into()), None]);
            assert_eq!(texts(&values, unit, TimeKind::Duration), [Some("86400s".into()), None]);
        }
        assert_eq!(texts(&[-1_500], "ms", TimeKind::Duration), [Some("-1.5s".into())]);
        assert_eq!(texts(&[1], "D", TimeKind::Local), [Some("1970-01-02".into())]);
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        assert!(times("t", &[i64::MAX], "D", TimeKind::Local).is_err());
        assert!(times("t", &[1], "fortnight", TimeKind::Local).is_err());
        assert!(times("t", &[1], "D", TimeKind::Duration).is_err());
        assert!(times("t", &[1], "ns", TimeKind::OfDay).is_err());
    }
}
