//! The shipped configurations, each value with its grade and source.

use super::ComConfig;
use crate::error::{Error, Result, nearest_name};
use crate::ledger::Grade;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const DATA: &str = include_str!("../../../data/com.toml");

/// What a value of a shipped configuration rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeywordEvidence {
    /// The keyword.
    pub keyword: String,
    /// Support by public evidence.
    pub grade: Grade,
    /// Where the value comes from.
    pub source: String,
}

/// A shipped configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedConfig {
    /// Its name, such as `"802.3ck-kr@4.50"`.
    pub name: String,
    /// One sentence on it.
    pub summary: String,
    /// Its keywords, as a workbook would hold them.
    pub keywords: Map<String, Value>,
    /// One entry a keyword and a limit.
    pub evidence: Vec<KeywordEvidence>,
    /// Limits of the channel that no keyword holds, such as `insertion_loss_db` at half the symbol rate.
    pub limits: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    source: BTreeMap<String, String>,
    config: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    summary: String,
    keywords: Map<String, Value>,
    #[serde(default)]
    limits: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradedValue {
    value: Value,
    grade: Grade,
    source: String,
}

impl NamedConfig {
    /// Every name, in the order of the shipped table.
    ///
    /// # Errors
    /// If the shipped table cannot be read, which a test excludes.
    pub fn names() -> Result<Vec<String>> {
        Ok(document()?.config.iter().map(|c| c.name.clone()).collect())
    }

    /// A shipped configuration. After the `@` of its name stand the rules and values: `4.50` and `d3.3`, or `2025` for
    /// the older generation of 802.3dj values, which is computed by the rules of D3.3.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name; a name without its release is one.
    ///
    /// ```
    /// use lightlane::engine::com::NamedConfig;
    /// let kr = NamedConfig::new("802.3ck-kr@4.50")?;
    /// assert_eq!(kr.keywords["f_b"], 53.125);
    /// assert!(kr.evidence.iter().any(|e| e.keyword == "eta_0" && e.source.contains("workbook")));
    /// let error = NamedConfig::new("802.3ck-kr").unwrap_err().to_string();
    /// assert_eq!(error, "config = \"802.3ck-kr\": unknown, did you mean \"802.3ck-kr@4.50\"?");
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn new(name: &str) -> Result<Self> {
        let Document { source, config } = document()?;
        let Some(entry) = config.iter().find(|c| c.name == name) else {
            return Err(unknown(name, config));
        };
        let (mut keywords, mut evidence, mut limits) = (Map::new(), Vec::new(), BTreeMap::new());
        let mut graded = |key: &String, value: &Value| {
            let graded: GradedValue =
                serde_json::from_value(value.clone()).map_err(|e| broken(&format!("{name}.{key}: {e}")))?;
            let source = source.get(&graded.source).ok_or_else(|| broken(&graded.source))?.clone();
            evidence.push(KeywordEvidence { keyword: key.clone(), grade: graded.grade, source });
            Ok::<_, Error>(graded.value)
        };
        for (keyword, value) in &entry.keywords {
            keywords.insert(keyword.clone(), graded(keyword, value)?);
        }
        for (key, value) in &entry.limits {
            let limit = graded(key, value)?.as_f64().ok_or_else(|| broken(key))?;
            limits.insert(key.clone(), limit);
        }
        Ok(Self { name: entry.name.clone(), summary: entry.summary.clone(), keywords, evidence, limits })
    }

    /// The configuration, read.
    ///
    /// # Errors
    /// Those of [`ComConfig::from_keywords`].
    pub fn config(&self) -> Result<ComConfig> {
        ComConfig::from_keywords(&self.keywords)
    }
}

/// The shipped table, read once.
fn document() -> Result<&'static Document> {
    static READ: LazyLock<std::result::Result<Document, String>> =
        LazyLock::new(|| toml::from_str(DATA).map_err(|e| e.to_string()));
    READ.as_ref().map_err(|reason| broken(reason))
}

fn broken(reason: &str) -> Error {
    Error::parameter("data/com.toml", reason, "a list of configurations")
}

/// A name that lacks its release is nearest to the first of that stem.
fn unknown(name: &str, all: &[Entry]) -> Error {
    let stem = |full: &str| full.split('@').next().unwrap_or_default().to_lowercase();
    let stems: Vec<String> = all.iter().map(|c| stem(&c.name)).collect();
    let nearest = if name.contains('@') {
        nearest_name(name, all.iter().map(|c| c.name.as_str())).map(str::to_string)
    } else {
        nearest_name(name, stems.iter().map(String::as_str))
            .and_then(|s| stems.iter().position(|t| t == s))
            .map(|i| all[i].name.clone())
    };
    Error::Unknown { name: "config".into(), value: name.into(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_configuration_is_read_and_every_value_graded() {
        let names = NamedConfig::names().expect("a table");
        assert_eq!(names.len(), 14);
        for name in names {
            let named = NamedConfig::new(&name).expect("a name of the list");
            assert_eq!(named.evidence.len(), named.keywords.len() + named.limits.len());
            assert!(named.evidence.iter().all(|e| !e.source.is_empty()), "{name}");
            named.config().unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }

    #[test]
    fn a_slip_names_the_nearest() {
        let error = NamedConfig::new("802.3dj-kr@d3.3").unwrap_err().to_string();
        assert!(error.ends_with("did you mean \"802.3dj-kr1@d3.3\"?"), "{error}");
        assert!(NamedConfig::new("keywords").is_err());
    }
}
