// Node data: values on nodes from files of Model Explorer's form. A model has any number of runs, kept by the server; one
// of them colours the graph.

import { computed, effect, signal, untracked } from '@preact/signals';

import { graphQuery } from '../app/address';
import { complain, say } from '../app/notify';
import { Problem, type GraphRef } from '../app/source';
import { activePane, overlayChanged, source, type Pane } from '../app/store';
import { queue } from '../app/turn';
import { whole } from '../app/values';
import { eachPane, following } from './common';

/** A run as the server lists it. */
export interface Run {
  id: number;
  model: string;
  name: string;
  /** Name of the graph it is for; empty: any. */
  graph: string;
  created: number;
}

export interface Stop {
  value: number;
  colour: string;
}

export type Value = number | string | boolean | object | null;

/** What a layer holds. */
export interface LayerSum {
  layer: number;
  count: number;
  min?: number;
  max?: number;
  sum?: number;
  avg?: number;
  bars: { colour: string; share: number }[];
}

/** A run bound to the nodes of a graph. */
export interface RunData {
  run: Run;
  min: number;
  max: number;
  /** It has numbers. */
  numbers: boolean;
  /** Values whose key is no node of the graph. */
  unbound: number;
  gradient: Stop[];
  thresholds: Stop[];
  /** What the file says of its tables (model-explorer-protocol, 2). */
  options: {
    hideInAggregatedStatsTable?: boolean;
    hideInChildrenStatsTable?: boolean;
    hideAggregatedStats?: string[];
    showExpandedSummaryOnGroupNode?: boolean;
    showLabelCountColumnsInChildrenStatsTable?: boolean;
  };
  /** By node; several values of one node are a list. */
  values: Map<number, { value: Value; colour?: string }>;
  layers: Map<number, LayerSum>;
}

/** Runs by model, of those that were asked for. */
export const runsOf = signal<ReadonlyMap<string, readonly Run[]>>(new Map());
/** By model: the run that colours its graphs. */
export const colouring = signal<ReadonlyMap<string, number>>(new Map());
/** Runs of a pane's graph, bound to it, in the order of the list. */
export const dataOf = signal<ReadonlyMap<Pane, readonly RunData[]>>(new Map());

export function setColouring(model: string, run: number | null): void {
  const next = new Map(colouring.peek());
  next.delete(model);
  if (run !== null) next.set(model, run);
  colouring.value = next;
}

/** The last question or change, by model: answers to earlier ones come too late. */
const turns = new Map<string, number>();
const turn = (model: string): number => {
  const next = (turns.get(model) ?? 0) + 1;
  turns.set(model, next);
  return next;
};

/** Runs of one name, such as those of two executions, have their numbers in front. */
function setRuns(model: string, runs: readonly Run[]): void {
  const named = new Map<string, Run[]>();
  for (const run of runs) named.set(run.name, [...(named.get(run.name) ?? []), run]);
  runsOf.value = new Map(runsOf.peek()).set(model, runs.map((run) => {
    const same = named.get(run.name)!;
    return same.length === 1 ? run : { ...run, name: `#${same.indexOf(run) + 1} ${run.name}` };
  }));
}

