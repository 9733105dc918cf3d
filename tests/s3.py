"""A real S3 server of a test's own (moto), in a process of its own on a free port; gone with the suite."""

import http.client
import subprocess
import sys
from uuid import uuid4

from examhall.base.storage import Access

# Ends with our end of the pipe, however the suite ends. Port 0: the server says which it was given.
SERVER = """
import logging, os, sys, threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
"""
KEY, SECRET = "examhall", "never-to-be-logged"


class S3:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.access = Access(f"http://127.0.0.1:{self.port}", "us-east-1", KEY, SECRET)

    def make_bucket(self) -> str:
        name = f"exams-{uuid4().hex}"
        self.ask("PUT", f"/{name}")
        return name

    def ask(self, method: str, path: str) -> str:
        """Past our own library, so that it is not its own witness."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        scope = f"{KEY}/20260101/us-east-1/s3/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        connection.request(method, path, headers={"Authorization": signed, "Content-Length": "0"})
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
