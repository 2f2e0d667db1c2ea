// Opening: models by path, text, upload; graphs into panes. Every wait can be cancelled and says how far it is.

import { batch, signal } from '@preact/signals';

import { CompactGraph, Flag } from '../engine/graph';
import type { ParameterEdges, ViewState } from '../engine/types';
import * as api from './api';
import { closePane, dockPane, frontPane, openUsualPanels } from './dock';
import { complain } from './notify';
import { dissolveSingles, fonts, hiddenOps, hideHousekeeping, layersRule, parameterEdges } from './settings';
import { isCancel, Problem, type GraphRef, type Job, type Model } from './source';
import { activePane, addPane, models, onStartPage, panes, source, stages, type Crumb, type Pane, type Wait } from './store';
import { nextTask } from './turn';

/** Graphs of less than this are read within a task. */
const SMALL_BYTES = 1 << 18;

/** Waits shorter than this are not shown. */
export const PATIENCE_MS = 100;

/** Jobs of the server that run now, by id. */
export const jobs = signal<ReadonlyMap<number, Job>>(new Map());

export function refOf(model: string, stage = 0, part = 0): GraphRef {
  return { model, stage, part, layers: layersRule.peek() };
}

/** Puts a model at the head of the list, with what is new about it. */
export function noteModel(model: Model): void {
  models.value = [model, ...models.peek().filter((m) => m.id !== model.id)];
}

export async function refreshModels(): Promise<void> {
  models.value = await api.getModels();
}

/** The stages of a model; asked for once. */
export async function loadStages(model: string, signal?: AbortSignal): Promise<void> {
  const list = await api.getStages(model, { signal });
  stages.value = new Map(stages.peek()).set(model, list);
}

export interface OpenOptions {
  /** Where: in the active pane (default when there is one), as a further tab, or splitting the active pane. */
  where?: 'here' | 'within' | 'right' | 'below';
  pane?: Pane | null;
  state?: ViewState | Promise<ViewState | undefined>;
  crumbs?: readonly Crumb[];
  /** The nodes to select, and to bring into sight, instead of those of the state, which are given to it (null: those of the
   * state); asked when the graph has come. */
  select?: (graph: CompactGraph, found: readonly number[]) => Promise<readonly number[] | null>;
}

/** Shows a graph in a pane; gives the pane. What goes wrong is shown in the pane. */
export function openGraph(ref: GraphRef, options: OpenOptions = {}): Pane {
  let pane = options.pane ?? activePane.peek() ?? panes.peek()[0] ?? null;
  const where = options.where ?? 'here';
  onStartPage.value = false;
  if (!pane || where !== 'here') {
    const beside = pane;
    pane = addPane();
    activePane.value = pane;
    dockPane(pane, where === 'here' ? 'within' : where, beside);
    openUsualPanels();
  }
  frontPane(pane);
  void showGraph(pane, ref, options);
  return pane;
}

const running = new WeakMap<Pane, { ref: GraphRef; abort: AbortController }>();

/** What a pane shows, or is about to. */
export const wantedRef = (pane: Pane): GraphRef | null => running.get(pane)?.ref ?? pane.ref.peek();

/** Ends the loading of a pane, if it loads. */
export function cancelPane(pane: Pane): void {
  running.get(pane)?.abort.abort();
  pane.view.peek()?.cancel();
}

/** Runs `work` with a wait shown in the pane after a moment. */
async function waiting<T>(pane: Pane, text: string, cancel: () => void, work: (say: (w: Partial<Wait>) => void) => Promise<T>): Promise<T> {
  let now: Wait = { text, done: 0, total: 0, cancel };
  let visible = false;
  const timer = setTimeout(() => {
    visible = true;
    pane.wait.value = now;
  }, PATIENCE_MS);
  try {
    return await work((more) => {
      now = { ...now, ...more };
      if (visible) pane.wait.value = now;
    });
  } finally {
    clearTimeout(timer);
    pane.wait.value = null;
  }
}

const MOVES = /\.(to_layout|to_memory_config|to_dtype|typecast|to_device|from_device|reshape|permute|transpose|call|load_cached)$/;

/** Ops that are the same thing by another name, in another dialect or with a bias. */
const SAME: Record<string, string> = { dot_general: 'matmul', linear: 'matmul', convolution: 'conv2d' };

