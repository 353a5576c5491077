//! HTTP requests that wait for the whole answer, on `wasi:http/outgoing-handler`.

#![allow(dead_code)]

use std::time::Duration;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasip2::io::streams::StreamError;

use super::error::Kind;
use super::wait::Deadline;

/// The most that one call reads or writes.
const CHUNK: usize = 4096;

/// An answer.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Its body, when the status says that all went well (200 to 299).
    pub fn success(self) -> Result<Vec<u8>, Kind> {
        match self.status {
            200..=299 => Ok(self.body),
            404 | 410 => Err(Kind::NotFound),
            401 | 403 => Err(Kind::AccessDenied),
            _ => Err(Kind::Protocol),
        }
    }
}

/// A body as text, which it need not be.
pub fn text(body: Vec<u8>) -> Result<String, Kind> {
    String::from_utf8(body).map_err(|_| Kind::Protocol)
}

/// Sends a request and waits for the answer. Redirects are not followed.
pub fn request(
    method: &str,
    url: &str,
    headers: &[(String, Vec<u8>)],
    body: &[u8],
    timeout: Option<Duration>,
) -> Result<Response, Kind> {
    let deadline = Deadline::after(timeout);
    let fields = Fields::new();
    for (name, value) in headers {
        fields
            .append(name, value)
            .map_err(|_| Kind::InvalidArgument)?;
    }
    if !body.is_empty() && !fields.has("content-length") {
        let length = body.len().to_string();
        fields
            .append("content-length", length.as_bytes())
            .map_err(|_| Kind::InvalidArgument)?;
    }
    let request = OutgoingRequest::new(fields);
    let (scheme, authority, path) = split(url)?;
    request
        .set_method(&method_of(method))
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(&path)))
        .map_err(|()| Kind::InvalidArgument)?;
    let outgoing = request.body().map_err(|()| Kind::InvalidState)?;
    let future = handle(request, options(timeout)).map_err(kind)?;
    send(outgoing, body, deadline)?;
    loop {
        match future.get() {
            Some(answer) => {
                let response = answer.map_err(|()| Kind::InvalidState)?.map_err(kind)?;
                return receive(response, deadline);
            }
            None => deadline.wait(&future.subscribe())?,
        }
    }
}

fn send(outgoing: OutgoingBody, mut body: &[u8], deadline: Deadline) -> Result<(), Kind> {
    let stream = outgoing.write().map_err(|()| Kind::InvalidState)?;
    while !body.is_empty() {
        let room = stream.check_write().map_err(stream_kind)?;
        if room == 0 {
            deadline.wait(&stream.subscribe())?;
            continue;
        }
        let length = usize::try_from(room)
            .unwrap_or(CHUNK)
            .min(CHUNK)
            .min(body.len());
        stream.write(&body[..length]).map_err(stream_kind)?;
        body = &body[length..];
    }
    stream.flush().map_err(stream_kind)?;
    while stream.check_write().map_err(stream_kind)? == 0 {
        deadline.wait(&stream.subscribe())?;
    }
    drop(stream);
    OutgoingBody::finish(outgoing, None).map_err(kind)
}

fn receive(response: IncomingResponse, deadline: Deadline) -> Result<Response, Kind> {
    let status = response.status();
    let headers = response.headers().entries();
    let incoming = response.consume().map_err(|()| Kind::InvalidState)?;
    let stream = incoming.stream().map_err(|()| Kind::InvalidState)?;
    let mut body = Vec::new();
    loop {
        match stream.read(CHUNK as u64) {
            Ok(bytes) if bytes.is_empty() => deadline.wait(&stream.subscribe())?,
            Ok(bytes) => body.extend(bytes),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(stream_kind(error)),
        }
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn options(timeout: Option<Duration>) -> Option<RequestOptions> {
    let nanoseconds = u64::try_from(timeout?.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A host that cannot limit these is still held to the deadline.
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    Some(options)
}

/// Scheme, authority, and path with query.
fn split(url: &str) -> Result<(Scheme, &str, String), Kind> {
    let (scheme, rest) = url.split_once("://").ok_or(Kind::InvalidArgument)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(Kind::NotSupported),
    };
    let rest = rest.split('#').next().unwrap_or(rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() {
        return Err(Kind::InvalidArgument);
    }
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    Ok((scheme, authority, path))
}

fn method_of(name: &str) -> Method {
    match name.to_ascii_uppercase().as_str() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        _ => Method::Other(name.to_owned()),
    }
}

fn kind(code: ErrorCode) -> Kind {
    match code {
        ErrorCode::DnsTimeout => Kind::NameLookupFailed,
        ErrorCode::DnsError(_) => Kind::NameNotFound,
        ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable => Kind::Unreachable,
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => Kind::AccessDenied,
        ErrorCode::ConnectionRefused => Kind::Refused,
        ErrorCode::ConnectionTerminated => Kind::Reset,
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Kind::Timeout,
        ErrorCode::ConnectionLimitReached => Kind::Limit,
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => Kind::Tls,
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => {
            Kind::InvalidArgument
        }
        ErrorCode::HttpRequestBodySize(_) | ErrorCode::HttpResponseBodySize(_) => Kind::TooLarge,
        ErrorCode::HttpResponseIncomplete | ErrorCode::HttpProtocolError => Kind::Protocol,
        _ => Kind::Other,
    }
}

fn stream_kind(error: StreamError) -> Kind {
    match error {
        StreamError::Closed => Kind::Closed,
        StreamError::LastOperationFailed(_) => Kind::Reset,
    }
}
