// Compares the layout with dagre and elkjs on the same graphs with the same node sizes and distances.
//
//   npm ci --ignore-scripts   (once)
//   node layout_peers.mjs path/to/layout_bench [name:size | model.mlir ...]      NO_ELK=1, NO_DAGRE=1 leave one out
//
// A model is taken flat, with all its arguments, as `tt-explorer render` beside the benchmark draws it. With MODELS
// as the first name the real models of the corpus ($TTX_CORPUS, ../../shared/corpus) are compared with dagre, a line
// for each.
//
// dagre and elkjs (by default) let lines enter a node in any order, so `ours` may do that too. `ordered` keeps operand
// order, the product's default; `dagre ord` is what dagre's drawing comes to when its lines end in that order.
//
// The same counter (layout_count.mjs) measures all results: crossings between the drawn lines, the sum of their
// lengths, and the ink (stretches that several lines share counted once). dagre's lines start behind their boxes and run
// through others, which hides crossings: such boxes are counted beside them. Ours never do.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import dagre from '@dagrejs/dagre';
import ELK from 'elkjs';
import { countCrossings, countThroughBoxes, inkLength, totalLength } from './layout_count.mjs';

const [bench, ...only] = process.argv.slice(2);
if (!bench) {
  console.error('usage: node layout_peers.mjs path/to/layout_bench [name:size ...]');
  process.exit(1);
}
const cases = only.length ? only : ['decoder:200', 'decoder:1000', 'resnet:500', 'resnet:1000', 'random:300', 'bipartite:100', 'decoder-cache:500', 'cycles:200'];

function parse(args) {
  const text = execFileSync(bench, args, { maxBuffer: 1 << 30 }).toString();
  return JSON.parse(text.replaceAll(',\n0]', '\n]').replaceAll('\n0]', '\n]'));
}

// The same numbers for each group of items, by ascending value within a group.
function ranksWithin(items, group, value) {
  const values = new Map();
  for (const i of items) (values.get(group(i)) ?? values.set(group(i), new Set()).get(group(i))).add(value(i));
  const sorted = new Map([...values].map(([k, v]) => [k, [...v].sort((a, b) => a - b)]));
  return items.map((i) => sorted.get(group(i)).indexOf(value(i)));
}

