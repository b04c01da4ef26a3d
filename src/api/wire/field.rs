//! Fields of messages, read from bytes that stay where they are, by the rules of protocol buffers: the last one of a
//! field holds, parts of a message are put together, unknown fields are passed over, and what breaks the format is
//! refused.
//!
//! Keys, numbers and what is passed over are read by prost's own primitives, and errors are prost's. One thing differs:
//! prost counts the depth of unknown groups from the request on and this from the message that they are in.

use prost::{
    DecodeError,
    encoding::{
        DecodeContext, WireType, bool, check_wire_type, decode_key, decode_varint, int32, int64,
        skip_field, string,
    },
};

/// A message whose texts are borrowed.
pub trait View<'a>: Default {
    /// Takes the next field, whose key was read.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        bytes: &mut &'a [u8],
    ) -> Result<(), DecodeError>;

    /// Takes all fields of some bytes.
    fn merge_all(&mut self, mut bytes: &'a [u8]) -> Result<(), DecodeError> {
        while !bytes.is_empty() {
            let (tag, wire_type) = decode_key(&mut bytes)?;
            self.merge_field(tag, wire_type, &mut bytes)?;
        }
        Ok(())
    }

    /// The message that some bytes are.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut view = Self::default();
        view.merge_all(bytes)?;
        Ok(view)
    }
}

/// The value of a field.
pub trait Field<'a> {
    /// Takes another occurrence of the field.
    fn merge(&mut self, wire_type: WireType, bytes: &mut &'a [u8]) -> Result<(), DecodeError>;
}

/// The bytes of a text or a message.
#[inline]
pub fn delimited<'a>(wire_type: WireType, bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    check_wire_type(WireType::LengthDelimited, wire_type)?;
    let mut whole = *bytes;
    let length = usize::try_from(decode_varint(bytes)?).unwrap_or(usize::MAX);
    match bytes.split_at_checked(length) {
        Some((own, rest)) => {
            *bytes = rest;
            Ok(own)
        }
        // There are not so many: this fails, in prost's words.
        None => skip_field(wire_type, 1, &mut whole, DecodeContext::default()).map(|()| whole),
    }
}

/// Passes over a field that is not known.
pub fn unknown(tag: u32, wire_type: WireType, bytes: &mut &[u8]) -> Result<(), DecodeError> {
    skip_field(wire_type, tag, bytes, DecodeContext::default())
}

/// Says in which field of which message an error was.
#[cold]
pub fn within(mut error: DecodeError, message: &'static str, field: &'static str) -> DecodeError {
    error.push(message, field);
    error
}

impl<'a> Field<'a> for &'a str {
    #[inline]
    fn merge(&mut self, wire_type: WireType, bytes: &mut &'a [u8]) -> Result<(), DecodeError> {
        let mut whole = *bytes;
        let own = delimited(wire_type, bytes)?;
        match std::str::from_utf8(own) {
            Ok(text) => {
                *self = text;
                Ok(())
            }
            // It is no text: this fails, in prost's words.
            Err(_) => string::merge(
                wire_type,
                &mut String::new(),
                &mut whole,
                DecodeContext::default(),
            ),
        }
    }
}

macro_rules! numbers {
    ($($number:ty => $read:path),*) => {$(
        impl Field<'_> for $number {
            #[inline]
            fn merge(&mut self, wire_type: WireType, bytes: &mut &[u8]) -> Result<(), DecodeError> {
                $read(wire_type, self, bytes, DecodeContext::default())
            }
        }
    )*};
}

numbers!(i32 => int32::merge, i64 => int64::merge, bool => bool::merge);

impl<'a, V: View<'a>> Field<'a> for Option<V> {
    #[inline]
    fn merge(&mut self, wire_type: WireType, bytes: &mut &'a [u8]) -> Result<(), DecodeError> {
        let own = delimited(wire_type, bytes)?;
        self.get_or_insert_default().merge_all(own)
    }
}

/// Views of messages, with the names that errors call them by.
macro_rules! views {
    ($(
        $(#[$doc:meta])*
        $view:ident of $message:literal {
            $($tag:literal $field:ident: $type:ty,)*
            $(oneof $one:ident: $kind:ident { $($member:literal $variant:ident $name:ident: $inner:ty,)* })?
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Clone, PartialEq)]
        pub struct $view<'a> {
            $(#[doc = concat!("`", stringify!($field), "`")] pub $field: $type,)*
            $(#[doc = concat!("`", stringify!($one), "`")] pub $one: Option<$kind<'a>>,)?
        }

        impl<'a> View<'a> for $view<'a> {
            #[inline]
            fn merge_field(
                &mut self,
                tag: u32,
                wire_type: WireType,
                bytes: &mut &'a [u8],
            ) -> Result<(), DecodeError> {
                match tag {
                    $($tag => Field::merge(&mut self.$field, wire_type, bytes)
                        .map_err(|error| within(error, $message, stringify!($field))),)*
                    $($($member => {
                        let own = delimited(wire_type, bytes);
                        let one = &mut self.$one;
                        own.and_then(|own| match one {
                            Some($kind::$variant(view)) => view.merge_all(own),
                            _ => <$inner>::read(own).map(|view| *one = Some($kind::$variant(view))),
                        })
                        .map_err(|error| within(error, $message, stringify!($one)))
                    })*)?
                    _ => unknown(tag, wire_type, bytes),
                }
            }
        }

        $(
            #[doc = concat!("One of the members of `", stringify!($one), "`.")]
            #[derive(Debug, Clone, PartialEq)]
            #[allow(clippy::large_enum_variant, reason = "it lives on the stack for a moment")]
            pub enum $kind<'a> {
                $(#[doc = concat!("`", stringify!($name), "`")] $variant($inner),)*
            }
        )?
    )*};
}

pub(super) use views;
