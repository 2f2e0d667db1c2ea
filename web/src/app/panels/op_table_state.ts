// The op table's data: columns computed from the graph's own columns, sorted, filtered and grouped here, so that it is
// quick at any size. Attributes are columns on demand: they have to be asked for node by node.

import { computed, signal } from '@preact/signals';

import { Kind, type CompactGraph } from '../../engine/graph';
import { openPanel } from '../dock';
import { nodeInfos } from '../node_info';
import { pattern } from '../show';
import { kept } from '../settings';
import { activePane, type Pane, type Wait } from '../store';
import { valueText } from '../values';

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
  const each = block?.[1] ? Number(block[1]) / 8 + 1 / 16 : BYTES[m[2]!];
  return each === undefined ? null : { elements, bytes: Math.ceil(elements * each) };
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

export const GROUPS = [
  { id: '', title: 'No groups' }, { id: 'op', title: 'By op' }, { id: 'layer', title: 'By layer' }, { id: 'type', title: 'By output' },
] as const;

export const sort = kept<{ id: string; down: boolean }>('opSort', { id: 'order', down: false });
export const groupBy = kept<string>('opGroup', '');
export const filter = signal('');
export const openGroups = signal<ReadonlySet<string>>(new Set());
/** Keys of attributes that are columns. */
export const attrColumns = kept<string[]>('opAttrs', []);
export const gathering = signal<Wait | null>(null);

/** Attributes of all ops of a graph, by key and node. */
const attrValues = new WeakMap<CompactGraph, Map<number, Record<string, string>>>();
const attrVersion = signal(0);
/** More than this is not asked for. */
export const MOST_ATTRS = 30000;

export const columns = computed<Column[]>(() => [
  ...OWN,
  ...attrColumns.value.map((key): Column => ({
    id: `attr:${key}`, title: key, width: 150, kind: 'text', of: (g, n) => attrValues.get(g)?.get(n)?.[key] ?? '',
  })),
]);

const graphNow = computed(() => activePane.value?.graph.value ?? null);

/** All ops, in the order of numbers. */
const ops = computed<Uint32Array>(() => {
  const graph = graphNow.value;
  if (!graph) return new Uint32Array(0);
  const list = new Uint32Array(graph.n);
  let n = 0;
  for (let i = 1; i < graph.n; i++) if (graph.kind[i] !== Kind.Layer && graph.kind[i] !== Kind.Argument) list[n++] = i;
  return list.subarray(0, n);
});

const filtered = computed<Uint32Array>(() => {
  const graph = graphNow.value, wanted = pattern(filter.value);
  void attrVersion.value;
  if (!graph || !wanted) return ops.value;
  const texts = columns.value.filter((c) => c.kind === 'text');
  return ops.value.filter((n) => texts.some((c) => wanted.test(String(c.of(graph, n)))));
});

const sorted = computed<Uint32Array>(() => {
  const graph = graphNow.value, by = columns.value.find((c) => c.id === sort.value.id), sign = sort.value.down ? -1 : 1;
  void attrVersion.value;
  const list = filtered.value.slice();
  if (!graph || !by) return list;
  if (by.kind === 'number') {
    const key = new Float64Array(graph.n);
    for (const n of list) key[n] = by.of(graph, n) as number;
    return list.sort((a, b) => sign * (key[a]! - key[b]!) || a - b);
  }
  // Texts repeat: compare them once, by rank.
  const text = new Map<number, string>(), all = new Set<string>();
  for (const n of list) {
    const s = String(by.of(graph, n));
    text.set(n, s);
    all.add(s);
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const rank = new Map([...all].sort(compare).map((s, i) => [s, i]));
  const key = new Uint32Array(graph.n);
  for (const n of list) key[n] = rank.get(text.get(n)!)!;
  return list.sort((a, b) => sign * (key[a]! - key[b]!) || a - b);
});

export type TableRow = { kind: 'op'; node: number } | { kind: 'group'; name: string; nodes: number[]; sums: Map<string, number> };

function sumsOf(graph: CompactGraph, nodes: Iterable<number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const column of OWN) if (column.sum) sums.set(column.id, 0);
  for (const node of nodes)
    for (const column of OWN) if (column.sum) sums.set(column.id, sums.get(column.id)! + (column.of(graph, node) as number));
  return sums;
}

