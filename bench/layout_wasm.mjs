// The layout in WebAssembly against the same code in native form: times, and that all coordinates agree to the bit.
//
//   node layout_wasm.mjs        needs clang-14, lld-14, wasi-libc, libclang-rt-14-dev-wasm32
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(root, 'build-wasm-bench-'));
try {
  const base = ['arena.c', 'mem.c', 'buf.c', 'str.c', 'num.c', 'pow10.c'].map((f) => join(root, 'src/base', f));
  const layout = readdirSync(join(root, 'src/layout')).filter((f) => f.endsWith('.c')).map((f) => join(root, 'src/layout', f));
  const sources = [...base, ...layout, join(root, 'bench/layout_graphs.c'), join(root, 'bench/layout_wasm.c')];
  const common = ['-std=c17', '-O2', '-ffp-contract=off', `-I${root}/src`, `-I${root}/bench`];
  const wasm = join(dir, 'layout.wasm'), native = join(dir, 'layout');
  execFileSync('clang-14', ['--target=wasm32-wasi', '-msimd128', '-mexec-model=reactor', '-Wl,--strip-debug', '-Wl,-z,stack-size=1048576', ...common, ...sources, '-o', wasm], { stdio: 'inherit' });
  execFileSync('cc', [...common, ...sources, join(root, 'src/base/clock.c'), '-lm', '-o', native], { stdio: 'inherit' });
  const bytes = readFileSync(wasm);
  console.log(`module: ${(bytes.length / 1024).toFixed(0)} KiB`);
  const module = new WebAssembly.Module(bytes);
  const imports = {};
  for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = () => 52; // nothing is there
  if (Object.keys(imports).length) console.log('imports:', JSON.stringify(WebAssembly.Module.imports(module).map((i) => i.name)));
  const { exports } = new WebAssembly.Instance(module, imports);
  exports._initialize?.();
  for (const [which, name] of ['decoder', 'random', 'chain'].entries())
    for (const size of [1000, 10000, 100000]) {
      if (name === 'random' && size > 10000) continue;
      const n = exports.prepare(which, size);
      let best = Infinity, hash = 0;
      // Long enough for the engine to have compiled what is hot.
      const end = performance.now() + 1500;
      for (let i = 0; i < 4 || performance.now() < end; i++) {
        const start = performance.now();
        hash = exports.run() >>> 0;
        best = Math.min(best, performance.now() - start);
      }
      const [h, ms] = execFileSync(native, [which, size]).toString().trim().split(' ').map(Number);
      console.log(`${name.padEnd(8)} ${String(n).padStart(6)} nodes  native ${ms.toFixed(2).padStart(8)} ms  wasm ${best.toFixed(2).padStart(8)} ms  ${(best / ms).toFixed(2)}x  ${h === hash ? 'same coordinates' : 'DIFFERENT COORDINATES'}`);
    }
} finally {
  rmSync(dir, { recursive: true });
}
