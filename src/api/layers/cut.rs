//! Messages on their way, of callers who see a part: questions are looked through, and answers are cut.
//!
//! Bodies are frames of gRPC: a byte that says whether the message is compressed, its length in four bytes, and the
//! message. What is not understood is not let through.

use crate::{
    api::access::{
        Role,
        view::{MessageNumber, View},
    },
    domain::problem::{Problem, Reason},
};
use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, Limited};
use std::{
    io::Read as _,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;

/// The most bytes of a question, compressed or not: as many as the server takes.
const QUESTION_LIMIT: usize = 16 * 1024 * 1024;
/// The bytes before a message.
const HEAD: usize = 5;

/// Refuses a question with a field that the role may not ask with; gives it back as it was.
pub async fn looked_through(
    request: http::Request<Body>,
    role: Role,
    message: MessageNumber,
) -> Result<http::Request<Body>, Status> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, QUESTION_LIMIT + HEAD).collect().await;
    let body = body.map_err(|_| Status::out_of_range("the request is too large"))?;
    let bytes = body.to_bytes();
    let encoding = head.headers.get("grpc-encoding");
    let encoding = encoding.and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut rest = BytesMut::from(&*bytes);
    while let Some((is_compressed, question)) = next_message(&mut rest) {
        let question = match is_compressed {
            true => unpacked(&question, encoding)?,
            false => question.to_vec(),
        };
        let hidden = View::of_contract().first_hidden(message, &question);
        let hidden = hidden.map_err(|_| Status::internal("the request is no message"))?;
        if let Some(field) = hidden {
            let message = format!(
                "a caller of the role {} may not ask with {field}",
                role.as_str()
            );
            let variables = [("role", role.as_str().to_owned())];
            let reason = Reason::QuestionNotAllowed;
            return Err(Problem::new(reason, field, message, variables).into());
        }
    }
    Ok(http::Request::from_parts(head, Body::new(Full::new(bytes))))
}

/// Takes the next whole message off the front, and says whether it is compressed.
fn next_message(bytes: &mut BytesMut) -> Option<(bool, BytesMut)> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let &[flag, ref length @ ..] = head;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    if rest.len() < length {
        return None;
    }
    bytes.advance(HEAD);
    Some((flag != 0, bytes.split_to(length)))
}

fn unpacked(bytes: &[u8], encoding: &str) -> Result<Vec<u8>, Status> {
    let mut unpacked = Vec::new();
    let limit = QUESTION_LIMIT as u64 + 1;
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut unpacked),
        "zstd" => zstd::stream::read::Decoder::new(bytes)
            .and_then(|decoder| decoder.take(limit).read_to_end(&mut unpacked)),
        _ => {
            return Err(Status::unimplemented(
                "the request's compression is not known",
            ));
        }
    };
    match read {
        Ok(length) if length <= QUESTION_LIMIT => Ok(unpacked),
        Ok(_) => Err(Status::out_of_range("the request is too large")),
        Err(_) => Err(Status::internal("the request's compression is broken")),
    }
}

/// An answer that is cut message by message while it is sent.
pub struct CutBody {
    inner: Body,
    message: MessageNumber,
    /// What came of a message that is not whole yet.
    waiting: BytesMut,
}

impl CutBody {
    /// An answer whose messages are cut.
    pub fn of(answer: http::Response<Body>, message: MessageNumber) -> http::Response<Body> {
        let (mut head, inner) = answer.into_parts();
        tell_no_figures(&mut head.headers);
        let body = Self {
            inner,
            message,
            waiting: BytesMut::new(),
        };
        http::Response::from_parts(head, Body::new(body))
    }

    /// All whole messages that came, cut.
    fn cut(&mut self) -> Result<Bytes, Status> {
        let mut told = Vec::new();
        while let Some((is_compressed, message)) = next_message(&mut self.waiting) {
            let begin = told.len();
            told.extend_from_slice(&[0; HEAD]);
            let cut = View::of_contract().cut(self.message, &message, &mut told);
            let length = u32::try_from(told.len() - begin - HEAD);
            match (is_compressed, cut, length) {
                (false, Ok(()), Ok(length)) => {
                    told[begin + 1..begin + HEAD].copy_from_slice(&length.to_be_bytes());
                }
                _ => return Err(Status::internal("the answer could not be cut")),
            }
        }
        Ok(told.into())
    }
}