export const groups = computed(() => {
  const graph = graphNow.value, by = OWN.find((c) => c.id === groupBy.value);
  if (!graph || !by) return null;
  const byName = new Map<string, number[]>();
  for (const n of sorted.value) {
    const name = String(by.of(graph, n));
    const list = byName.get(name);
    if (list) list.push(n);
    else byName.set(name, [n]);
  }
  const list = [...byName].map(([name, nodes]) => ({ kind: 'group' as const, name, nodes, sums: sumsOf(graph, nodes) }));
  const { id, down } = sort.value, sign = down ? -1 : 1;
  if (list[0]?.sums.has(id)) return list.sort((a, b) => sign * (a.sums.get(id)! - b.sums.get(id)!));
  if (id === by.id) return list;
  return list.sort((a, b) => b.nodes.length - a.nodes.length);
});

/** The rows of the table. Made when they are asked for: there may be as many as ops. */
export interface Rows {
  count: number;
  at: (index: number) => TableRow | undefined;
  /** The row of an op; -1: it has none. */
  indexOf: (node: number) => number;
}

export const rows = computed<Rows>(() => {
  const all = groups.value, list = sorted.value;
  const op = (node: number | undefined): TableRow | undefined => (node === undefined ? undefined : { kind: 'op', node });
  if (!all) return { count: list.length, at: (i) => op(list[i]), indexOf: (node) => list.indexOf(node) };
  const starts: number[] = [];
  let count = 0;
  for (const g of all) {
    starts.push(count);
    count += 1 + (openGroups.value.has(g.name) ? g.nodes.length : 0);
  }
  return {
    count,
    at: (i) => {
      let low = 0, high = starts.length - 1;
      while (low < high) {
        const mid = (low + high + 1) >> 1;
        if (starts[mid]! <= i) low = mid;
        else high = mid - 1;
      }
      const g = all[low];
      return g && i < count ? (i === starts[low] ? g : op(g.nodes[i - starts[low]! - 1])) : undefined;
    },
    indexOf: (node) => {
      const k = all.findIndex((g) => openGroups.value.has(g.name) && g.nodes.includes(node));
      return k < 0 ? -1 : starts[k]! + 1 + all[k]!.nodes.indexOf(node);
    },
  };
});

/** All ops that are listed, whether their groups are open or not. */
export function listedOps(): number[] {
  return [...sorted.peek()];
}

export const totals = computed(() => {
  const graph = graphNow.value;
  return graph ? { count: sorted.value.length, all: ops.value.length, sums: sumsOf(graph, sorted.value) } : null;
});

/** Opens the table with a filter. */
export function openOpTable(text: string): void {
  filter.value = `^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  openPanel('ops');
}

let abort: AbortController | null = null;

/** Makes an attribute a column; asks for what is not known yet, with progress. */
export async function addAttrColumn(pane: Pane, key: string): Promise<void> {
  if (!attrColumns.peek().includes(key)) attrColumns.value = [...attrColumns.peek(), key];
  await gatherAttrs(pane);
}

export async function gatherAttrs(pane: Pane): Promise<void> {
  const graph = pane.graph.peek(), ref = pane.ref.peek();
  if (!graph || !ref || !attrColumns.peek().length) return;
  const nodes = [...ops.peek().subarray(0, MOST_ATTRS)];
  const known = attrValues.get(graph) ?? new Map<number, Record<string, string>>();
  attrValues.set(graph, known);
  const missing = nodes.filter((n) => !known.has(n));
  abort?.abort();
  const mine = (abort = new AbortController());
  try {
    for (let at = 0; at < missing.length && !mine.signal.aborted; at += 1000) {
      gathering.value = { text: 'Reading attributes', done: at, total: missing.length, cancel: () => mine.abort() };
      for (const info of await nodeInfos(ref, missing.slice(at, at + 1000)))
        known.set(info.node, Object.fromEntries(info.attrs.map((a) => [a.key, valueText(a.value).slice(0, 200)])));
      attrVersion.value++;
    }
  } finally {
    if (abort === mine) gathering.value = null;
  }
}
