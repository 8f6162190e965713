"""A peer that answers byte by byte, each within any timeout of one read, and never comes to an
end.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PAUSE_SECONDS = 0.1
HEADERS, BODY, NOTHING = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""


@contextmanager
def dripping(after: bytes) -> Iterator[int]:
    """One that sends ``after`` at once, then drips; gives its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with suppress(OSError), listening.accept()[0] as one:
                one.recv(65536)
                one.sendall(after)
                while not over.wait(PAUSE_SECONDS):
                    one.sendall(b"a")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
