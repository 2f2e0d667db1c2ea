// Two graphs beside each other: which panes, how selections go together, and what is different.

import { computed, effect, signal, untracked } from '@preact/signals';

import { graphQuery } from '../app/address';
import { followNodes } from '../app/api';
import { complain } from '../app/notify';
import { kindOf, mainOnes } from '../app/open';
import { kept } from '../app/settings';
import { Problem, sameRef, type GraphRef } from '../app/source';
import { panes, source, type Pane } from '../app/store';
import type { HighlightSet } from '../engine/types';
import { bindIds } from './analyses';
import { eachPane, following } from './common';

/** The panes that are compared: the first two with a graph, or as the user says. */
const chosen = signal<{ left: string; right: string } | null>(null);
export const sides = computed<{ left: Pane; right: Pane } | null>(() => {
  const all = panes.value.filter((p) => p.ref.value && p.graph.value);
  const named = chosen.value;
  const left = all.find((p) => p.id === named?.left) ?? all.find((p) => p.id !== named?.right);
  const right = all.find((p) => p.id === named?.right && p !== left) ?? all.find((p) => p !== left);
  return left && right ? { left, right } : null;
});

export function setSide(side: 'left' | 'right', pane: string): void {
  const now = sides.peek();
  const next = { left: now?.left.id ?? '', right: now?.right.id ?? '' };
  if (next.left === pane || next.right === pane) [next.left, next.right] = [next.right, next.left];
  else next[side] = pane;
  chosen.value = next;
}

export function swapSides(): void {
  const now = sides.peek();
  if (now) chosen.value = { left: now.right.id, right: now.left.id };
}

/** How selections go together: not, by equal ids, by what the comparison matched, by a file, by
 * which op became which in a compile run (only panes of one run): off, id, content, file, stages. */
export const sync = kept<string>('sync', 'stages');

/* --- differences -------------------------------------------------------------------------------------------------- */

export interface Differences {
  left: Pane;
  right: Pane;
  same: number;
  /** By left node the right one, and the other way round. */
  toRight: ReadonlyMap<number, number>;
  toLeft: ReadonlyMap<number, number>;
  changed: readonly (readonly [number, number])[];
  removed: readonly number[];
  added: readonly number[];
}

export interface Change {
  left: string;
  right: string;
  what: string[];
  attrs: { key: string; left?: unknown; right?: unknown }[];
}

export const diffOn = signal(false);
export const differences = signal<Differences | null>(null);
/** What is changed, by the id of the left node; of the first thousands. */
export const changes = signal<ReadonlyMap<string, Change>>(new Map());
export const comparing = signal(false);

const DETAILS = 5000;

function sideQuery(side: 'left' | 'right', ref: GraphRef): Record<string, string | number | undefined> {
  return { [side]: ref.model, [`${side}_part`]: ref.part || undefined, [`${side}_stage`]: ref.stage || undefined, [`${side}_run`]: ref.run };
}

interface Pair {
  left: Pane;
  right: Pane;
  leftRef: GraphRef;
  rightRef: GraphRef;
}

/** Both panes with what they show; null when the server cannot compare them. */
function pair(): Pair | null {
  const now = sides.value, leftRef = now?.left.ref.value, rightRef = now?.right.ref.value;
  return now && leftRef && rightRef ? { ...now, leftRef, rightRef } : null;
}

async function ask<T>(p: Pair, form: string, signal: AbortSignal, limit?: number): Promise<T> {
  if (p.leftRef.layers !== p.rightRef.layers)
    throw new Problem('The two graphs have their layers made in different ways.', 'bad_request', { hint: 'Choose the same layers for both.' });
  return source().call<T>('GET', '/diff', undefined, {
    signal, query: { ...sideQuery('left', p.leftRef), ...sideQuery('right', p.rightRef), form, limit, layers: graphQuery(p.leftRef).layers },
  });
}

function two(flat: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  return pairs;
}

