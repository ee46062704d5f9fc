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

/// The outline of bars that stand side by side, each one unit wide, on a ground of 100.
pub(super) fn outline(values: &[u64]) -> String {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::from("M0 100");
    let mut at = 0;
    for (x, value) in values.iter().enumerate() {
        let height = height_of(*value, most);
        if height != at {
            path.push_str(&format!("H{x}V{}", 100 - height));
            at = height;
        }
    }
    path.push_str(&format!("H{}V100Z", values.len()));
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
    fn an_outline_moves_only_where_the_height_changes() {
        assert_eq!(outline(&[0, 2, 2, 1, 0]), "M0 100H1V0H3V50H4V100H5V100Z");
        assert_eq!(outline(&[]), "M0 100H0V100Z");
        assert_eq!(height_of(1, 1_000_000), 4);
    }
}
