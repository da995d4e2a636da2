//! Dependencies run one way: this test reads the sources and refuses a module that names one above or beside it.
//!
//! ```text
//! units, error, run, quantity, schema ← grid, modulation, ledger ← simd ← random, density, response
//!     ← {medium, transmitter, receiver, fec} ← engine ← report, lane ← system
//! ```
//!
//! Members of the braces never name each other. Names are found in `use` trees (grouped ones too), in paths that
//! begin with `crate::`, and in `super::` chains that leave a module's folder; comments, texts and `#[cfg(test)]`
//! modules are not looked at, because a test may well compare a module with one above it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules of a layer may name those of the layers before it; within a closed layer they may not name each other.
struct Layer {
    modules: &'static [&'static str],
    closed: bool,
}

const LAYERS: [Layer; 8] = [
    Layer { modules: &["units", "error", "run", "quantity", "schema"], closed: false },
    Layer { modules: &["grid", "modulation", "ledger"], closed: false },
    Layer { modules: &["simd", "random"], closed: false },
    Layer { modules: &["density", "response"], closed: false },
    Layer { modules: &["medium", "transmitter", "receiver", "fec"], closed: true },
    Layer { modules: &["engine"], closed: false },
    Layer { modules: &["lane", "report"], closed: false },
    Layer { modules: &["system"], closed: false },
];

/// Names that `lib.rs` lends from a module, and the module.
const LENT: [(&str, &str); 3] = [("Error", "error"), ("Result", "error"), ("Run", "run")];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|l| l.modules.contains(&module))
}

/// What is wrong with `module` naming `other`, if anything.
fn offence(module: &str, other: &str) -> Option<String> {
    if module == other {
        return None;
    }
    let (Some(from), Some(to)) = (layer_of(module), layer_of(other)) else {
        return Some(format!(
            "{module} or {other} stands in no layer: give it one in this test and in the design"
        ));
    };
    if to > from {
        return Some(format!("{module} names {other}, which stands above it"));
    }
    (to == from && LAYERS[from].closed).then(|| format!("{module} names {other}, which stands beside it"))
}

/// The source without comments, texts and test modules; lengths change, order does not.
fn code(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if c == '"' {
            kept.push_str("\"\"");
            text(rest)
        } else if let Some(hashes) = raw_text(rest).filter(|_| !ends_in_word(&kept)) {
            kept.push_str("\"\"");
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = 2 + hashes;
            rest[begin..].find(&end).map_or(rest.len(), |k| begin + k + end.len())
        } else if let Some(length) = character(rest) {
            length
        } else {
            kept.push(c);
            c.len_utf8()
        };
        rest = &rest[skip..];
    }
    without_tests(&kept)
}

fn ends_in_word(kept: &str) -> bool {
    kept.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn block_comment(s: &str) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < s.len() {
        if s[i..].starts_with("/*") {
            (depth, i) = (depth + 1, i + 2);
        } else if s[i..].starts_with("*/") {
            (depth, i) = (depth - 1, i + 2);
            if depth == 0 {
                return i;
            }
        } else {
            i += s[i..].chars().next().map_or(1, char::len_utf8);
        }
    }
    s.len()
}

fn text(s: &str) -> usize {
    let mut escaped = false;
    for (i, c) in s.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    s.len()
}

/// Number of hashes of a raw text that begins here.
fn raw_text(s: &str) -> Option<usize> {
    let after = s.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Length of a character literal that begins here; a lifetime is none.
fn character(s: &str) -> Option<usize> {
    let mut inner = s.strip_prefix('\'')?.char_indices();
    match inner.next()?.1 {
        '\\' => s[2..].find('\'').map(|k| k + 3).map(|n| if s[2..].starts_with('\'') { 4 } else { n }),
        _ => inner.next().filter(|(_, c)| *c == '\'').map(|(i, _)| i + 2),
    }
}

/// Cuts every item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let (brace, semicolon) = (item.find('{'), item.find(';'));
        let end = match (brace, semicolon) {
            (Some(b), s) if s.is_none_or(|s| b < s) => {
                let mut depth = 0;
                item[b..].char_indices().find_map(|(i, c)| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    (depth == 0).then_some(b + i + 1)
                })
            }
            (_, s) => s.map(|s| s + 1),
        };
        rest = &item[end.unwrap_or(item.len())..];
    }
    kept + rest
}

/// Every path of a `use` tree, expanded: `crate::{a, b::{c, d}}` gives a, b::c, b::d after `crate`.
fn expand(tree: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let mut path = prefix.to_vec();
    match tree.find('{') {
        Some(brace) => {
            path.extend(segments(&tree[..brace]));
            let inner = tree[brace + 1..].trim_end().trim_end_matches('}');
            let (mut depth, mut begin) = (0, 0);
            let whole = &tree[brace + 1..];
            for (i, c) in whole.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        expand(&whole[begin..i], &path, paths);
                        return;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        expand(&whole[begin..i], &path, paths);
                        begin = i + 1;
                    }
                    _ => {}
                }
            }
            expand(inner, &path, paths);
        }
        None if tree.is_empty() => {}
        None => {
            path.extend(segments(tree));
            paths.push(path);
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(|s| s.split_whitespace().next().unwrap_or("").to_string()).filter(|s| !s.is_empty())
}

