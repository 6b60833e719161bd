//! Whether a request carries the signature of this home's credentials (AWS Signature Version 4). S3 sees to its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;

use crate::AwsError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
/// By how much the clocks of the two may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// What the header `Authorization` says.
#[derive(Debug, PartialEq, Eq)]
struct Claim<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(ALGORITHM)?;
        let mut parts = rest.split(',').map(str::trim);
        let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let (credential, signed, signature) =
            (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        let mut scope = credential.split('/');
        let claim = Self {
            key: scope.next()?,
            date: scope.next()?,
            region: scope.next()?,
            service: scope.next()?,
            signed: signed.split(';').collect(),
            signature,
        };
        (scope.next() == Some("aws4_request") && scope.next().is_none()).then_some(claim)
    }
}

/// Refuses what is not signed with the credentials (key and secret). `now` in milliseconds since 1970.
pub(crate) fn check(
    parts: &Parts,
    body: &[u8],
    credentials: &(String, String),
    now: i64,
) -> Result<(), AwsError> {
    let headers = &parts.headers;
    let Some(text) = headers.get(AUTHORIZATION) else {
        let message = "The request is not signed.";
        return Err(AwsError::sender("MissingAuthenticationToken", message).with_status(403));
    };
    let claim = text.to_str().ok().and_then(Claim::parse);
    let claim =
        claim.ok_or_else(|| incomplete("The header Authorization is not one of AWS4-HMAC-SHA256."))?;
    if claim.key != credentials.0 {
        let message = "The security token included in the request is invalid.";
        return Err(AwsError::sender("UnrecognizedClientException", message).with_status(403));
    }
    let time = time(headers, claim.date)?;
    check_time(time, now)?;
    check_signed(headers, &claim)?;
    let expected = signature(parts, body, credentials, &claim, time);
    let expected = expected.ok_or_else(|| incomplete("The request cannot be signed as it is."))?;
    if same(expected.as_bytes(), claim.signature.as_bytes()) {
        return Ok(());
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    ))
}

fn incomplete(message: &str) -> AwsError {
    AwsError::sender("IncompleteSignatureException", message)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidSignatureException", message).with_status(403)
}

/// When it was signed.
fn time(headers: &HeaderMap, scope: &str) -> Result<SystemTime, AwsError> {
    let text = headers.get(DATE).and_then(|value| value.to_str().ok());
    let text = text.ok_or_else(|| incomplete("The request needs the header x-amz-date."))?;
    let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok();
    let parsed = parsed.and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let parsed = parsed.ok_or_else(|| incomplete("x-amz-date is not of the form 20261231T235959Z."))?;
    if !text.starts_with(scope) {
        return Err(invalid(
            "Date in Credential scope does not match YYYYMMDD from x-amz-date.",
        ));
    }
    let seconds = u64::try_from(parsed.timestamp().as_second()).unwrap_or(0);
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn check_time(signed: SystemTime, now: i64) -> Result<(), AwsError> {
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now).unwrap_or(0));
    let skew = now
        .duration_since(signed)
        .unwrap_or_else(|earlier| earlier.duration());
    if skew <= SKEW {
        return Ok(());
    }
    let when = if signed < now {
        "Signature expired"
    } else {
        "Signature not yet current"
    };
    let seconds = skew.as_secs();
    Err(invalid(format!(
        "{when}: the clocks differ by {seconds} seconds."
    )))
}

/// What an attacker could change must be signed: the host, and everything that says what is asked for.
fn check_signed(headers: &HeaderMap, claim: &Claim<'_>) -> Result<(), AwsError> {
    let signs = |name: &str| {
        claim
            .signed
            .iter()
            .any(|signed| signed.eq_ignore_ascii_case(name))
    };
    let needed = headers.keys().map(http::HeaderName::as_str);
    let needed = needed.filter(|name| name.starts_with("x-amz-")).chain(["host"]);
    match needed.into_iter().find(|name| !signs(name)) {
        None => Ok(()),
        Some(name) => Err(invalid(format!(
            "'{name}' must be a 'SignedHeader' in the AWS Authorization."
        ))),
    }
}

/// What the signature ought to be.
fn signature(
    parts: &Parts,
    body: &[u8],
    credentials: &(String, String),
    claim: &Claim<'_>,
    time: SystemTime,
) -> Option<String> {
    let identity = Credentials::new(&credentials.0, &credentials.1, None, None, "home").into();
    let mut settings = SigningSettings::default();
    // Those are signed that the client has signed, whatever they are.
    settings.excluded_headers = None;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(claim.region)
        .name(claim.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let mut headers = Vec::new();
    for name in &claim.signed {
        for value in parts.headers.get_all(*name) {
            headers.push((*name, value.to_str().ok()?));
        }
    }
    let host = parts.headers.get(HOST)?.to_str().ok()?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = format!("http://{host}{path}");
    let method = parts.method.as_str();
    let request = SignableRequest::new(method, uri, headers.into_iter(), SignableBody::Bytes(body)).ok()?;
    let (_, signature) = sign(request, &parameters).ok()?.into_parts();
    Some(signature)
}

/// In a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first example of AWS's own suite of tests for the signature.
    #[test]
    fn the_example_of_the_specification_is_accepted_and_nothing_else() {
        let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let credentials = (
            "AKIDEXAMPLE".to_owned(),
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        );
        let now = 1_440_938_160_000;
        let check = |path: &str, body: &str, signed: &str, signature: &str, now: i64| {
            let claim = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}"
            );
            let request = http::Request::get(path)
                .header("host", "example.amazonaws.com")
                .header("x-amz-date", "20150830T123600Z")
                .header("authorization", claim);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            check(&parts, body.as_bytes(), &credentials, now).map_err(|error| error.code.into_owned())
        };
        let signed = "host;x-amz-date";
        assert_eq!(check("/", "", signed, signature, now), Ok(()));
        let minutes = 60_000;
        assert_eq!(check("/", "", signed, signature, now + 5 * minutes), Ok(()));
        assert_eq!(check("/", "", signed, signature, now - 5 * minutes), Ok(()));
        let invalid = || Err("InvalidSignatureException".to_owned());
        assert_eq!(check("/", "", signed, signature, now + 6 * minutes), invalid());
        assert_eq!(check("/", "", signed, signature, now - 6 * minutes), invalid());
        assert_eq!(check("/other", "", signed, signature, now), invalid());
        assert_eq!(check("/", "body", signed, signature, now), invalid());
        assert_eq!(check("/", "", "host", signature, now), invalid());
        assert_eq!(check("/", "", "x-amz-date", signature, now), invalid());
        assert_eq!(check("/", "", signed, "", now), invalid());
        assert_eq!(
            check("/", "", signed, &signature.replace('5', "6"), now),
            invalid()
        );
    }

    #[test]
    fn what_is_no_signature_is_said_so() {
        for text in [
            "",
            "Basic eDp5",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=, Signature=",
        ] {
            assert_eq!(Claim::parse(text), None, "{text}");
        }
    }
}
