//! The tokens that callers show, of which only hashes are known here: who reads the file or the memory can show none.

use super::{Caller, Role};
use crate::domain::{
    id::TenantId,
    problem::{Problem, Reason},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};

type Hash = [u8; 32];

/// Everybody who may call, by the SHA-256 of the token. To look one up tells by its time at most where the hash of what
/// was shown differs from others, and nobody can choose the hash of what he shows.
#[derive(Debug, Clone, Default)]
pub struct Tokens(BTreeMap<Hash, Arc<Caller>>);

/// The file, as TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    role: String,
    sha256: String,
    tenants: Option<Vec<String>>,
}

impl Tokens {
    /// Reads a file of tokens. What is refused is told without any hash.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let file = toml::from_str::<File>(text);
        // Only what is wrong: the place would be shown with the line, which may hold a hash.
        let file = file.map_err(|error| Problem::field_invalid("tokens", error.message()))?;
        let mut callers = BTreeMap::new();
        for (index, entry) in file.token.into_iter().enumerate() {
            let at = |name: &str| format!("token[{index}].{name}");
            let hash = hash_of_text(&entry.sha256);
            let hash = hash.ok_or_else(|| {
                let problem = "is not the 64 hexadecimal digits of a SHA-256";
                Problem::field_invalid(&at("sha256"), problem)
            })?;
            let caller = entry.caller(at)?;
            if callers.insert(hash, Arc::new(caller)).is_some() {
                return Err(Problem::field_invalid(&at("sha256"), "is there twice"));
            }
        }
        if callers.is_empty() {
            return Err(Problem::field_invalid("tokens", "has no token"));
        }
        Ok(Self(callers))
    }

    /// Who shows a token with `authorization: Bearer …`.
    pub fn caller(&self, authorization: Option<&str>) -> Result<Arc<Caller>, Problem> {
        let bearer = authorization.and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = bearer.filter(|token| !token.is_empty()) else {
            let message = "the call needs a token, as authorization: Bearer".to_owned();
            return Err(Problem::new(Reason::TokenRequired, "", message, []));
        };
        let known = self.0.get(Sha256::digest(token.as_bytes()).as_slice());
        known.map(Arc::clone).ok_or_else(|| {
            let message = "the token is not known".to_owned();
            Problem::new(Reason::TokenUnknown, "", message, [])
        })
    }
}

impl Entry {
    fn caller(self, at: impl Fn(&str) -> String) -> Result<Caller, Problem> {
        let role = Role::ALL
            .into_iter()
            .find(|role| role.as_str() == self.role);
        let role = role.ok_or_else(|| {
            let names = Role::ALL.map(Role::as_str).join(", ");
            Problem::field_invalid(&at("role"), &format!("is none of {names}"))
        })?;
        let tenant = |id: &String| TenantId::parse(id, &at("tenants"));
        let tenants = self.tenants.as_ref();
        let tenants = tenants.map(|ids| ids.iter().map(tenant).collect::<Result<_, _>>());
        Ok(Caller {
            name: self.name,
            role,
            tenants: tenants.transpose()?,
        })
    }
}

fn hash_of_text(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of "abc", the first example of FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn entry(role: &str, hash: &str) -> String {
        format!("[[token]]\nname = \"crm\"\nrole = \"{role}\"\nsha256 = \"{hash}\"\n")
    }

    #[test]
    fn a_token_is_known_by_its_hash() {
        let text = entry("SALES", ABC) + "tenants = [\"t\"]\n";
        let tokens = Tokens::parse(&text).unwrap();
        for shown in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            let caller = tokens.caller(Some(shown)).unwrap();
            assert_eq!((&*caller.name, caller.role), ("crm", Role::Sales));
            assert_eq!(caller.tenants.as_ref().unwrap().len(), 1);
        }
        let reason = |shown| tokens.caller(shown).unwrap_err().reason;
        assert_eq!(reason(None), Reason::TokenRequired);
        assert_eq!(reason(Some("")), Reason::TokenRequired);
        assert_eq!(reason(Some("Bearer ")), Reason::TokenRequired);
        assert_eq!(reason(Some("Basic abc")), Reason::TokenRequired);
        assert_eq!(reason(Some("Bearer abd")), Reason::TokenUnknown);
        assert_eq!(reason(Some(&format!("Bearer {ABC}"))), Reason::TokenUnknown);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_hashes() {
        let all = entry("FINANCE", ABC);
        assert!(Tokens::parse(&all.to_uppercase().replace("[[TOKEN]]", "[[token]]")).is_err());
        for wrong in [
            String::new(),
            all.clone() + &all,
            entry("CEO", ABC),
            entry("SALES", &ABC[1..]),
            entry("SALES", &ABC.replace("ba", "bx")),
            entry("SALES", &ABC.replace("ba", "+a")),
            all.clone() + "tenant = \"t\"\n",
            all.clone() + "tenants = [\"a/b\"]\n",
            all.clone() + "tenants = \"t\"\n",
            all.replace("sha256 = ", "sha256 "),
        ] {
            let problem = Tokens::parse(&wrong).unwrap_err();
            assert_eq!(problem.reason, Reason::FieldInvalid, "{wrong}");
            assert!(!format!("{problem:?}").contains(&ABC[4..20]), "{problem:?}");
        }
    }
}
