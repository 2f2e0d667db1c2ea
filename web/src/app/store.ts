// The state of the page: models, graph panes, what is selected in each. Signals; components and effects read them, and
// the functions here are the only ones that change them. What changes a pane's view goes through pane.change(), which
// makes it a step of undo.

import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';

import type { CompactGraph } from '../engine/graph';
import type { ExtraEdge, GraphViewApi, HighlightSet, ViewState } from '../engine/types';
import type { Looks } from './api';
import { record } from './history';
import { partName, sameRef, type DataSource, type GraphRef, type Model, type Problem, type Run, type ServerInfo, type Stage } from './source';

/** Something that takes a while: what the user reads, how far it is (total 0: not known), and how to stop it. */
export interface Wait {
  text: string;
  done: number;
  total: number;
  cancel: (() => void) | null;
}

/** A step of the bread crumbs: the layer that was the root before a sub-graph was entered, and the view it had. */
export interface Crumb {
  /** The graph it was in, when that is another one than the pane shows. */
  ref?: GraphRef;
  root: number;
  title: string;
  view: ViewState | null;
}

/** What features put onto a pane besides colours; see Pane.mark(). Given to the view again when it loads another
 * graph, so clear marks whose node numbers are those of the graph before: effects on pane.graph do. */
export interface Mark {
  highlights?: readonly HighlightSet[];
  /** All other nodes are dimmed; where several features keep some, what is in any of them stays. */
  keep?: readonly number[];
  edges?: readonly ExtraEdge[];
}

/** A graph on the page. */
export class Pane {
  /** What it shows; null: nothing yet. */
  readonly ref = signal<GraphRef | null>(null);
  /** The graph's columns, once they have come. */
  readonly graph = signal<CompactGraph | null>(null);
  /** What graph, selection and view are of: not `ref` while another graph is on its way. */
  drawn: GraphRef | null = null;
  /** Of graph JSON: how it is to be shown. Set with `graph`. */
  readonly looks = signal<Looks | null>(null);
  /** The drawing, once it is there. */
  readonly view = signal<GraphViewApi | null>(null);
  /** Grows whenever the view's expansion or camera changes: read it in effects that look at view. */
  readonly moved = signal(0);
  /** The layer shown as the whole; 0: the graph. */
  readonly root = signal(0);
  readonly crumbs = signal<readonly Crumb[]>([]);
  readonly selection = signal<readonly number[]>([]);
  /** The last selection that follows one made elsewhere (another pane, the stage before): nobody else follows it again. */
  given: readonly number[] | null = null;
  /** The one selected node, or null. */
  readonly selected: ReadonlySignal<number | null> = computed(() =>
    this.selection.value.length === 1 ? this.selection.value[0]! : null);
  readonly hovered = signal<number | null>(null);
  /** Layers are dissolved. */
  readonly flat = signal(false);
  readonly wait = signal<Wait | null>(null);
  readonly problem = signal<Problem | null>(null);
  /** Inputs and outputs of the selected node whose highlight is switched off: "in 0", "out 1". */
  readonly hiddenPorts = signal<ReadonlySet<string>>(new Set());
  /** By feature: set with mark(). */
  readonly marks = signal<ReadonlyMap<string, Mark>>(new Map());
  readonly model: ReadonlySignal<Model | null> = computed(() => {
    const ref = this.ref.value;
    return ref ? models.value.find((m) => m.id === ref.model) ?? null : null;
  });
  /** Its name, for tabs. */
  readonly title: ReadonlySignal<string> = computed(() => {
    const ref = this.ref.value, model = this.model.value;
    if (!ref) return 'No graph';
    const name = model?.name ?? ref.model.slice(0, 8);
    if (ref.run) {
      const passed = runs.value.get(ref.run)?.stages.find((s) => s.stage === ref.stage);
      return `${name} · ${ref.stage}${passed ? ` ${passed.pass || 'input'}` : ''}`;
    }
    const stage = stages.value.get(ref.model)?.find((s) => s.stage === ref.stage);
    const part = stage && stage.parts.length > 1 ? stage.parts[ref.part] : undefined;
    return name + (ref.stage ? ` · ${stage?.name ?? `stage ${ref.stage}`}` : '') +
      (part && (ref.part || part.graph !== undefined) ? ` · ${partName(part)}` : ref.part ? ` · part ${ref.part + 1}` : '');
  });

  constructor(readonly id: string) {}

  /** Puts a feature's marks onto the graph, or takes them off (null). */
  mark(feature: string, mark: Mark | null): void {
    if (!mark && !this.marks.peek().has(feature)) return;
    const next = new Map(this.marks.peek());
    next.delete(feature);
    if (mark) next.set(feature, mark);
    this.marks.value = next;
  }

