// op_columns.ts - what the op table tells of an op from the graph's own columns. The worker sorts by it, the page shows it.
import type { CompactGraph } from './graph';

export interface Column {
  id: string;
  title: string;
  help?: string;
  width: number;
  kind: 'text' | 'number';
  /** Of numbers: groups and the foot show their sum. */
  sum?: boolean;
  /** The value of a node. */
  of: (graph: CompactGraph, node: number) => string | number;
}

/** Bytes of one element. */
const BYTES: Record<string, number> = {
  bf16: 2, f16: 2, f32: 4, f64: 8, i1: 0.125, i4: 0.5, i8: 1, ui8: 1, si8: 1, i16: 2, ui16: 2, si16: 2, i32: 4, ui32: 4, si32: 4, i64: 8,
  ui64: 8, si64: 8, f8E4M3FN: 1, f8E5M2: 1, index: 8,
};

/** Elements and bytes of a type such as 1x128xbf16; null when it is no ranked tensor of known size. */
export function sizeOf(type: string): { elements: number; bytes: number } | null {
  const m = /^((?:\d+x)*)([a-zA-Z]\w*)/.exec(type.replace(/^tensor<|>$/g, ''));
  if (!m) return null;
  const elements = m[1]!.split('x').filter(Boolean).reduce((n, d) => n * Number(d), 1);
  // Block formats have 16 elements share one byte of exponent.
  const block = /^!?ttcore\.tile|^bfp_(?:bf|f)(\d)/.exec(m[2]!);
  const pair = /^(?:\d+x)*complex<(\w+)>/.exec(type.replace(/^tensor</, ''));
  const each = block?.[1] ? Number(block[1]) / 8 + 1 / 16 : BYTES[pair?.[1] ?? m[2]!];
  return each === undefined ? null : { elements, bytes: Math.ceil(elements * each * (pair ? 2 : 1)) };
}

/** A function whose answers are remembered: models have few types and layers for many ops. */
function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make(key)));
    return value;
  };
}

const NO_SIZE = { elements: 0, bytes: 0 };
const sizeOfType = remembered((type: string) => sizeOf(type) ?? NO_SIZE);

function outType(graph: CompactGraph, node: number): string {
  const { start, edges } = graph.out;
  return start[node]! < start[node + 1]! ? graph.edgeType(edges[start[node]!]!) : '';
}

/** Bytes of all operands of a node. */
function inBytes(graph: CompactGraph, node: number): number {
  let bytes = 0;
  for (let e = graph.inStart[node]!; e < graph.inStart[node + 1]!; e++) bytes += sizeOfType(graph.edgeType(e)).bytes;
  return bytes;
}

const namespaces = new WeakMap<CompactGraph, (layer: number) => string>();
/** The layers around an op; the ops of a layer share them. */
function layerOf(graph: CompactGraph, node: number): string {
  let of = namespaces.get(graph);
  if (!of) namespaces.set(graph, (of = remembered((layer: number) => (layer ? graph.namespace(layer) : ''))));
  return of(graph.parent[node]!);
}

export const OWN: readonly Column[] = [
  { id: 'order', title: '#', help: 'Place in program order', width: 62, kind: 'number', of: (g, n) => g.order[n]! || 0 },
  { id: 'op', title: 'Op', width: 190, kind: 'text', of: (g, n) => g.label(n) },
  { id: 'layer', title: 'Layer', width: 220, kind: 'text', of: layerOf },
  { id: 'type', title: 'Output', help: 'Type of the first result that is read', width: 170, kind: 'text', of: outType },
  { id: 'elements', title: 'Elements', help: 'Elements of that result', width: 96, kind: 'number', sum: true,
    of: (g, n) => sizeOfType(outType(g, n)).elements },
  { id: 'bytes', title: 'Bytes', help: 'Bytes of that result', width: 96, kind: 'number', sum: true, of: (g, n) => sizeOfType(outType(g, n)).bytes },
  { id: 'inBytes', title: 'Bytes in', help: 'Bytes of all operands', width: 96, kind: 'number', sum: true, of: inBytes },
  { id: 'inputs', title: 'Ins', help: 'Number of operands', width: 52, kind: 'number', of: (g, n) => g.inStart[n + 1]! - g.inStart[n]! },
  { id: 'readers', title: 'Readers', help: 'How often its results are read', width: 72, kind: 'number',
    of: (g, n) => g.out.start[n + 1]! - g.out.start[n]! },
];
