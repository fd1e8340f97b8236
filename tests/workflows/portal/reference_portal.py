"""A city's portal, written from docs/integrating.md alone: a process of its own, which imports nothing of the service.

    python reference_portal.py

Its environment is what the page names, and HOOK. It lets a citizen vote, sends the ballot twice, opens a complaint in the
citizen's name, follows the case by the feed and by a webhook until it was told the complaint by both, and prints what it knows.
"""

import json
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jwt
from standardwebhooks import Webhook

SERVICE, KEY, ISSUER = (os.environ[name] for name in ("SERVICE", "KEY", "ISSUER"))
CASE, UNIT, HOOK = (os.environ[name] for name in ("CASE", "UNIT", "HOOK"))
PATIENCE_S = 60
told: dict[str, dict] = {}
"""Message id to event, of the webhook."""


class Receiver(BaseHTTPRequestHandler):
    """Takes what it can verify, once."""

    secret = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        Webhook(self.secret).verify(body, dict(self.headers.items()))
        told.setdefault(self.headers["webhook-id"], json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quietly."""


def assertion() -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "sub": "citizen-18", "aud": SERVICE, "iat": now, "exp": now + 120,
        "jti": uuid.uuid4().hex, "renovation_id": CASE, "unit_number": UNIT,
    }  # fmt: skip
    key = Path("portal.pem").read_text()
    return jwt.encode(claims, key, "EdDSA", headers={"kid": "p1"})


def send(http: httpx.Client, path: str, token: str, body: dict, key: str) -> httpx.Response:
    """Send until it is answered: 503 and no answer mean the same again, under the same key."""
    until = time.monotonic() + PATIENCE_S
    while True:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer = http.post(path, json=body, headers=headers)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        time.sleep(int(answer.headers["retry-after"]))


def follow(http: httpx.Client, until_kind: str) -> list[dict]:
    """The feed from its beginning, page by page, until it has an event of a kind of the case."""
    events: list[dict] = []
    after, until = 0, time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        query: dict[str, str | int] = {"after": after, "limit": 3, "training": "true"}
        page = http.get("/v1/feed", params=query, headers={"Authorization": f"Bearer {KEY}"})
        page.raise_for_status()
        events += page.json()["events"]
        after = page.json()["next"]
        if any(each["kind"] == until_kind and each["renovation_id"] == CASE for each in events):
            return events
        if not page.json()["more"]:
            time.sleep(0.2)
    raise SystemExit(f"no {until_kind}")


def main() -> None:
    with httpx.Client(base_url=SERVICE, timeout=30) as http:
        hook = {"webhook": "reference", "url": HOOK, "place": "d/s", "training": True, "after": 0}
        added = send(http, "/v1/webhooks", KEY, hook, "add-reference")
        Receiver.secret = added.json()["secret"]
        server = HTTPServer(("127.0.0.1", urlsplit(HOOK).port or 80), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        cases = f"/v1/renovations/{CASE}"
        ballot = {"unit_number": UNIT, "choices": {"works": "yes"}}
        first = send(http, f"{cases}/portal-ballots", assertion(), ballot, "ballot-1")
        again = send(http, f"{cases}/portal-ballots", assertion(), ballot, "ballot-1")
        entered = http.post(
            f"{cases}/portal-entries", headers={"Authorization": f"Bearer {assertion()}"}
        ).json()
        complaint = {"unit_number": UNIT, "kind": "complaint", "text": "It is cold."}
        opened = send(http, f"{cases}/tickets", entered["ticket"], complaint, "complaint-1")

        events = [
            each for each in follow(http, "feedback.ticket_opened") if each["renovation_id"] == CASE
        ]
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            data = [each["data"] for each in told.values() if each["data"]["renovation_id"] == CASE]
            if len(data) >= len(events):
                break
            time.sleep(0.1)
        server.shutdown()
        print(json.dumps({
            "cast": [first.status_code, again.status_code],
            "same": first.json()["ballot_id"] == again.json()["ballot_id"],
            "code": first.json().get("code"),
            "opened": opened.status_code,
            "feed": events,
            "told": data[: len(events)],
        }))  # fmt: skip


if __name__ == "__main__":
    main()
