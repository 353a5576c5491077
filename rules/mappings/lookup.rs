//! Names of machines, looked up with `wasi:sockets/ip-name-lookup`.

#![allow(dead_code)]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::ErrorCode;

use super::error::Kind;
use super::net;
use super::wait::Deadline;

/// The addresses of a name, best first. An address in text form gives itself; the host is not asked then.
pub fn addresses(name: &str, timeout: Option<Duration>) -> Result<Vec<IpAddr>, Kind> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    let deadline = Deadline::after(timeout);
    let stream = resolve_addresses(&instance_network(), name).map_err(net::kind)?;
    let mut found = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Ok(Some(address)) => found.push(net::ip_from_wasi(address)),
            Ok(None) => break,
            Err(ErrorCode::WouldBlock) => deadline.wait(&stream.subscribe())?,
            Err(code) => return Err(net::kind(code)),
        }
    }
    if found.is_empty() {
        return Err(Kind::NameNotFound);
    }
    Ok(found)
}

/// The first address of a name.
pub fn address(name: &str, timeout: Option<Duration>) -> Result<IpAddr, Kind> {
    addresses(name, timeout)?
        .first()
        .copied()
        .ok_or(Kind::NameNotFound)
}

/// The addresses of a name, with a port.
pub fn remotes(name: &str, port: u16) -> Result<Vec<SocketAddr>, Kind> {
    let found = addresses(name, None)?;
    Ok(found
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect())
}

/// The addresses of `host:port`.
pub fn remotes_of(text: &str) -> Result<Vec<SocketAddr>, Kind> {
    let (host, port) = net::split(text)?;
    remotes(host, port)
}

/// The first address of a name, with a port.
pub fn remote(name: &str, port: u16) -> Result<SocketAddr, Kind> {
    Ok(SocketAddr::new(address(name, None)?, port))
}

/// The first address of `host:port`.
pub fn remote_of(text: &str) -> Result<SocketAddr, Kind> {
    let (host, port) = net::split(text)?;
    remote(host, port)
}
