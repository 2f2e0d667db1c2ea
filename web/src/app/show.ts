// What is written on nodes and edges: the choices, kept over sessions, and the lines they make.

import { effect, signal } from '@preact/signals';

import type { NodeLine } from '../engine/types';
import { nodeInfos } from './node_info';
import { nodeLines } from './panels';
import { edgeLabelLength, kept } from './settings';
import type { Attribute, NodeInfo } from './source';
import type { Pane } from './store';
import { valueText, whole } from './values';

export const NODE_SHOWS = [
  { id: 'id', title: 'Id' },
  { id: 'attrs', title: 'Attributes of ops' },
  { id: 'layerAttrs', title: 'Attributes of layers' },
  { id: 'inputs', title: 'Inputs' },
  { id: 'outputs', title: 'Outputs' },
  { id: 'children', title: 'Number of children' },
  { id: 'descendants', title: 'Number of descendants' },
] as const;

/** Ids of NODE_SHOWS and of the features' lines that are on. */
export const shown = kept<string[]>('show', []);
/** Regular expression that keys or values of attributes must match to be written; empty: all. */
export const attrFilter = kept('showAttrs', '');
/** Keys of single attributes that were switched on in the inspector. */
export const shownKeys = kept<string[]>('showKeys', []);

/** What edges say. `by` tells of what: the tensor's type, a key of the output's or input's metadata, an attribute of the
 * node at either end. */
export type EdgeShow = { by: 'none' | 'type' } | { by: 'output' | 'input' | 'source' | 'target'; key: string };
export const edgeShow = kept<EdgeShow>('showEdges', { by: 'none' });

export function toggleShown(id: string): void {
  shown.value = shown.value.includes(id) ? shown.value.filter((s) => s !== id) : [...shown.value, id];
}
export function toggleKey(key: string): void {
  shownKeys.value = shownKeys.value.includes(key) ? shownKeys.value.filter((s) => s !== key) : [...shownKeys.value, key];
}

const CUT = 120;
const ROWS = 10;

function cut(text: string, most = CUT): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

function shape(attrs: readonly Attribute[]): string {
  const of = (key: string) => attrs.find((a) => a.key === key)?.value;
  return valueText(of('shape') ?? of('type') ?? '');
}

/** A regular expression as typed; null when it is not one, or empty. */
export function pattern(text: string): RegExp | null {
  if (!text.trim()) return null;
  try {
    return new RegExp(text, 'i');
  } catch {
    return null;
  }
}

function linesOf(info: NodeInfo, on: ReadonlySet<string>, keys: readonly string[], filter: RegExp | null): NodeLine[] {
  const lines: NodeLine[] = [];
  const layer = info.kind === 'layer';
  if (on.has('id')) lines.push({ key: 'id', value: cut(info.id) });
  const all = on.has(layer ? 'layerAttrs' : 'attrs');
  for (const a of info.attrs) {
    const value = cut(valueText(a.value));
    if (keys.includes(a.key) || (all && (!filter || filter.test(a.key) || filter.test(value)))) lines.push({ key: a.key, value });
  }
  if (on.has('inputs'))
    for (const i of (info.inputs ?? []).slice(0, ROWS)) lines.push({ key: i.name || `in ${i.index}`, value: cut(shape(i.attrs)) });
  if (on.has('outputs'))
    for (const o of (info.outputs ?? []).slice(0, ROWS)) lines.push({ key: o.name || `out ${o.index}`, value: cut(shape(o.attrs)) });
  if (layer && on.has('children') && info.children !== undefined) lines.push({ key: 'children', value: whole(info.children) });
  if (layer && on.has('descendants') && info.descendants !== undefined)
    lines.push({ key: 'descendants', value: whole(info.descendants) });
  return lines;
}

/** What the page waits for before lines are on the nodes; for tests. */
export const linesBusy = signal(0);

/** Keeps the lines and edge labels of a pane's view as chosen; gives the function that ends it. */
export function followShows(pane: Pane): () => void {
  const stopLines = effect(() => {
    const view = pane.view.value, graph = pane.graph.value, ref = pane.ref.value;
    const on = new Set(shown.value), keys = shownKeys.value, filter = pattern(attrFilter.value);
    const features = nodeLines.all().filter((l) => on.has(l.id) && (!l.when || l.when(pane)));
    const own = NODE_SHOWS.some((s) => on.has(s.id)) || keys.length > 0;
    if (!view || !graph || !ref) return;
    linesBusy.value = linesBusy.peek() + 1;
    const done = () => { linesBusy.value = linesBusy.peek() - 1; };
    view.setLines(!own && !features.length ? null : async (nodes) => {
      const lines: NodeLine[][] = own ? (await nodeInfos(ref, nodes)).map((info) => linesOf(info, on, keys, filter))
        : nodes.map(() => []);
      for (const feature of features)
        (await feature.lines(pane, nodes)).forEach((more, i) => lines[i]!.push(...more));
      return lines;
    }).then(done, done);
  });
  const stopEdges = effect(() => {
    const view = pane.view.value, graph = pane.graph.value, ref = pane.ref.value, show = edgeShow.value;
    if (!view || !graph || !ref) return;
    const most = edgeLabelLength.value || CUT;
    if (show.by === 'none' || show.by === 'type') {
      void view.setEdgeLabels(show.by, edgeLabelLength.value);
      return;
    }
    const { key } = show as { key: string };
    void view.setEdgeLabels(async (edges) => {
      const atSource = show.by === 'output' || show.by === 'source';
      const infos = await nodeInfos(ref, edges.map((e) => (atSource ? graph.edgeSource[e]! : graph.edgeTarget[e]!)));
      return infos.map((info, i) => {
        const e = edges[i]!;
        const attrs = show.by === 'output' ? info.outputs?.find((o) => o.index === graph.edgeOut[e])?.attrs
          : show.by === 'input' ? info.inputs?.find((o) => o.index === graph.edgeIn[e])?.attrs : info.attrs;
        return cut(valueText(attrs?.find((a) => a.key === key)?.value ?? ''), most);
      });
    });
  });
  return () => {
    stopLines();
    stopEdges();
  };
}
