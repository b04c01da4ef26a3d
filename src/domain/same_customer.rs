//! Whether two parties are likely one: by their names and by their domains, both in a plain form.
//!
//! A name in plain form is in lower case, without accents, punctuation, a leading "the" and the legal forms at its end.
//! A domain in plain form is the host of a web address or of an e-mail address. Knows nothing of stores.

use super::{
    id::TraitKey,
    party::{Party, TraitValue},
};
use std::collections::BTreeSet;

/// Legal forms as they are after punctuation is dropped: what ends a company's name without telling it apart.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "bvba",
    "co",
    "company",
    "corp",
    "corporation",
    "cv",
    "doo",
    "dba",
    "eg",
    "eirl",
    "ek",
    "ev",
    "gbr",
    "gesmbh",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "lda",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "nyrt",
    "ohg",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "sasu",
    "sca",
    "scs",
    "sdn",
    "se",
    "sl",
    "slu",
    "snc",
    "spa",
    "spol",
    "spzoo",
    "srl",
    "sro",
    "ug",
    "zrt",
];

/// Hosts of public mail services: whoever has an address there need not be one and the same.
const PUBLIC_HOSTS: &[&str] = &[
    "163.com",
    "aol.com",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yandex.ru",
];

/// What parties are recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matching {
    /// Whether by their names.
    pub by_name: bool,
    /// Traits whose values are domains.
    pub domain_traits: Vec<TraitKey>,
}

/// The plain names and domains of some parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownParties {
    names: BTreeSet<String>,
    domains: BTreeSet<String>,
}

impl KnownParties {
    /// Adds a party.
    pub fn add(&mut self, party: &Party, matching: &Matching) {
        if matching.by_name {
            self.names.extend(plain_name(&party.display_name));
        }
        self.domains.extend(domains(party, matching));
    }

    /// Whether a party has the name or a domain of one of them.
    pub fn holds(&self, party: &Party, matching: &Matching) -> bool {
        let is_known = |name: String| self.names.contains(&name);
        let by_name = matching.by_name && plain_name(&party.display_name).is_some_and(is_known);
        by_name || domains(party, matching).any(|domain| self.domains.contains(&domain))
    }
}

fn domains<'a>(party: &'a Party, matching: &'a Matching) -> impl Iterator<Item = String> + 'a {
    let values = matching.domain_traits.iter();
    let values = values.filter_map(|key| party.traits.get(key));
    let texts = values.flat_map(|value| match value {
        TraitValue::Category(text) => vec![text],
        TraitValue::Set(texts) => texts.iter().collect(),
        TraitValue::Number(_) | TraitValue::Flag(_) => Vec::new(),
    });
    texts.filter_map(|text| plain_domain(text))
}

/// A name in plain form; `None` if nothing of it is left.
pub fn plain_name(name: &str) -> Option<String> {
    let mut words = words(name);
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    while words.len() > 1 && drop_legal_form(&mut words) {}
    (!words.is_empty()).then(|| words.join(" "))
}

/// Takes a legal form off the end, or what is left of one between two; says whether there was any.
fn drop_legal_form(words: &mut Vec<String>) -> bool {
    let Some(last) = words.last() else {
        return false;
    };
    // "sp z o o", "A/S" and the like: a few letters each at the end, read as one word.
    for count in (2..=4.min(words.len() - 1)).rev() {
        let tail = &words[words.len() - count..];
        let is_short = tail.iter().all(|word| word.chars().count() <= 2);
        if is_short && LEGAL_FORMS.contains(&tail.concat().as_str()) {
            words.truncate(words.len() - count);
            return true;
        }
    }
    let is_form = LEGAL_FORMS.contains(&last.as_str()) || last == "and";
    if is_form {
        words.pop();
    }
    is_form
}

