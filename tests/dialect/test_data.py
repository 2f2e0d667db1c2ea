"""The data files and their generator: assembly formats survive parsing, and the Python and C vocabularies agree.

With the folder of extracted op descriptions beside the corpus, the assembly of every op in it must print as that
folder says.
"""

import glob
import json
import os
import re
import sys
import unittest

ROOT = os.environ.get("TTX_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))

import dialect_schema as schema  # noqa: E402
import extract_dialect  # noqa: E402
import gen_dialect  # noqa: E402

DATA = os.path.join(ROOT, "src", "dialect", "data")
with open(os.path.join(ROOT, "src", "dialect", "dialect.h"), encoding="utf-8") as f:
    HEADER = f.read()
CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)


def formats():
    """(name, assembly format) of everything that has one."""
    for path in sorted(glob.glob(os.path.join(DATA, "*.def"))):
        dialect, _, _, items = gen_dialect.read_def(path)
        for item in items:
            for line, _ in item.lines:
                if line.startswith("asm ") and line != "asm hand":
                    yield item.kind, "%s.%s" % (dialect, item.words[0]), line[4:]


def enum(name):
    """The enumerators of `typedef enum <name>`, without the one that counts them."""
    body = re.search(r"typedef enum %s \{(.*?)\}" % name, CODE, re.S).group(1)
    names = [word.split("=")[0].strip() for word in body.split(",")]
    return [n for n in names if n and not re.search(r"_N(_|$)", n)]


class Data(unittest.TestCase):
    def test_formats_print_back(self):
        count = 0
        for _, name, text in formats():
            self.assertEqual(schema.asm_format(schema.asm_parse(text)), text, name)
            count += 1
        self.assertGreater(count, 1600)

    def test_formats_are_those_described(self):
        folder = os.path.join(os.environ.get("TTX_CORPUS", "-"), "..", "reference", "ops")
        files = sorted(glob.glob(os.path.join(folder, "*.json")))
        if not files:
            self.skipTest("no op descriptions")
        ours = {(kind, name): text for kind, name, text in formats()}
        # Definitions whose form the extractor knows better than TableGen.
        corrected = set(extract_dialect.HAND_MNEMONICS) | set(extract_dialect.HAND_FORMS)
        for path in files:
            with open(path, encoding="utf-8") as f:
                described = json.load(f)
            for op in described["ops"]:
                if op["asm"]["form"] != "declarative":
                    self.assertNotIn(("op", op["name"]), ours)
                    continue
                elements = schema.asm_parse(ours[("op", op["name"])])
                self.assertEqual(schema.asm_syntax(elements), op["asm"]["syntax"], op["name"])
            for kind, key in (("attrdef", "attr_defs"), ("typedef", "type_defs")):
                for d in described[key]:
                    name = "%s.%s" % (described["dialect"], d["mnemonic"])
                    if d["asm"]["form"] == "declarative" and name not in corrected:
                        elements = schema.asm_parse(ours[(kind, name)])
                        self.assertEqual(schema.asm_syntax(elements), d["asm"]["syntax"], name)

    def test_op_flags(self):
        bits = re.findall(r"#define OP_(\w+)\s*\\?\s*\(1ull << (\d+)\)", CODE)
        self.assertEqual([name.lower() for name, _ in bits], schema.OP_FLAGS)
        self.assertEqual([int(bit) for _, bit in bits], list(range(len(schema.OP_FLAGS))))

    def same(self, c_names, prefix, words, other=()):
        known = dict(other)
        self.assertEqual([n[len(prefix):].lower() for n in c_names], [known.get(w, w).replace("-", "_") for w in words])

    def test_vocabularies(self):
        self.same(enum("type_transform"), "TRANSFORM_", schema.TRANSFORMS)
        self.same(enum("param_kind"), "PARAM_", schema.PARAM_KINDS)
        self.same(enum("var_kind"), "VAR_", gen_dialect.VAR_KINDS)
        self.same(enum("pred_kind"), "PRED_", gen_dialect.PREDS, {"int": "integer"})
        self.same(enum("attr_kind"), "ATTR_", gen_dialect.ATTR_KINDS, {"dense": "dense_array", "enum": "enum_int"})
        self.same(enum("asm_kind"), "ASM_", gen_dialect.ASM, {"attr-dict-with-keyword": "attr_dict_keyword"})
        self.same(enum("attr_print"), "ATTR_PRINT_", list(gen_dialect.PRINT))
        kinds = re.findall(r"TYPE_IS_(\w+) = 1 << (\d+)", CODE)
        self.assertEqual([(k.lower(), int(bit)) for k, bit in kinds], [(k, i) for i, k in enumerate(schema.TYPE_KINDS)])

    def test_floats(self):
        with open(os.path.join(ROOT, "src", "ir", "node.h"), encoding="utf-8") as f:
            text = f.read()
        body = re.search(r"typedef enum ir_float \{(.*?)\}", text, re.S).group(1)
        names = [n.strip() for n in body.split(",") if n.strip()]
        self.assertEqual([n[3:].lower() for n in names[:-1]], [f.lower() for f in schema.FLOATS])

    def test_broken_data_is_refused(self):
        for text in ("$a `", "custom<", "($a", "($a^)", "type(", "$a )"):
            with self.assertRaises((ValueError, IndexError), msg=text):
                schema.asm_parse(text)


if __name__ == "__main__":
    unittest.main()
