//! Uses the bridge as code uses bindings, one word for each thing to do.

use wasi_bridge::proof::app::{
    clocks, dns, env, kv, kv_calls, logging, rng, settings, tcp_calls, udp_calls, web, wires,
};

mod bindings {
    wit_bindgen::generate!({
        inline: "package proof:exports; world app {
            export run: func(what: string, host: string, port: u16) -> result<string, string>;
        }",
    });
}
mod all;
#[deny(warnings)]
mod wasi_bridge;

struct App;

bindings::export!(App with_types_in bindings);

type Outcome = Result<String, String>;

impl bindings::Guest for App {
    fn run(what: String, host: String, port: u16) -> Outcome {
        match what.as_str() {
            "tcp-resource" => tcp_resource(port),
            "tcp-refused" => tcp_refused(port),
            "tcp-timeout" => tcp_timeout(port),
            "tcp-states" => tcp_states(),
            "tcp-serve" => tcp_serve(),
            "tcp-half" => tcp_half(port),
            "tcp-handle" => tcp_handle(&host, port),
            "tcp-bad-handle" => tcp_bad_handle(),
            "udp-resource" => udp_resource(port),
            "udp-timeout" => udp_timeout(),
            "udp-handle" => udp_handle(port),
            "lookup" => lookup(&host),
            "http" => http(&format!("http://{host}:{port}")),
            "clocks" => clocks(),
            "random" => random(),
            "environment" => environment(),
            "logging" => logging(),
            "store" => store(),
            "store-handle" => store_handle(),
            "all" => Ok(all::all().to_string()),
            _ => Err(format!("nothing is called {what}")),
        }
    }
}

fn debug<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn loopback(port: u16) -> wires::Endpoint {
    wires::Endpoint::V4(wires::V4Endpoint {
        octets: (127, 0, 0, 1),
        port,
    })
}

fn port_of(endpoint: wires::Endpoint) -> u16 {
    match endpoint {
        wires::Endpoint::V4(v4) => v4.port,
        wires::Endpoint::V6(v6) => v6.port,
    }
}

fn tcp_resource(port: u16) -> Outcome {
    let stream = wires::TcpStream::new();
    stream.set_timeout(5000);
    stream.dial(loopback(port)).map_err(debug)?;
    let peer = port_of(stream.peer_addr().map_err(debug)?);
    let local = port_of(stream.local_addr().map_err(debug)?);
    // More than one write takes.
    let data = vec![b'x'; 200_000];
    stream.write_all(&data).map_err(debug)?;
    let mut all = Vec::new();
    while all.len() < data.len() {
        let bytes = stream.read(4096).map_err(debug)?;
        if bytes.is_empty() {
            break;
        }
        all.extend(bytes);
    }
    let same = all.iter().filter(|byte| **byte == b'X').count();
    Ok(format!(
        "{} bytes, {same} in capitals, peer {}, local {}",
        all.len(),
        peer == port,
        local > 0
    ))
}

fn tcp_refused(port: u16) -> Outcome {
    let stream = wires::TcpStream::new();
    match stream.dial(loopback(port)) {
        Err(wires::Trouble::Refused) => Ok("refused".into()),
        other => Err(debug(other)),
    }
}

fn tcp_timeout(port: u16) -> Outcome {
    let stream = wires::TcpStream::new();
    stream.set_timeout(200);
    stream.dial(loopback(port)).map_err(debug)?;
    match stream.read(10) {
        Err(wires::Trouble::TimedOut) => Ok("timed out".into()),
        other => Err(debug(other)),
    }
}

fn tcp_states() -> Outcome {
    let stream = wires::TcpStream::new();
    match (stream.read(10), stream.write_all(b"x"), stream.local_addr()) {
        (Err(a), Err(b), Err(c)) => Ok(format!("{a:?} {b:?} {c:?}")),
        other => Err(debug(other)),
    }
}

