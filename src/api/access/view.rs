//! What a caller without the finance role may send and is told: messages are cut on the wire, field by field, by the
//! one table in `visibility`.
//!
//! What the table does not tell is hidden, and so are fields that the contract does not know. Callers of the finance
//! role never come here.

use super::{
    Role,
    visibility::{METHODS, WHOLE, messages},
};
use crate::api::DESCRIPTORS;
use prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, encode_varint, skip_field,
};
use prost_reflect::{DescriptorPool, MessageDescriptor};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// The contract's package; messages of others, such as amounts, are told as a whole or not at all.
pub const PACKAGE: &str = "profitscore.v1";

/// Who sees a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Every role.
    Everybody,
    /// The finance role alone.
    Finance,
}

/// Who sees a field of a message, if the table tells; of a message of which finance alone sees anything, finance.
pub fn audience(message: &str, field: &str) -> Option<Audience> {
    let has = |names: &str| names.split_whitespace().any(|name| name == field);
    if WHOLE.contains(&message) {
        return Some(Audience::Finance);
    }
    let (_, everybody, finance) = messages().find(|(name, ..)| *name == message)?;
    match (has(everybody), has(finance)) {
        (true, false) => Some(Audience::Everybody),
        (_, true) => Some(Audience::Finance),
        (false, false) => None,
    }
}

/// Which roles besides finance may call a method, if the table tells.
pub fn roles(service: &str, method: &str) -> Option<&'static [Role]> {
    let (_, methods) = METHODS.iter().find(|(name, _)| *name == service)?;
    let found = methods.iter().find(|(name, _)| *name == method)?;
    Some(found.1)
}

/// The place of a message in the view of a role.
pub type MessageNumber = usize;

/// What is known of a field.
#[derive(Debug)]
struct FieldView {
    name: String,
    is_visible: bool,
    /// What it holds, if that is a message of the contract.
    message: Option<MessageNumber>,
}

/// A method of the contract.
#[derive(Debug)]
pub struct MethodView {
    /// What is sent.
    pub input: MessageNumber,
    /// What is answered.
    pub output: MessageNumber,
    /// The roles that may call it besides finance.
    pub roles: &'static [Role],
}

/// The whole contract as others than finance see it.
#[derive(Debug, Default)]
pub struct View {
    messages: Vec<BTreeMap<u32, FieldView>>,
    numbers: BTreeMap<String, MessageNumber>,
    /// By the path of a request: `/profitscore.v1.RankingService/RankCustomers`.
    methods: BTreeMap<String, MethodView>,
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl From<prost::DecodeError> for Malformed {
    fn from(_: prost::DecodeError) -> Self {
        Self
    }
}

impl View {
    /// The view of the contract that this program was built with.
    pub fn of_contract() -> &'static Self {
        static VIEW: LazyLock<View> = LazyLock::new(|| {
            // Without a description nothing is visible.
            DescriptorPool::decode(DESCRIPTORS)
                .map_or_else(|_| View::default(), |pool| View::of(&pool))
        });
        &VIEW
    }

    fn of(pool: &DescriptorPool) -> Self {
        let mut view = Self::default();
        let own = pool
            .services()
            .filter(|service| service.package_name() == PACKAGE);
        for service in own {
            for method in service.methods() {
                let seen = MethodView {
                    input: view.add(&method.input()),
                    output: view.add(&method.output()),
                    roles: roles(service.name(), method.name()).unwrap_or_default(),
                };
                let path = format!("/{}/{}", service.full_name(), method.name());
                view.methods.insert(path, seen);
            }
        }
        view
    }

    fn add(&mut self, message: &MessageDescriptor) -> MessageNumber {
        if let Some(number) = self.numbers.get(message.full_name()) {
            return *number;
        }
        let number = self.messages.len();
        self.numbers.insert(message.full_name().to_owned(), number);
        self.messages.push(BTreeMap::new());
        let mut fields = BTreeMap::new();
        for field in message.fields() {
            let seen = audience(message.name(), field.name());
            let kind = field.kind();
            let inner = kind.as_message().filter(|inner| is_own(inner));
            let inner = inner.map(|inner| self.add(inner));
            let view = FieldView {
                name: field.name().to_owned(),
                is_visible: seen == Some(Audience::Everybody),
                message: inner,
            };
            fields.insert(field.number(), view);
        }
        self.messages[number] = fields;
        number
    }

