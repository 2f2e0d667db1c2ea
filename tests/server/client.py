"""Drives a server over real sockets.

    with Server("--read-only") as s:
        s.get("/check_health").status
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Server:
    """A server with a workspace and a folder of files (self.files, its root) of its own."""

    def __init__(self, *args, workspace=None, host="127.0.0.1", env=None, files=(), prefix=(), expect=True):
        self.args, self.env, self.expect, self.prefix = args, env or {}, expect, list(prefix)
        self.folder = Path(tempfile.mkdtemp(prefix="tt-explorer-test-"))
        self.workspace = Path(workspace or self.folder / "workspace")
        self.files = self.folder / "files"
        self.files.mkdir()
        self.host = host
        for name, text in dict(files).items():
            (self.files / name).write_text(text)

    def __enter__(self):
        self.start()
        return self

    def start(self):
        env = dict(os.environ, HOME=str(self.folder), **self.env)
        env.pop("TT_EXPLORER_TOKEN", None)
        self.errors = open(self.folder / "errors", "a+")
        self.process = subprocess.Popen(
            [*self.prefix, tap.PROGRAM, "serve", "-q", "-p", "0", "--workspace", str(self.workspace), "--root",
             str(self.files), *map(str, self.args)],
            stdout=subprocess.PIPE, stderr=self.errors, env=env, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.process.wait()
            if self.expect:
                raise AssertionError(f"the server did not start: {self.log()}")
            return
        self.port = int(self.url.split(":")[-1].split("/")[0])

    def log(self):
        return (self.folder / "errors").read_text()

    def stop(self, how=signal.SIGTERM):
        """Ends it; gives the exit code and the seconds it took."""
        started = time.time()
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.errors.close()
        return code, time.time() - started

    def __exit__(self, kind, *_):
        code, _ = self.stop()
        log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind and code not in (0, -signal.SIGKILL):
            print("".join(f"# {line}\n" for line in log.splitlines()[-60:]), end="")
        if kind is None and self.url and code not in (0, -signal.SIGKILL):
            raise AssertionError(f"the server ended with {code}: {log}")

    def connect(self, timeout=20):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=20):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def upload(self, data, name="m.mlir", path="/apipost/v1/upload", headers=None):
        body = multipart([("file", name, data)])
        return self.ask("POST", path, body, {"Content-Type": "multipart/form-data; boundary=BOUNDARY", **(headers or {})})

    def raw(self, data, timeout=20):
        """Sends bytes; gives all that comes back until the server closes or `timeout` passes."""
        with self.connect(timeout) as s:
            s.sendall(data)
            return drain(s)

    def memory(self):
        """Resident bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def temporary_files(self):
        return list((self.workspace / "tmp").iterdir())


def drain(s):
    got = b""
    try:
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    except (socket.timeout, ConnectionResetError):
        pass
    return got


def multipart(parts, boundary="BOUNDARY"):
    body = b""
    for name, file, data in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body += (data.encode() if isinstance(data, str) else data) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


def wait_for(what, seconds=10):
    """Until what() is true; whether it became so."""
    until = time.time() + seconds
    while time.time() < until:
        if what():
            return True
        time.sleep(0.02)
    return False
