// op_table.ts - the ops of a graph filtered, sorted, grouped and summed: in the worker, as it looks at every op.
import type { CompactGraph } from './graph';
import { OWN, type Column } from './op_columns';

export interface TableQuery {
  /** A regular expression that some text of the op must match; empty: all ops. */
  filter: string;
  sort: { id: string; down: boolean };
  /** Id of a column of OWN whose equal values make a group; empty: none. */
  group: string;
  /** Further columns of texts, given before with tableTexts, that count. */
  texts: string[];
}

export interface TableResult {
  /** The ops in their order; those of a group together. */
  nodes: Uint32Array;
  /** How many ops the graph has. */
  all: number;
  /** Sums of all that are listed, in the order of SUMMED. */
  sums: Float64Array;
  groups: {
    names: string[];
    /** Where each group begins in nodes, and the end of the last. */
    starts: Uint32Array;
    /** SUMMED.length for each group. */
    sums: Float64Array;
  } | null;
}

/** The columns that have sums. */
export const SUMMED = OWN.filter((c) => c.sum);

type Texts = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** Texts repeat: they are compared once, by rank. */
function ranks(graph: CompactGraph, list: Uint32Array, by: Column): Float64Array {
  const all = new Map<string, number>(), of = new Uint32Array(graph.n), key = new Float64Array(graph.n);
  for (const n of list) {
    const s = String(by.of(graph, n));
    let k = all.get(s);
    if (k === undefined) all.set(s, (k = all.size));
    of[n] = k;
  }
  const names = [...all.keys()], compare = new Intl.Collator('en', { numeric: true }).compare;
  const rank = new Float64Array(names.length);
  Uint32Array.from(names.keys()).sort((a, b) => compare(names[a]!, names[b]!)).forEach((k, i) => { rank[k] = i; });
  for (const n of list) key[n] = rank[of[n]!]!;
  return key;
}

function addSums(graph: CompactGraph, nodes: Uint32Array, to: Float64Array, at: number): void {
  SUMMED.forEach((column, k) => {
    let sum = 0;
    for (const n of nodes) sum += column.of(graph, n) as number;
    to[at + k] = sum;
  });
}

function grouped(graph: CompactGraph, sorted: Uint32Array, by: Column, sort: TableQuery['sort']): Pick<TableResult, 'nodes' | 'groups'> {
  const byName = new Map<string, number[]>();
  for (const n of sorted) {
    const name = String(by.of(graph, n)), list = byName.get(name);
    if (list) list.push(n);
    else byName.set(name, [n]);
  }
  const width = SUMMED.length;
  const list = [...byName].map(([name, nodes]) => {
    const sums = new Float64Array(width), all = Uint32Array.from(nodes);
    addSums(graph, all, sums, 0);
    return { name, nodes: all, sums };
  });
  const sign = sort.down ? -1 : 1, column = SUMMED.findIndex((c) => c.id === sort.id);
  // By a sum; as the ops are sorted, when that is by what they are grouped by; else the largest first.
  if (column >= 0) list.sort((a, b) => sign * (a.sums[column]! - b.sums[column]!));
  else if (sort.id !== by.id) list.sort((a, b) => b.nodes.length - a.nodes.length);
  const nodes = new Uint32Array(sorted.length), starts = new Uint32Array(list.length + 1), sums = new Float64Array(list.length * width);
  let at = 0;
  list.forEach((g, i) => {
    starts[i] = at;
    nodes.set(g.nodes, at);
    sums.set(g.sums, i * width);
    at += g.nodes.length;
  });
  starts[list.length] = at;
  return { nodes, groups: { names: list.map((g) => g.name), starts, sums } };
}

/** The table. A filter that is no regular expression filters nothing. */
export function tabulate(graph: CompactGraph, texts: Texts, query: TableQuery): TableResult {
  const more = query.texts.map((id): Column => {
    const of = texts.get(id);
    return { id, title: '', width: 0, kind: 'text', of: (_, n) => of?.get(n) ?? '' };
  });
  const columns = [...OWN, ...more], ops = graph.ops();
  let wanted: RegExp | null = null;
  try {
    wanted = query.filter.trim() ? new RegExp(query.filter, 'i') : null;
  } catch {
    // The page says so beside the field.
  }
  const searched = columns.filter((c) => c.kind === 'text');
  const list = wanted ? ops.filter((n) => searched.some((c) => wanted.test(String(c.of(graph, n))))) : ops.slice();
  const by = columns.find((c) => c.id === query.sort.id);
  if (by) {
    let key: Float64Array;
    if (by.kind === 'number') {
      key = new Float64Array(graph.n);
      for (const n of list) key[n] = by.of(graph, n) as number;
    } else {
      key = ranks(graph, list, by);
    }
    const sign = query.sort.down ? -1 : 1;
    list.sort((a, b) => sign * (key[a]! - key[b]!) || a - b);
  }
  const sums = new Float64Array(SUMMED.length);
  addSums(graph, list, sums, 0);
  const group = OWN.find((c) => c.id === query.group);
  return { all: ops.length, sums, ...(group ? grouped(graph, list, group, query.sort) : { nodes: list, groups: null }) };
}
