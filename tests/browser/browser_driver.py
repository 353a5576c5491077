"""A real Chromium without a window, over its DevTools protocol on two pipes: no port, no other program, no package.

Messages are JSON with a NUL behind each (Chromium's ``--remote-debugging-pipe``); the protocol is described at
"Chrome DevTools Protocol", the version that the browser itself has.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
"""Seconds for an answer: a busy machine with two cores is slow."""

# Chromium reads from descriptor 3 and writes to 4, which have to be put there between fork and exec.
START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(each), fcntl.F_DUPFD_CLOEXEC, 10) for each in sys.argv[1:3]]
for each in sys.argv[1:3]:
    os.close(int(each))
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""

KEYS = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    " ": (32, " "),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Home": (36, ""),
    "End": (35, ""),
}


def chromium() -> str:
    """The browser's program. Fails when there is none: tests/tools/setup.sh installs it."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "there is no chromium: run tests/tools/setup.sh"
    return found


class Browser:
    """One browser; a :class:`Page` is a tab of it."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = [
            chromium(),
            "--headless=new",
            "--no-sandbox",  # as root, as in containers, Chromium has no other way
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-default-apps",
            "--disable-sync",
            "--hide-scrollbars",
            "--mute-audio",
            "--no-first-run",
            "--force-color-profile=srgb",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.profile}",
            "about:blank",
        ]
        self._log = open(Path(self.profile) / "stderr.txt", "wb")  # noqa: SIM115 -- closed with the browser
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(to_read), str(to_write), *command],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._rest = b""
        self._answers: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read, selectors.EVENT_READ)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while number not in self._answers:
            self._receive(deadline, method)
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, deadline: float, wanted: str) -> None:
        if not self._selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError(f"Chromium gave no answer to {wanted} in {TIMEOUT:.0f} s{self.said()}")
        data = os.read(self._read, 1 << 20)
        assert data, f"Chromium ended{self.said()}"
        *messages, self._rest = (self._rest + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)

    def pump(self, seconds: float = 0.0) -> None:
        """Take in the events that are there."""
        while self._selector.select(seconds):
            self._receive(time.monotonic() + TIMEOUT, "events")

    def said(self) -> str:
        """What the browser wrote to its standard error, for messages."""
        text = (Path(self.profile) / "stderr.txt").read_text("utf-8", "replace")
        return f"; it wrote:\n{text[-2000:]}"

    def close(self) -> None:
        """End the browser and all its processes, and remove its profile."""
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session: nobody else is in it
            self._process.wait(10)
        self._selector.close()
        self._log.close()
        for end in (self._read, self._write):
            os.close(end)
        shutil.rmtree(self.profile, ignore_errors=True)

    @contextlib.contextmanager
    def page(
        self, path: Path, *, width: int = 1400, height: int = 900, dark: bool = False, script: bool = True
    ) -> Iterator[Page]:
        """A file in a tab of its own, loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        try:
            page.open(path, width, height, dark, script)
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)


class Page:
    """One tab. What it logged, and what it asked for, is kept."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask this tab for something."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, path: Path, width: int, height: int, dark: bool, script: bool) -> None:
        """Load a file and wait until it is loaded."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.dark(dark)
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.call("Page.navigate", url=path.resolve().as_uri())
        deadline = time.monotonic() + TIMEOUT
        while not self.events("Page.loadEventFired"):
            assert time.monotonic() < deadline, f"{path} does not load"
            self._browser.pump(0.05)

    def size(self, width: int, height: int) -> None:
        """Change the window's size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def dark(self, on: bool) -> None:
        """As a reader with a dark system sees it, or a light one."""
        value = "dark" if on else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of this tab's events of a kind so far."""
        self._browser.pump()
        return [
            event["params"]
            for event in self._browser.events
            if event["method"] == method and event.get("sessionId") == self._session
        ]

    def complaints(self) -> list[str]:
        """What stands in the console that is an error or a warning, exceptions and refusals of the policy included."""
        found = [
            event["exceptionDetails"].get("exception", {}).get("description")
            or event["exceptionDetails"]["text"]
            for event in self.events("Runtime.exceptionThrown")
        ]
        found += [
            f"{event['type']}: {event['args']}"
            for event in self.events("Runtime.consoleAPICalled")
            if event["type"] in ("error", "warning", "assert")
        ]
        found += [
            f"{event['entry']['level']}: {event['entry']['text']}"
            for event in self.events("Log.entryAdded")
            if event["entry"]["level"] in ("error", "warning")
        ]
        return found

    def requests(self) -> list[str]:
        """The addresses that were asked for."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, *keys: str, shift: bool = False) -> None:
        """Press keys one after the other, as a person does."""
        for key in keys:
            # Of other characters the numbers would be those of other keys: "'" that of an arrow.
            code, text = KEYS.get(key, (ord(key.upper()[0]) if key.isalnum() else 0, key))
            common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
            down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
            self.call("Input.dispatchKeyEvent", **common, **down)
            self.call("Input.dispatchKeyEvent", **common, type="keyUp")

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        for char in text:
            self.key(char)

    def click(self, selector: str) -> None:
        """Click in the middle of the first element that the selector finds."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for type_ in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=type_, x=place[0], y=place[1], button="left", clickCount=1
            )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write a picture of the window, or of the whole page, as PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])