/** What an op is, without its dialect: "conv2d" of "ttnn.conv2d". */
export function kindOf(label: string): string {
  const name = label.slice(label.lastIndexOf('.') + 1);
  return SAME[name] ?? name;
}

/** Of the nodes that ops became those that say what they do: of the same kind as one of these where there are such, else
 * without the ones that tidy up, move a result or get one that was computed before, unless that is all. */
export function mainOnes(graph: CompactGraph, nodes: readonly number[], kinds: readonly string[]): readonly number[] {
  const same = nodes.filter((n) => kinds.includes(kindOf(graph.label(n))));
  if (same.length) return same;
  const kept = nodes.filter((n) => !(graph.flags[n]! & Flag.Housekeeping));
  const main = kept.filter((n) => !MOVES.test(graph.label(n)));
  return main.length ? main : kept.length ? kept : nodes;
}

/** The nodes that the settings hide, or the graph itself. */
export function hiddenNodes(graph: CompactGraph, looks: api.Looks | null): number[] {
  const labels = new Set(hiddenOps.value.split(',').map((s) => s.trim()).filter(Boolean));
  const housekeeping = hideHousekeeping.value;
  const found: number[] = [...looks?.hidden ?? []];
  if (!labels.size && !housekeeping) return found;
  // Labels are compared by their numbers: most nodes share few of them.
  const verdict = new Map<number, boolean>();
  for (let i = 1; i < graph.n; i++) {
    if (housekeeping && graph.flags[i]! & Flag.Housekeeping) {
      found.push(i);
    } else if (labels.size && !graph.isLayer(i)) {
      const label = graph.labelNumber(i);
      let hide = verdict.get(label);
      if (hide === undefined) verdict.set(label, (hide = labels.has(graph.label(i))));
      if (hide) found.push(i);
    }
  }
  return found;
}

function viewOf(pane: Pane, signal: AbortSignal): Promise<NonNullable<Pane['view']['value']>> {
  return new Promise((resolve, reject) => {
    const stop = pane.view.subscribe((view) => {
      if (!view) return;
      queueMicrotask(() => stop());
      resolve(view);
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(new DOMException('cancelled', 'AbortError'));
    });
  });
}

/** Loads a graph and draws it in a pane. */
export async function showGraph(pane: Pane, ref: GraphRef, options: Pick<OpenOptions, 'state' | 'crumbs' | 'select'> = {}): Promise<void> {
  running.get(pane)?.abort.abort();
  const abort = new AbortController(), mine = { ref, abort };
  running.set(pane, mine);
  const before = { ref: pane.drawn, graph: pane.graph.peek() };
  // A graph that comes soon replaces the one before in one go.
  const announce = () => batch(() => {
    pane.ref.value = ref;
    pane.problem.value = null;
  });
  const timer = before.graph ? setTimeout(announce, PATIENCE_MS) : 0;
  try {
    await waiting(pane, 'Loading the graph', () => cancelPane(pane), async (say) => {
      // On its way before the page does what follows from its being another graph.
      const coming = api.getGraph(ref, {
        signal: abort.signal,
        progress: (done, total) => say({ text: 'Reading the graph', done, total }),
      });
      if (!before.graph) announce();
      const stop = jobs.subscribe((all) => {
        const job = [...all.values()].find((j) => j.state === 'running' && j.title && isJobOf(j, ref));
        if (job) say({ text: job.message || job.title, done: job.done, total: job.total });
      });
      try {
        const [bytes, state] = await Promise.all([coming, options.state]);
        const small = bytes.byteLength < SMALL_BYTES;
        if (!small) await nextTask();
        const graph = new CompactGraph(bytes);
        if (!small) await nextTask();
        // Only graphs that were read from JSON have looks of their own.
        const looks = graph.explicitIds ? await api.getLooks(ref, { signal: abort.signal }) : null;
        const shown = state ?? (looks?.leftRight.length ? { leftRight: looks.leftRight.map((n) => graph.id(n)) } : undefined);
        say({ text: 'Laying out', done: 0, total: 0 });
        const view = await viewOf(pane, abort.signal);
        const off = view.on('progress', (p) => say({ text: p.stage === 'read' ? 'Reading the graph' : 'Laying out', done: p.done, total: 1 }));
        try {
          await view.load(bytes, {
            state: shown, hidden: hiddenNodes(graph, looks), dissolveSingles: dissolveSingles.peek(),
            parameters: parameterEdges.peek() as ParameterEdges, fonts: fonts.peek(), signal: abort.signal,
          });
        } finally {
          off();
        }
        await nextTask();
        const found = state?.selection ? view.selection : []; // by the worker
        const given = await options.select?.(graph, found) ?? null;
        if (running.get(pane) !== mine) throw new DOMException('cancelled', 'AbortError'); // another graph is on its way by now
        batch(() => {
          announce();
          pane.given = given;
          pane.drawn = ref;
          pane.looks.value = looks;
          pane.graph.value = graph;
          pane.marks.value = new Map();
          pane.root.value = (state?.root !== undefined && graph.find(state.root)) || 0;
          pane.crumbs.value = options.crumbs ?? [];
          pane.flat.value = state?.flatten ?? false;
          pane.selection.value = given ?? found;
          pane.hovered.value = null;
        });
        if (given?.[0] !== undefined) await view.reveal(given[0]);
      } finally {
        stop();
      }
    });
  } catch (thrown) {
    if (running.get(pane) !== mine) return; // something else is loading by now
    if (isCancel(thrown) && before.graph) {
      batch(() => {
        pane.ref.value = before.ref;
        pane.graph.value = before.graph;
      });
    } else if (isCancel(thrown)) {
      pane.problem.value = new Problem('Loading was cancelled.', 'cancelled');
    } else {
      pane.ref.value = ref;
      pane.graph.value = null;
      pane.problem.value = Problem.of(thrown);
    }
    return;
  } finally {
    clearTimeout(timer);
    if (running.get(pane) === mine) running.delete(pane);
  }
  loadStages(ref.model).catch(() => {}); // names for the selector; the graph is there without them
  if (!models.peek().some((m) => m.id === ref.model)) api.getModel(ref.model).then(noteModel, complain);
}