  /** What undo brings back; null while nothing is drawn. Calls of the view are carried out in order, so it is the state
   * as of this call. */
  async snapshot(): Promise<PaneSnapshot | null> {
    const view = this.view.peek(), ref = this.drawn;
    if (!view || !ref || !this.graph.peek()) return null;
    const crumbs = this.crumbs.peek(), selection = this.selection.peek();
    return { ref, crumbs, selection, view: await view.saveState() };
  }

  /** Goes to a state that snapshot() gave. Does nothing when the pane shows another graph by now. */
  async restore(state: PaneSnapshot): Promise<void> {
    const view = this.view.peek(), graph = this.graph.peek();
    if (!view || !graph || !sameRef(state.ref, this.drawn)) return;
    batch(() => {
      this.root.value = (state.view.root !== undefined && graph.find(state.view.root)) || 0;
      this.crumbs.value = state.crumbs;
      this.flat.value = state.view.flatten ?? false;
      this.selection.value = state.selection;
    });
    await view.restoreState(state.view, true);
  }

  /** Does something to the view and makes it a step of undo. */
  async change(title: string, action: () => unknown): Promise<void> {
    const before = this.snapshot();
    await action();
    const [a, b] = await Promise.all([before, this.snapshot()]);
    if (a && b) record({ title, undo: () => void this.restore(a), redo: () => void this.restore(b) });
  }

  /** Selects nodes; a step of undo when the selection changes. */
  select(nodes: readonly number[], options: { record?: boolean } = {}): void {
    const before = this.selection.peek();
    if (before.length === nodes.length && before.every((n, i) => n === nodes[i])) return;
    this.selection.value = nodes;
    if (options.record === false) return;
    record({
      title: nodes.length ? 'Select' : 'Deselect',
      undo: () => { this.selection.value = before; },
      redo: () => { this.selection.value = nodes; },
    });
  }

  /** Brings a node into sight: expands what hides it, pans, draws attention to it; with `select` selects it, too. */
  async locate(node: number, options: { select?: boolean } = {}): Promise<void> {
    const graph = this.graph.peek();
    if (!graph || node < 0 || node >= graph.n) return;
    await this.change('Locate node', async () => {
      const root = this.root.peek();
      if (root && !graph.inside(node, root)) {
        this.crumbs.value = [];
        this.root.value = 0;
        await this.view.peek()?.setRoot(0);
      }
      if (options.select) this.selection.value = [node];
      await this.view.peek()?.reveal(node, { shake: true });
    });
  }
}

export interface PaneSnapshot {
  ref: GraphRef;
  crumbs: readonly Crumb[];
  selection: readonly number[];
  view: ViewState;
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

let theSource: DataSource | null = null;
/** Where data comes from. Set once, before anything is shown. */
export function source(): DataSource {
  if (!theSource) throw new Error('no data source yet');
  return theSource;
}
export function setSource(s: DataSource): void {
  theSource = s;
}

export const server = signal<ServerInfo | null>(null);
export const online = signal(true);
/** The models of the workspace, the last opened first. */
export const models = signal<readonly Model[]>([]);
/** Stages by model id, of those that were asked for. */
export const stages: Signal<ReadonlyMap<string, readonly Stage[]>> = signal(new Map());

/** Compile runs by id, of those that were looked at. */
export const runs: Signal<ReadonlyMap<string, Run>> = signal(new Map());

export const panes = signal<readonly Pane[]>([]);
/** The graph pane that was used last; side panels follow it. */
export const activePane = signal<Pane | null>(null);
/** Whether the start page is in front. */
export const onStartPage = signal(true);

let nextPane = 1;
/** A new pane, not docked yet: openGraph() of open.ts puts it on the page. */
export function addPane(id?: string): Pane {
  while (!id && paneById(`graph${nextPane}`)) nextPane++;
  const pane = new Pane(id ?? `graph${nextPane++}`);
  panes.value = [...panes.peek(), pane];
  return pane;
}

export function removePane(pane: Pane): void {
  batch(() => {
    panes.value = panes.peek().filter((p) => p !== pane);
    if (activePane.peek() === pane) activePane.value = panes.peek().at(-1) ?? null;
  });
}

export function paneById(id: string): Pane | null {
  return panes.peek().find((p) => p.id === id) ?? null;
}

/** The last change of a model's overlays; model '' after events were missed: any may have changed. */
export const overlayChanged = signal<{ model: string } | null>(null);
