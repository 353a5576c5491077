"""Which functions the mappings take for their own: by name, parameters and result, never by package."""

from __future__ import annotations

import pytest
from mappings.mapped import interfaces, resolved, rows, source

from wasmdoctor.migrate.bridge.types import Options

REFUSES = "refuses"


def mapped(text: str) -> set[str]:
    """The functions of an interface that have a row."""
    return {name for name, about in rows(text).items() if about != REFUSES}


def functions(text: str) -> set[str]:
    """All of them."""
    return set(rows(text))


TCP_RESOURCE = """
interface links {
    enum fault { misc, no-route, timed-out }
    record place { host: string, port: u16 }
    resource tcp-connection {
        connect: static func(to: place) -> result<tcp-connection, fault>;
        send: func(payload: list<u8>) -> result<u32, fault>;
        recv: func(limit: u32) -> result<list<u8>, fault>;
        disconnect: func() -> result<_, fault>;
        set-read-timeout-ms: func(value: option<u32>);
    }
}"""
TCP_HANDLES = """
interface tcp {
    type sock = s32;
    tcp-connect: func(host: string, port: u16) -> sock;
    tcp-send: func(sock: sock, data: list<u8>) -> s32;
    tcp-recv: func(sock: sock, max: u32) -> option<list<u8>>;
    tcp-close: func(sock: sock);
}"""
TCP_STATUS = """
interface tcp-sockets {
    enum status { ok, failed, timeout }
    create: func() -> u32;
    connect: func(socket: u32, address: string) -> status;
    close: func(socket: u32) -> bool;
}"""
UDP = """
interface datagrams {
    record sender { ip: tuple<u8, u8, u8, u8>, port: u16 }
    record datagram { data: list<u8>, sender: sender }
    record failure { code: u32, message: string, retry: option<bool> }
    resource endpoint-udp {
        constructor();
        bind: func(port: u16) -> result<_, failure>;
        send: func(to: sender, data: list<u8>) -> result<_, failure>;
        receive: func(timeout-ms: u32) -> result<datagram, failure>;
    }
}"""
LOOKUP = """
interface net {
    variant ip { v4(u32), v6(list<u8>) }
    resolve: func(host: string) -> result<list<ip>>;
    lookup-host: func(name: string, port: u16) -> result<list<tuple<ip, u16>>, string>;
}"""
HTTP = """
interface rest-client {
    variant http-method { get, post, other(string) }
    record message {
        method: http-method,
        uri: string,
        headers: list<tuple<string, string>>,
        body: option<string>,
    }
    record http-response { status-code: u32, headers: list<tuple<string, list<u8>>>, text: option<string> }
    http-request: func(request: message, timeout: u32) -> result<http-response, string>;
    http-get: func(url: string) -> result<tuple<u16, list<u8>>, u32>;
    http-post: func(url: string, body: string) -> result<string>;
}"""
CLOCK = """
interface timers {
    record instant-of-day { seconds: u64, nanos: u32 }
    type duration = u64;
    monotonic: func() -> u64;
    wall-now: func() -> instant-of-day;
    unix-time-millis: func() -> u64;
    unix-time: func() -> f64;
    sleep: func(how-long: duration);
    sleep-seconds: func(n: u32);
}"""
RANDOM = """
interface entropy {
    get-random-bytes: func(len: u64) -> list<u8>;
    random-u16: func() -> u16;
    random-float: func() -> f64;
    coin-flip: func() -> bool;
}"""
ENVIRONMENT = """
interface environment {
    record entry { name: string, value: string }
    get: func(name: string) -> option<string>;
    get-all: func() -> list<entry>;
    get-arguments: func() -> list<string>;
    has: func(name: string) -> bool;
    cwd: func() -> option<string>;
}"""
CONFIG = """
interface app-config {
    resource config { constructor(); get: func(key: string) -> result<option<string>, string>; }
    get-all: func() -> list<tuple<string, string>>;
}"""
LOG = """
interface logger {
    variant severity { trace, debug, info, warning, error }
    log: func(severity: severity, message: string, target: string);
    log-info: func(message: string);
    error: func(msg: string);
}"""
STORE = """
interface kv-store {
    resource store {
        open: static func(name: string) -> result<store, string>;
        get: func(key: string) -> result<option<string>, string>;
        put: func(key: string, value: list<u8>) -> result<_, string>;
        exists: func(key: string) -> bool;
        keys: func(prefix: string) -> list<string>;
        len: func() -> u32;
        clear: func();
    }
}"""
STORE_FREE = """
interface cache {
    get: func(key: string) -> option<list<u8>>;
    set: func(key: string, value: list<u8>);
    delete: func(key: string) -> bool;
    increment: func(key: string, delta: s64) -> result<s64, string>;
}"""
WHOLE = {
    "tcp as a resource": TCP_RESOURCE,
    "tcp as numbers": TCP_HANDLES,
    "tcp as numbers with a status": TCP_STATUS,
    "udp": UDP,
    "lookup": LOOKUP,
    "http": HTTP,
    "clock": CLOCK,
    "random": RANDOM,
    "environment": ENVIRONMENT,
    "config": CONFIG,
    "log": LOG,
    "store": STORE,
    "store without handles": STORE_FREE,
}


@pytest.mark.parametrize("name", WHOLE)
def test_all_functions_of_such_an_interface_are_known(name):
    assert mapped(WHOLE[name]) == functions(WHOLE[name])


def test_an_interface_that_says_nothing_of_itself_gets_nothing():
    plain = STORE_FREE.replace("interface cache", "interface things")
    assert mapped(plain) == set()
    assert mapped(ENVIRONMENT.replace("interface environment", "interface things")) <= {"get-arguments"}


