//! Small charts in SVG: no script, no inline style, sizes in percent so that they fill whatever they are put in.

use maud::{Markup, html};

/// A bar for each value, the tallest filling the height.
pub(super) fn silhouette(values: &[u64], label: &str) -> Markup {
    let path = outline(values);
    html! {
        svg.silhouette viewBox=(format!("0 0 {} 100", values.len().max(1))) preserveAspectRatio="none" role="img" aria-label=(label) {
            path d=(path) {}
        }
    }
}

/// The number of values of a line; the newest is at its right end.
const SPARK: usize = 120;

/// A line of figures that were taken at even distances, oldest first, with the ground under it filled.
pub(super) fn spark(values: &[u64], label: &str) -> Markup {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let first = SPARK.saturating_sub(values.len());
    let mut line = String::new();
    for (at, value) in values.iter().take(SPARK).enumerate() {
        let sign = if at == 0 { 'M' } else { 'L' };
        line.push_str(&format!("{sign}{} {}", first + at, 31 - value.saturating_mul(29) / most));
    }
    let ground = format!("{line}V32H{first}Z");
    html! {
        svg.spark viewBox=(format!("0 0 {} 32", SPARK - 1)) preserveAspectRatio="none" role="img" aria-label=(label) {
            @if values.len() > 1 { path.under d=(ground) {} path.line d=(line) {} }
        }
    }
}

/// Renders the taken part of a whole as a bar.
pub(super) fn share(used: u64, all: u64, label: &str) -> Markup {
    let percent = used.saturating_mul(100).checked_div(all).unwrap_or(0).min(100);
    html! {
        svg.share role="img" aria-label=(format!("{label}: {percent} % used")) {
            rect.whole width="100%" height="100%" {}
            rect.used.nearly-full[percent >= 90] width=(format!("{percent}%")) height="100%" {}
        }
    }
}

/// The outline of bars that stand side by side, each one unit wide with a gap after it, on a ground of 100.
pub(super) fn outline(values: &[u64]) -> String {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (x, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
        path.push_str(&format!("M{x} 100V{}h.82V100", 100 - height_of(*value, most)));
    }
    path
}

/// In percent; what is there at all can be seen.
pub(super) fn height_of(value: u64, most: u64) -> u64 {
    if value == 0 { 0 } else { (value * 100 / most.max(1)).clamp(4, 100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_the_right_with_the_newest() {
        let svg = spark(&[0, 10, 5], "x").into_string();
        assert!(svg.contains("d=\"M117 31L118 2L119 17\""), "{svg}");
        assert!(!spark(&[7], "x").into_string().contains("path"));
        assert!(spark(&[0, u64::MAX], "x").into_string().contains("M118 31L119"));
    }

    #[test]
    fn an_outline_has_a_bar_for_what_is_there() {
        assert_eq!(outline(&[0, 2, 1, 0]), "M1 100V0h.82V100M2 100V50h.82V100");
        assert_eq!(outline(&[]), "");
        assert_eq!(height_of(1, 1_000_000), 4);
    }
}
