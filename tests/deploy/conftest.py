"""A real nginx with the configuration of deploy/, and a real server behind it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from examhall.base.embedded import Postgres

CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
SECRET = "a secret for the tests behind nginx, of some length"
START_S = 20
# Around the file of deploy/: what a system's own nginx.conf says, with everything in one folder.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/examhall.conf;
}}
"""


@dataclass
class Behind:
    """nginx's address, the server's own, its database and its files."""

    url: str
    direct_url: str
    dsn: str
    files: Path
    tls: ssl.SSLContext


def find_nginx() -> str | None:
    # Not in the path of everybody.
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of nginx; without one these tests are skipped, but never in CI."""
    found = find_nginx()
    if found is None:
        reason = "no nginx: install one (Debian: nginx-light)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def behind(nginx: str, postgres: Postgres) -> Iterator[Behind]:
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute("CREATE DATABASE behind_nginx")
    # Not pytest's: as root, nginx's worker is somebody else and must be able to walk through.
    folder = Path(tempfile.mkdtemp(prefix="examhall-nginx-"))
    folder.chmod(0o711)
    port, own_port = free_port(), free_port()
    url = f"https://127.0.0.1:{port}"
    dsn = postgres.dsn("behind_nginx")
    server = start_server(dsn, folder / "data", url, own_port)
    front: subprocess.Popen[bytes] | None = None
    try:
        wait_for_answers(server)
        tls = make_certificate(folder)
        (folder / "cache").mkdir()
        (folder / "examhall.conf").write_text(adapted(folder, port, own_port), encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
        front = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        wait_for(port, front)
        yield Behind(url, f"http://127.0.0.1:{own_port}", dsn, folder / "data" / "files", tls)
    finally:
        for process in (front, server):
            if process is not None:
                process.terminate()
                process.communicate()
        shutil.rmtree(folder)


def adapted(folder: Path, port: int, own_port: int) -> str:
    """deploy/nginx.conf with this machine's ports, certificate and folders, and nothing else changed."""
    text = CONF.read_text(encoding="utf-8")
    plain = re.compile(r"server \{\n    listen 80;.*?\n\}\n", re.DOTALL)
    for old, new in (
        ("server 127.0.0.1:8000 max_fails=0;", f"server 127.0.0.1:{own_port} max_fails=0;"),
        ("    listen 443 ssl http2;\n", f"    listen 127.0.0.1:{port} ssl http2;\n"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/letsencrypt/live/exams.example.org/fullchain.pem", f"{folder}/certificate.pem"),
        ("/etc/letsencrypt/live/exams.example.org/privkey.pem", f"{folder}/key.pem"),
        ("/var/cache/nginx/examhall", f"{folder}/cache"),
        ("alias /var/lib/examhall/files/;", f"alias {folder}/data/files/;"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    assert len(plain.findall(text)) == 1
    return plain.sub("", text)


def start_server(dsn: str, data: Path, url: str, port: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXAMHALL_")}
    command = [sys.executable, "-m", "examhall.cli", "serve", "--port", str(port), "--workers", "1"]
    with (data.parent / "log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--data", str(data)],
            env={
                **environment,
                "DATABASE_URL": dsn,
                "EXAMHALL_SECRET": SECRET,
                "EXAMHALL_URL": url,
                "EXAMHALL_TRUSTED_PROXIES": "127.0.0.1",
                "EXAMHALL_ACCEL": "/stored/",
                "EXAMHALL_ACCESS_LOG": "yes",
            },
            stdout=subprocess.PIPE,
            stderr=log,
        )


def wait_for_answers(server: subprocess.Popen[bytes]) -> None:
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith(b"Examhall answers on"):
            return
    pytest.fail("the server did not start")


def make_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cadata=pem.decode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, front: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_S
    while time.monotonic() < give_up_at and front.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx did not start with deploy/nginx.conf")
