//! One line, as it is read by others. `ARCHITECTURE.md` says what each member means.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

/// All members stand in every line; what is not known, or is not, is `null`.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    /// When the request arrived, RFC 3339 in UTC with milliseconds.
    pub time: String,
    pub request: &'a str,
    pub snapshot: u64,
    pub client: Option<&'a str>,
    pub address: Option<String>,
    pub operation: &'a str,
    pub action: Option<&'a str>,
    pub bucket: Option<&'a str>,
    pub object: Option<&'a str>,
    pub version: Option<&'a str>,
    pub rule: Option<&'a str>,
    pub outcome: &'static str,
    pub mode: Option<&'a str>,
    pub algorithm: Option<&'static str>,
    pub key_id: Option<&'a str>,
    pub bytes: u64,
    pub status: Option<u16>,
    pub error: Option<&'static str>,
}

impl Line<'_> {
    /// Appends the line to `text`.
    pub fn render(&self, text: &mut Vec<u8>) {
        let began = text.len();
        match serde_json::to_writer(&mut *text, self) {
            Ok(()) => text.push(b'\n'),
            Err(error) => {
                // Numbers and texts always render.
                text.truncate(began);
                log::error!("{} has no audit line: {error}", self.request);
            }
        }
    }
}

/// RFC 3339 in UTC, with milliseconds.
pub(super) fn time(time: OffsetDateTime) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    time.format(format).unwrap_or_default()
}
