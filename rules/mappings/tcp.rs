//! TCP sockets that wait until a call is done, on `wasi:sockets/tcp`.

#![allow(dead_code)]

use std::net::{Shutdown, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use super::error::Kind;
use super::handles::Table;
use super::net::{self, Family};
use super::wait::Deadline;

/// The sockets of interfaces that name them by numbers.
pub static SOCKETS: Table<Socket> = Table::new();

/// The most that one call reads or writes.
const CHUNK: u64 = 64 * 1024;

/// A socket.
pub struct Socket(Mutex<State>);

/// The streams come first: they must be dropped before the socket they belong to.
#[derive(Default)]
struct State {
    streams: Option<(InputStream, OutputStream)>,
    socket: Option<TcpSocket>,
    family: Option<Family>,
    local: Option<SocketAddr>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl Socket {
    /// A socket that is not connected. Without a family, the first address that it gets decides.
    pub fn new(family: Option<Family>) -> Self {
        Socket(Mutex::new(State {
            family,
            ..State::default()
        }))
    }

    /// A socket that is connected.
    pub fn open(remotes: &[SocketAddr], timeout: Option<Duration>) -> Result<Self, Kind> {
        let socket = Socket::new(None);
        socket.connect(remotes, timeout)?;
        Ok(socket)
    }

    /// A socket that listens.
    pub fn serve(local: SocketAddr, backlog: Option<u64>) -> Result<Self, Kind> {
        let socket = Socket::new(None);
        socket.bind(local)?;
        socket.listen(backlog)?;
        Ok(socket)
    }

    pub fn bind(&self, local: SocketAddr) -> Result<(), Kind> {
        let mut state = self.lock();
        if state.socket.is_some() {
            return Err(Kind::InvalidState);
        }
        state.local = Some(local);
        state.create(Family::of(&local)).map(drop)
    }

    /// Connects to the first address that answers. A `timeout` here and in other calls is for that call only.
    pub fn connect(&self, remotes: &[SocketAddr], timeout: Option<Duration>) -> Result<(), Kind> {
        let mut state = self.lock();
        if state.streams.is_some() {
            return Err(Kind::InvalidState);
        }
        let mut failed = Kind::InvalidArgument;
        for remote in remotes {
            match state.connect(*remote, timeout) {
                Ok(()) => return Ok(()),
                Err(kind) => failed = kind,
            }
            // A socket that could not connect is good for nothing more.
            state.socket = None;
        }
        Err(failed)
    }

    /// Waits for connections from now on. The host chooses the backlog when there is none.
    pub fn listen(&self, backlog: Option<u64>) -> Result<(), Kind> {
        let state = self.lock();
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        if let Some(backlog) = backlog {
            socket
                .set_listen_backlog_size(backlog.max(1))
                .map_err(net::kind)?;
        }
        socket.start_listen().map_err(net::kind)?;
        until_done(socket, Deadline::after(None), || socket.finish_listen())
    }

    /// Waits for a connection, for as long as `receive` may.
    pub fn accept(&self, timeout: Option<Duration>) -> Result<Self, Kind> {
        let state = self.lock();
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        let deadline = Deadline::after(timeout.or(state.read_timeout));
        let (accepted, input, output) = until_done(socket, deadline, || socket.accept())?;
        Ok(Socket(Mutex::new(State {
            streams: Some((input, output)),
            socket: Some(accepted),
            family: state.family,
            ..State::default()
        })))
    }

    /// As `accept`, with the address of the other side.
    pub fn accept_from(&self, timeout: Option<Duration>) -> Result<(Self, SocketAddr), Kind> {
        let accepted = self.accept(timeout)?;
        let remote = accepted.remote_address()?;
        Ok((accepted, remote))
    }

    /// Sends as many of the bytes as the connection takes, at least one, and says how many.
    pub fn send(&self, data: &[u8], timeout: Option<Duration>) -> Result<u64, Kind> {
        let state = self.lock();
        let (_, output) = state.streams.as_ref().ok_or(Kind::InvalidState)?;
        if data.is_empty() {
            return Ok(0);
        }
        let deadline = Deadline::after(timeout.or(state.write_timeout));
        let length = room(output, deadline)?.min(data.len() as u64).min(CHUNK);
        output
            .write(&data[..length as usize])
            .map_err(stream_kind)?;
        output.flush().map_err(stream_kind)?;
        // What the stream has taken counts as sent, even when flushing it takes longer than allowed.
        match room(output, deadline) {
            Err(Kind::Timeout) | Ok(_) => Ok(length),
            Err(kind) => Err(kind),
        }
    }

    /// Sends all bytes.
    pub fn send_all(&self, mut data: &[u8], timeout: Option<Duration>) -> Result<u64, Kind> {
        let length = data.len() as u64;
        while !data.is_empty() {
            let sent = self.send(data, timeout)?;
            data = &data[sent as usize..];
        }
        Ok(length)
    }

    /// Waits for bytes and gives at most so many. No bytes are the end of the stream.
    pub fn receive(&self, most: u64, timeout: Option<Duration>) -> Result<Vec<u8>, Kind> {
        let state = self.lock();
        let (input, _) = state.streams.as_ref().ok_or(Kind::InvalidState)?;
        if most == 0 {
            return Ok(Vec::new());
        }
        let deadline = Deadline::after(timeout.or(state.read_timeout));
        loop {
            match input.read(most.min(CHUNK)) {
                Ok(bytes) if bytes.is_empty() => deadline.wait(&input.subscribe())?,
                Ok(bytes) => return Ok(bytes),
                Err(StreamError::Closed) => return Ok(Vec::new()),
                Err(error) => return Err(stream_kind(error)),
            }
        }
    }

    /// Waits for exactly so many bytes.
    pub fn receive_exactly(&self, length: u64, timeout: Option<Duration>) -> Result<Vec<u8>, Kind> {
        let mut all = Vec::new();
        while (all.len() as u64) < length {
            let bytes = self.receive(length - all.len() as u64, timeout)?;
            if bytes.is_empty() {
                return Err(Kind::Closed);
            }
            all.extend(bytes);
        }
        Ok(all)
    }

    /// Reads until the other side closes.
    pub fn receive_to_end(&self, timeout: Option<Duration>) -> Result<Vec<u8>, Kind> {
        let mut all = Vec::new();
        loop {
            let bytes = self.receive(CHUNK, timeout)?;
            if bytes.is_empty() {
                return Ok(all);
            }
            all.extend(bytes);
        }
    }

    /// Closes one half of the connection, or both.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Kind> {
        let state = self.lock();
        if state.streams.is_none() {
            return Err(Kind::InvalidState);
        }
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        let how = match how {
            Shutdown::Read => ShutdownType::Receive,
            Shutdown::Write => ShutdownType::Send,
            Shutdown::Both => ShutdownType::Both,
        };
        socket.shutdown(how).map_err(net::kind)
    }

    /// Closes the connection; it is no error when there is none.
    pub fn close(&self) -> Result<(), Kind> {
        let mut state = self.lock();
        state.streams = None;
        state.socket = None;
        state.local = None;
        Ok(())
    }

    /// How long `connect`, `send` and `receive` may wait. None is for ever.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.set_read_timeout(timeout);
        self.set_write_timeout(timeout);
    }

    /// How long `receive` and `accept` may wait. None is for ever.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.lock().read_timeout = timeout;
    }

    /// How long `connect` and `send` may wait. None is for ever.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.lock().write_timeout = timeout;
    }

    pub fn set_keep_alive(&self, on: bool) -> Result<(), Kind> {
        let state = self.lock();
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        socket.set_keep_alive_enabled(on).map_err(net::kind)
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
        let state = self.lock();
        let socket = state.socket.as_ref().ok_or(Kind::InvalidState)?;
        socket
            .remote_address()
            .map(net::from_wasi)
            .map_err(net::kind)
    }

    pub fn family(&self) -> Family {
        self.lock().family.unwrap_or(Family::V4)
    }

    pub fn is_connected(&self) -> bool {
        self.lock().streams.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The socket, made and bound when that is still to be done.
    fn create(&mut self, family: Family) -> Result<&TcpSocket, Kind> {
        if *self.family.get_or_insert(family) != family {
            return Err(Kind::InvalidArgument);
        }
        if self.socket.is_none() {
            let socket = create_tcp_socket(IpAddressFamily::from(family)).map_err(net::kind)?;
            if let Some(local) = self.local {
                socket
                    .start_bind(&instance_network(), net::to_wasi(local))
                    .map_err(net::kind)?;
                until_done(&socket, Deadline::after(None), || socket.finish_bind())?;
            }
            self.socket = Some(socket);
        }
        self.socket.as_ref().ok_or(Kind::InvalidState)
    }

    fn connect(&mut self, remote: SocketAddr, timeout: Option<Duration>) -> Result<(), Kind> {
        let deadline = Deadline::after(timeout.or(self.write_timeout));
        let socket = self.create(Family::of(&remote))?;
        socket
            .start_connect(&instance_network(), net::to_wasi(remote))
            .map_err(net::kind)?;
        self.streams = Some(until_done(socket, deadline, || socket.finish_connect())?);
        Ok(())
    }
}

