"""docs/ops-execution.md is what the program prints, sorted (the table is searched by halves) and without repeats."""
import os
import subprocess
import sys

text = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '--ops'], capture_output=True, text=True, check=True).stdout
with open(os.path.join(os.environ['TTX_SOURCE'], 'docs', 'ops-execution.md'), encoding='utf-8') as f:
    same = f.read() == text
names = [line.split('|')[1].strip() for line in text.splitlines() if line.startswith('| ') and '.' in line.split('|')[1]]
table = names[:next(i for i in range(1, len(names)) if names[i] < names[i - 1])]
print('1..3')
print(f'{"ok" if same else "not ok"} 1 - the document is up to date (tt-explorer run --ops > docs/ops-execution.md)')
print(f'{"ok" if len(table) > 300 and table == sorted(table) else "not ok"} 2 - {len(table)} rows in order')
unique = len(set(names)) == len(names)
print(f'{"ok" if unique else "not ok"} 3 - no op twice')
sys.exit(0 if same and unique and table == sorted(table) else 1)
