//! UDP sockets that wait until a call is done, on `wasi:sockets/udp`.

#![allow(dead_code)]

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::udp::{
    IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasip2::sockets::udp_create_socket::create_udp_socket;

use super::error::Kind;
use super::handles::Table;
use super::net::{self, Family};
use super::wait::Deadline;

/// The sockets of interfaces that name them by numbers.
pub static SOCKETS: Table<Socket> = Table::new();

/// A socket.
pub struct Socket(Mutex<State>);

/// The streams come first: they must be dropped before the socket they belong to.
#[derive(Default)]
struct State {
    streams: Option<(IncomingDatagramStream, OutgoingDatagramStream)>,
    socket: Option<UdpSocket>,
    family: Option<Family>,
    remote: Option<SocketAddr>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl Socket {
    /// A socket that is not bound. Without a family, the first address that it gets decides.
    pub fn new(family: Option<Family>) -> Self {
        Socket(Mutex::new(State {
            family,
            ..State::default()
        }))
    }

    /// A socket that is bound.
    pub fn open(local: SocketAddr) -> Result<Self, Kind> {
        let socket = Socket::new(None);
        socket.bind(local)?;
        Ok(socket)
    }

    /// A socket that talks to one remote address only.
    pub fn open_to(remote: SocketAddr, timeout: Option<Duration>) -> Result<Self, Kind> {
        let socket = Socket::new(None);
        socket.set_timeout(timeout);
        socket.connect(remote)?;
        Ok(socket)
    }

    pub fn bind(&self, local: SocketAddr) -> Result<(), Kind> {
        self.lock().bind(local)
    }

    /// From now on `send` sends there, and only what comes from there is received.
    pub fn connect(&self, remote: SocketAddr) -> Result<(), Kind> {
        let mut state = self.lock();
        state.remote = Some(remote);
        state.streams = None;
        state.streams(Family::of(&remote)).map(drop)
    }

    /// Sends one datagram to the address of `connect`; its length.
    pub fn send(&self, data: &[u8], timeout: Option<Duration>) -> Result<u64, Kind> {
        let mut state = self.lock();
        let remote = state.remote.ok_or(Kind::InvalidState)?;
        state.send(data, remote, timeout)
    }

    /// Sends one datagram; its length.
    pub fn send_to(
        &self,
        data: &[u8],
        remote: SocketAddr,
        timeout: Option<Duration>,
    ) -> Result<u64, Kind> {
        self.lock().send(data, remote, timeout)
    }

    /// Waits for a datagram. What is longer than `most` is cut.
    pub fn receive_from(
        &self,
        most: u64,
        timeout: Option<Duration>,
    ) -> Result<(Vec<u8>, SocketAddr), Kind> {
        let mut state = self.lock();
        let deadline = Deadline::after(timeout.or(state.read_timeout));
        let family = state.family.unwrap_or(Family::V4);
        let (incoming, _) = state.streams(family)?;
        loop {
            let mut datagrams = incoming.receive(1).map_err(net::kind)?;
            match datagrams.pop() {
                None => deadline.wait(&incoming.subscribe())?,
                Some(mut datagram) => {
                    let most = usize::try_from(most).unwrap_or(usize::MAX);
                    datagram.data.truncate(most);
                    return Ok((datagram.data, net::from_wasi(datagram.remote_address)));
                }
            }
        }
    }

    /// As `receive_from`, without the address.
    pub fn receive(&self, most: u64, timeout: Option<Duration>) -> Result<Vec<u8>, Kind> {
        Ok(self.receive_from(most, timeout)?.0)
    }

    /// Frees the address; it is no error when there is none.
    pub fn close(&self) -> Result<(), Kind> {
        let mut state = self.lock();
        state.streams = None;
        state.socket = None;
        state.remote = None;
        Ok(())
    }

    /// How long a call may wait. None is for ever.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.set_read_timeout(timeout);
        self.set_write_timeout(timeout);
    }

    /// How long `receive_from` may wait. None is for ever.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.lock().read_timeout = timeout;
    }

    /// How long `send_to` may wait. None is for ever.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.lock().write_timeout = timeout;
    }

    pub fn local_address(&self) -> Result<SocketAddr, Kind> {
        let state = self.lock();
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        socket
            .local_address()
            .map(net::from_wasi)
            .map_err(net::kind)
    }

    pub fn remote_address(&self) -> Result<SocketAddr, Kind> {
        self.lock().remote.ok_or(Kind::InvalidState)
    }

    pub fn family(&self) -> Family {
        self.lock().family.unwrap_or(Family::V4)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn bind(&mut self, local: SocketAddr) -> Result<(), Kind> {
        if self.socket.is_some() {
            return Err(Kind::InvalidState);
        }
        let family = Family::of(&local);
        if *self.family.get_or_insert(family) != family {
            return Err(Kind::InvalidArgument);
        }
        let socket = create_udp_socket(IpAddressFamily::from(family)).map_err(net::kind)?;
        socket
            .start_bind(&instance_network(), net::to_wasi(local))
            .map_err(net::kind)?;
        while let Err(code) = socket.finish_bind() {
            if code != ErrorCode::WouldBlock {
                return Err(net::kind(code));
            }
            socket.subscribe().block();
        }
        self.socket = Some(socket);
        Ok(())
    }

    /// The streams, opened when they are not; the socket is bound to any address when it is not.
    fn streams(
        &mut self,
        family: Family,
    ) -> Result<&(IncomingDatagramStream, OutgoingDatagramStream), Kind> {
        if self.socket.is_none() {
            self.bind(family.any_address())?;
        }
        if self.streams.is_none() {
            let socket = self.socket.as_ref().ok_or(Kind::InvalidState)?;
            let remote = self.remote.map(net::to_wasi);
            self.streams = Some(socket.stream(remote).map_err(net::kind)?);
        }
        self.streams.as_ref().ok_or(Kind::InvalidState)
    }

    fn send(
        &mut self,
        data: &[u8],
        remote: SocketAddr,
        timeout: Option<Duration>,
    ) -> Result<u64, Kind> {
        let deadline = Deadline::after(timeout.or(self.write_timeout));
        let connected = self.remote.is_some();
        let (_, outgoing) = self.streams(Family::of(&remote))?;
        let datagram = OutgoingDatagram {
            data: data.to_vec(),
            remote_address: Some(net::to_wasi(remote)).filter(|_| !connected),
        };
        loop {
            let room = outgoing.check_send().map_err(net::kind)?;
            if room > 0
                && outgoing
                    .send(std::slice::from_ref(&datagram))
                    .map_err(net::kind)?
                    > 0
            {
                return Ok(data.len() as u64);
            }
            deadline.wait(&outgoing.subscribe())?;
        }
    }
}

/// Sends one datagram, and gives the first one that comes back.
pub fn exchange(
    remote: SocketAddr,
    data: &[u8],
    timeout: Option<Duration>,
) -> Result<Vec<u8>, Kind> {
    let socket = Socket::open_to(remote, timeout)?;
    socket.send(data, None)?;
    socket.receive(u64::MAX, None)
}
