#!/usr/bin/env python3
"""HTTP itself: bodies, ranges, ETags, compression, limits, slow and broken clients, event streams, ending."""

import gzip
import re
import socket
import threading
import time

from client import Server, drain, multipart, tap, wait_for

SMALL = "module {\n}\n"


def script(server):
    """Where the script of the page is; its name changes with its content."""
    return "/" + re.search(r'<script[^>]* src="/?([^"]+)"', server.get("/").body.decode()).group(1)


def page(server, **headers):
    return server.get(script(server), **headers)


@tap.case
def serves_its_page():
    with Server() as s:
        index = s.get("/")
        tap.equal(index.status, 200)
        tap.contains(index.headers["Content-Type"], "text/html")
        tap.contains(index.headers["Content-Security-Policy"], "default-src 'none'")
        tap.equal(index.headers["X-Content-Type-Options"], "nosniff")
        tap.equal(s.get("/no-such").status, 404)
        tap.equal(s.get("/no-such").json()["error"], "there is nothing at /no-such")
        head = s.ask("HEAD", script(s))
        tap.equal((head.status, head.body), (200, b""))
        tap.equal(int(head.headers["Content-Length"]), len(page(s).body))
        wrong = s.ask("DELETE", "/check_health")
        tap.equal((wrong.status, wrong.headers["Allow"]), (405, "GET"))


@tap.case
def etags_and_ranges():
    with Server() as s:
        whole = page(s)
        tag = whole.headers["ETag"]
        same = page(s, If_None_Match=tag)
        tap.equal((same.status, same.body), (304, b""))
        tap.equal(page(s, If_None_Match='"other"').status, 200)
        part = page(s, Range="bytes=10-19")
        tap.equal((part.status, part.body), (206, whole.body[10:20]))
        tap.equal(part.headers["Content-Range"], f"bytes 10-19/{len(whole.body)}")
        tap.equal(page(s, Range="bytes=-5").body, whole.body[-5:])
        tap.equal(page(s, Range="bytes=999999999-").status, 416)
        tap.equal(page(s, Range="bytes=0-1,5-6").status, 200)
        tap.equal(page(s, Range="bytes=0-1", If_Range='"other"').status, 200)
        tap.equal(page(s, Range="bytes=0-1", If_Range=tag).status, 206)


@tap.case
def compresses_as_accepted():
    with Server() as s:
        plain = page(s)
        tap.equal(plain.headers["Content-Encoding"], None)
        zipped = page(s, Accept_Encoding="gzip")
        tap.equal(zipped.headers["Content-Encoding"], "gzip")
        tap.equal(zipped.headers["Vary"], "Accept-Encoding")
        tap.equal(gzip.decompress(zipped.body), plain.body)
        document = s.get("/api/ttx/v1/openapi.json", Accept_Encoding="gzip, zstd")
        tap.equal(document.headers["Content-Encoding"], "zstd")
        tap.equal(page(s, Accept_Encoding="gzip;q=0").headers["Content-Encoding"], None)