/// Connects, sends the bytes, and reads what comes until the other side closes.
pub fn exchange(
    remotes: &[SocketAddr],
    data: &[u8],
    timeout: Option<Duration>,
) -> Result<Vec<u8>, Kind> {
    let socket = Socket::open(remotes, timeout)?;
    socket.set_timeout(timeout);
    socket.send_all(data, None)?;
    socket.shutdown(Shutdown::Write)?;
    socket.receive_to_end(None)
}

/// Calls the second half of an operation until it is done.
fn until_done<T>(
    socket: &TcpSocket,
    deadline: Deadline,
    finish: impl Fn() -> Result<T, ErrorCode>,
) -> Result<T, Kind> {
    loop {
        match finish() {
            Err(ErrorCode::WouldBlock) => deadline.wait(&socket.subscribe())?,
            done => return done.map_err(net::kind),
        }
    }
}

/// Waits until the stream takes bytes; how many.
fn room(output: &OutputStream, deadline: Deadline) -> Result<u64, Kind> {
    loop {
        match output.check_write().map_err(stream_kind)? {
            0 => deadline.wait(&output.subscribe())?,
            room => return Ok(room),
        }
    }
}

/// Streams do not say why they failed; a connection that does was cut.
fn stream_kind(error: StreamError) -> Kind {
    match error {
        StreamError::Closed => Kind::Closed,
        StreamError::LastOperationFailed(_) => Kind::Reset,
    }
}
