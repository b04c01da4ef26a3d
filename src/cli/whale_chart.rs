//! The whale curve as text: braille dots, with its peak and the line of 100% marked.
//!
//! Numbers become floating here only to find a dot's place; every figure beside the drawing is exact.

use super::output::money::{count, grouped, nanos};
use crate::api::pb::GetConcentrationResponse;

/// How large a drawing is, in characters, without its labels.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Characters from left to right.
    pub columns: usize,
    /// Characters from top to bottom.
    pub lines: usize,
}

/// Dots of a braille character, by column and by line from the top, as bits of its code point.
const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// The braille character without dots.
const BLANK: u32 = 0x2800;
const PEAK: char = '●';
const GUIDE: char = '┄';
const CAPTION: &str = "customers, the best first";

/// The range of values that the drawing spans, and what the full height is worth.
struct Scale {
    low: f64,
    high: f64,
    lines: usize,
}

impl Scale {
    /// A value's dot, from the top.
    fn dot(&self, value: f64) -> usize {
        let dots = self.lines * 4 - 1;
        let share = ((self.high - value) / (self.high - self.low)).clamp(0.0, 1.0);
        round(share * dots as f64).min(dots)
    }

    /// A value's line, from the top.
    fn line(&self, value: f64) -> usize {
        self.dot(value) / 4
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn round(place: f64) -> usize {
    // A dot of a drawing: zero or more, and at most a few thousand.
    place.round() as usize
}

/// Draws the curve.
pub fn draw(answer: &GetConcentrationResponse, size: Size) -> String {
    let customers = answer.customer_count.max(1) as f64;
    let mut curve = vec![(0.0, 0.0)];
    curve.extend(answer.points.iter().map(|point| {
        let at = point.customer_count as f64 / customers;
        (at, nanos(&point.cumulative_value) as f64)
    }));
    let total = answer
        .points
        .last()
        .map_or(0, |last| nanos(&last.cumulative_value));
    let value_of = |(_, value): &(f64, f64)| *value;
    let high = curve.iter().map(value_of).fold(0.0, f64::max);
    let low = curve.iter().map(value_of).fold(0.0, f64::min);
    if answer.points.is_empty() || high <= low {
        return "  (nothing to draw: every value is zero)\n".to_owned();
    }
    let scale = Scale {
        low,
        high,
        lines: size.lines,
    };
    let mut canvas = plot(&curve, &scale, size);
    mark(&mut canvas[scale.line(0.0)], '─');
    if total > 0 {
        mark(&mut canvas[scale.line(total as f64)], GUIDE);
    }
    let mut marked = None;
    if let Some(peak) = &answer.peak {
        let at = peak.customer_count as f64 / customers;
        let column = round(at * (size.columns - 1) as f64).min(size.columns - 1);
        let line = scale.line(nanos(&peak.cumulative_value) as f64);
        canvas[line][column] = PEAK;
        marked = Some(line);
    }
    let label = |line| {
        let shown = |value| match total > 0 {
            true => format!("{:.0}%", value / total as f64 * 100.0),
            false => grouped(to_nanos(value), 0),
        };
        match line {
            line if Some(line) == marked => shown(high),
            line if total > 0 && line == scale.line(total as f64) => "100%".to_owned(),
            line if line == scale.line(0.0) => shown(0.0),
            line if line == scale.line(low) => shown(low),
            _ => String::new(),
        }
    };
    render(&canvas, label, answer.customer_count, size)
}

#[allow(clippy::cast_possible_truncation)]
fn to_nanos(value: f64) -> i128 {
    // Came from an i128 of nano-units, and only labels a drawing.
    value as i128
}

/// The curve in dots: straight between its points.
fn plot(curve: &[(f64, f64)], scale: &Scale, size: Size) -> Vec<Vec<char>> {
    let mut dots = vec![vec![0_u32; size.columns]; size.lines];
    let width = size.columns * 2;
    let mut before: Option<usize> = None;
    for x in 0..width {
        let y = scale.dot(value_at(curve, x as f64 / (width - 1) as f64));
        // Steep parts fill their column, so that the line has no gaps.
        let (from, to) = match before {
            None => (y, y),
            Some(before) if before < y => (before + 1, y),
            Some(before) if before > y => (y, before - 1),
            Some(_) => (y, y),
        };
        for dot in from..=to {
            dots[dot / 4][x / 2] |= DOTS[x % 2][dot % 4];
        }
        before = Some(y);
    }
    let character = |dots: &u32| match dots {
        0 => ' ',
        dots => char::from_u32(BLANK + dots).unwrap_or(' '),
    };
    dots.iter()
        .map(|line| line.iter().map(character).collect())
        .collect()
}

fn value_at(curve: &[(f64, f64)], at: f64) -> f64 {
    let next = curve.partition_point(|(x, _)| *x < at);
    match (
        next.checked_sub(1).map(|before| &curve[before]),
        curve.get(next),
    ) {
        (None, Some((_, value))) | (Some((_, value)), None) => *value,
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        (None, None) => 0.0,
    }
}

/// Draws a line of characters where the curve is not.
fn mark(line: &mut [char], character: char) {
    for cell in line.iter_mut().filter(|cell| **cell == ' ') {
        *cell = character;
    }
}

fn render(
    canvas: &[Vec<char>],
    label: impl Fn(usize) -> String,
    customer_count: i64,
    size: Size,
) -> String {
    let labels: Vec<_> = (0..canvas.len()).map(label).collect();
    let width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (line, label) in canvas.iter().zip(&labels) {
        let tick = if label.is_empty() { '│' } else { '┤' };
        let drawn: String = line.iter().collect();
        text += &format!("  {label:>width$} {tick}{}\n", drawn.trim_end());
    }
    let last = count(customer_count);
    let room = size.columns.saturating_sub(1 + last.len());
    let caption = match CAPTION.len() + 2 <= room {
        true => CAPTION,
        false => "",
    };
    text + &format!("  {:>width$}  0{caption:^room$}{last}\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::pb::WhaleCurvePoint, cli::output::money::money_of_micros};

    fn answer(values: &[i64]) -> GetConcentrationResponse {
        let point = |(place, value): (usize, &i64)| WhaleCurvePoint {
            customer_count: i64::try_from(place + 1).unwrap(),
            cumulative_value: Some(money_of_micros(*value * 1_000_000, "USD")),
            ..WhaleCurvePoint::default()
        };
        let points: Vec<_> = values.iter().enumerate().map(point).collect();
        let highest = points
            .iter()
            .max_by_key(|point| nanos(&point.cumulative_value))
            .cloned();
        GetConcentrationResponse {
            customer_count: i64::try_from(values.len()).unwrap(),
            points,
            peak: highest,
            ..GetConcentrationResponse::default()
        }
    }

    const SIZE: Size = Size {
        columns: 24,
        lines: 8,
    };

    #[test]
    fn marks_the_peak_and_the_hundred_percent_line() {
        let drawn = draw(&answer(&[60, 110, 150, 180, 200, 190, 150, 100]), SIZE);
        let lines: Vec<_> = drawn.lines().collect();
        assert_eq!(lines.len(), 9);
        assert!(lines[0].starts_with("  200% ┤"), "{drawn}");
        assert!(lines[0].contains(PEAK), "{drawn}");
        let hundred = lines.iter().find(|line| line.contains("100%")).unwrap();
        assert!(hundred.contains(GUIDE), "{drawn}");
        assert!(lines[7].starts_with("    0% ┤"), "{drawn}");
        assert!(lines[8].ends_with('8'), "{drawn}");
        assert_eq!(lines[8].chars().count(), 2 + 4 + 2 + SIZE.columns);
    }

    #[test]
    fn the_curve_has_no_gaps() {
        let drawn = draw(&answer(&[1_000, 1_001, 1_002]), SIZE);
        let body: Vec<Vec<char>> = drawn.lines().take(8).map(|l| l.chars().collect()).collect();
        let is_dot = |c: &char| (0x2800..0x2900).contains(&u32::from(*c)) || *c == PEAK;
        assert!(body.iter().all(|line| line.iter().any(is_dot)), "{drawn}");
    }

    #[test]
    fn a_business_that_loses_money_is_drawn_in_money() {
        let drawn = draw(&answer(&[50, 20, -30]), SIZE);
        assert!(drawn.contains(" 50 ┤"), "{drawn}");
        assert!(drawn.contains("-30 ┤"), "{drawn}");
        assert!(!drawn.contains('%'), "{drawn}");
        assert!(draw(&answer(&[]), SIZE).contains("nothing to draw"));
        assert!(draw(&answer(&[0, 0]), SIZE).contains("nothing to draw"));
    }
}
