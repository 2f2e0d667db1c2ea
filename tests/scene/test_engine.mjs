// The engine in WebAssembly against the same code in native form: `tt-explorer render --format json` says where the boxes
// are, and so do the engine's exports. Every number must be the same, to the last bit.
//
//   TTX_PROGRAM=tt-explorer node test_engine.mjs engine.wasm
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = process.env.TTX_PROGRAM, source = process.env.TTX_SOURCE;
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const NONE = 0xffffffff;

function engine() {
  const imports = {};
  for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = () => 52;
  imports.env.progress = () => 1;
  const { exports } = new WebAssembly.Instance(module, imports);
  exports._initialize?.();
  return exports;
}

function load(bytes) {
  const e = engine(), at = e.ttx_alloc(bytes.length);
  new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
  return [e, e.ttx_load(at, bytes.length)];
}

/** A graph as Model Explorer writes it: layers in layers, edges forward with some back, by a fixed sequence. */
function made(n) {
  let seed = 12345;
  const random = (k) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % k;
  const nodes = [];
  for (let i = 0; i < n; i++) {
    const space = ['net', `block${Math.floor(i / 60)}`, `part${Math.floor(i / 12) % 5}`].slice(0, 1 + random(3));
    const from = new Set();
    for (let k = random(4); k > 0 && i > 1; k--) from.add(random(50) ? Math.max(i - 1 - random(20), 0) : random(n));
    nodes.push({
      id: `n${i}`, config: { pinToGroupTop: i % 17 === 3 }, label: ['Conv', 'Relu', 'Add', '表示 🙂', 'layer <&> "x"'][random(5)], namespace: space.join('/'),
      incomingEdges: [...from].map((f, k) => ({ sourceNodeId: `n${f}`, sourceNodeOutputId: '0', targetNodeInputId: `${k}` })),
    });
  }
  return JSON.stringify({ graphs: [{ id: 'made', nodes, layoutConfigs: { nodeSep: 31, rankSep: 44.5, edgeSep: 7 } }] });
}

const cases = [];
const test = (name, run) => cases.push([name, run]);
const check = (ok, what) => {
  if (!ok) throw new Error(what);
};

function agree(file, dir, expand) {
  const native = JSON.parse(execFileSync(program, ['render', '--format', 'json', ...(expand ? ['--expand-all'] : []), file], { maxBuffer: 1 << 28 }));
  const bin = join(dir, 'graph.bin');
  execFileSync(program, ['convert', '--format', 'bin', file, '-o', bin]);
  const bytes = readFileSync(bin), [e, status] = load(bytes);
  check(status === 0, `load says ${status}`);
  check(e.ttx_scene(0, 0, 0, 0, 0) === 0, 'no scene');
  if (expand) e.ttx_expand_all(1);
  check(e.ttx_update(NONE) === 0, 'no layout');
  const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(16, true);
  const boxes = [];
  for (let i = 1; i < n; i++) {
    const at = e.ttx_box(i, 0);
    if (at) boxes.push([...new Float64Array(e.memory.buffer, at, 4)]);
  }
  check(boxes.length === native.nodes.length, `${boxes.length} boxes, natively ${native.nodes.length}`);
  native.nodes.forEach((b, i) => {
    const found = boxes[i].join(' '), wanted = [b.x, b.y, b.w, b.h].join(' ');
    check(found === wanted, `${b.id}: ${found}, natively ${wanted}`);
  });
  const size = new Float64Array(e.memory.buffer, e.ttx_size(), 2);
  check(size[0] === native.width && size[1] === native.height, 'another size');
  return boxes.length;
}

const dir = mkdtempSync(join(tmpdir(), 'ttx-engine-'));
const graph = join(dir, 'made.json');
writeFileSync(graph, made(3000));
for (const expand of [false, true]) {
  const how = expand ? 'expanded' : 'collapsed';
  test(`mnist_${how}_is_laid_out_as_natively`, () => agree(join(source, 'examples/mnist.mlir'), dir, expand));
  test(`made_graph_${how}_is_laid_out_as_natively`, () => agree(graph, dir, expand));
}
test('damaged_graphs_are_refused', () => {
  execFileSync(program, ['convert', '--format', 'bin', graph, '-o', join(dir, 'g.bin')]);
  const good = readFileSync(join(dir, 'g.bin'));
  for (let at = 0; at < 400; at += 3) {
    const bad = Uint8Array.from(good);
    bad[at] ^= 0x5a;
    const [e, status] = load(bad);
    if (status === 0 && e.ttx_scene(0, 0, 0, 0, 0) === 0) e.ttx_update(NONE); // some flips do no harm
  }
  check(load(good.subarray(0, good.length - 8))[1] !== 0, 'a graph that is cut off is taken');
  check(load(new Uint8Array(8))[1] !== 0, 'nothing is taken');
});
test('cancelling_keeps_the_last_drawing', () => {
  const bytes = readFileSync(join(dir, 'g.bin')), imports = {};
  for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = () => 52;
  let go = 1;
  imports.env.progress = () => go;
  const { exports: e } = new WebAssembly.Instance(module, imports);
  e._initialize?.();
  const at = e.ttx_alloc(bytes.length);
  new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
  check(e.ttx_load(at, bytes.length) === 0 && e.ttx_scene(0, 1, 0, 0, 0) === 0, 'no scene');
  go = 0;
  check(e.ttx_update(NONE) === 2, 'it was not cancelled');
  go = 1;
  check(e.ttx_update(NONE) === 0 && e.ttx_size() !== 0, 'it does not go on');
});

console.log(`1..${cases.length}`);
let failed = 0;
cases.forEach(([name, run], i) => {
  try {
    run();
    console.log(`ok ${i + 1} - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${i + 1} - ${name}`);
    console.log(`# ${error.message}`);
  }
});
rmSync(dir, { recursive: true });
process.exitCode = failed ? 1 : 0;