fn tcp_serve() -> Outcome {
    let listener = wires::TcpListener::listen(loopback(0)).map_err(debug)?;
    listener.set_timeout(5000);
    let port = port_of(listener.local_addr().map_err(debug)?);
    let client = wires::TcpStream::new();
    client.dial(loopback(port)).map_err(debug)?;
    let (server, from) = listener.accept().map_err(debug)?;
    client.write_all(b"hello").map_err(debug)?;
    let heard = server.read(100).map_err(debug)?;
    server.write_all(b"and you").map_err(debug)?;
    drop(server);
    let answer = client.read(100).map_err(debug)?;
    let end = client.read(100).map_err(debug)?;
    let right = port_of(from) == port_of(client.local_addr().map_err(debug)?);
    Ok(format!(
        "{} {} {} {right}",
        text(&heard),
        text(&answer),
        end.len()
    ))
}

/// Says that it is done sending, and reads on until the other side is done too.
fn tcp_half(port: u16) -> Outcome {
    let stream = wires::TcpStream::new();
    stream.set_timeout(5000);
    stream.dial(loopback(port)).map_err(debug)?;
    stream.write_all(b"half").map_err(debug)?;
    stream.shutdown(wires::Half::Write).map_err(debug)?;
    let answer = stream.read(100).map_err(debug)?;
    let conn = tcp_calls::open("127.0.0.1", port, 5000)?;
    tcp_calls::send(conn, b"other half")?;
    tcp_calls::finish(conn)?;
    let other = tcp_calls::recv(conn, 100)?.unwrap_or_default();
    Ok(format!("{} {}", text(&answer), text(&other)))
}

fn tcp_handle(host: &str, port: u16) -> Outcome {
    let conn = tcp_calls::open(host, port, 5000)?;
    let sent = tcp_calls::send(conn, b"over numbers\n")?;
    let mut all = Vec::new();
    while let Some(bytes) = tcp_calls::recv(conn, 1024)? {
        all.extend(bytes);
    }
    tcp_calls::close(conn);
    let after = tcp_calls::send(conn, b"x");
    Ok(format!("{sent} {} {after:?}", text(&all)))
}

fn tcp_bad_handle() -> Outcome {
    tcp_calls::close(12345);
    Ok(format!(
        "{:?} {:?}",
        tcp_calls::send(12345, b"x"),
        tcp_calls::recv(0, 1)
    ))
}

fn udp_resource(port: u16) -> Outcome {
    let socket = wires::UdpSocket::bind(loopback(0)).map_err(debug)?;
    socket.set_timeout(5000);
    let sent = socket.send_to(b"ping", loopback(port)).map_err(debug)?;
    let (data, from) = socket.recv_from(3).map_err(debug)?;
    let local = port_of(socket.local_addr().map_err(debug)?);
    Ok(format!(
        "{sent} {} {} {}",
        text(&data),
        port_of(from) == port,
        local > 0
    ))
}

fn udp_timeout() -> Outcome {
    let socket = wires::UdpSocket::bind(loopback(0)).map_err(debug)?;
    socket.set_timeout(100);
    match socket.recv_from(3) {
        Err(wires::Trouble::TimedOut) => Ok("timed out".into()),
        other => Err(debug(other)),
    }
}

fn udp_handle(port: u16) -> Outcome {
    let fd = udp_calls::udp_open();
    let bound = udp_calls::udp_bind(fd, "127.0.0.1:0");
    let sent = udp_calls::udp_send(fd, b"pong", &format!("127.0.0.1:{port}"));
    let data = udp_calls::udp_recv(fd, 100, 5000).unwrap_or_default();
    let nothing = udp_calls::udp_recv(fd, 100, 50);
    let closed = udp_calls::udp_close(fd);
    let again = udp_calls::udp_close(fd);
    Ok(format!(
        "{bound} {sent} {} {nothing:?} {closed} {again}",
        text(&data)
    ))
}

fn lookup(host: &str) -> Outcome {
    let found = dns::lookup(host).map_err(debug)?;
    Ok(format!("{} {:?}", found.join(" "), dns::lookup_ipv4(host)))
}

