// Compares the layout with dagre and elkjs on the same graphs with the same node sizes and distances.
//
//   npm ci --ignore-scripts   (once)
//   node layout_peers.mjs path/to/layout_bench [name:size ...]      NO_ELK=1, NO_DAGRE=1 leave one out
//
// dagre and elkjs (by default) let lines enter a node in any order, so `ours` may do that too; `ordered` keeps operand
// order, the product's default.
//
// The same counter (layout_count.mjs) measures all results: crossings between the drawn lines, the sum of their
// lengths, and the ink (stretches that several lines share counted once).
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import dagre from '@dagrejs/dagre';
import ELK from 'elkjs';
import { countCrossings, inkLength, totalLength } from './layout_count.mjs';

const [bench, ...only] = process.argv.slice(2);
if (!bench) {
  console.error('usage: node layout_peers.mjs path/to/layout_bench [name:size ...]');
  process.exit(1);
}
const cases = only.length ? only : ['decoder:200', 'decoder:1000', 'resnet:500', 'resnet:1000', 'random:300', 'bipartite:100', 'decoder-cache:500', 'cycles:200'];

function load(name, size, ports) {
  const text = execFileSync(bench, ['dump', name, size, ports], { maxBuffer: 1 << 30 }).toString();
  const g = JSON.parse(text.replaceAll(',\n0]', '\n]').replaceAll('\n0]', '\n]'));
  return g;
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
    lines.push(flat);
  }
  const box = G.graph();
  return { ms, lines, w: box.width, h: box.height };
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
  return { ms, lines, w: out.width, h: out.height };
}

function report(who, r, ours) {
  const c = countCrossings(r.lines), len = totalLength(r.lines), ink = inkLength(r.lines);
  const x = ours ? `${(r.ms / ours).toFixed(0)}x` : '';
  console.log(
    `  ${who.padEnd(8)} ${r.ms.toFixed(1).padStart(10)} ms ${x.padStart(7)}  crossings ${String(c).padStart(6)}  length ${len.toFixed(0).padStart(9)}  ink ${ink.toFixed(0).padStart(9)}  ${r.w.toFixed(0)} x ${r.h.toFixed(0)}`,
  );
}

for (const c of cases) {
  const [name, nodes] = c.split(':');
  const g = load(name, nodes, 'free'), ordered = load(name, nodes, 'ordered');
  console.log(`${name}: ${g.nodes.length} nodes, ${g.edges.length} edges`);
  const size = (boxes) => ({ w: Math.max(...boxes.map((b) => b[0] + b[2])), h: Math.max(...boxes.map((b) => b[1] + b[3])) });
  report('ours', { ms: g.ms, lines: g.routes, ...size(g.boxes) });
  report('ordered', { ms: ordered.ms, lines: ordered.routes, ...size(ordered.boxes) });
  if (!process.env.NO_DAGRE) report('dagre', runDagre(g), g.ms);
  if (!process.env.NO_ELK) report('elkjs', await runElk(g), g.ms);
}
