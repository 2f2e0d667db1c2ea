// Edge overlays: named sets of extra edges from files of Model Explorer's form, kept with the model.

import { signal } from '@preact/signals';

import { getUi, putUi } from '../app/api';
import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { complain, say } from '../app/notify';
import { dropTakers, panels } from '../app/panels';
import { Problem } from '../app/source';
import { activePane, type Pane } from '../app/store';
import { whole } from '../app/values';
import type { ExtraEdge } from '../engine/types';
import { bindIds } from './analyses';
import { chooseFiles, eachPane, following } from './common';
import './features.css';

/** As in the files (model-explorer-protocol, 3). */
interface OverlayFile {
  type: 'edge_overlays';
  name: string;
  graphName?: string;
  overlays: {
    name: string;
    edgeColor: string;
    edgeWidth?: number;
    showEdgesConnectedToSelectedNodeOnly?: boolean;
    visibleEdgeHops?: number;
    edges: { sourceNodeId: string; targetNodeId: string; label?: string }[];
  }[];
}

/** A set of edges, as shown. */
interface EdgeSet {
  /** Place in the model's list: file and overlay. */
  file: number;
  at: number;
  title: string;
  colour: string;
  width: number;
  on: boolean;
  /** Only edges within so many steps of the selected node; 0: all edges. */
  hops: number;
}

interface Kept {
  files: OverlayFile[];
  off: string[];
  hops: Record<string, number>;
}

/** By model. */
const keptOf = signal<ReadonlyMap<string, Kept>>(new Map());
/** By pane: the ids of the model's files as nodes of its graph. */
const boundOf = signal<ReadonlyMap<Pane, ReadonlyMap<string, number>>>(new Map());

const KEY = 'edgeOverlays';
const keyOf = (file: number, at: number): string => `${file}/${at}`;

function setKept(model: string, kept: Kept, write = true): void {
  keptOf.value = new Map(keptOf.peek()).set(model, kept);
  if (write) putUi(model, KEY, kept).catch(() => say('The edge overlays stay only as long as this page: the workspace does not take them.'));
}

function setsOf(model: string): EdgeSet[] {
  const kept = keptOf.value.get(model);
  return (kept?.files ?? []).flatMap((file, f) => file.overlays.map((o, i) => {
    const key = keyOf(f, i);
    return {
      file: f, at: i, title: kept!.files.length > 1 ? `${file.name}: ${o.name}` : o.name, colour: o.edgeColor, width: o.edgeWidth ?? 2,
      on: !kept!.off.includes(key),
      hops: kept!.hops[key] ?? (o.showEdgesConnectedToSelectedNodeOnly ? o.visibleEdgeHops ?? 1 : 0),
    };
  }));
}

function isObject(x: unknown): x is Record<string, unknown> {
  return !!x && typeof x === 'object' && !Array.isArray(x);
}

/** Reads a file; throws Problem. */
function readFile(text: string): OverlayFile {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (thrown) {
    throw new Problem(`The edge overlays are not JSON: ${(thrown as Error).message}`, 'unreadable');
  }
  return checked(raw);
}

/** Throws Problem. */
function checked(raw: unknown): OverlayFile {
  if (!isObject(raw) || !Array.isArray(raw['overlays'])) throw new Problem('The file has no list of overlays.', 'unreadable');
  for (const [i, o] of raw['overlays'].entries()) {
    const edges: unknown = isObject(o) ? o['edges'] : null;
    if (!Array.isArray(edges) || edges.some((e) => !isObject(e) || typeof e['sourceNodeId'] !== 'string' || typeof e['targetNodeId'] !== 'string'))
      throw new Problem(`Overlay ${i + 1} has no list of edges with sourceNodeId and targetNodeId.`, 'unreadable');
  }
  return { ...(raw as unknown as OverlayFile), name: typeof raw['name'] === 'string' ? raw['name'] : 'edges' };
}

/** The overlays that came with the graph; what is none is left out. */
function ownFiles(overlays: readonly unknown[]): OverlayFile[] {
  return overlays.flatMap((one) => {
    try {
      return [checked(one)];
    } catch {
      return [];
    }
  });
}

async function add(pane: Pane | null, files: readonly File[]): Promise<void> {
  const model = pane?.ref.peek()?.model;
  if (!model) return;
  for (const file of files) {
    try {
      const now = keptOf.peek().get(model) ?? { files: [], off: [], hops: {} };
      setKept(model, { ...now, files: [...now.files, readFile(await file.text())] });
    } catch (thrown) {
      complain(thrown);
    }
  }
  if (files.length) openPanel('edges');
}

const asked = new Set<string>();

