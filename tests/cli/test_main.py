"""The command line as a whole: version, help, wrong usage."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402


@tap.case
def says_its_version():
    done = tap.run("--version")
    tap.equal(done.code, 0)
    tap.equal(bool(re.fullmatch(r"tt-explorer \d+\.\d+\.\d+\n", done.out)), True)
    tap.equal(done.err, "")


@tap.case
def helps():
    for word in ("--help", "-h", "help"):
        done = tap.run(word)
        tap.equal(done.code, 0)
        tap.contains(done.out, "tt-explorer COMMAND")
        tap.equal(done.err, "")


@tap.case
def every_command_helps():
    listed = re.findall(r"^  ([a-z-]+) ", tap.run("--help").out.partition("commands:\n")[2], re.M)
    for name in listed:
        done = tap.run(name, "--help")
        tap.equal((name, done.code, done.err), (name, 0, ""))
        tap.contains(done.out, f"tt-explorer {name}")


@tap.case
def wrong_usage_is_2_and_says_so():
    done = tap.run("no-such-command")
    tap.equal((done.code, done.out), (2, ""))
    tap.contains(done.err, "no command and no file: no-such-command")
    done = tap.run("--no-such-option")
    tap.equal((done.code, done.out), (2, ""))
    tap.contains(done.err, "unknown option '--no-such-option'")


COMMANDS = {"info": [], "print": [], "check": [], "compile": ["--level", "--override"], "convert": ["-o", "--format"],
            "export": ["-o", "--title"], "render": ["--depth", "--scale"], "run": ["--seed", "--trace"], "serve": ["--port"]}


@tap.case
def every_command_reads_options_alike():
    for name, with_value in COMMANDS.items():
        done = tap.run(name, "--no-such-option")
        tap.equal((name, done.code, done.out), (name, 2, ""))
        tap.equal(done.err, f"tt-explorer {name}: unknown option '--no-such-option'; see tt-explorer {name} --help\n")
        for option in with_value:
            done = tap.run(name, "file", option)
            tap.equal((name, done.code, done.err), (name, 2, f"tt-explorer {name}: no value for '{option}'; see tt-explorer {name} --help\n"))
        if name != "serve":
            tap.contains(tap.run(name).err, f"tt-explorer {name}: no file given")
        if name not in ("serve", "check", "export"):  # which take several
            tap.contains(tap.run(name, "a", "b").err, f"tt-explorer {name}: more than one file: 'b'")


@tap.case
def values_stand_behind_options_in_three_ways():
    model = "examples/mnist.mlir"
    plain = tap.run("convert", "--format", "adapter", model)
    tap.equal((plain.code, plain.out[:11]), (0, '{"graphs":['))
    tap.equal(tap.run("convert", "--format=adapter", model).out, plain.out)
    tap.equal(tap.run("convert", "-o-", "--format", "adapter", "--", model).out, plain.out)
    tap.equal(tap.run("convert", model).out == plain.out, False)
    tap.equal(tap.run("print", "--generic=yes", model).code, 2)  # a flag takes none
    done = tap.run("print", "--", "--generic")
    tap.equal((done.code, "--generic" in done.err), (2, True))


tap.main()
