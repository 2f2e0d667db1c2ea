"""Requests to our own API. Every answer is held against the schema that the OpenAPI document names for it."""

import re
import time

import schema
from serving import tap

API = "/api/ttx/v1"
used = set()  # (method, pattern) of all answers that were checked
document = None


def operation(method, path):
    """The operation of the document that a request means."""
    path = path.split("?")[0]
    best = None
    for pattern, operations in document["paths"].items():
        fits = re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(pattern)), path)
        if fits and method.lower() in operations and (best is None or best.count("{") > pattern.count("{")):
            best = pattern
    assert best, f"{method} {path} is in no document"
    return best, document["paths"][best][method.lower()]


def call(s, method, path, body=None, expect=None, headers=None):
    """A request whose answer must be what the document says. Gives the JSON of good answers, or the Answer."""
    global document
    if document is None:
        document = s.get(API + "/openapi.json").json
    answer = s.request(method, API + path, body, headers)
    pattern, told = operation(method, API + path)
    if expect is None:
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:500]}"
        tap.contains(told["responses"], str(answer.status))
    else:
        tap.equal((path, answer.status), (path, expect))
    if answer.status >= 400:
        tap.equal(answer.headers["Content-Type"], "application/json")
        schema.check(answer.json, {"$ref": "#/components/schemas/Error"}, document)
        return answer.json["error"]
    used.add((method, pattern))
    if answer.status in (204, 304):
        tap.equal(answer.body, b"")
        return answer
    content = told["responses"][str(answer.status)]["content"]
    if "application/json" in content:
        tap.equal(answer.headers["Content-Type"], "application/json")
        schema.check(answer.json, content["application/json"]["schema"], document)
        return answer.json
    return answer


def opened(s, name="tiny.mlir"):
    return call(s, "POST", "/models", {"path": str(s.root / name)})["id"]


def ended(s, job):
    """Waits for a job; gives it."""
    until = time.monotonic() + 60
    while job["state"] in ("queued", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = call(s, "GET", f"/jobs/{job['id']}")
    return job


def all_answered(mine):
    """Every operation of the document whose path `mine` holds for was answered well by one of the cases before."""
    listed = {(method.upper(), path) for path, ops in document["paths"].items() for method in ops if mine(path)}
    assert listed
    tap.equal(listed - used, set())


def of_executions(path):
    """Whether test_executions.py asks for the answers of a path; for the others does test_api.py."""
    return re.search(r"/(jobs/|executions|traces|tensors|arguments)", path) is not None