impl http_body::Body for CutBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.inner).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                Some(Ok(frame)) => frame,
            };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(frame) => {
                    let trailers = frame.into_trailers().map(|mut trailers| {
                        tell_no_figures(&mut trailers);
                        Frame::trailers(trailers)
                    });
                    return Poll::Ready(trailers.ok().map(Ok));
                }
            };
            self.waiting.extend_from_slice(&data);
            match self.cut() {
                Ok(told) if told.is_empty() => {}
                told => return Poll::Ready(Some(told.map(Frame::data))),
            }
        }
    }
}

/// A report that does not tie says by how much, which is told to finance alone.
fn tell_no_figures(headers: &mut http::HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    let reason = Reason::ReportDoesNotTie;
    let details = status.get_error_details();
    let told = details.error_info().map(|info| info.reason.as_str());
    if status.code() != Code::Internal || told != Some(reason.as_str()) {
        return;
    }
    let message = "the report did not tie to the books; by how much is told to finance".to_owned();
    let bare = Status::from(Problem::new(reason, "", message, []));
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        headers.remove(name);
    }
    // It is made of texts of this file and cannot fail.
    let _ = bare.add_header(headers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_failure_are_left_out() {
        let failed = |reason, amount: &str| {
            let problem = Problem::new(
                reason,
                "",
                format!("holds {amount}"),
                [("ledger", amount.to_owned())],
            );
            let mut headers = http::HeaderMap::new();
            Status::from(problem).add_header(&mut headers).unwrap();
            tell_no_figures(&mut headers);
            Status::from_header_map(&headers).unwrap()
        };
        let status = failed(Reason::ReportDoesNotTie, "123456");
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (status.code(), &*info.reason),
            (Code::Internal, "REPORT_DOES_NOT_TIE")
        );
        assert!(!format!("{status:?}").contains("123456") && info.metadata.is_empty());
        let status = failed(Reason::CustomerNotFound, "123456");
        assert_eq!(
            status.get_error_details().error_info().unwrap().metadata["ledger"],
            "123456"
        );
        let mut none = http::HeaderMap::new();
        tell_no_figures(&mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn messages_are_taken_off_when_they_are_whole() {
        let mut bytes = BytesMut::from(&[0, 0, 0, 0, 2, 8, 7, 1, 0, 0, 0, 0, 0, 0, 0][..]);
        assert_eq!(
            next_message(&mut bytes),
            Some((false, BytesMut::from(&[8, 7][..])))
        );
        assert_eq!(next_message(&mut bytes), Some((true, BytesMut::new())));
        assert_eq!(next_message(&mut bytes), None);
        assert_eq!(bytes.len(), 3);
        let mut long = BytesMut::from(&[0, 255, 255, 255, 255, 1][..]);
        assert_eq!(next_message(&mut long), None);
    }

    #[test]
    fn compressed_questions_are_read_up_to_the_limit() {
        use std::io::Write as _;
        let gzip = |bytes: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(unpacked(&gzip(b"abc"), "gzip").unwrap(), b"abc");
        let bomb = gzip(&vec![0; QUESTION_LIMIT + 1]);
        assert_eq!(
            unpacked(&bomb, "gzip").unwrap_err().code(),
            Code::OutOfRange
        );
        let zstd = zstd::stream::encode_all(&b"abc"[..], 0).unwrap();
        assert_eq!(unpacked(&zstd, "zstd").unwrap(), b"abc");
        assert_eq!(unpacked(&zstd, "gzip").unwrap_err().code(), Code::Internal);
        assert_eq!(
            unpacked(b"abc", "br").unwrap_err().code(),
            Code::Unimplemented
        );
    }
}
