//! Requests that are read from their bytes without making a message of them first: an activity is a dozen allocations
//! as a message, and what they hold is copied again right after.
//!
//! Only what clients submit by the thousand is read so. `field` knows how the wire is read, `activity` what the
//! messages look like; what the words mean is the business of `convert`.

pub mod activity;
mod field;
#[cfg(test)]
mod tests;

use prost::Message;
use std::marker::PhantomData;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::ProstEncoder;

/// A request as it comes: either a message, or bytes that are read later.
pub trait Request: Sized + Send + 'static {
    /// Takes the whole of a message's bytes.
    fn take(bytes: &mut DecodeBuf<'_>) -> Result<Self, Status>;
}

impl<M: Message + Default + 'static> Request for M {
    fn take(bytes: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        M::decode(bytes).map_err(malformed)
    }
}

/// Refuses what is not a message of the contract.
pub fn malformed(error: prost::DecodeError) -> Status {
    Status::internal(error.to_string())
}

/// Protocol buffers whose requests may stay bytes. `build.rs` names it in the generated server.
#[derive(Debug)]
pub struct WireCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for WireCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Request> Codec for WireCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        Self::default()
    }
}

impl<T, U: Request> Decoder for WireCodec<T, U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        U::take(bytes).map(Some)
    }
}
