"""Serve the built page: `python demo/web/serve.py FOLDER [PORT]`.

With the headers that let WebAssembly use several threads. Cameras need localhost or HTTPS.
"""

import contextlib
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class IsolatedHandler(SimpleHTTPRequestHandler):
    """Files of one folder, cross-origin isolated."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


def create_server(folder: str, port: int) -> ThreadingHTTPServer:
    """Return the server of a folder; port 0 takes any that is free."""
    handler = functools.partial(IsolatedHandler, directory=folder)
    return ThreadingHTTPServer(("localhost", port), handler)


def main() -> None:
    """Serve until interrupted."""
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"error: name the folder that `make web` made\n\n{__doc__}")
    port = sys.argv[2] if len(sys.argv) > 2 else "8080"
    try:
        server = create_server(sys.argv[1], int(port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"error: port {port} cannot be used ({error}): name another after the folder")
    print(f"http://localhost:{server.server_port}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