/// The words of a text, in lower case, without accents and punctuation.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text.chars().flat_map(char::to_lowercase) {
        let last = words.len() - 1;
        match letter {
            '&' | '+' => words.extend(["and".to_owned(), String::new()]),
            // Within a word: S.A., O'Neill, and accents that stand after their letter.
            '.' | '\'' | '\u{2019}' | '`' | '\u{b4}' | '\u{300}'..='\u{36f}' => {}
            letter if letter.is_alphanumeric() => match plain_letter(letter) {
                "" => words[last].push(letter),
                plain => words[last].push_str(plain),
            },
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A lower-case letter of the Latin script without its accent; empty if it has none that is known here.
fn plain_letter(letter: char) -> &'static str {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// A domain in plain form; `None` if there is none, or one of a public mail service.
pub fn plain_domain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let text = text.split(['/', '?', '#']).next().unwrap_or("");
    let host = text.rsplit('@').next().unwrap_or("");
    let host = host.split(':').next().unwrap_or("").trim_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    let is_domain = host.contains('.') && !host.contains(char::is_whitespace);
    (is_domain && !PUBLIC_HOSTS.contains(&host)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::PartyId, party::Stage, traits::Traits};

    fn name(text: &str) -> String {
        plain_name(text).unwrap_or_default()
    }

    #[test]
    fn names_are_alike_but_for_case_accents_punctuation_and_legal_forms() {
        for (one, other) in [
            ("ACME Inc.", "Acme, Incorporated"),
            ("Müller & Söhne GmbH & Co. KG", "MULLER and SOHNE"),
            ("Société Générale S.A.", "societe generale"),
            ("The Coffee-House Ltd", "Coffee House Limited"),
            ("O'Neill plc", "ONeill"),
            ("Kowalski Sp. z o.o.", "KOWALSKI"),
            ("Stra\u{df}e e.V.", "Strasse"),
            ("Cafe\u{301} Nord A/S", "Café Nord AS"),
        ] {
            assert_eq!(name(one), name(other), "{one} {other}");
        }
        for (one, other) in [("Acme North", "Acme South"), ("Ag", "Kg")] {
            assert_ne!(name(one), name(other));
        }
        // What is nothing but a legal form is a name.
        assert_eq!(name("Co. Inc."), "co");
        assert_eq!(name("東京 株式会社"), "東京 株式会社");
        assert_eq!((plain_name(" - "), plain_name("")), (None, None));
    }

    #[test]
    fn domains_are_hosts_however_they_are_written() {
        for text in [
            "acme.example",
            "https://www.Acme.example/about?x=1",
            "sales@acme.example",
            "mailto:Sales@ACME.example",
            "http://user@acme.example:8080/",
            "acme.example.",
        ] {
            assert_eq!(
                plain_domain(text).as_deref(),
                Some("acme.example"),
                "{text}"
            );
        }
        for text in [
            "somebody@gmail.com",
            "acme",
            "",
            "two words.example",
            "https://",
        ] {
            assert_eq!(plain_domain(text), None, "{text}");
        }
    }

    #[test]
    fn parties_are_recognised_by_what_is_asked_for_alone() {
        let key = TraitKey::parse("WEB", "").unwrap();
        let party = |name: &str, web: &[&str]| Party {
            party_id: PartyId::stored("p"),
            stage: Stage::Customer,
            display_name: name.to_owned(),
            traits: Traits::from([(
                key.clone(),
                TraitValue::Set(web.iter().map(|one| (*one).to_owned()).collect()),
            )]),
        };
        let by_name = Matching {
            by_name: true,
            domain_traits: Vec::new(),
        };
        let by_both = Matching {
            domain_traits: vec![key.clone()],
            ..by_name.clone()
        };
        let mut known = KnownParties::default();
        known.add(&party("Acme Ltd", &["acme.example", "acme.test"]), &by_both);
        assert!(known.holds(&party("ACME", &[]), &by_name));
        assert!(!known.holds(&party("", &["www.acme.test"]), &by_name));
        assert!(known.holds(&party("", &["www.acme.test"]), &by_both));
        assert!(!known.holds(&party("", &["other.test"]), &by_both));
    }
}