// A model as the file that `layout_bench read` takes. Results and operands are numbered as their ports lie.
function graphOfModel(file) {
  const program = join(dirname(bench), '..', 'tt-explorer');
  const args = ['render', file, '--flatten', '--parameters', 'shown', '--format', 'json'];
  const d = JSON.parse(execFileSync(program, args, { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  const id = new Map(d.nodes.map((n, i) => [n.id, i]));
  const out = ranksWithin(d.edges, (e) => e.from, (e) => e.points[0]);
  const into = ranksWithin(d.edges, (e) => e.to, (e) => e.points.at(-2));
  const lines = [`${d.nodes.length} ${d.edges.length}`, ...d.nodes.map((n) => `${n.w} ${n.h}`)];
  d.edges.forEach((e, i) => lines.push(`${id.get(e.from)} ${id.get(e.to)} ${out[i]} ${into[i]}`));
  return lines.join('\n');
}

function load(name) {
  if (!name.endsWith('.mlir')) {
    const [kind, size] = name.split(':');
    return ['free', 'ordered'].map((ports) => parse(['dump', kind, size, ports]));
  }
  const dir = mkdtempSync(join(tmpdir(), 'layout-peers-'));
  try {
    const file = join(dir, 'graph');
    writeFileSync(file, graphOfModel(name));
    return ['free', 'ordered'].map((ports) => parse(['read', file, ports]));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

// dagre's lines go through its points; like its users we start and end at the boxes.
function runDagre(g) {
  const G = new dagre.graphlib.Graph({ multigraph: true });
  G.setGraph({ nodesep: g.node_sep, edgesep: g.edge_sep, ranksep: g.rank_sep });
  G.setDefaultEdgeLabel(() => ({}));
  g.nodes.forEach(([width, height], i) => G.setNode(String(i), { width, height }));
  g.edges.forEach(([a, b], i) => G.setEdge(String(a), String(b), {}, String(i)));
  const start = performance.now();
  dagre.layout(G);
  const ms = performance.now() - start;
  const lines = [];
  for (const e of G.edges()) {
    const flat = [];
    for (const p of G.edge(e).points) flat.push(p.x, p.y);
    lines[e.name] = flat;
  }
  // The ends of the same lines in operand order, evenly along the side they enter.
  const n_in = g.nodes.map(() => 1);
  for (const [, to, , operand] of g.edges) n_in[to] = Math.max(n_in[to], operand + 1);
  const ordered = lines.map((line, i) => {
    const [, to, , operand] = g.edges[i], node = G.node(String(to));
    const x = node.x + node.width * ((operand + 1) / (n_in[to] + 1) - 0.5);
    const y = line.at(-3) > node.y ? node.y + node.height / 2 : node.y - node.height / 2;
    return [...line.slice(0, -2), x, y];
  });
  const box = G.graph();
  const boxes = g.nodes.map(([w, h], i) => [G.node(String(i)).x - w / 2, G.node(String(i)).y - h / 2, w, h]);
  return { ms, lines, ordered, boxes, w: box.width, h: box.height };
}

async function runElk(g) {
  const elk = new ELK();
  const graph = {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.edgeRouting': 'POLYLINE',
      'elk.spacing.nodeNode': String(g.node_sep),
      'elk.spacing.edgeEdge': String(g.edge_sep),
      'elk.spacing.edgeNode': String((g.node_sep + g.edge_sep) / 2),
      'elk.layered.spacing.nodeNodeBetweenLayers': String(g.rank_sep),
    },
    children: g.nodes.map(([width, height], i) => ({ id: `n${i}`, width, height })),
    edges: g.edges.map(([a, b], i) => ({ id: `e${i}`, sources: [`n${a}`], targets: [`n${b}`] })),
  };
  const start = performance.now();
  const out = await elk.layout(graph);
  const ms = performance.now() - start;
  const lines = out.edges.map((e) => {
    const s = e.sections[0];
    return [s.startPoint, ...(s.bendPoints ?? []), s.endPoint].flatMap((p) => [p.x, p.y]);
  });
  const boxes = out.children.map((n) => [n.x, n.y, n.width, n.height]);
  return { ms, lines, boxes, w: out.width, h: out.height };
}

function report(who, g, r, ours) {
  const c = countCrossings(r.lines), through = countThroughBoxes(r.lines, r.ends ?? g.edges, r.boxes), len = totalLength(r.lines), ink = inkLength(r.lines);
  const x = ours ? `${(r.ms / ours).toFixed(0)}x` : '';
  console.log(
    `  ${who.padEnd(9)} ${r.ms.toFixed(1).padStart(10)} ms ${x.padStart(7)}  crossings ${String(c).padStart(6)}  through boxes ${String(through).padStart(5)}  length ${len.toFixed(0).padStart(9)}  ink ${ink.toFixed(0).padStart(9)}  ${r.w.toFixed(0)} x ${r.h.toFixed(0)}`,
  );
}

const MODELS = [
  'level0/ttir/models/llama_attention', 'level0/ttir/models/llama_3_2_1b_decoder', 'level0/ttir/models/resnet_hf',
  'mlir/ttir/models/llama_3_2_1b_decoder', 'mlir/ttir/models/resnet_hf', 'mlir/ttir/models/segformer', 'mlir/ttir/models/yolo_v8',
  'level0/ttir/Silicon/TTNN/n150/optimizer/resnet50_xla_first_module',
  ...['bert_encoder_layer', 'gemma_2_2b_decode_layer', 'gemma_2_2b_prefill_layer', 'llama_3_1_8b_decode_block', 'llama_3_1_8b_decode_layer',
    'llama_3_1_8b_prefill_layer', 'phi_1_decode_block', 'phi_1_decode_layer', 'phi_1_prefill_layer', 'qwen_2_5_0_5b_decode_block',
    'segformer_vision_layer', 'vit_vision_layer'].flatMap((m) => ['mlir', 'level0'].map((l) => `${l}/ttir/models/single_blocks_and_layers/${m}`)),
  ...['llama_prefill_2025-11/ttir', 'llama_prefill_2025-11/ttnn', 'tp_2x4_gather/ttir', 'tp_2x4_gather/ttnn', 'tp_2x4_32_4/ttir',
    'vae_prefix_conv1_opt0/ttir', 'wide_resnet50_2025-11/ttir'].map((m) => `compile-pairs/${m}`),
];

// One line: crossings and length of ours and dagre's, with free operands and in operand order.
function compareModel(file, name) {
  const [g, ordered] = load(file);
  const d = runDagre(g);
  const free = [countCrossings(g.routes), countCrossings(d.lines), totalLength(g.routes), totalLength(d.lines)];
  const order = [countCrossings(ordered.routes), countCrossings(d.ordered), totalLength(ordered.routes), totalLength(d.ordered)];
  const hidden = countThroughBoxes(d.lines, g.edges, d.boxes), own = countThroughBoxes(g.routes, g.ends, g.boxes);
  const cell = ([c, dc, l, dl]) =>
    `${String(c).padStart(5)}${c > dc ? '!' : ' '}/${String(dc).padStart(5)}  ${(l / 1000).toFixed(0).padStart(5)}${l > dl ? '!' : ' '}/${(dl / 1000).toFixed(0).padStart(5)}`;
  console.log(`${name.slice(-52).padEnd(52)} ${String(g.nodes.length).padStart(5)} ${String(g.edges.length).padStart(5)}   ${cell(free)}   ${cell(order)}   ${own}/${String(hidden).padStart(4)}   ${g.ms.toFixed(1).padStart(5)} ${d.ms.toFixed(0).padStart(6)} ms`);
  return [free, order];
}

if (cases[0] === 'MODELS') {
  const corpus = process.env.TTX_CORPUS ?? join(import.meta.dirname, '../../shared/corpus');
  const files = MODELS.map((m) => join(corpus, `${m}.mlir`)).filter((f) => existsSync(f));
  console.log(`${'ours / dagre'.padEnd(52)} nodes edges   free: crossings, length/1000   in operand order               through boxes`);
  const results = files.map((f) => compareModel(f, f.slice(corpus.length + 1, -5)));
  for (const [k, what] of ['free operands', 'operand order'].entries()) {
    const count = (a, b) => results.filter((r) => r[k][a] > r[k][b]).length;
    const ratio = (a, b) => Math.exp(results.reduce((s, r) => s + Math.log((r[k][a] + 1) / (r[k][b] + 1)), 0) / results.length);
    console.log(`${what}: more crossings than dagre in ${count(0, 1)} of ${results.length}, longer lines in ${count(2, 3)}; mean ratio of crossings ${ratio(0, 1).toFixed(2)}, of lengths ${ratio(2, 3).toFixed(2)}`);
  }
  process.exit(0);
}

for (const c of cases) {
  const [g, ordered] = load(c);
  console.log(`${c.endsWith('.mlir') ? basename(c) : c.split(':')[0]}: ${g.nodes.length} nodes, ${g.edges.length} edges`);
  const size = (boxes) => ({ w: Math.max(...boxes.map((b) => b[0] + b[2])), h: Math.max(...boxes.map((b) => b[1] + b[3])) });
  report('ours', g, { ...g, lines: g.routes, ...size(g.boxes) });
  report('ordered', g, { ...ordered, lines: ordered.routes, ...size(ordered.boxes) });
  if (!process.env.NO_DAGRE) {
    const d = runDagre(g);
    report('dagre', g, d, g.ms);
    report('dagre ord', g, { ...d, lines: d.ordered }, g.ms);
  }
  if (!process.env.NO_ELK) report('elkjs', g, await runElk(g), g.ms);
}
