#!/usr/bin/env python3
"""Who is answered, and which files can be reached."""

import json
import os

from client import Server, tap

MODULE = "module {\n}\n"


def convert(server, path, **headers):
    body = json.dumps({"cmdId": "convert", "extensionId": "tt_adapter", "modelPath": str(path), "settings": {},
                       "deleteAfterConversion": False})
    return server.ask("POST", "/apipost/v1/send_command", body, {"Content-Type": "application/json", **headers})


@tap.case
def hosts_are_checked():
    with Server() as s:
        for host, status in (("localhost", 200), (f"localhost:{s.port}", 200), ("127.0.0.1:1", 200), ("[::1]", 200),
                             ("evil.example", 403), ("localhost.evil.example", 403), ("", 403), ("10.0.0.1", 403)):
            tap.equal((host, s.get("/check_health", Host=host).status), (host, status))


@tap.case
def origins_are_checked():
    with Server() as s:
        own = f"http://127.0.0.1:{s.port}"
        for headers, status in (({}, 200), ({"Origin": own}, 200), ({"Origin": "http://evil.example"}, 403),
                                ({"Origin": "null"}, 403), ({"Origin": f"http://localhost:{s.port}"}, 403),
                                ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-origin"}, 200)):
            answer = s.ask("POST", "/apipost/v1/send_command", "{}", {"Content-Type": "application/json", **headers})
            tap.equal((headers, answer.status), (headers, status))
        tap.equal(s.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status, 200)
        tap.equal(s.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status, 403)
        tap.equal(s.get("/").headers["Access-Control-Allow-Origin"], None)


@tap.case
def other_origins_on_request():
    with Server("-c", "http://ui.example:4200") as s:
        answer = s.get("/api/v1/get_extensions", Origin="http://ui.example:4200")
        tap.equal(answer.status, 200)
        tap.equal(answer.headers["Access-Control-Allow-Origin"], "http://ui.example:4200")
        tap.equal(answer.headers["Access-Control-Allow-Credentials"], "true")
        tap.equal(answer.headers["Access-Control-Allow-Headers"], "Content-Type")
        tap.equal(s.ask("OPTIONS", "/apipost/v1/upload", headers={"Origin": "http://ui.example:4200"}).status, 204)
        tap.equal(s.get("/api/v1/get_extensions", Origin="http://evil.example").status, 403)
        # its pages may hold ours in a frame, besides those of this machine
        tap.equal(s.get("/").headers["Content-Security-Policy"].split("frame-ancestors ")[1],
                  "'self' http://localhost:* http://127.0.0.1:* http://ui.example:4200")
    with Server("-c", "x; script-src *") as s:
        tap.equal(s.get("/").headers["Content-Security-Policy"].split("frame-ancestors ")[1],
                  "'self' http://localhost:* http://127.0.0.1:*")
        tap.equal(s.get("/index.html").headers["Cross-Origin-Resource-Policy"], None)


@tap.case
def element_of_other_pages():
    with Server() as s:
        tap.equal(s.get("/element.js").headers["Cross-Origin-Resource-Policy"], "cross-origin")
        tap.equal(s.get("/").headers["Cross-Origin-Resource-Policy"], "same-origin")


@tap.case
def tokens():
    with Server("--token", "a-long-secret") as s:
        tap.contains(s.url, "?token=a-long-secret")
        tap.equal(s.get("/check_health").status in (200, 401), True)
        tap.equal(s.get("/api/v1/get_extensions").status, 401)
        tap.equal(s.get("/api/v1/get_extensions", Authorization="Bearer a-long-secret").status, 200)
        tap.equal(s.get("/api/v1/get_extensions", Authorization="Bearer a-long-secreT").status, 401)
        first = s.get("/?data=%7B%7D&token=a-long-secret")
        tap.equal((first.status, first.headers["Location"]), (303, "/?data=%7B%7D"))
        cookie = first.headers["Set-Cookie"]
        tap.contains(cookie, "HttpOnly")
        tap.contains(cookie, "SameSite=")
        tap.equal(s.get("/", Cookie=cookie.split(";")[0]).status, 200)
        tap.equal(s.get("/", Cookie="ttx_token=a").status, 401)
        away = s.get("//evil.example?token=a-long-secret")
        assert not away.headers.get("Location", "/").startswith("//"), away.headers["Location"]


@tap.case
def beyond_loopback_a_token_is_made():
    with Server("-u", "0.0.0.0") as s:
        tap.contains(s.url, "?token=")
        token = s.url.split("token=")[1]
        tap.equal(len(token), 43)
        tap.equal(s.get("/api/v1/get_extensions").status, 401)
        tap.equal(s.get("/api/v1/get_extensions", Authorization=f"Bearer {token}", Host="my.machine").status, 200)


@tap.case
def files_below_the_roots_only():
    with Server(files={"in.mlir": MODULE}) as s:
        outside = s.folder / "outside.mlir"
        outside.write_text(MODULE)
        (s.files / "link.mlir").symlink_to(outside)
        (s.files / "inner.mlir").symlink_to(s.files / "in.mlir")
        os.mkfifo(s.files / "pipe.mlir")
        (s.files / "folder.link").symlink_to("/etc")
        for name in ("in.mlir", "inner.mlir", "sub/../in.mlir" if (s.files / "sub").mkdir() is None else ""):
            answer = convert(s, s.files / name).json()
            assert "error" not in answer, (name, answer)
        for path in (outside, s.files / "link.mlir", s.files / "../outside.mlir", "/etc/passwd", s.files / "folder.link/passwd",
                     s.files / "pipe.mlir", "/dev/zero", "/proc/self/environ", str(s.files) + "\0", "relative.mlir"):
            answer = convert(s, path).json()
            assert "error" in answer, (path, answer)
        # What lies outside looks the same, whether it is there or not.
        there, missing = convert(s, "/etc/passwd").json()["error"], convert(s, "/etc/passwx").json()["error"]
        tap.equal(there.replace("/etc/passwd", "X"), missing.replace("/etc/passwx", "X"))
        for path in ("/etc/passwd", outside):
            answer = s.get(f"/api/v1/read_text_file?path={path}")
            assert "error" in answer.json(), answer.body


@tap.case
def read_only_refuses_changes():
    with Server("--read-only", files={"in.mlir": MODULE}) as s:
        tap.equal(s.upload(MODULE).status, 403)
        assert "error" not in convert(s, s.files / "in.mlir").json()
        tap.equal(s.workspace.exists(), False)


@tap.case
def no_file_names_as_paths():
    with Server() as s:
        for name in ("../../../evil.mlir", "/etc/evil.mlir", "a\\..\\evil.mlir", "..", ""):
            answer = s.upload(MODULE, name=name)
            tap.equal(answer.status, 200)
            assert ".." not in answer.json()["path"], answer.body
        tap.equal(sorted(p.name for p in s.folder.iterdir()), ["errors", "files", "workspace"])


tap.main()