/** What syncing by content and showing differences both need. */
following(
  () => (diffOn.value || sync.value === 'content' ? pair() : null),
  async (p, abort) => {
    comparing.value = true;
    try {
      const [numbers, list] = await Promise.all([
        ask<{ same: number; pairs: number[]; changed: number[]; removed: number[]; added: number[] }>(p, 'nodes', abort),
        ask<{ changed: Change[] }>(p, 'list', abort, DETAILS),
      ]);
      const pairs = two(numbers.pairs);
      const now = untracked(pair);
      if (!now || !sameRef(now.leftRef, p.leftRef) || !sameRef(now.rightRef, p.rightRef)) return;
      differences.value = {
        left: p.left, right: p.right, same: numbers.same, changed: two(numbers.changed), removed: numbers.removed, added: numbers.added,
        toRight: new Map(pairs), toLeft: new Map(pairs.map(([l, r]) => [r, l])),
      };
      changes.value = new Map(list.changed.map((c) => [c.left, c]));
    } finally {
      comparing.value = false;
    }
  },
  () => {
    differences.value = null;
    changes.value = new Map();
  },
);

/* --- selections that go together ---------------------------------------------------------------------------------- */

/** A navigation mapping, as in Model Explorer's files. */
export interface Mapping {
  name: string;
  mapping?: Record<string, string>;
  mappingEntries?: { leftNodeIds: string[]; rightNodeIds: string[] }[];
  disableMappingFallback?: boolean;
  relatedNodesBorderColor?: string;
  relatedNodesBorderWidth?: number;
  showDiffHighlights?: boolean;
  deletedNodesBorderColor?: string;
  deletedNodesBorderWidth?: number;
  newNodesBorderColor?: string;
  newNodesBorderWidth?: number;
}
export const mapping = signal<Mapping | null>(null);

export function readMapping(name: string, text: string): Mapping {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (thrown) {
    throw new Problem(`${name} is not JSON: ${(thrown as Error).message}`, 'unreadable');
  }
  const file = raw as Partial<Mapping> | null;
  const entries = Array.isArray(file?.mappingEntries), plain = !!file?.mapping && typeof file.mapping === 'object';
  if (!entries && !plain) throw new Problem(`${name} has neither mapping nor mappingEntries.`, 'unreadable');
  return { ...file, name };
}

/** The mapping bound to the nodes of both graphs. */
interface BoundMapping {
  left: Pane;
  right: Pane;
  toRight: ReadonlyMap<number, readonly number[]>;
  toLeft: ReadonlyMap<number, readonly number[]>;
}
const boundMapping = signal<BoundMapping | null>(null);

following(
  () => {
    const file = mapping.value, p = pair();
    return file && p && sync.value === 'file' ? { file, p } : null;
  },
  async ({ file, p }, abort) => {
    const entries = file.mappingEntries ??
      Object.entries(file.mapping ?? {}).map(([l, r]) => ({ leftNodeIds: [l], rightNodeIds: [r] }));
    const leftIds = [...new Set(entries.flatMap((e) => e.leftNodeIds))], rightIds = [...new Set(entries.flatMap((e) => e.rightNodeIds))];
    const [left, right] = await Promise.all([bindIds(p.leftRef, leftIds, abort), bindIds(p.rightRef, rightIds, abort)]);
    const leftOf = new Map(leftIds.map((id, i) => [id, left[i]!])), rightOf = new Map(rightIds.map((id, i) => [id, right[i]!]));
    const toRight = new Map<number, number[]>(), toLeft = new Map<number, number[]>();
    for (const e of entries) {
      const l = e.leftNodeIds.map((id) => leftOf.get(id)!).filter(Boolean), r = e.rightNodeIds.map((id) => rightOf.get(id)!).filter(Boolean);
      for (const n of l) toRight.set(n, r);
      for (const n of r) toLeft.set(n, l);
    }
    boundMapping.value = { left: p.left, right: p.right, toRight, toLeft };
  },
  () => { boundMapping.value = null; },
);

