//! Resumable uploads of rows as the media of a load job: any number of rows, free of charge, in chunks that can be
//! resent from the point of failure.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value as Json;

use super::api_error::ApiError;
use super::rest::RestClient;
use crate::warehouse::ErrorClass;

/// Chunk size; the server requires multiples of 256 KiB.
const PIECE: usize = 8 << 20;

/// Maximum number of consecutive failures of a chunk.
const ATTEMPTS: u32 = 6;

/// The server's answer to a call of an upload.
enum UploadReply {
    /// The upload is complete and the job was created.
    Complete,
    /// The server has received this many bytes.
    Partial(usize),
    /// The server has dropped the upload.
    Gone,
}

impl RestClient {
    /// Sends a job with its media and resends lost chunks; the job is created once. A job id that is already taken is
    /// an error, as without media.
    pub(super) async fn upload(
        &self,
        project: &str,
        job: &Json,
        media: &str,
        pause: impl Fn(u32) -> Duration,
    ) -> Result<(), ApiError> {
        let mut lost = 0;
        loop {
            let why = match self
                .upload_in_one_session(project, job, media, &pause, &mut lost)
                .await
            {
                Err(error) if is_transient(&error) => error,
                other => return other,
            };
            lost += 1;
            if lost >= ATTEMPTS {
                let sentence = format!("cannot upload the rows in {ATTEMPTS} attempts: {}", why.message);
                return Err(ApiError::new(ErrorClass::Transient, sentence));
            }
            tokio::time::sleep(pause(lost)).await;
        }
    }

    /// Sends the missing bytes. After a lost call, asks the server how many it has.
    async fn upload_in_one_session(
        &self,
        project: &str,
        job: &Json,
        media: &str,
        pause: &impl Fn(u32) -> Duration,
        lost: &mut u32,
    ) -> Result<(), ApiError> {
        let url = self.begin_upload(project, job).await?;
        let mut next = Some(0);
        loop {
            let sent = next.unwrap_or_default();
            match self.put_piece(&url, media, next).await {
                Ok(UploadReply::Complete) => return Ok(()),
                Ok(UploadReply::Partial(bytes)) if bytes > sent || next.is_none() => next = Some(bytes),
                // A new session starts from the beginning.
                Ok(UploadReply::Gone) => {
                    let why = "the server lost the upload";
                    return Err(ApiError::new(ErrorClass::Transient, why));
                }
                Ok(UploadReply::Partial(_)) => {
                    let why = "the server does not keep the upload";
                    return Err(ApiError::new(ErrorClass::Transient, why));
                }
                Err(error) if is_transient(&error) && *lost + 1 < ATTEMPTS => {
                    *lost += 1;
                    tokio::time::sleep(pause(*lost)).await;
                    next = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts an upload. The upload URL must be on this server, because calls send a token.
    async fn begin_upload(&self, project: &str, job: &Json) -> Result<Url, ApiError> {
        let api = self.base.strip_suffix("/bigquery/v2").unwrap_or(&self.base);
        let url = format!("{api}/upload/bigquery/v2/projects/{project}/jobs?uploadType=resumable");
        let answer = self.call(self.http.post(url).json(job)).await?;
        let place = answer
            .headers()
            .get(LOCATION)
            .and_then(|place| place.to_str().ok());
        let place = place.and_then(|place| Url::parse(place).ok());
        let Some(place) = place.filter(|_| answer.status().is_success()) else {
            return Err(error_of(answer).await);
        };
        let mut url = Url::parse(api).map_err(|error| unusable(&error.to_string()))?;
        url.set_path(place.path());
        url.set_query(place.query());
        Ok(url)
    }

    /// Sends the chunk at this offset; with `None`, asks how many bytes the server has.
    async fn put_piece(&self, url: &Url, media: &str, from: Option<usize>) -> Result<UploadReply, ApiError> {
        let bytes = media.as_bytes();
        let (range, piece) = match from {
            Some(from) if from < bytes.len() => {
                let end = (from + PIECE).min(bytes.len());
                (
                    format!("bytes {from}-{}/{}", end - 1, bytes.len()),
                    bytes[from..end].to_vec(),
                )
            }
            _ => (format!("bytes */{}", bytes.len()), Vec::new()),
        };
        let request = self
            .http
            .put(url.clone())
            .header(CONTENT_RANGE, range)
            .body(piece);
        let answer = self.call(request).await?;
        match answer.status() {
            StatusCode::PERMANENT_REDIRECT => Ok(UploadReply::Partial(received(&answer))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(UploadReply::Gone),
            status if status.is_success() => Ok(UploadReply::Complete),
            _ => Err(error_of(answer).await),
        }
    }
}

const fn is_transient(error: &ApiError) -> bool {
    matches!(error.class, ErrorClass::Transient | ErrorClass::Rate)
}

/// The number of bytes received, from `bytes=0-N`; 0 if the header is missing.
fn received(answer: &Response) -> usize {
    let range = answer.headers().get(RANGE).and_then(|range| range.to_str().ok());
    let last = range.and_then(|range| range.rsplit_once('-')?.1.parse::<usize>().ok());
    last.map_or(0, |last| last + 1)
}

fn unusable(why: &str) -> ApiError {
    ApiError::new(
        ErrorClass::Code,
        format!("cannot upload rows to this server: {why}"),
    )
}

async fn error_of(answer: Response) -> ApiError {
    let status = answer.status().as_u16();
    match answer.bytes().await {
        Ok(body) => ApiError::of_answer(status, &body),
        Err(error) => error.into(),
    }
}
