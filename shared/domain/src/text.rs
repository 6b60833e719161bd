//! Texts that people read, in the two languages of the platform.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language that the platform speaks. English is the fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    /// The better of the two for an `Accept-Language` header (RFC 9110, 12.5.4): the highest quality wins,
    /// the first named where qualities are equal, English where neither is named.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (Self::En, 0.0_f32);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("en" | "*") => Self::En,
                Some("zh") => Self::Zh,
                _ => continue,
            };
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }
}

/// A name or message: one string for both languages, or `{"en", "zh"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Text {
    Same(String),
    Each { en: String, zh: String },
}

impl Text {
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Each {
            en: en.into(),
            zh: zh.into(),
        }
    }

    pub fn get(&self, language: Language) -> &str {
        match (self, language) {
            (Self::Same(text), _) => text,
            (Self::Each { en, .. }, Language::En) => en,
            (Self::Each { zh, .. }, Language::Zh) => zh,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Same(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_highest_quality_wins() {
        for (header, expected) in [
            ("", Language::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh),
            ("en;q=0.5, zh;q=0.7", Language::Zh),
            ("fr, en", Language::En),
            ("fr", Language::En),
            ("zh;q=0", Language::En),
            ("zh;q=x,;;,", Language::En),
        ] {
            assert_eq!(Language::from_accept_language(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_text_is_a_string_or_a_pair() {
        let pair: Text = serde_json::from_str(r#"{"en":"Size","zh":"大小"}"#).unwrap();
        assert_eq!((pair.get(Language::En), pair.get(Language::Zh)), ("Size", "大小"));
        let same: Text = serde_json::from_str(r#""Size""#).unwrap();
        assert_eq!(same.get(Language::Zh), "Size");
        assert!(serde_json::from_str::<Text>(r#"{"en":"Size"}"#).is_err());
    }
}
