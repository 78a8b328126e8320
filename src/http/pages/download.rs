//! Downloads (B6, B7): streamed from where the archive lies, in chunks, whatever its size.

use std::io::{self, Read, Seek, SeekFrom};

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, EntityTag, ExtendedValue, Header,
    IfNoneMatch, IfRange, Range,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use crate::blobs::{Condition, Stored};
use crate::error::{Context, Error, Kind, Result};
use crate::exports::requests;
use crate::http::range::{self, Answer};
use crate::http::sessions::Visitor;
use crate::http::{State, blocking};
use crate::model::{Part, RequestId};

/// Bytes read at a time.
const CHUNK: u64 = 256 * 1024;

/// `GET` and `HEAD /administration/exports/{id}/parts/{number}`: administrators with access at this moment.
///
/// # Errors
/// Those of [`requests::find_part`]; when the bytes are not where they should be.
pub async fn get(
    request: HttpRequest,
    state: web::Data<State>,
    path: web::Path<(RequestId, i32)>,
    visitor: Visitor,
) -> Result<HttpResponse> {
    let (id, number) = path.into_inner();
    let user = visitor.user;
    let (part, storage_key) = state.read(move |c, now| requests::find_part(c, user, id, number, now)).await?;
    let blobs = state.blobs.clone();
    let found = blocking::run(move || blobs.find(&storage_key)).await?;
    let condition = Condition::of(found.as_ref().map(Stored::size), part.size);
    let file = match found {
        Some(file) if condition == Condition::Whole => file,
        _ => return Err(broken(id, number, condition)),
    };

    let size = u64::try_from(part.size).unwrap_or(0);
    // A hash of the content is the strongest of tags, and the one shown on the page.
    let tag = EntityTag::new_strong(part.sha256.clone());
    let (range, if_range) = asked_range(&request);
    let if_none_match =
        request.headers().contains_key(header::IF_NONE_MATCH).then(|| IfNoneMatch::parse(&request).ok()).flatten();
    let (status, first, length) = match range::answer(size, &tag, range, if_range, if_none_match) {
        Answer::Whole => (StatusCode::OK, 0, size),
        Answer::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Answer::Unchanged => {
            return Ok(HttpResponse::NotModified().insert_header(header::ETag(tag)).finish());
        }
        Answer::OutOfRange => {
            return Ok(HttpResponse::RangeNotSatisfiable()
                .insert_header((header::CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
    };
    if request.method() == Method::GET {
        let noted = part.clone();
        state.with_store(move |store, now| requests::note_download(store, user, id, &noted, now)).await?;
    }
    let mut response = HttpResponse::build(status);
    response
        .content_type("application/zip")
        .insert_header(header::ETag(tag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header(disposition(&part));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{size}", first + length - 1);
        response.insert_header((header::CONTENT_RANGE, range));
    }
    let file = blocking::run(move || {
        let mut file = file;
        file.seek(SeekFrom::Start(first)).context(|| "The archive could not be read.".to_owned())?;
        Ok(file)
    })
    .await?;
    Ok(response.body(SizedStream::new(length, chunks(file, length))))
}

/// What is not as it was built is never sent (B7a).
fn broken(id: RequestId, number: i32, condition: Condition) -> Error {
    let what = match condition {
        Condition::Damaged(_) => "damaged",
        Condition::Missing | Condition::Whole => "missing",
    };
    Error::new(
        Kind::Unavailable,
        format!(
            "Part {number} of this export is {what} on the server. Ask its operator to put it back, and tell the number of the \
             export, {id}."
        ),
    )
    .because(format!("“compliance-exports export --again {id} --restore” puts it back: {condition:?}"))
}

/// The range that is asked for, and of which file. Only GET has ranges (RFC 9110); and a condition that can't be read is
/// one that does not hold, so it gets the whole.
fn asked_range(request: &HttpRequest) -> (Option<Range>, Option<IfRange>) {
    let range = (request.method() == Method::GET).then(|| Range::parse(request).ok()).flatten();
    if !request.headers().contains_key(header::IF_RANGE) {
        return (range, None);
    }
    match IfRange::parse(request) {
        Ok(if_range) => (range, Some(if_range)),
        Err(_) => (None, None),
    }
}

/// The next `length` bytes of a file, read as fast as they are taken.
fn chunks(file: Stored, length: u64) -> impl futures_util::Stream<Item = Result<Bytes>> {
    stream::try_unfold((file, length), |(file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let (chunk, file) = blocking::run(move || {
            let mut chunk = Vec::new();
            let mut part = file.take(left.min(CHUNK));
            let read = part.read_to_end(&mut chunk).and_then(|read| match read {
                0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                _ => Ok(chunk),
            });
            let chunk = read.context(|| "The archive could not be read to its end.".to_owned())?;
            Ok((chunk, part.into_inner()))
        })
        .await
        .inspect_err(|error| tracing::error!(cause = %error.causes(), "a download broke off: {error}"))?;
        let left = left - chunk.len() as u64;
        Ok(Some((Bytes::from(chunk), (file, left))))
    })
}

/// The file name, for all browsers and in full for those that know how.
fn disposition(part: &Part) -> ContentDisposition {
    let plain: String = part
        .file_name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' })
        .collect();
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(plain),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: part.file_name.clone().into_bytes(),
            }),
        ],
    }
}