    /// A method by the path of its requests.
    pub fn method(&self, path: &str) -> Option<&MethodView> {
        self.methods.get(path)
    }

    /// Adds to `told` what everybody sees of a message.
    pub fn cut(
        &self,
        message: MessageNumber,
        mut bytes: &[u8],
        told: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let fields = self.messages.get(message).ok_or(Malformed)?;
        while !bytes.is_empty() {
            let whole = bytes;
            let (tag, wire_type, value) = next_field(&mut bytes)?;
            let Some(field) = fields.get(&tag).filter(|field| field.is_visible) else {
                continue;
            };
            let field_bytes = &whole[..whole.len() - bytes.len()];
            match (field.message, wire_type) {
                (None, _) => told.extend_from_slice(field_bytes),
                (Some(inner), WireType::LengthDelimited) => {
                    let mut cut = Vec::with_capacity(value.len());
                    self.cut(inner, value, &mut cut)?;
                    let key = u64::from(tag) << 3 | WireType::LengthDelimited as u64;
                    encode_varint(key, told);
                    encode_varint(cut.len() as u64, told);
                    told.extend_from_slice(&cut);
                }
                // A message is of no other type.
                (Some(_), _) => return Err(Malformed),
            }
        }
        Ok(())
    }

    /// The first field of a request that only finance may set, if one is set.
    pub fn first_hidden(
        &self,
        message: MessageNumber,
        mut bytes: &[u8],
    ) -> Result<Option<String>, Malformed> {
        let fields = self.messages.get(message).ok_or(Malformed)?;
        while !bytes.is_empty() {
            let (tag, wire_type, value) = next_field(&mut bytes)?;
            // What the contract does not know is passed over by everybody.
            let Some(field) = fields.get(&tag) else {
                continue;
            };
            if !field.is_visible {
                return Ok(Some(field.name.clone()));
            }
            if let (Some(inner), WireType::LengthDelimited) = (field.message, wire_type)
                && let Some(found) = self.first_hidden(inner, value)?
            {
                return Ok(Some(format!("{}.{found}", field.name)));
            }
        }
        Ok(None)
    }
}

/// Whether a message is one of the contract's own, which is looked into: entries of maps are not.
fn is_own(message: &MessageDescriptor) -> bool {
    message.package_name() == PACKAGE && !message.is_map_entry()
}

/// Takes the next field: its number, its type on the wire, and the bytes of its value if it has a length.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Result<(u32, WireType, &'a [u8]), Malformed> {
    let (tag, wire_type) = decode_key(bytes)?;
    if wire_type != WireType::LengthDelimited {
        skip_field(wire_type, tag, bytes, DecodeContext::default())?;
        return Ok((tag, wire_type, &[]));
    }
    let length = usize::try_from(decode_varint(bytes)?).map_err(|_| Malformed)?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok((tag, wire_type, value))
}

/// Every message of the contract that a method answers with, or that others than finance may send, by its short name.
pub fn judged(pool: &DescriptorPool) -> BTreeMap<String, MessageDescriptor> {
    let mut waiting = Vec::new();
    for service in pool
        .services()
        .filter(|service| service.package_name() == PACKAGE)
    {
        for method in service.methods() {
            waiting.push(method.output());
            let others = roles(service.name(), method.name()).unwrap_or_default();
            if others.contains(&Role::Sales) {
                waiting.push(method.input());
            }
        }
    }
    let (mut seen, mut found) = (BTreeSet::new(), BTreeMap::new());
    while let Some(message) = waiting.pop() {
        if !is_own(&message) || !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            waiting.extend(field.kind().as_message().cloned());
        }
        found.insert(message.name().to_owned(), message);
    }
    found
}

#[cfg(test)]
mod tests;
