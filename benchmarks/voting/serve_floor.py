"""Serves a floor as `gongjian serve` serves the product: the same protocol, loop and limits.

`python -m benchmarks.voting.serve_floor APP PORT [httptools]`; with the last word by uvicorn's own protocol.
"""

import sys

import uvicorn

from runtime.gc import calm_collector
from service.http.joined_writes import OneWriteProtocol

if __name__ == "__main__":
    app, port = sys.argv[1], int(sys.argv[2])
    calm_collector()
    uvicorn.run(
        app,
        port=port,
        loop="uvloop",
        http="httptools" if "httptools" in sys.argv[3:] else OneWriteProtocol,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
