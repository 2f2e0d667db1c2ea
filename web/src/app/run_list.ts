// The compile runs of models, as the server has them: for the Compile panel and the graph selector.

import { signal } from '@preact/signals';

import type { CompactGraph } from '../engine/graph';
import * as api from './api';
import { kindOf, mainOnes, openGraph } from './open';
import type { GraphRef, Run, RunSettings, RunStage, RunSummary } from './source';
import { runs, type Pane } from './store';

/** By model, the newest first. */
export const runLists = signal<ReadonlyMap<string, readonly RunSummary[]>>(new Map());

export function settingsText(s: RunSettings): string {
  return [`level ${s.level ?? 0}`, s.system?.name ?? s.device ?? s.arch ?? 'wormhole', s.mesh ? `mesh ${String(s.mesh)}` : '', s.part ? `part ${s.part + 1}` : '',
    ...Object.entries(s.options ?? {}).map(([name, value]) => `${name}=${String(value)}`), s.overrides && Object.keys(s.overrides).length ? 'overrides' : ''].filter(Boolean).join(', ');
}

const summary = (run: Run): RunSummary => ({ id: run.id, state: run.ok ? 'compiled' : 'failed', created: Date.now(), settings: run.settings });

/** What the server keeps, and before it what it could not keep: that is there until the server ends. */
export async function refreshRuns(model: string): Promise<readonly RunSummary[]> {
  const kept = (await api.getRuns(model)).sort((a, b) => b.created - a.created), before = runLists.peek().get(model) ?? [];
  const unkept = [...runs.peek().values()].filter((run) => run.model === model && run.unkept && !kept.some((r) => r.id === run.id));
  const list = [...unkept.map((run) => before.find((r) => r.id === run.id) ?? summary(run)), ...kept];
  runLists.value = new Map(runLists.peek()).set(model, list);
  return list;
}

/** Puts a run that was just made at the head of the list: what the server lists is asked for behind the user's back. */
export function listRun(run: Run): void {
  const now = runLists.peek().get(run.model) ?? [], before = now.find((r) => r.id === run.id);
  runLists.value = new Map(runLists.peek()).set(run.model, [before ?? summary(run), ...now.filter((r) => r !== before)]);
  void refreshRuns(run.model).catch(() => {});
}

/** A run with its stages; asked for once. */
export async function fetchRun(model: string, id: string): Promise<Run> {
  const known = runs.peek().get(id);
  if (known) return known;
  const run = await api.getRun(model, id);
  runs.value = new Map(runs.peek()).set(run.id, run);
  return run;
}

/** Asks the server once more to keep a run that it could not keep; what it says then replaces what is known. */
export async function keepRun(run: Run): Promise<void> {
  const now = await api.getRun(run.model, run.id).catch(() => run);
  runs.value = new Map(runs.peek()).set(run.id, { ...now });
  if (!now.unkept) await refreshRuns(run.model).catch(() => {});
}

/** The stages that differ from the one before. */
export function changedStages(run: Run): RunStage[] {
  return run.stages.filter((s) => s.changed || s.failed);
}

/** What was selected before stages were stepped through, and the selection that it became: as long as nobody selects
 * something else, every stage is asked for what the first became, also when a pass between has none of it. */
const followed = new WeakMap<Pane, { ref: GraphRef; nodes: readonly number[]; kinds: readonly string[]; became: readonly number[] }>();

/** Shows a stage in a pane: with the view it has when that is of a stage already; the source's would be off. The selection
 * becomes what it came from or became there; in another run the same op is selected when it is still there. */
export function showStage(pane: Pane, run: Run, stage: number, beside: boolean): void {
  const ref = pane.graph.peek() ? pane.drawn : pane.ref.peek();
  if (!ref) return;
  const to = { model: run.model, part: 0, layers: ref.layers, run: run.id, stage };
  const state = ref.run && ref.model === run.model && pane.graph.peek() ? pane.view.peek()?.saveState().catch(() => undefined) : undefined;
  const known = followed.get(pane), selection = pane.selection.peek();
  const from = known && known.became === selection && (!known.ref.run || known.ref.run === run.id) ? known
    : { ref, nodes: selection, kinds: selection.map((n) => kindOf(pane.graph.peek()?.label(n) ?? '')) };
  // Asked for while the graph comes.
  const following = from.nodes.length ? api.followNodes(from.ref, to, from.nodes).catch(() => null) : null;
  const target = openGraph(to, {
    pane, where: beside ? 'right' : 'here', state,
    ...(following ? {
      select: async (graph: CompactGraph, found: readonly number[]) => {
        const select = await following;
        if (!select) return null;
        const became = ref.run && ref.run !== run.id && found.length ? found : mainOnes(graph, select, from.kinds);
        followed.set(target, { ...from, became });
        return became;
      },
    } : {}),
  });
}