function isJobOf(job: Job, ref: GraphRef): boolean {
  const result = job.result as { model?: string } | null;
  const name = models.peek().find((m) => m.id === ref.model)?.name;
  return (job.kind === 'load' || job.kind === 'open') && (result?.model === ref.model || (!!name && job.title.includes(name)));
}

/** Whether a pane loads. */
export function isLoading(pane: Pane): boolean {
  return running.has(pane);
}

/** Loads the graph of a pane again, keeping its view; for another version of the model when `model` is given. */
export async function reloadPane(pane: Pane, model?: string): Promise<void> {
  const ref = wantedRef(pane);
  if (!ref) return;
  const state = pane.graph.peek() ? await pane.view.peek()?.saveState() : undefined;
  await showGraph(pane, model ? { ...ref, model } : ref, { state, crumbs: [] });
}

/** Closes the panes of a model that is gone. */
export function dropModel(model: string): void {
  models.value = models.peek().filter((m) => m.id !== model);
  for (const pane of panes.peek()) if (pane.ref.peek()?.model === model) closePane(pane);
}

/** Graphs of Model Explorer's JSON as a model. */
export async function openCollections(graphs: unknown, name: string): Promise<Model> {
  const file = new File([JSON.stringify(graphs)], /\.json$/i.test(name) ? name : `${name}.json`, { type: 'application/json' });
  const { models: [model] } = await api.upload([file]);
  if (!model) throw new Problem(`${name} holds no graph.`, 'unreadable');
  return model;
}

/** What another program has given to the server, by "graphs://NAME/NUMBER". */
async function openGiven(address: string): Promise<Model> {
  const parts = /^graphs:\/\/(.*)\/(\d+)$/.exec(address);
  if (!parts) throw new Problem(`${address} is no address of graphs.`, 'unreadable');
  return openCollections(await source().compatible(`load_graphs_json?graph_index=${parts[2]}`), parts[1] || 'graphs');
}

/** Opens a path for its id; tells the user when it cannot be opened, and gives null. */
export async function openQuietly(path: string): Promise<string | null> {
  try {
    const model = /^graphs:\/\//.test(path) ? await openGiven(path) : await api.openPath(path);
    noteModel(model);
    return model.id;
  } catch (thrown) {
    complain(thrown);
    return null;
  }
}
