//! Why a call failed, in terms that each interface translates into its own.

#![allow(dead_code)]

/// The reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Other,
    AccessDenied,
    NotSupported,
    InvalidArgument,
    InvalidState,
    InvalidHandle,
    OutOfMemory,
    Limit,
    Timeout,
    WouldBlock,
    AddressInUse,
    AddressNotAvailable,
    Unreachable,
    Refused,
    Reset,
    Aborted,
    Closed,
    NameNotFound,
    NameLookupFailed,
    TooLarge,
    NotFound,
    Protocol,
    Tls,
}

impl Kind {
    /// A sentence for people.
    pub fn text(self) -> &'static str {
        match self {
            Kind::Other => "unknown error",
            Kind::AccessDenied => "access denied",
            Kind::NotSupported => "not supported",
            Kind::InvalidArgument => "invalid argument",
            Kind::InvalidState => "invalid state",
            Kind::InvalidHandle => "invalid handle",
            Kind::OutOfMemory => "out of memory",
            Kind::Limit => "too many open handles",
            Kind::Timeout => "timed out",
            Kind::WouldBlock => "would block",
            Kind::AddressInUse => "address in use",
            Kind::AddressNotAvailable => "address not available",
            Kind::Unreachable => "unreachable",
            Kind::Refused => "connection refused",
            Kind::Reset => "connection reset",
            Kind::Aborted => "connection aborted",
            Kind::Closed => "closed",
            Kind::NameNotFound => "name not found",
            Kind::NameLookupFailed => "name lookup failed",
            Kind::TooLarge => "too large",
            Kind::NotFound => "not found",
            Kind::Protocol => "protocol error",
            Kind::Tls => "TLS error",
        }
    }

    /// The number that Linux gives it (`errno`), never 0.
    pub fn errno(self) -> u8 {
        match self {
            Kind::Other | Kind::NameLookupFailed => 5, // EIO
            Kind::AccessDenied => 13,                  // EACCES
            Kind::NotSupported => 95,                  // EOPNOTSUPP
            Kind::InvalidArgument => 22,               // EINVAL
            Kind::InvalidState => 107,                 // ENOTCONN
            Kind::InvalidHandle => 9,                  // EBADF
            Kind::OutOfMemory => 12,                   // ENOMEM
            Kind::Limit => 24,                         // EMFILE
            Kind::Timeout => 110,                      // ETIMEDOUT
            Kind::WouldBlock => 11,                    // EAGAIN
            Kind::AddressInUse => 98,                  // EADDRINUSE
            Kind::AddressNotAvailable => 99,           // EADDRNOTAVAIL
            Kind::Unreachable => 113,                  // EHOSTUNREACH
            Kind::Refused => 111,                      // ECONNREFUSED
            Kind::Reset => 104,                        // ECONNRESET
            Kind::Aborted => 103,                      // ECONNABORTED
            Kind::Closed => 32,                        // EPIPE
            Kind::NameNotFound | Kind::NotFound => 2,  // ENOENT
            Kind::TooLarge => 90,                      // EMSGSIZE
            Kind::Protocol | Kind::Tls => 71,          // EPROTO
        }
    }
}
