"""Serve the built page: `python demo/web/serve.py FOLDER [PORT]`.

With the headers that let WebAssembly use several threads. Cameras need localhost or HTTPS.
"""

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


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
    if len(sys.argv) < 2:
        sys.exit(f"error: name the folder\n\n{__doc__}")
    server = create_server(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8080)
    print(f"http://localhost:{server.server_port}/")
    server.serve_forever()


if __name__ == "__main__":
    main()