eachPane((pane) => {
  const stopBinding = following(
    () => {
      const ref = pane.ref.value, graph = pane.graph.value;
      return ref && graph ? { ref, graph, kept: keptOf.value.get(ref.model) } : null;
    },
    async ({ ref, graph, kept }, abort) => {
      if (!kept) {
        if (asked.has(ref.model)) return;
        asked.add(ref.model);
        const before = await getUi<Kept>(ref.model, KEY).catch(() => undefined);
        const own = ownFiles(pane.looks.peek()?.overlays ?? []);
        if (before?.files || own.length) setKept(ref.model, before?.files ? before : { files: own, off: [], hops: {} }, false);
        return;
      }
      const ids = new Set(kept.files.flatMap((f) => f.overlays.flatMap((o) => o.edges.flatMap((e) => [e.sourceNodeId, e.targetNodeId]))));
      const list = [...ids], nodes = list.length ? await bindIds(ref, list, abort) : [];
      if (pane.graph.peek() === graph) boundOf.value = new Map(boundOf.peek()).set(pane, new Map(list.map((id, i) => [id, nodes[i]!])));
    },
    () => {},
  );
  const stopShowing = following(
    () => {
      const ref = pane.ref.value, graph = pane.graph.value, bound = boundOf.value.get(pane);
      return ref && graph && bound ? { sets: setsOf(ref.model), kept: keptOf.value.get(ref.model)!, bound, selected: pane.selected.value } : null;
    },
    async ({ sets, kept, bound, selected }) => {
      const edges = sets.filter((s) => s.on).flatMap((s) => {
        const all = kept.files[s.file]!.overlays[s.at]!.edges.map((e): ExtraEdge => ({
          from: bound.get(e.sourceNodeId) ?? 0, to: bound.get(e.targetNodeId) ?? 0, color: s.colour, width: s.width, label: e.label,
        })).filter((e) => e.from && e.to);
        return s.hops ? near(all, selected, s.hops) : all;
      });
      pane.mark('edges', edges.length ? { edges } : null);
    },
    () => pane.mark('edges', null),
  );
  return () => {
    stopBinding();
    stopShowing();
    const next = new Map(boundOf.peek());
    next.delete(pane);
    boundOf.value = next;
  };
});

/** The edges within so many steps of a node, along them in either direction. */
function near(all: readonly ExtraEdge[], node: number | null, hops: number): ExtraEdge[] {
  if (node === null) return [];
  const reached = new Set([node]), taken = new Set<ExtraEdge>();
  for (let i = 0; i < hops; i++) {
    const now = new Set(reached);
    for (const e of all) {
      if (!now.has(e.from) && !now.has(e.to)) continue;
      taken.add(e);
      reached.add(e.from).add(e.to);
    }
    if (reached.size === now.size) break;
  }
  return [...taken];
}

/* --- panel -------------------------------------------------------------------------------------------------------- */

function SetRow({ pane, model, set }: { pane: Pane; model: string; set: EdgeSet }) {
  const kept = keptOf.value.get(model)!, key = keyOf(set.file, set.at), bound = boundOf.value.get(pane);
  const edges = kept.files[set.file]!.overlays[set.at]!.edges;
  const missing = bound ? edges.filter((e) => !bound.get(e.sourceNodeId) || !bound.get(e.targetNodeId)).length : 0;
  return (
    <li class="edge-set">
      <button class={`icon-button small ${set.on ? 'on' : ''}`} aria-pressed={set.on} aria-label={`Show ${set.title}`} title={set.on ? 'Hide' : 'Show'}
        onClick={() => setKept(model, { ...kept, off: set.on ? [...kept.off, key] : kept.off.filter((k) => k !== key) })}>
        <Icon name={set.on ? 'eye' : 'eyeOff'} size={14} />
      </button>
      <span class="swatch" style={{ background: set.colour }} />
      <span class="grow clip" title={set.title}>{set.title} <span class="muted">{whole(edges.length)} {edges.length === 1 ? 'edge' : 'edges'}
        {missing > 0 && `, ${whole(missing)} not in this graph`}</span></span>
      <label class="hops" title="Only edges so many steps from the selected node; empty: all edges">
        hops <input type="number" min={0} max={99} value={set.hops || ''} placeholder="all" aria-label={`Steps from the selection, ${set.title}`}
          onInput={(e) => setKept(model, { ...kept, hops: { ...kept.hops, [key]: Math.max(0, e.currentTarget.valueAsNumber || 0) } })} />
      </label>
    </li>
  );
}

function Edges() {
  const pane = activePane.value, model = pane?.ref.value?.model;
  const sets = model ? setsOf(model) : [];
  const load = async () => add(activePane.peek(), await chooseFiles('.json,application/json', true));
  return (
    <div class="panel edges">
      <div class="panel-bar">
        <button disabled={!model} onClick={() => void load()}><Icon name="upload" size={13} /> Load edges…</button>
        <span class="grow" />
        {sets.length > 0 && <button class="link" onClick={() => setKept(model!, { files: [], off: [], hops: {} })}>Remove all</button>}
      </div>
      {sets.length === 0 && <p class="muted empty">Extra edges from a JSON file: drop it on the page or load it here.</p>}
      <ul class="plain">{model && sets.map((s) => <SetRow key={keyOf(s.file, s.at)} pane={pane} model={model} set={s} />)}</ul>
    </div>
  );
}

panels.add({ id: 'edges', title: 'Edge overlays', icon: 'graph', side: 'right', size: 300, order: 40, help: 'Extra edges from files.', component: Edges });

dropTakers.add({
  id: 'edges', order: 40, accepts: (file, head) => /\.json$/i.test(file.name) && /"edge_overlays"/.test(head),
  take: (file, pane) => add(pane, [file]),
});

registerCommands({
  id: 'edges.load', title: 'Load edge overlays…', group: 'Edge overlays', icon: 'graph', when: (c) => !!c.pane?.graph.value,
  run: async (c) => add(c.pane, await chooseFiles('.json,application/json', true)),
});
