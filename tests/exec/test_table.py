"""docs/ops-execution.md is what the program prints, sorted (the table is searched by halves) and without repeats."""
import os
import subprocess
import sys

text = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '--ops'], capture_output=True, text=True, check=True).stdout
with open(os.path.join(os.environ['TTX_SOURCE'], 'docs', 'ops-execution.md'), encoding='utf-8') as f:
    same = f.read() == text
names = [line.split('|')[1].strip() for line in text.splitlines() if line.startswith('| ') and '.' in line.split('|')[1]]
table = names[:next(i for i in range(1, len(names)) if names[i] < names[i - 1])]
print('1..4')
print(f'{"ok" if same else "not ok"} 1 - the document is up to date (tt-explorer run --ops > docs/ops-execution.md)')
print(f'{"ok" if len(table) > 300 and table == sorted(table) else "not ok"} 2 - {len(table)} rows in order')
unique = len(set(names)) == len(names)


def refusal(op):
    """What the program says of a module with this op, which is on its line 3."""
    module = f'module {{\n  func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {{\n    %0 = "{op}"(%x) : (tensor<2xf32>) -> tensor<2xf32>\n    return %0 : tensor<2xf32>\n  }}\n}}\n'
    done = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '-', '--json'], input=module, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


# Each op of the second table is refused before anything runs, by name, line and reason.
refused = [[c.strip() for c in line.split('|')[1:3]] for line in text[text.index('## Ops that cannot'):].splitlines() if '.' in line.split('|')[1:2].__str__()]
said = []
for op, why in [*refused, ('ttir.convolution', 'it is of an older version'), ('ttir.pooling', 'it is of an older version')]:
    code, out, err = refusal(op)
    if code != 1 or out or f":3:" not in err or f"'{op}' op cannot run on a CPU: {why}" not in err:
        said.append(f'{op}: {code} {err[:200]!r}')
print(f'{"ok" if unique else "not ok"} 3 - no op twice')
print(f'{"not ok" if said or len(refused) != 6 else "ok"} 4 - {len(refused)} ops are refused with a reason')
for line in said[:9]:
    print('# ' + line)
sys.exit(0 if same and unique and not said and len(refused) == 6 and table == sorted(table) else 1)
