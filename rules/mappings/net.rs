//! Addresses and error codes: those of `std::net` and those of `wasi:sockets/network`.

#![allow(dead_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

use super::error::Kind;

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    /// That of an address.
    pub fn of(address: &SocketAddr) -> Self {
        if address.is_ipv4() {
            Family::V4
        } else {
            Family::V6
        }
    }

    /// Any address of this machine, any free port.
    pub fn any_address(self) -> SocketAddr {
        match self {
            Family::V4 => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            Family::V6 => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        }
    }
}

impl From<Family> for IpAddressFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => IpAddressFamily::Ipv4,
            Family::V6 => IpAddressFamily::Ipv6,
        }
    }
}

/// A socket address for the host.
pub fn to_wasi(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: v4.port(),
            address: v4.ip().octets().into(),
        }),
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}

/// A socket address from the host.
pub fn from_wasi(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => {
            SocketAddrV4::new(<[u8; 4]>::from(v4.address).into(), v4.port).into()
        }
        IpSocketAddress::Ipv6(v6) => SocketAddrV6::new(
            <[u16; 8]>::from(v6.address).into(),
            v6.port,
            v6.flow_info,
            v6.scope_id,
        )
        .into(),
    }
}

/// An IP address from the host.
pub fn ip_from_wasi(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4(v4) => <[u8; 4]>::from(v4).into(),
        IpAddress::Ipv6(v6) => <[u16; 8]>::from(v6).into(),
    }
}

/// The address of four or sixteen bytes.
pub fn ip_from_bytes(bytes: &[u8]) -> Result<IpAddr, Kind> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).map(IpAddr::from),
    }
    .map_err(|_| Kind::InvalidArgument)
}

/// The bytes of an address.
pub fn ip_to_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// `host:port`, where an IPv6 address is in brackets.
pub fn split(text: &str) -> Result<(&str, u16), Kind> {
    let (host, port) = text.rsplit_once(':').ok_or(Kind::InvalidArgument)?;
    let port = port.parse().map_err(|_| Kind::InvalidArgument)?;
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    Ok((inner.unwrap_or(host), port))
}

/// An error code of `wasi:sockets`.
pub fn kind(code: ErrorCode) -> Kind {
    match code {
        ErrorCode::Unknown => Kind::Other,
        ErrorCode::AccessDenied => Kind::AccessDenied,
        ErrorCode::NotSupported => Kind::NotSupported,
        ErrorCode::InvalidArgument => Kind::InvalidArgument,
        ErrorCode::OutOfMemory => Kind::OutOfMemory,
        ErrorCode::Timeout => Kind::Timeout,
        ErrorCode::WouldBlock => Kind::WouldBlock,
        ErrorCode::ConcurrencyConflict | ErrorCode::NotInProgress | ErrorCode::InvalidState => {
            Kind::InvalidState
        }
        ErrorCode::NewSocketLimit => Kind::Limit,
        ErrorCode::AddressNotBindable => Kind::AddressNotAvailable,
        ErrorCode::AddressInUse => Kind::AddressInUse,
        ErrorCode::RemoteUnreachable => Kind::Unreachable,
        ErrorCode::ConnectionRefused => Kind::Refused,
        ErrorCode::ConnectionReset => Kind::Reset,
        ErrorCode::ConnectionAborted => Kind::Aborted,
        ErrorCode::DatagramTooLarge => Kind::TooLarge,
        ErrorCode::NameUnresolvable | ErrorCode::PermanentResolverFailure => Kind::NameNotFound,
        ErrorCode::TemporaryResolverFailure => Kind::NameLookupFailed,
    }
}
