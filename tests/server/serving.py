"""What the tests of the protocols share: a server with a small model, answers as JSON, event streams.

    with serving.Server() as s:
        answer = s.get("/check_health")
"""

import http.client
import json

import client
from client import tap  # noqa: F401

MODULE = """\
#loc = loc(unknown)
module @tiny attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x1>]>} {
  func.func @main(%arg0: tensor<1x784xf32> loc("input"), %arg1: tensor<784x64xf32> loc("w")) -> tensor<1x64xf32> {
    %0 = "ttir.matmul"(%arg0, %arg1) <{transpose_a = false, transpose_b = false}> : (tensor<1x784xf32>, tensor<784x64xf32>) -> tensor<1x64xf32> loc("net/dense/matmul"("net.py":3:5))
    %1 = "ttir.relu"(%0) : (tensor<1x64xf32>) -> tensor<1x64xf32> loc("net/dense/relu"("net.py":4:5))
    return %1 : tensor<1x64xf32> loc("net/out")
  } loc(#loc)
} loc(#loc)
"""

SOURCE = """\
class Net:
    def forward(self, x):
        x = x @ self.w
        return relu(x)
"""


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Server(client.Server):
    """`files` are written below the root: {name: text}."""

    def __init__(self, *options, files=None):
        super().__init__(*options)
        self.root = self.files.resolve()
        for name, text in (files or {"tiny.mlir": MODULE, "net.py": SOURCE}).items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def restart(self):
        self.stop()
        self.start()

    def request(self, method, path, body=None, headers=None, timeout=30):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        return Answer(self.ask(method, path, body, headers, timeout))

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=b"", **more):
        return self.request("POST", path, body, **more)

    def upload(self, path, name, data, field="file"):
        """Sends a file as a form."""
        return self.post(path, client.multipart([(field, name, data)]),
                         headers={"Content-Type": "multipart/form-data; boundary=BOUNDARY"})


class Stream:
    """Server-sent events, line by line."""

    def __init__(self, server, path, timeout=10):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=timeout)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream"})
        self.reply = self.connection.getresponse()

    def lines(self, n, until=None):
        """The next n lines that are not empty; fewer when `until` (a function of a line) is true of one."""
        found = []
        while len(found) < n:
            line = self.reply.readline()
            if not line:
                break
            line = line.decode().rstrip("\r\n")
            if line:
                found.append(line)
                if until and until(line):
                    break
        return found

    def event(self, part, n=50):
        """The data of the first event that holds `part`."""
        for line in self.lines(n, lambda line: line.startswith("data:") and part in line):
            if line.startswith("data:") and part in line:
                return line[5:].strip()
        raise AssertionError(f"no event holds {part!r}")

    def close(self):
        self.connection.close()
