"""`gongjian webhook …` and `gongjian feed` against a service that listens."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from models.values.refusal import Refused
from runtime.database import Database
from tests.runtime.record.test_feed import say
from tests.support.estate import make_renovation
from tests.support.processes.commands import gongjian


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    sent: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.sent.append((dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    Receiver.sent = []
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_webhook_is_added_tried_told_and_ended(
    data: Path, database: Database, receiver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    await make_renovation(database, rid="cli-feed")
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    line, told, secret = gongjian(data, "webhook", "add", "cli-h", url, "--place", "d")
    assert line.startswith(f"cli-h  d  {url}  active  told up to ")
    assert told == "The secret that signs its messages, told this once:"
    (tried,) = gongjian(data, "webhook", "test", "cli-h")
    assert "evt_0  1  200" in tried
    await say(database, "cli-feed", "cli-feed-1")
    while len(Receiver.sent) < 2:  # the service's own sender takes it
        time.sleep(0.05)
    headers, body = Receiver.sent[-1]
    event = Webhook(secret).verify(body, {key.lower(): value for key, value in headers.items()})
    position = event["data"]["position"]
    assert any(
        f"evt_{position}  1  200" in each for each in gongjian(data, "webhook", "log", "cli-h")
    )
    read, end = gongjian(data, "feed", "--after", str(position - 1), "--limit", "1")
    assert read.startswith(f"{position}  20")
    assert "cli-feed" in read
    assert f"--after {position}" in end
    page = json.loads("".join(gongjian(data, "feed", "--after", str(position - 1), "--json")))
    assert page["events"][0] == event["data"]
    (gone,) = gongjian(data, "webhook", "change", "cli-h", "ended")
    assert "  ended  " in gone
    (found,) = gongjian(data, "webhook", "list", "--language", "zh_CN")
    assert "已结束" in found


def test_what_the_service_refuses_is_told(data: Path) -> None:
    with pytest.raises(Refused, match=r"webhook\.url"):
        gongjian(data, "webhook", "add", "cli-x", "https://a:b@portal.example/", "--place", "d")
