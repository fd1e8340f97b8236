"""The null app of `servers`: one kilobyte of JSON; standard library, so that any server can load it."""

from runtime.gc import calm_collector

BODY = b'{"filler":"' + b"x" * 1_011 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope, receive, send) -> None:
    """Read the body, answer."""
    if scope["type"] == "lifespan":
        calm_collector()
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
