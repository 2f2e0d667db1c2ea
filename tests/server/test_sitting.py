"""The whole loop in one sitting from a script over our own API. In the requests of Tenstorrent's page: test_protocol.py."""

import time

import serving
from serving import tap

API = "/api/ttx/v1"
MNIST = (tap.ROOT / "examples/mnist.mlir").read_text()


class Script:
    """What a user's script would have: requests, answers as JSON, jobs waited for."""

    def __init__(self, server):
        self.server = server

    def __call__(self, method, path, body=None, raw=False):
        answer = self.server.request(method, API + path, body)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:300]}"
        return answer.body.decode() if raw else answer.json if answer.body else None

    def execute(self, model, **settings):
        job = self("POST", f"/models/{model}/executions", dict({"golden": True}, **settings))
        until = time.monotonic() + 60
        while job["state"] in ("queued", "running") and time.monotonic() < until:
            time.sleep(0.02)
            job = self("GET", f"/jobs/{job['id']}")
        tap.equal(job["state"], "done")
        return self("GET", f"/executions/{job['result']['execution']}")


@tap.case
def over_our_own_api():
    with serving.Server(files={"mnist.mlir": MNIST}) as s:
        ask = Script(s)
        model = ask("POST", "/models", {"path": str(s.root / "mnist.mlir")})["id"]
        # the third matmul, and what there is to know of it
        hits = ask("GET", f"/models/{model}/stages/0/search?q=ttir.matmul&in=label&plain=1")["hits"]
        tap.equal(len(hits), 3)
        node = hits[2]["node"]
        info = ask("GET", f"/models/{model}/stages/0/node?node={node}")
        told = str(info)
        for part in ("fc3/matmul", "1, 10", "matrix product"):
            tap.contains(told, part)
        # compiled, and followed to TTNN
        run = ask("POST", f"/models/{model}/runs", {"device": "n150"})
        tap.equal(run["ok"], True)
        last = len(run["stages"]) - 1
        became = ask("GET", f"/models/{model}/runs/{run['id']}/follow?stage=0&node={node}&to={last}")["stages"][0]
        linear = next(n for n in became["nodes"] if "ttnn.linear" in str(
            ask("GET", f"/models/{model}/stages/{last}/node?node={n}&run={run['id']}")))
        difference = ask("GET", f"/diff?left={model}&right={model}&right_stage={last}&right_run={run['id']}&form=list")
        assert difference["added"] or difference["changed"], difference
        # executed: the slowest op, the most memory, the accuracy of each
        before = ask.execute(model, run=run["id"], stage=last)
        assert max(op["us"] for op in before["ops"]) > 0 and max(op["live"] for op in before["ops"]) > 0
        assert all(op["pcc"] > 0.999 for op in before["ops"] if "pcc" in op), before["ops"]
        # another data type and layout, from the values that are legal
        (op,) = ask("GET", f"/models/{model}/runs/{run['id']}/fields?stage={last}&node={linear}")["ops"]
        fields = {f"{f['group']}.{f['key']}": f for f in op["fields"]}
        wanted = {"output_layout.data_type": "bfp_bf8", "output_layout.buffer_type": "l1",
                  "output_layout.tensor_memory_layout": "block_sharded"}
        for key, value in wanted.items():
            tap.equal([o["legal"] for o in fields[key]["options"] if o["value"] == value], [True])
        overrides = {op["identity"]: {"bind": "identity", "target": op["identity"],
                                      "attributes": [{"key": k, "value": v} for k, v in wanted.items()]}}
        other = ask("POST", f"/models/{model}/runs", {"device": "n150", "overrides": overrides})
        tap.equal([o["state"] for o in other["overrides"]], ["applied"] * 3)
        assert other["estimate"]["us"] > 0 and other["estimate"]["us"] != run["estimate"]["us"]
        end = len(other["stages"]) - 1
        after = ask.execute(model, run=other["id"], stage=end)
        worst = [min(op["pcc"] for op in x["ops"] if "pcc" in op) for x in (before, after)]
        assert 0.99 < worst[1] < worst[0], worst  # bfp8 costs accuracy, and not much
        text = ask("GET", f"/models/{model}/stages/{end}/text?run={other['id']}")["text"]
        tap.contains(text, "block_sharded")
        # named, exported, and all there again after a restart
        kept = ask("POST", f"/models/{model}/overrides", {"name": "sharded in L1", "overrides": overrides})
        forms = ask("POST", "/overrides-convert", {"overrides": {"fc3/add": dict(
            overrides[op["identity"]], bind="name", target="fc3/add")}})
        tap.equal(forms["options"], "override-output-layout=fc3/add=l1:block_sharded:bfp_bf8")
        s.restart()
        tap.equal(ask("GET", f"/overrides/{kept['id']}")["overrides"], overrides)
        listed = ask("GET", f"/models/{model}/executions")["executions"]
        tap.equal(sorted(x["settings"]["run"] for x in listed), sorted([run["id"], other["id"]]))
        again = ask("GET", f"/models/{model}/runs/{other['id']}")
        tap.equal([o["state"] for o in again["overrides"]], ["applied"] * 3)
        tap.equal(ask("GET", f"/models/{model}/stages/{end}/text?run={other['id']}")["text"], text)


tap.main()
