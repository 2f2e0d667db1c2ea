"""info, print and check from outside."""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

SMALL = """func.func @f(%arg0: tensor<2x3xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>}, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = "ttir.add"(%arg0, %arg1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
"""
PRINTED = "module {\n" + "".join("  " + line + "\n" for line in SMALL.splitlines()) + "}\n\n"
WRONG = SMALL.replace("%arg1)", "%nobody)")
SPLIT = SMALL + "// -----\n" + SMALL.replace("@f", "@g")


@tap.case
def prints_standard_input():
    done = tap.run("print", "-", stdin=SMALL)
    tap.equal((done.code, done.out, done.err), (0, PRINTED, ""))


@tap.case
def prints_in_generic_form():
    done = tap.run("print", "--generic", "-", stdin=SMALL)
    tap.equal((done.code, done.err), (0, ""))
    tap.contains(done.out, '"func.return"(%0) : (tensor<2x3xf32>) -> ()')


@tap.case
def locations_name_the_file_as_given():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sub").mkdir()
        Path(folder, "sub", "small.mlir").write_text(SMALL)
        done = tap.run("print", "--locations", "sub/small.mlir", cwd=folder)
    tap.equal((done.code, done.err), (0, ""))
    tap.contains(done.out, 'loc("sub/small.mlir":2:8)')


@tap.case
def prints_every_part_of_a_split_file():
    done = tap.run("print", "-", stdin=SPLIT)
    tap.equal((done.code, done.err), (0, ""))
    tap.equal(done.out, PRINTED + "// -----\n" + PRINTED.replace("@f", "@g"))


@tap.case
def what_is_printed_reads_back():
    for options in ([], ["--generic"], ["--locations"], ["--generic", "--locations"]):
        first = tap.run("print", "--locations", "-", stdin=SMALL)
        text = tap.run("print", *options, "-", stdin=first.out).out
        tap.equal(tap.run("print", *options, "-", stdin=text).out, text)


@tap.case
def shows_where_the_error_is():
    for command in ("check", "print", "info"):
        done = tap.run(command, "-", stdin=WRONG)
        tap.equal(done.code, 1)
        tap.contains(done.err, "<stdin>:2:")
        tap.contains(done.err, "error: use of undeclared SSA value name")
        tap.contains(done.err, "^")


@tap.case
def lines_of_later_parts_count_from_the_file():
    done = tap.run("check", "-", stdin=SMALL + "// -----\n" + WRONG)
    tap.equal(done.code, 1)
    tap.contains(done.err, "<stdin>:7:")


@tap.case
def says_nothing_about_what_is_right():
    done = tap.run("check", "-", stdin=SMALL)
    tap.equal((done.code, done.out, done.err), (0, "", ""))


@tap.case
def an_empty_file_is_an_empty_module():
    done = tap.run("print", "-")
    tap.equal((done.code, done.out, done.err), (0, "module {\n}\n\n", ""))


@tap.case
def tells_what_is_in_a_module():
    done = tap.run("info", "-", stdin=SMALL)
    tap.equal((done.code, done.err), (0, ""))
    for part in ("@f(tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<2x3xf32>)", "parameters", "24 B", "1  ttir.add"):
        tap.contains(done.out, part)


@tap.case
def json_is_json():
    info = json.loads(tap.run("info", "--json", "-", stdin=SPLIT).out)
    tap.equal([m["functions"][0]["name"] for m in info["modules"]], ["f", "g"])
    tap.equal(info["modules"][0]["parameters"], {"count": 1, "bytes": 24})
    tap.equal(info["modules"][0]["op_counts"]["ttir.add"], 1)
    done = tap.run("check", "--json", "-", stdin=WRONG)
    check = json.loads(done.out)
    tap.equal((done.code, done.err, check["files"][0]["errors"]), (1, "", 1))
    tap.equal(check["files"][0]["diagnostics"][0]["line"], 2)
    text = json.loads(tap.run("print", "--json", "-", stdin=SMALL).out)
    tap.equal((text["text"], text["errors"]), (PRINTED, 0))


@tap.case
def trouble_with_files_is_2():
    for command in ("check", "print", "info"):
        done = tap.run(command, "/no/such/file.mlir")
        tap.equal((done.code, done.out), (2, ""))
        tap.contains(done.err, "/no/such/file.mlir")
        tap.equal(tap.run(command).code, 2)
        tap.equal(tap.run(command, "--no-such-option", "-").code, 2)


tap.main()
