#!/usr/bin/env python3
"""kill -9, a damaged workspace, a full disk, two servers on one workspace."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from client import Server, tap, wait_for

MODULE = "module {\n}\n"


@tap.case
def survives_kill_9():
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        known = []
        for _ in range(6):
            with Server(workspace=Path(folder) / "w") as s:
                tap.equal(s.log(), "")
                for path in known:
                    assert (s.workspace / "blobs" / path[:2] / path[2:]).exists(), path
                end = threading.Event()

                def upload_for_ever():
                    n = 0
                    while not end.is_set():
                        n += 1
                        try:
                            answer = s.upload(f"{MODULE}// {random.random()} {'x' * 50_000}\n")
                        except OSError:
                            return
                        known.append(answer.json()["path"].split("upload:")[1][:64])

                threads = [threading.Thread(target=upload_for_ever) for _ in range(3)]
                for t in threads:
                    t.start()
                time.sleep(random.uniform(0.05, 0.4))
                s.stop(signal.SIGKILL)
                end.set()
                for t in threads:
                    t.join()
        with Server(workspace=Path(folder) / "w") as s:
            tap.equal(s.temporary_files(), [])
            for path in known:
                blob = s.workspace / "blobs" / path[:2] / path[2:]
                done = subprocess.run(["sha256sum", blob], stdout=subprocess.PIPE, text=True)
                tap.equal(done.stdout[:64], path)
        assert known


@tap.case
def sets_a_damaged_workspace_aside():
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "w"
        with Server(workspace=workspace) as s:
            path = s.upload(MODULE).json()["path"]
        database = workspace / "workspace.db"
        database.write_bytes(b"this is no database" * 1000)
        with Server(workspace=workspace) as s:
            tap.contains(s.log(), "set aside")
            tap.equal(s.upload(MODULE).json()["path"], path)
            tap.equal(len(list(workspace.glob("workspace.db.damaged-*"))), 1)
        with Server(workspace=workspace) as s:
            tap.equal(s.log(), "")


@tap.case
def two_servers_on_one_workspace():
    with tempfile.TemporaryDirectory() as folder:
        with Server(workspace=Path(folder) / "w") as one, Server(workspace=Path(folder) / "w") as two:
            answers = []

            def work(server, n):
                for i in range(10):
                    answers.append(server.upload(f"{MODULE}// {n} {i}\n").status)

            threads = [threading.Thread(target=work, args=(s, n)) for n, s in enumerate((one, two))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            tap.equal(answers, [200] * 20)


@contextlib.contextmanager
def small_disk():
    """A folder on a file system of one megabyte."""
    folder = Path(tempfile.mkdtemp())
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode == 0
    try:
        if not mounted:
            raise tap.Skip("may not mount a small file system")
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", folder])
        shutil.rmtree(folder, ignore_errors=True)


@tap.case
def what_cannot_be_kept_says_so_until_there_is_room():
    with small_disk() as folder:
        (folder / "m.mlir").write_text(
            'func.func @f(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n'
            '  %0 = "ttir.exp"(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n'
            '  return %0 : tensor<32x32xf32>\n}\n')
        with Server("--root", folder, workspace=folder / "w") as s:
            def ask(method, path, body=None):
                return s.ask(method, "/api/ttx/v1" + path, None if body is None else json.dumps(body)).json()

            def execute():
                job = ask("POST", f"/models/{model}/executions", {})
                assert wait_for(lambda: ask("GET", f"/jobs/{job['id']}")["state"] in ("done", "failed"))
                return ask("GET", f"/jobs/{job['id']}")

            model = ask("POST", "/models", {"path": str(folder / "m.mlir")})["id"]
            filler = folder / "filler"
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as f:
                while f.write(b"x" * 4096):
                    pass
            run = ask("POST", f"/models/{model}/runs", {})
            assert run["ok"] and "make room" in run["unkept"], run
            job = execute()
            tap.equal(job["state"], "failed")
            tap.contains(job["error"], "the disk (or your quota) is full, nothing was changed: make room")
            tap.equal(ask("GET", f"/models/{model}/runs")["runs"], [])
            assert "unkept" in ask("GET", f"/models/{model}/runs/{run['id']}")
            filler.unlink()
            # who looks at it, as the page does now and then, has it kept
            assert "unkept" not in ask("GET", f"/models/{model}/runs/{run['id']}")
            tap.equal([r["id"] for r in ask("GET", f"/models/{model}/runs")["runs"]], [run["id"]])
            again = ask("POST", f"/models/{model}/runs", {})
            tap.equal((again["id"], "unkept" in again), (run["id"], False))
            tap.equal((len(ask("GET", f"/models/{model}/runs")["runs"]), execute()["state"]), (1, "done"))


@tap.case
def says_that_the_disk_is_full():
    with small_disk() as folder:
        with Server(workspace=folder / "w") as s:
            kept = s.upload(MODULE).json()["path"]
            full = s.upload(b"x" * 3_000_000)
            tap.equal(full.status, 507)
            tap.contains(full.json()["error"], "full")
            assert wait_for(lambda: not s.temporary_files())
            answers = [s.upload(os.urandom(60_000)).status for _ in range(30)]
            assert 507 in answers and set(answers) <= {200, 507}, answers
            tap.equal(s.get("/check_health").status, 200)
            command = {"cmdId": "convert", "extensionId": "tt_adapter", "modelPath": kept, "settings": {},
                       "deleteAfterConversion": False}
            answer = s.ask("POST", "/apipost/v1/send_command", json.dumps(command)).json()
            assert "graphs" in answer or "full" in answer.get("error", ""), answer
        with Server(workspace=folder / "w") as s:
            tap.equal("damaged" in s.log(), False)


@tap.case
def works_without_a_workspace():
    # The default one cannot be made: the server says so and goes on; one that was named must work.
    with tempfile.TemporaryDirectory() as folder:
        blocked = Path(folder) / "file"
        blocked.write_text("")
        done = tap.run("serve", "-q", "-p", "0", "--workspace", blocked / "w", timeout=10)
        tap.equal(done.code, 2)
        tap.contains(done.err, "workspace")


tap.main()
