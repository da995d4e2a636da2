//! The configuration oracles under proptest: good documents, damaged.

use lightlane::lane::{preset_names, registry};
use lightlane_fuzz::configuration::{reads_or_refuses, reads_quantity};
use proptest::prelude::*;

/// A shipped lane as TOML.
fn documents() -> impl Strategy<Value = String> {
    let texts: Vec<String> = preset_names()
        .expect("shipped")
        .iter()
        .map(|name| {
            let lane = serde_json::to_value(lightlane::lane::preset(name).expect("shipped")).expect("plain");
            registry().to_toml("Lane", &lane).expect("writable")
        })
        .collect();
    prop::sample::select(texts)
}

/// What damage puts in: words of the language and values of the wrong kind.
fn insertions() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,4}",
        Just("nan".to_string()),
        Just("inf".to_string()),
        Just("'3 mm'".to_string()),
        Just("\n[receiver]\n".to_string()),
        Just("\n[[medium]]\nkind = 'optics'\n".to_string()),
        Just("-1".to_string()),
        Just("1e999".to_string()),
    ]
}

#[test]
fn shipped_lanes_round_trip() {
    proptest!(|(text in documents())| reads_or_refuses(&text));
}

proptest! {
    #[test]
    fn damaged_lanes_are_answered(text in documents(), at in any::<prop::sample::Index>(), put in insertions(), cut in 0usize..30) {
        let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        let at = starts[at.index(starts.len())];
        let rest: String = text[at..].chars().skip(cut).collect();
        reads_or_refuses(&format!("{}{put}{rest}", &text[..at]));
    }

    #[test]
    fn any_text_is_a_quantity_or_refused(text in "[-+0-9.eE ]{0,6}[a-zA-Zµ°√/^()0-9 ]{0,12}") {
        reads_quantity(&text);
    }
}
