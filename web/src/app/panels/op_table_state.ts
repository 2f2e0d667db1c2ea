// The op table's data. The view's worker filters, sorts, groups and sums (engine/op_table.ts), so that the page stays quick
// at any size. Attributes are columns on demand: they have to be asked for node by node.

import { computed, signal } from '@preact/signals';

import type { CompactGraph } from '../../engine/graph';
import { OWN, type Column } from '../../engine/op_columns';
import { SUMMED, type TableResult } from '../../engine/op_table';
import { openPanel } from '../dock';
import { nodeInfos } from '../node_info';
import { complain } from '../notify';
import { kept } from '../settings';
import { isCancel } from '../source';
import { activePane, type Pane, type Wait } from '../store';
import { valueText } from '../values';

export type { Column };

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
/** The worker makes a table. */
export const tabulating = signal(false);

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

/** The last table that came, and of what. */
export const table = signal<{ pane: Pane; graph: CompactGraph; result: TableResult } | null>(null);

let asked = 0;

/** Asks for the table that the signals above want; run in an effect while the table is shown. */
export function askTable(): void {
  const pane = activePane.value, graph = pane?.graph.value, view = pane?.view.value, mine = ++asked;
  const query = { filter: filter.value, sort: sort.value, group: groupBy.value, texts: attrColumns.value.map((key) => `attr:${key}`) };
  void attrVersion.value;
  if (!pane || !graph || !view) {
    table.value = null;
    tabulating.value = false;
    return;
  }
  tabulating.value = true;
  view.table(query).then((result) => {
    if (asked === mine) table.value = { pane, graph, result };
  }, (thrown) => {
    if (!isCancel(thrown)) complain(thrown);
  }).finally(() => { if (asked === mine) tabulating.value = false; });
}

export type TableRow = { kind: 'op'; node: number } | { kind: 'group'; name: string; count: number; sums: ReadonlyMap<string, number> };

const named = (sums: Float64Array, at = 0): ReadonlyMap<string, number> => new Map(SUMMED.map((c, k) => [c.id, sums[at + k]!]));

/** The rows of the table. Made when they are asked for: there may be as many as ops. */
export interface Rows {
  count: number;
  at: (index: number) => TableRow | undefined;
  /** The row of an op; -1: it has none. */
  indexOf: (node: number) => number;
}

export const rows = computed<Rows>(() => {
  const result = table.value?.result;
  const op = (node: number | undefined): TableRow | undefined => (node === undefined ? undefined : { kind: 'op', node });
  if (!result) return { count: 0, at: () => undefined, indexOf: () => -1 };
  const { nodes, groups } = result;
  if (!groups) return { count: nodes.length, at: (i) => op(nodes[i]), indexOf: (node) => nodes.indexOf(node) };
  const { names, starts } = groups;
  /** The row of each group. */
  const firsts: number[] = [];
  let count = 0;
  names.forEach((name, g) => {
    firsts.push(count);
    count += 1 + (openGroups.value.has(name) ? starts[g + 1]! - starts[g]! : 0);
  });
  /** The last of the ascending numbers that is at most `i`. */
  const last = (list: ArrayLike<number>, n: number, i: number): number => {
    let low = 0, high = n - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (list[mid]! <= i) low = mid;
      else high = mid - 1;
    }
    return low;
  };
  return {
    count,
    at: (i) => {
      if (i < 0 || i >= count) return undefined;
      const g = last(firsts, firsts.length, i), name = names[g]!;
      return i > firsts[g]! ? op(nodes[starts[g]! + i - firsts[g]! - 1])
        : { kind: 'group', name, count: starts[g + 1]! - starts[g]!, sums: named(groups.sums, g * SUMMED.length) };
    },
    indexOf: (node) => {
      const k = nodes.indexOf(node), g = last(starts, names.length, k);
      return k < 0 || !openGroups.value.has(names[g]!) ? -1 : firsts[g]! + 1 + k - starts[g]!;
    },
  };
});

/** All ops that are listed, whether their groups are open or not. */
export function listedOps(): number[] {
  return [...(table.peek()?.result.nodes ?? [])];
}

export const totals = computed(() => {
  const result = table.value?.result;
  return result ? { count: result.nodes.length, all: result.all, sums: named(result.sums) } : null;
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
  const nodes = graph.ops().subarray(0, MOST_ATTRS);
  const known = attrValues.get(graph) ?? new Map<number, Record<string, string>>();
  attrValues.set(graph, known);
  const missing = Array.from(nodes).filter((n) => !known.has(n));
  abort?.abort();
  const mine = (abort = new AbortController());
  try {
    for (let at = 0; at < missing.length && !mine.signal.aborted; at += 1000) {
      gathering.value = { text: 'Reading attributes', done: at, total: missing.length, cancel: () => mine.abort() };
      for (const info of await nodeInfos(ref, missing.slice(at, at + 1000)))
        known.set(info.node, Object.fromEntries(info.attrs.map((a) => [a.key, valueText(a.value).slice(0, 200)])));
    }
    const view = pane.view.peek(), numbers = Uint32Array.from(known.keys());
    // Cancelled by the user what has come is shown; a later call shows it otherwise.
    if (abort !== mine || !view || pane.graph.peek() !== graph) return;
    for (const key of attrColumns.peek()) view.tableTexts(`attr:${key}`, numbers, [...known.values()].map((v) => v[key] ?? ''));
    attrVersion.value++;
  } finally {
    if (abort === mine) gathering.value = null;
  }
}
