"""numpy and PyTorch for tests that compare with them: without these packages the test is skipped.

    from with_torch import np, torch
"""
import os
import sys

try:
    import numpy as np
    import torch
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # where Debian's packages are
    print("1..0 # SKIP python3-torch is not installed")
    sys.exit(0)

__all__ = ["np", "torch"]
