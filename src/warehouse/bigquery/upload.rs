//! Rows to `BigQuery` as the media of a load job: as many as there are, free of charge, in pieces that can be sent again
//! from where the server lost them.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value as Json;

use super::fault::Fault;
use super::rest::RestClient;
use crate::warehouse::ErrorClass;

/// How much is sent at once; the server takes multiples of 256 KiB.
const PIECE: usize = 8 << 20;

/// How often in a row a piece may be lost.
const ATTEMPTS: u32 = 6;

/// What a call about an upload was answered.
enum Answer {
    /// The job was made.
    Made,
    /// So many bytes are there.
    Partly(usize),
    /// The server knows the upload no more.
    Gone,
}

impl RestClient {
    /// Sends a job with its media, once, however often a part of it is lost. A job of this id that is there already is
    /// an error, as without media.
    pub(super) async fn upload(
        &self,
        project: &str,
        job: &Json,
        media: &str,
        pause: impl Fn(u32) -> Duration,
    ) -> Result<(), Fault> {
        let mut lost = 0;
        loop {
            let why = match self
                .upload_in_one_session(project, job, media, &pause, &mut lost)
                .await
            {
                Err(fault) if is_passing(&fault) => fault,
                other => return other,
            };
            lost += 1;
            if lost >= ATTEMPTS {
                let sentence = format!("cannot upload the rows in {ATTEMPTS} attempts: {}", why.message);
                return Err(Fault::new(ErrorClass::Transient, sentence));
            }
            tokio::time::sleep(pause(lost)).await;
        }
    }

    /// Sends what the server does not have, and asks it how much that is where a call was lost.
    async fn upload_in_one_session(
        &self,
        project: &str,
        job: &Json,
        media: &str,
        pause: &impl Fn(u32) -> Duration,
        lost: &mut u32,
    ) -> Result<(), Fault> {
        let url = self.begin_upload(project, job).await?;
        let mut next = Some(0);
        loop {
            let sent = next.unwrap_or_default();
            match self.put_piece(&url, media, next).await {
                Ok(Answer::Made) => return Ok(()),
                Ok(Answer::Partly(bytes)) if bytes > sent || next.is_none() => next = Some(bytes),
                // Another one begins anew.
                Ok(Answer::Gone) => {
                    let why = "the server lost the upload";
                    return Err(Fault::new(ErrorClass::Transient, why));
                }
                Ok(Answer::Partly(_)) => {
                    let why = "the server does not keep the upload";
                    return Err(Fault::new(ErrorClass::Transient, why));
                }
                Err(fault) if is_passing(&fault) && *lost + 1 < ATTEMPTS => {
                    *lost += 1;
                    tokio::time::sleep(pause(*lost)).await;
                    next = None;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Asks for an upload; what it is sent to is on this very server, whatever that says, because a token goes along.
    async fn begin_upload(&self, project: &str, job: &Json) -> Result<Url, Fault> {
        let api = self.base.strip_suffix("/bigquery/v2").unwrap_or(&self.base);
        let url = format!("{api}/upload/bigquery/v2/projects/{project}/jobs?uploadType=resumable");
        let answer = self.call(self.http.post(url).json(job)).await?;
        let place = answer
            .headers()
            .get(LOCATION)
            .and_then(|place| place.to_str().ok());
        let place = place.and_then(|place| Url::parse(place).ok());
        let Some(place) = place.filter(|_| answer.status().is_success()) else {
            return Err(refused(answer).await);
        };
        let mut url = Url::parse(api).map_err(|error| unusable(&error.to_string()))?;
        url.set_path(place.path());
        url.set_query(place.query());
        Ok(url)
    }

    /// Sends the piece that begins at this byte; without one, asks how far the server is.
    async fn put_piece(&self, url: &Url, media: &str, from: Option<usize>) -> Result<Answer, Fault> {
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
            StatusCode::PERMANENT_REDIRECT => Ok(Answer::Partly(received(&answer))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Answer::Gone),
            status if status.is_success() => Ok(Answer::Made),
            _ => Err(refused(answer).await),
        }
    }
}

const fn is_passing(fault: &Fault) -> bool {
    matches!(fault.class, ErrorClass::Transient | ErrorClass::Rate)
}

/// How many bytes the server says it has: `bytes=0-N`, nothing where there are none.
fn received(answer: &Response) -> usize {
    let range = answer.headers().get(RANGE).and_then(|range| range.to_str().ok());
    let last = range.and_then(|range| range.rsplit_once('-')?.1.parse::<usize>().ok());
    last.map_or(0, |last| last + 1)
}

fn unusable(why: &str) -> Fault {
    Fault::new(
        ErrorClass::Code,
        format!("cannot upload rows to this server: {why}"),
    )
}

async fn refused(answer: Response) -> Fault {
    let status = answer.status().as_u16();
    match answer.bytes().await {
        Ok(body) => Fault::of_answer(status, &body),
        Err(error) => error.into(),
    }
}