/// Every path in the code that begins with `crate` or `super`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate", "super"] {
        for (at, _) in code.match_indices(root) {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let before = code[..at].trim_end();
            let after = code[at + root.len()..].trim_start();
            // `super` inside a longer `super::super` chain is seen from the chain's first word.
            if code[..at].ends_with(word) || before.ends_with("::") || !after.starts_with("::") {
                continue;
            }
            let end = tree_end(&code[at..]);
            expand(&code[at..at + end], &[], &mut found);
        }
    }
    found
}

/// Where a path or `use` tree that begins here ends.
fn tree_end(s: &str) -> usize {
    let mut depth = 0;
    for (i, c) in s.char_indices() {
        match c {
            '{' if depth > 0 || s[..i].trim_end().ends_with("::") => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ if depth > 0 => {}
            ':' | '_' => {}
            c if c.is_alphanumeric() => {}
            c if c.is_whitespace()
                && (s[..i].trim_end().ends_with("::") || s[i..].trim_start().starts_with("::")) => {}
            _ => return i,
        }
    }
    s.len()
}

/// Modules that the code of one file names. `place` is the file's module path below the crate.
fn named(source: &str, place: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in paths(&code(source)) {
        let ups = path.iter().take_while(|s| *s == "super").count();
        let absolute: Vec<&str> = if ups > 0 {
            let kept = place.len().saturating_sub(ups);
            place[..kept].iter().copied().chain(path[ups..].iter().map(String::as_str)).collect()
        } else {
            path[1..].iter().map(String::as_str).collect()
        };
        if let Some(first) = absolute.first() {
            let lent = LENT.iter().find(|(name, _)| name == first).map(|(_, module)| *module);
            names.insert(lent.unwrap_or(first).to_string());
        }
    }
    names
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.filter_map(|e| e.ok().map(|e| e.path())) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn dependencies_run_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    files(&root, &mut sources);
    assert!(sources.len() > 20, "only {} sources found", sources.len());
    let mut offences = Vec::new();
    for path in sources {
        let relative = path.strip_prefix(&root).expect("below the root").with_extension("");
        let mut place: Vec<&str> = relative.iter().filter_map(|s| s.to_str()).collect();
        if place == ["lib"] {
            continue;
        }
        place.retain(|s| *s != "mod");
        let source = std::fs::read_to_string(&path).expect("readable");
        for other in named(&source, &place) {
            offences.extend(offence(place[0], &other).map(|o| format!("{}: {o}", relative.display())));
        }
    }
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_module_of_the_crate_stands_in_a_layer() {
    let lib =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let declared: BTreeSet<&str> = lib
        .lines()
        .filter_map(|l| l.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let layered: BTreeSet<&str> = LAYERS.iter().flat_map(|l| l.modules.iter().copied()).collect();
    assert_eq!(declared, layered);
}

#[test]
fn planted_faults_are_seen() {
    for (source, place, other) in [
        ("use crate::engine::Eye;", &["fec"][..], "engine"),
        ("use crate::{error::Error, lane::{Lane, Block}};", &["medium"], "lane"),
        ("use crate::{\n    units,\n    receiver as rx,\n};", &["transmitter"], "receiver"),
        ("fn f() -> crate::report::LaneReport {}", &["engine", "eye"], "report"),
        ("fn f() { let x = crate :: system :: fold(1); }", &["lane"], "system"),
        ("use super::super::receiver::Dfe;", &["transmitter", "ffe"], "receiver"),
        ("use super::super::{density, fec::Code};", &["medium", "trace"], "fec"),
        ("pub(in crate::medium) use super::super::engine;", &["response", "pulse"], "medium"),
        ("mod a { use super::super::lane::Lane; }", &["units"], "lane"),
        ("const A: &str = r#\"\"//\"#; use crate::lane::Lane;", &["simd"], "lane"),
        ("const C: char = '\"'; use crate::lane::Lane; // '\"'", &["simd"], "lane"),
        ("#[cfg(test)] mod tests { use crate::system; } use crate::lane;", &["fec"], "lane"),
    ] {
        let names = named(source, place);
        assert!(names.contains(other), "{source:?} names {names:?}");
        assert!(names.iter().any(|n| offence(place[0], n).is_some()), "{source:?} passes");
    }
}

#[test]
fn what_is_allowed_passes() {
    for (source, place) in [
        ("use crate::{Error, Result, units};", &["medium", "network"][..]),
        ("use super::{Network, pairs::PortPairs}; use super::super::trace;", &["medium", "network", "loss"]),
        ("// use crate::lane::Lane;\n/* crate::system /* nested */ */", &["fec"]),
        ("const A: &str = \"crate::lane \\\" crate::system\";", &["fec"]),
        ("#[cfg(test)]\nmod tests { use crate::engine::x; fn f() { {} } }", &["fec"]),
        ("fn f<'a>(x: &'a str) -> crate::Result<&'a str> { x }", &["fec"]),
        ("use crate::medium::Network; use crate::engine::Eye;", &["lane"]),
    ] {
        for other in named(source, place) {
            assert_eq!(offence(place[0], &other), None, "{source:?}");
        }
    }
}