@tap.case
def folders_of_other_pages():
    big = "x = 1; // some text that compresses\n" * 20000
    with Server(files={"index.html": "<p>theirs</p>", "big.js": big}) as probe:
        files = probe.files
        (files / "sub").mkdir()
        (files / "leak").symlink_to("/etc/passwd")
        other = Server("--ui", files)
        with other as s:
            tap.equal(s.get("/").body, b"<p>theirs</p>")
            tap.contains(s.get("/").headers["Content-Security-Policy"], "esm.sh")
            for path in ("/leak", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/sub", "/sub/", "/..%2f..%2fetc/passwd"):
                tap.equal((path, s.get(path).status), (path, 404))
            answer = s.get("/big.js", Accept_Encoding="gzip")
            tap.equal(gzip.decompress(answer.body).decode(), big)
            tap.equal(s.get("/big.js", Range="bytes=5-9").body, big[5:10].encode())
            tag = s.get("/big.js").headers["ETag"]
            tap.equal(s.get("/big.js", If_None_Match=tag).status, 304)
            tap.equal(s.get("/big.js", If_Modified_Since=s.get("/big.js").headers["Last-Modified"]).status, 304)


@tap.case
def uploads_and_limits():
    with Server("--max-upload", "100K") as s:
        tap.equal(s.upload(SMALL).status, 200)
        refused = s.upload(b"x" * 200_000)
        tap.equal(refused.status, 413)
        tap.equal(s.temporary_files(), [])
        # A client that waits for permission gets the answer instead.
        early = s.raw(b"POST /apipost/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n"
                      b"Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n", timeout=5)
        tap.contains(early, b"413")
        # Without a length it is noticed on the way.
        chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
        chunked = s.raw(b"POST /apipost/v1/upload?name=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + b"0\r\n\r\n")
        tap.contains(chunked.split(b"\r\n")[0], b"413")
        tap.equal(s.temporary_files(), [])
        for body in (b"", b"--BOUNDARY", b"--BOUNDARY\r\nX: y\r\n\r\n", multipart([("file", "a", "x")])[:-10]):
            answer = s.ask("POST", "/apipost/v1/upload", body, {"Content-Type": "multipart/form-data; boundary=BOUNDARY"})
            tap.equal((body, answer.status), (body, 400))
        tap.equal(s.ask("POST", "/apipost/v1/upload", b"x", {"Content-Type": "multipart/form-data"}).status, 400)
        tap.equal(s.temporary_files(), [])


@tap.case
def large_uploads_take_no_memory():
    with Server() as s:
        before = s.memory()
        data = b"// a comment\n" * 3_000_000
        answer = s.upload(data + SMALL.encode())
        tap.equal(answer.status, 200)
        assert s.memory() - before < 25 << 20, (before, s.memory())


@tap.case
def interrupted_uploads_leave_nothing():
    with Server() as s:
        descriptors = s.descriptors()
        for cut in (0, 10, 1000, 300_000):
            with s.connect() as c:
                c.sendall(b"POST /apipost/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
                          b"Content-Type: multipart/form-data; boundary=BOUNDARY\r\n\r\n"
                          + multipart([("file", "f", "y" * 500_000)])[:cut])
                time.sleep(0.1)
        assert wait_for(lambda: not s.temporary_files()), s.temporary_files()
        assert wait_for(lambda: s.descriptors() <= descriptors), (descriptors, s.descriptors())
        tap.equal(list((s.workspace / "blobs").iterdir()), [])


@tap.case
def malformed_requests():
    with Server() as s:
        for data in (b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
                     b"GET noslash HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00\xff" * 1000 + b"\r\n\r\n",
                     b"GET / HTTP/1.1\r\n\r\n",
                     b"POST /apipost/v1/send_command HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                     b"POST /apipost/v1/send_command HTTP/1.1\r\nHost: localhost\r\nContent-Length: -3\r\n\r\nabc",
                     b"POST /apipost/v1/send_command HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"):
            got = s.raw(data, timeout=2)
            assert not got.startswith(b"HTTP/1.1 2"), (data, got)
        long = s.raw(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", timeout=3)
        assert b" 414" in long[:20] or b" 431" in long[:20] or b" 400" in long[:20] or long == b"", long[:100]
        many = s.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", timeout=3)
        assert b" 431" in many[:20] or b" 413" in many[:20] or many == b"", many[:100]
        tap.equal(s.get("/check_health").status, 200)


@tap.case
def keep_alive_and_pipelining():
    with Server() as s:
        request = b"GET /check_health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        last = b"GET /check_health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        got = s.raw(request * 20 + last)
        tap.equal(got.count(b"HTTP/1.1 200 OK"), 21)
        # A refused request with a body does not spoil the connection.
        post = b"POST /no-such HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789"
        got = s.raw(post + last)
        tap.equal((got.count(b"HTTP/1.1 404"), got.count(b"HTTP/1.1 200 OK")), (1, 1))


@tap.case
def slow_clients_do_not_block_others():
    with Server() as s:
        slow = [s.connect() for _ in range(300)]
        for i, c in enumerate(slow):
            c.sendall((b"GET / HTTP/1.1\r\nHost: local", b"POST /apipost/v1/upload HTTP/1.1\r\nHost: localhost\r\n"
                       b"Content-Length: 100000\r\n\r\nx", b"")[i % 3])
        times = []
        for _ in range(50):
            started = time.time()
            tap.equal(s.get("/check_health").status, 200)
            times.append(time.time() - started)
        assert sorted(times)[45] < 0.25, times
        for c in slow:
            c.close()


@tap.case
def slowloris_is_cut_off():
    with Server() as s:
        with s.connect(timeout=40) as c:
            c.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            started = time.time()
            try:
                while time.time() - started < 35:
                    c.sendall(b"X: y\r\n")
                    time.sleep(0.5)
            except OSError:
                pass
            took = time.time() - started
        assert 15 < took < 30, took


@tap.case
def event_streams():
    with Server() as s:
        head = b"GET /apistream/server_director HTTP/1.1\r\nHost: localhost\r\n\r\n"
        clients = [s.connect() for _ in range(200)]
        for c in clients:
            c.sendall(head)
        for c in clients:
            c.settimeout(5)
            tap.contains(c.recv(4096), b"text/event-stream")
        # Parked clients cost nothing: others are served at once.
        started = time.time()
        tap.equal(s.get("/check_health").status, 200)
        assert time.time() - started < 0.5
        for c in clients[100:]:
            c.close()
        # Heartbeats find out who went away.
        base = s.descriptors()
        assert wait_for(lambda: s.descriptors() < base - 60 or s.descriptors() < 140, 8), (base, s.descriptors())
        # All get what is published.
        s.ask("POST", "/apipost/v1/refresh_page", b"{}")
        for c in clients[:100]:
            c.settimeout(5)
            got = b""
            while b"refreshPage" not in got:
                piece = c.recv(4096)
                assert piece, got
                got += piece
        code, took = s.stop()
        tap.equal(code, 0)
        assert took < 1, took
        for c in clients[:100]:
            drain(c)
            c.close()


@tap.case
def ends_at_once():
    with Server() as s:
        idle = [s.connect() for _ in range(20)]
        half = s.connect()
        half.sendall(b"POST /apipost/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx")
        code, took = s.stop()
        tap.equal(code, 0)
        assert took < 1, took
        for c in (*idle, half):
            c.close()


@tap.case
def memory_does_not_grow():
    # A sanitizer keeps freed memory for a while.
    with Server(env={"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}) as s:
        def hammer(n):
            c = s.connect()
            reader = c.makefile("rb")
            request = b"GET /check_health HTTP/1.1\r\nHost: localhost\r\n\r\n"
            for _ in range(n // 50):
                c.sendall(request * 50)
                for _ in range(50):
                    length = 0
                    while (line := reader.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    reader.read(length)
            c.close()

        hammer(2000)
        before = s.memory()
        threads = [threading.Thread(target=hammer, args=(5000,)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        grown = s.memory() - before
        assert grown < (8 << 20), (before, grown)


@tap.case
def takes_the_next_free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = tap.run("serve", "-q", "-p", taken.getsockname()[1], "--workspace", "/nonexistent/x", timeout=10)
        tap.equal(done.code, 2)
    for arguments in (("-p", "x"), ("--max-upload", "0"), ("--log-level", "loud"), ("--no-such",), ("-p",)):
        done = tap.run("serve", *arguments, timeout=10)
        tap.equal((arguments, done.code, done.out), (arguments, 2, ""))


tap.main()
