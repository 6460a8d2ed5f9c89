//! The colours of the page have enough contrast in both schemes (WCAG 2.2, AA).

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../src/report/html/style.css");

/// Colours of text, and the smallest contrast with what is behind it.
const TEXT: [&str; 9] =
    ["text", "muted", "link", "must", "should", "info", "pass", "lost", "fault"];
const TEXT_CONTRAST: f64 = 4.5;

/// Colours of shapes.
const SHAPES: [&str; 3] = ["sending", "waiting", "responding"];
const SHAPE_CONTRAST: f64 = 3.0;

const BACKGROUNDS: [&str; 3] = ["page", "card", "shade"];

/// Returns the colours that a block of the style sheet sets, as relative luminance.
fn colours(block: &str) -> BTreeMap<&str, f64> {
    let declarations =
        block.split(';').filter_map(|it| it.trim().strip_prefix("--")?.split_once(": #"));
    declarations.map(|(name, hex)| (name, luminance(hex))).collect()
}

fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns the text between the braces of the first `:root` after `start`.
fn root_after(start: &str) -> &'static str {
    let (_, rest) = STYLE.split_once(start).unwrap();
    rest.split_once(":root {").unwrap().1.split_once('}').unwrap().0
}

#[test]
fn colours_have_enough_contrast_light_and_dark() {
    let light = colours(root_after(""));
    let dark = colours(root_after("prefers-color-scheme: dark"));
    assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().chain([]).collect::<Vec<_>>());
    for (scheme, colours) in [("light", light), ("dark", dark)] {
        for behind in BACKGROUNDS {
            for (names, least) in [(&TEXT[..], TEXT_CONTRAST), (&SHAPES[..], SHAPE_CONTRAST)] {
                for name in names {
                    let found = contrast(colours[name], colours[behind]);
                    assert!(found >= least, "{scheme}: {name} on {behind} has {found:.2}");
                }
            }
        }
    }
}