/** The nodes of `to` that belong to nodes of `from`. */
function related(from: Pane, to: Pane, nodes: readonly number[]): number[] {
  const a = from.graph.peek(), b = to.graph.peek();
  if (!a || !b) return [];
  const byId = (n: number): number[] => {
    const found = b.find(a.id(n));
    return found === undefined ? [] : [found];
  };
  const found = nodes.flatMap((n) => {
    if (sync.peek() === 'content') {
      const d = differences.peek();
      const match = d && (d.left === from && d.right === to ? d.toRight.get(n) : d.right === from && d.left === to ? d.toLeft.get(n) : undefined);
      return match === undefined || match === null ? (a.isLayer(n) ? byId(n) : []) : [match];
    }
    if (sync.peek() === 'file') {
      const m = boundMapping.peek();
      const match = m && (m.left === from && m.right === to ? m.toRight.get(n) : m.right === from && m.left === to ? m.toLeft.get(n) : undefined);
      return match ?? (mapping.peek()?.disableMappingFallback ? [] : byId(n));
    }
    return byId(n);
  });
  return [...new Set(found)];
}

/** The nodes of `to` that nodes of `from` came from or became in a compile run; null when the panes are of none together. */
async function follow(from: Pane, to: Pane, nodes: readonly number[], signal: AbortSignal): Promise<number[] | null> {
  const a = from.ref.peek(), b = to.ref.peek();
  const found = a && b ? await followNodes(a, b, nodes, { signal }) : null, graph = to.graph.peek();
  const before = from.graph.peek();
  return found && graph && before ? [...mainOnes(graph, found, nodes.map((n) => kindOf(before.label(n))))] : found;
}

let asking: AbortController | null = null;

/** Selects in a pane what belongs to the selection of another. */
function give(other: Pane, found: readonly number[]): void {
  const before = other.selection.peek();
  if (found.length === before.length && found.every((n, i) => n === before[i])) return;
  other.given = found;
  other.select(found, { record: false });
  if (found[0] !== undefined) other.view.peek()?.reveal(found[0]).catch(complain);
}

eachPane((pane) => effect(() => {
  const nodes = pane.selection.value;
  if (sync.value === 'off') return;
  // Matches that come late are applied to the selection there is.
  void (sync.value === 'content' && differences.value);
  void (sync.value === 'file' && boundMapping.value);
  untracked(() => {
    if (pane.given === nodes) return;
    asking?.abort();
    const { signal } = (asking = new AbortController());
    for (const other of panes.peek()) {
      if (other === pane || !other.graph.peek()) continue;
      if (sync.peek() !== 'stages') give(other, related(pane, other, nodes));
      else follow(pane, other, nodes, signal).then((found) => { if (found && !signal.aborted) give(other, found); }, complain);
    }
  });
}));

/** Nodes that belong together get an outline; with showDiffHighlights also those that have none. */
eachPane((pane) => following(
  () => {
    const now = sides.value, file = mapping.value, bound = boundMapping.value, graph = pane.graph.value;
    if (sync.value !== 'file' || !file || !now || !bound || !graph || (now.left !== pane && now.right !== pane)) return null;
    const other = now.left === pane ? now.right : now.left, otherGraph = other.graph.value;
    return otherGraph ? { file, bound, graph, otherGraph, isLeft: now.left === pane, selection: pane.selection.value } : null;
  },
  async ({ file, bound, graph, otherGraph, isLeft, selection }) => {
    const highlights: HighlightSet[] = [];
    if (selection.length)
      highlights.push({ nodes: selection, color: file.relatedNodesBorderColor ?? '#ff00be', width: file.relatedNodesBorderWidth ?? 2 });
    if (file.showDiffHighlights) {
      const map = isLeft ? bound.toRight : bound.toLeft;
      const alone: number[] = [];
      for (let n = 1; n < graph.n; n++) {
        if (graph.isLayer(n) || map.get(n)?.length) continue;
        if (file.disableMappingFallback || otherGraph.find(graph.id(n)) === undefined) alone.push(n);
      }
      highlights.push(isLeft ? { nodes: alone, color: file.deletedNodesBorderColor ?? '#ff0000', width: file.deletedNodesBorderWidth ?? 2 }
        : { nodes: alone, color: file.newNodesBorderColor ?? '#00a000', width: file.newNodesBorderWidth ?? 2 });
    }
    pane.mark('sync', { highlights });
  },
  () => pane.mark('sync', null),
));