/** Colours a model's graphs by the last run of this name, whatever follows it. */
export function colourByLast(model: string, name: string): void {
  const run = runsOf.peek().get(model)?.filter((r) => r.name.replace(/^#\d+ /, '').startsWith(name)).at(-1);
  if (run) setColouring(model, run.id);
}

async function refresh(model: string): Promise<void> {
  const mine = turn(model);
  const { overlays } = await source().call<{ overlays: Run[] }>('GET', `/models/${encodeURIComponent(model)}/overlays`);
  if (turns.get(model) === mine) setRuns(model, overlays);
}

/** Files that are dropped one after another: which runs one has brought can be told only before the next is sent. */
const files = queue();

/** Reads a file of node data into the model of a pane; the new run colours it. */
export const addNodeData = (pane: Pane, name: string, text: string): Promise<void> => files(() => add(pane, name, text));

async function add(pane: Pane, name: string, text: string): Promise<void> {
  const ref = pane.ref.peek();
  if (!ref) throw new Problem('Node data belongs to a graph: open one first.');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (thrown) {
    throw new Problem(`${name} is not JSON: ${(thrown as Error).message}`, 'unreadable');
  }
  // Which runs are new can be told only from those that were there.
  if (!runsOf.peek().has(ref.model)) await refresh(ref.model);
  const before = new Set(runsOf.peek().get(ref.model)?.map((r) => r.id));
  const named = !!data && typeof data === 'object' && 'name' in data;
  const { overlays } = await source().call<{ overlays: Run[] }>('POST', `/models/${encodeURIComponent(ref.model)}/overlays`, data,
    { query: { name: named ? undefined : name.replace(/\.json$/i, '') } });
  turn(ref.model);
  setRuns(ref.model, overlays);
  const added = overlays.filter((r) => !before.has(r.id));
  if (added[0]) setColouring(ref.model, added[0].id);
  say(`${name}: ${added.length === 1 ? 'one run' : `${added.length} runs`} added.`);
}

/** Adds node data from where a path of the server, or "node_data://NAME/NUMBER" of what was given to it, leads. */
export async function addNodeDataFrom(pane: Pane, path: string): Promise<void> {
  const given = /^node_data:\/\/(.*)\/(\d+)$/.exec(path);
  const { content } = await source().compatible<{ content: string }>(
    given ? `load_node_data?node_data_index=${given[2]}` : `read_text_file?path=${encodeURIComponent(path)}`);
  await addNodeData(pane, given?.[1] || path.slice(path.lastIndexOf('/') + 1), content);
}

export async function removeRun(run: Run): Promise<void> {
  await source().call<void>('DELETE', `/overlays/${run.id}`);
  if (colouring.peek().get(run.model) === run.id) setColouring(run.model, null);
  await refresh(run.model);
}

/* --- bound to graphs ---------------------------------------------------------------------------------------------- */

interface ValuesAnswer extends Omit<RunData, 'run' | 'values' | 'layers'> {
  values: { node: number; value: Value; colour?: string }[];
}

async function load(run: Run, ref: GraphRef): Promise<RunData> {
  const options = { query: { ...graphQuery(ref), stage: ref.run ? ref.stage : undefined } };
  const [answer, sums] = await Promise.all([
    source().call<ValuesAnswer>('GET', `/overlays/${run.id}/values`, undefined, options),
    source().call<{ layers: LayerSum[] }>('GET', `/overlays/${run.id}/layers`, undefined, options),
  ]);
  const values: RunData['values'] = new Map();
  for (const v of answer.values) {
    const before = values.get(v.node);
    values.set(v.node, before ? { value: `${show(before.value)}, ${show(v.value)}`, colour: before.colour ?? v.colour } : v);
  }
  return { ...answer, run, values, layers: new Map(sums.layers.map((l) => [l.layer, l])) };
}

/** How often each text stands inside a layer, the most frequent first: "a 12, b 3". */
export function textsIn(data: RunData, layer: number, end: number): string {
  const counts = new Map<string, number>();
  for (const [node, { value }] of data.values)
    if (node > layer && node < end && typeof value !== 'number') counts.set(show(value), (counts.get(show(value)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([text, n]) => `${text} ${whole(n)}`).join(', ');
}

/** A value as text, numbers in full. */
export function show(value: Value): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const asked = new Set<string>();

/** Runs that were bound already, by run and graph. */
const bound = new Map<string, Promise<RunData>>();
const BOUND = 24;

function bind(run: Run, ref: GraphRef): Promise<RunData> {
  const key = `${run.id}/${ref.model}/${ref.run ?? ''}/${ref.stage}/${ref.part}/${ref.layers}`;
  let data = bound.get(key);
  if (!data) {
    data = load(run, ref); // not cancelled with one who asked: others wait for it, too
    bound.set(key, data);
    data.catch(() => bound.delete(key));
    if (bound.size > BOUND) bound.delete(bound.keys().next().value!);
  }
  return data;
}

eachPane((pane) => {
  const set = (data: readonly RunData[] | null) => {
    const next = new Map(dataOf.peek());
    next.delete(pane);
    if (data?.length) next.set(pane, data);
    dataOf.value = next;
  };
  const stop = following(
    () => {
      const ref = pane.ref.value, graph = pane.graph.value;
      if (!ref || !graph) return null;
      return { ref, graph, runs: runsOf.value.get(ref.model) };
    },
    async ({ ref, graph, runs }, abort) => {
      if (!runs) {
        if (!asked.has(ref.model)) {
          asked.add(ref.model);
          await refresh(ref.model).catch(() => asked.delete(ref.model)); // a page without them shows none
        }
        return;
      }
      const mine = runs.filter((r) => !r.graph || r.graph === graph.name);
      // What was bound before may have had another name then.
      const data = await Promise.all(mine.map(async (r) => ({ ...await bind(r, ref), run: r })));
      if (!abort.aborted && pane.graph.peek() === graph) set(data);
    },
    () => set(null),
  );
  return () => {
    stop();
    set(null);
  };
});

/** The run that colours a pane. */
export function colouringOf(pane: Pane): RunData | null {
  const ref = pane.ref.value, id = ref ? colouring.value.get(ref.model) : undefined;
  return (id !== undefined && dataOf.value.get(pane)?.find((d) => d.run.id === id)) || null;
}

export const activeData = computed<readonly RunData[]>(() => (activePane.value && dataOf.value.get(activePane.value)) || []);

// Changes that other pages make. Model "": some were missed.
effect(() => {
  const change = overlayChanged.value;
  if (!change) return;
  untracked(() => {
    for (const model of asked) if (!change.model || change.model === model) refresh(model).catch(complain);
  });
});
