"""The real modules against what tt-mlir prints for them, and a sample against mlir-opt (tests/corpus/print_generic.py
compares all)."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

SAMPLE = "60"
EVERYTHING = SAMPLE if tap.SANITIZED else "0"


def compare(script, sample=SAMPLE):
    if not (tap.CORPUS / "mlir").is_dir():
        raise tap.Skip("no corpus here")
    command = [sys.executable, tap.ROOT / "tests" / "corpus" / script, "--program", tap.PROGRAM, "--corpus", tap.CORPUS,
               "--files", sample]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    tap.equal((done.returncode, done.stdout if done.returncode else ""), (0, ""))


@tap.case
def reads_every_module():
    compare("read_all.py", "0")


@tap.case
def prints_as_tt_mlir():
    compare("print_ttmlir.py", EVERYTHING)


@tap.case
def prints_generic_form_as_mlir_opt():
    if not shutil.which("mlir-opt-22"):
        raise tap.Skip("no mlir-opt-22 here")
    compare("print_generic.py")


@tap.case
def accepts_what_is_valid_and_refuses_the_rest():
    compare("check_invalid.py", "0")


@tap.case
def reads_what_it_prints():
    compare("round_trip.py", EVERYTHING)


tap.main()
