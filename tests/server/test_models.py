#!/usr/bin/env python3
"""The open models: one per content, reloaded when their file changes, unloaded when memory is short, forgotten on request."""

import json
import threading

from client import Server, tap, wait_for

API = "/api/ttx/v1"
ADD = """module {
  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "ttir.add"(%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""


def open_path(server, path):
    return server.ask("POST", API + "/models", json.dumps({"path": str(path)}), {"Content-Type": "application/json"})


def models(server):
    return server.get(API + "/models").json()["models"]


@tap.case
def same_bytes_are_one_model():
    with Server(files={"a.mlir": ADD, "b.mlir": ADD}) as s:
        first, second = open_path(s, s.files / "a.mlir").json(), open_path(s, s.files / "b.mlir").json()
        tap.equal(first["id"], second["id"])
        answer = s.upload(ADD, path=API + "/models/upload")
        assert answer.status in (200, 201), answer.body
        text = s.ask("POST", API + "/models", json.dumps({"text": ADD, "name": "pasted.mlir"}),
                     {"Content-Type": "application/json"})
        tap.equal(text.json()["id"], first["id"])
        tap.equal(len(models(s)), 1)


@tap.case
def at_once_by_many():
    with Server(files={"a.mlir": ADD * 1}) as s:
        answers = []

        def load(i):
            answers.append(open_path(s, s.files / "a.mlir").status)
            model = models(s)[0]["id"]
            answers.append(s.get(f"{API}/models/{model}/stages/0/graph").status)

        threads = [threading.Thread(target=load, args=(i,)) for i in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        tap.equal(answers, [200] * 32)


@tap.case
def deleting_forgets():
    with Server(files={"a.mlir": ADD}) as s:
        model = open_path(s, s.files / "a.mlir").json()["id"]
        tap.equal(s.ask("DELETE", f"{API}/models/{model}").status, 204)
        tap.equal(models(s), [])
        tap.equal(s.get(f"{API}/models/{model}").status, 404)
        tap.equal(s.ask("DELETE", f"{API}/models/{model}").status, 404)
        tap.equal(open_path(s, s.files / "a.mlir").json()["id"], model)


@tap.case
def a_changed_file_is_another_model():
    with Server(files={"a.mlir": ADD}) as s:
        model = open_path(s, s.files / "a.mlir").json()["id"]
        (s.files / "a.mlir").write_text(ADD.replace("ttir.add", "ttir.subtract"))
        assert open_path(s, s.files / "a.mlir").json()["id"] != model
        tap.equal(len(models(s)), 2)


@tap.case
def watched_files_are_opened_anew():
    with Server("--watch", files={"a.mlir": ADD}) as s:
        model = open_path(s, s.files / "a.mlir").json()["id"]
        with s.connect() as c:
            c.sendall(f"GET {API}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            c.settimeout(10)
            tap.contains(c.recv(4096), b"200 OK")
            # As editors do: another file takes its place.
            (s.files / "new").write_text(ADD.replace("ttir.add", "ttir.multiply"))
            (s.files / "new").rename(s.files / "a.mlir")
            got = b""
            while b"event: file" not in got or b"}" not in got:
                piece = c.recv(4096)
                assert piece, got
                got += piece
            tap.contains(got, model.encode())
        assert wait_for(lambda: len(models(s)) == 2), models(s)


@tap.case
def files_given_are_opened():
    with Server(files={"a.mlir": ADD}) as s:
        tap.equal(models(s), [])
        with Server(s.files / "a.mlir") as other:
            assert wait_for(lambda: len(models(other)) == 1)
            tap.equal(models(other)[0]["name"], "a.mlir")
        bad = Server(s.files / "none.mlir", expect=False)
        with bad as other:
            tap.equal(other.process.wait(), 2)
            tap.contains(other.log(), "none.mlir")


@tap.case
def text_with_errors_says_where():
    with Server(files={"bad.mlir": "module {\n  %0 = what is this\n}\n"}) as s:
        answer = s.ask("POST", "/apipost/v1/send_command", json.dumps(
            {"cmdId": "convert", "extensionId": "tt_adapter", "modelPath": str(s.files / "bad.mlir"), "settings": {},
             "deleteAfterConversion": False}))
        tap.contains(answer.json()["error"], "bad.mlir:2:")


tap.main()