NEAR = {
    "a socket that nothing makes": (
        "interface tcp { send: func(socket: u32, data: list<u8>) -> result<u32, string>; }",
        set(),
    ),
    "a resource that nothing makes": (
        """interface tcp {
            resource tcp-socket { send: func(data: list<u8>) -> result<u32, string>; }
        }""",
        set(),
    ),
    "a parameter that no row has": (
        """interface tcp {
            connect: func(host: string, port: u16, proxy: string) -> result<u32, string>;
            close: func(socket: u32) -> result<_, string>;
        }""",
        set(),
    ),
    "an error type without a case for what is not foreseen": (
        """interface tcp {
            enum strange { red, green }
            connect: func(host: string, port: u16) -> result<u32, strange>;
            close: func(socket: u32) -> result<_, string>;
        }""",
        set(),
    ),
    "a socket that nothing can be done with": (
        "interface tcp { connect: func(host: string, port: u16) -> result<u32, string>; }",
        set(),
    ),
    "nowhere to put an error": (
        "interface tcp { connect: func(host: string, port: u16) -> u32; close: func(socket: u32) -> bool; }",
        set(),
    ),
    "calls that do not wait": (
        """interface tcp {
            resource tcp-socket {
                constructor();
                start-connect: func(host: string, port: u16) -> result<_, string>;
                finish-connect: func() -> result<_, string>;
                subscribe: func() -> u32;
            }
        }""",
        set(),
    ),
    "a socket of another kind": (
        """interface web-socket {
            resource web-socket {
                connect: static func(url: string) -> result<web-socket, string>;
                send: func(message: string) -> result<_, string>;
            }
        }""",
        set(),
    ),
    "messages to people": (
        "interface mail { send: func(to: string, data: list<u8>) -> result<u32, string>; }",
        set(),
    ),
    "a time of day or since the start": ("interface clock { now: func() -> u64; }", set()),
    "a wait in units that nobody tells": ("interface clock { sleep: func(n: u64); }", set()),
    "a range whose end may or may not belong to it": (
        "interface random { in-range: func(low: u32, high: u32) -> u32; }",
        set(),
    ),
    "a logarithm": ("interface math { log: func(x: f64) -> f64; }", set()),
    "a journal of data": ("interface wal-log { append: func(entry: string) -> u64; }", set()),
    "a store that nobody fills": (
        "interface secret-store { get: func(key: string) -> option<string>; }",
        set(),
    ),
    "a setter of variables": (
        "interface env { set: func(name: string, value: string); }",
        set(),
    ),
    "two texts that nothing tells apart": (
        "interface kv { set: func(a: string, b: string); get: func(c: string) -> option<string>; }",
        set(),
    ),
    "an http server": (
        "interface http-server { listen: func(port: u16) -> result<u32, string>; }",
        set(),
    ),
    "an async function": (
        "interface random { get-random-bytes: async func(len: u64) -> list<u8>; }",
        set(),
    ),
    "a capability that nobody asks for": (
        "interface rights { resource permission; get: func() -> permission; }",
        set(),
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_near_miss_is_left_alone(name):
    text, expected = NEAR[name]
    assert mapped(text) == expected


def test_a_word_in_a_name_decides_between_families():
    both = """interface sockets {{
        {name}-open: func() -> u32;
        {name}-send: func(socket: u32, data: list<u8>, address: string) -> result<u32, string>;
    }}"""
    udp = rows(both.format(name="udp"))
    assert "udp" in udp["udp-send"]
    assert rows(both.format(name="tcp"))["tcp-send"] == REFUSES


def test_a_capability_is_taken_and_given():
    text = """interface udp {
        resource network;
        default-network: func() -> network;
        resource udp-socket {
            create: static func(network: borrow<network>) -> result<udp-socket, string>;
            close: func() -> result<_, string>;
        }
    }"""
    assert mapped(text) == functions(text)


def test_a_resource_may_be_made_by_one_that_stands_before_it():
    text = """interface tcp {
        resource listener {
            bind: static func(port: u16) -> result<listener, string>;
            accept: func() -> result<tcp-stream, string>;
        }
        resource tcp-stream {
            read: func(max: u32) -> result<list<u8>, string>;
            write: func(data: list<u8>) -> result<_, string>;
        }
    }"""
    assert mapped(text) == functions(text)
    assert mapped(text.replace("accept: func() -> result<tcp-stream, string>;", "")) == set()


def test_what_a_body_says_of_itself():
    found = rows(
        """interface tcp {
            connect: func(host: string, port: u16, timeout: u32) -> result<u32, string>;
            close: func(socket: u32) -> result<_, string>;
        }"""
    )
    assert found["connect"] == (
        "blocking TCP on wasi:sockets/tcp: create-tcp-socket, start-connect, finish-connect, waiting between; "
        "`timeout` is taken for milliseconds"
    )
    assert "gone when the instance ends" in rows(STORE_FREE)["set"]


def test_texts_that_are_bytes_are_left_alone():
    resolution = resolved(f"package any:thing;\n{ENVIRONMENT}")
    (interface,) = interfaces(resolution).values()
    function = interface.functions["get"]
    assert source(resolution).function(interface, function) is not None
    assert source(resolution, Options(raw_strings=True)).function(interface, function) is None


def test_types_that_are_nested_without_end_are_given_up():
    places = "\n".join(f"record r{n} {{ ip: r{n + 1} }}" for n in range(1500))
    text = f"""interface udp {{
        {places}
        record r1500 {{ a: u8, b: u8, c: u8, d: u8 }}
        record target {{ ip: r0, port: u16 }}
        udp-open: func() -> u32;
        udp-send: func(socket: u32, data: list<u8>, remote: target) -> result<_, string>;
    }}"""
    assert mapped(text) == set()
