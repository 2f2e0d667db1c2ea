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


tap.main()