fn http(base: &str) -> Outcome {
    let page = web::http_get(&format!("{base}/page?x=1"))?;
    let missing = web::http_get(&format!("{base}/missing"));
    let header = web::Field {
        name: "x-mark".into(),
        value: "here".into(),
    };
    let request = web::HttpRequest {
        method: web::Verb::Post,
        url: format!("{base}/echo"),
        headers: vec![header],
        body: Some(vec![b'b'; 10_000]),
        timeout_ms: Some(5000),
    };
    let answer = web::http_send(&request).map_err(debug)?;
    let mark = answer.headers.iter().find(|field| field.name == "x-mark");
    let slow = web::HttpRequest {
        method: web::Verb::Get,
        url: format!("{base}/slow"),
        headers: Vec::new(),
        body: None,
        timeout_ms: Some(300),
    };
    let late = web::http_send(&slow).map(|answer| answer.status);
    let bad = web::http_get("nonsense");
    let mark = mark.map(|field| field.value.as_str());
    let length = answer.body.len();
    Ok(format!(
        "{page} {missing:?} {} {mark:?} {length} {late:?} {bad:?}",
        answer.status
    ))
}

fn clocks() -> Outcome {
    let start = clocks::monotonic_now();
    clocks::sleep_ms(20);
    let passed = clocks::monotonic_now() - start;
    let millis = clocks::unix_millis();
    let wall = clocks::wall_now();
    let close = millis / 1000 <= wall.seconds && wall.seconds - millis / 1000 < 10;
    Ok(format!(
        "{} {millis} {close} {}",
        passed >= 20_000_000,
        wall.nanoseconds < 1_000_000_000
    ))
}

fn random() -> Outcome {
    let generator = rng::Generator::new();
    let (one, two) = (generator.bytes(32), generator.bytes(32));
    let numbers: Vec<u32> = (0..4).map(|_| generator.next_u32()).collect();
    let differ = numbers.iter().any(|number| *number != numbers[0]);
    let inside = (0..100).all(|_| (0.0..1.0).contains(&rng::fraction()));
    Ok(format!("{} {} {differ} {inside}", one.len(), one != two))
}

fn environment() -> Outcome {
    let all = env::all().len();
    let args = env::args().join(",");
    Ok(format!(
        "{:?} {:?} {all} {args} {:?} {:?}",
        env::variable("PROOF_NAME"),
        env::variable("PROOF_NONE"),
        settings::get("proof.name").map_err(debug),
        settings::get("proof.none"),
    ))
}

fn logging() -> Outcome {
    logging::log(logging::Severity::Warning, "the proof", "first");
    logging::warn("second");
    let logger = logging::Logger::new("third");
    logger.log(logging::Severity::Error, &"long ".repeat(2000));
    Ok("logged".into())
}

fn store() -> Outcome {
    let bucket = kv::Bucket::open("things")?;
    let before = bucket.get("one")?;
    bucket.set("one", b"1")?;
    bucket.set("two", &[0xff])?;
    let same = kv::Bucket::open("things")?;
    let other = kv::Bucket::open("other")?;
    Ok(format!(
        "{before:?} {:?} {:?} {:?}",
        same.get("one")?,
        same.keys()?,
        other.get("one")?
    ))
}

fn store_handle() -> Outcome {
    let store = kv_calls::open("numbers").map_err(debug)?;
    let missing = kv_calls::get(store, "a").map_err(|error| error.name());
    kv_calls::put(store, "a", "text").map_err(debug)?;
    let found = kv_calls::get(store, "a").map_err(debug)?;
    let sum = (
        kv_calls::increment(store, "n", 5),
        kv_calls::increment(store, "n", -2),
    )
        .1;
    let deleted = (kv_calls::delete(store, "a"), kv_calls::delete(store, "a"));
    kv_calls::close(store);
    let closed = kv_calls::get(store, "a").map_err(|error| error.name());
    Ok(format!(
        "{missing:?} {found} {} {} {} {closed:?}",
        debug(sum),
        debug(deleted.0),
        debug(deleted.1)
    ))
}
