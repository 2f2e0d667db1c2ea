"""The whole loop in one sitting from the command line."""

import json
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

MODEL = "examples/mnist.mlir"
LINEAR = "@forward/ttnn.linear#2"  # the third matmul of the model, with its bias
WANTED = "output_layout.data_type=bfp_bf8,buffer_type=l1,tensor_memory_layout=block_sharded"


def good(*args, **more):
    done = tap.run(*args, **more)
    tap.equal((args, done.code), (args, 0))
    return done


def executed(path):
    """What a run with a golden one beside it says: time, memory, the least PCC, the slowest op."""
    told = json.loads(good("run", "--golden", "--json", path).out)
    ops = told["ops"]
    return (told["median_ns"], max(o["live"] for o in ops), min(a["pcc"] for a in told["accuracy"]),
            max(ops, key=lambda o: o["ns"])["name"])


@tap.case
def the_whole_loop():
    with tempfile.TemporaryDirectory() as folder:
        # look: the third matmul, its shapes, its location
        lines = good("print", "--locations", MODEL).out.splitlines()
        third = [line for line in lines if '"ttir.matmul"' in line][2]
        tap.contains(third, "tensor<1x128xf32>, tensor<128x10xf32>) -> tensor<1x10xf32>")
        alias = re.search(r"loc\((#loc\d*)\)", third).group(1)
        tap.contains(lines, f'{alias} = loc("fc3/matmul")')
        # compile, every stage kept; the op is there in each, by its location
        plain, other = f"{folder}/plain.mlir", f"{folder}/other.mlir"
        good("compile", "--device", "n150", "--locations", "--stages", f"{folder}/stages", "-o", plain, MODEL)
        stages = sorted(Path(f"{folder}/stages").glob("*.mlir"))
        assert len(stages) > 8, stages
        for stage in stages:
            tap.contains(stage.read_text(), '"fc3/add"')
        # execute: time, memory, accuracy
        before = executed(plain)
        assert before[0] > 0 and before[1] > 0 and before[2] > 0.999 and before[3].startswith("ttnn."), before
        # what is not legal is refused with a reason and what would be; what is legal is applied
        done = tap.run("compile", "--device", "n150", "--override", f"{LINEAR}:output_layout.data_type=u8", "--json", MODEL)
        (one,) = json.loads(done.out)["overrides"]
        tap.equal((done.code, one["state"], "bfp_bf8" in one["nearest"], len(one["why"]) > 20), (1, "illegal", True, True))
        done = good("compile", "--device", "n150", "--locations", "--override", f"{LINEAR}:{WANTED}", "--estimate", "-o", other, MODEL)
        sums = [float(re.search(r"in all \(estimate\)\s+([\d.]+)", text).group(1)) for text in
                (done.err, good("compile", "--device", "n150", "--estimate", "-o", "/dev/null", MODEL).err)]
        assert sums[0] != sums[1], sums
        text = Path(other).read_text()
        for part in ("block_sharded", "bfp_bf8"):
            assert text.count(part) > Path(plain).read_text().count(part), part
        # execute again and compare
        after = executed(other)
        assert 0.99 < after[2] < before[2], (before, after)
        # the set as a file, and as the vendor's options, compiles to the same
        Path(f"{folder}/set.json").write_text(json.dumps({"x": {"bind": "identity", "target": LINEAR, "attributes": [
            {"key": f"output_layout.{k}", "value": v} for k, v in
            (("data_type", "bfp_bf8"), ("buffer_type", "l1"), ("tensor_memory_layout", "block_sharded"))]}}))
        for way in (("--overrides", f"{folder}/set.json"),
                    ("--override", "override-output-layout=fc3/add=bfp_bf8:l1:block_sharded")):
            again = good("compile", "--device", "n150", "--locations", *way, MODEL)
            tap.equal((way, again.out == text), (way, True))
        # and one page of it, for somebody else
        good("export", "-o", f"{folder}/page.html", other)
        tap.equal(Path(f"{folder}/page.html").read_text()[:15], "<!doctype html>")


tap.main()
