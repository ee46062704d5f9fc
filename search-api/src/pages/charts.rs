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
    fn an_outline_has_a_bar_for_what_is_there() {
        assert_eq!(outline(&[0, 2, 1, 0]), "M1 100V0h.82V100M2 100V50h.82V100");
        assert_eq!(outline(&[]), "");
        assert_eq!(height_of(1, 1_000_000), 4);
    }
}
