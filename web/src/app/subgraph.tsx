// Sub-graphs: a layer, or the function behind a call, shown as a graph of its own, with bread crumbs that lead back.

import { batch } from '@preact/signals';

import { loadStages, openGraph, showGraph } from './open';
import { showMenu, type Anchor } from './overlay';
import { complain } from './notify';
import { partName, Problem, sameRef } from './source';
import { stages, type Crumb, type Pane } from './store';

/** Shows a layer as the whole graph of the pane. */
export async function enterLayer(pane: Pane, layer: number): Promise<void> {
  const view = pane.view.peek(), graph = pane.graph.peek();
  if (!view || !graph || layer === pane.root.peek()) return;
  await pane.change('Enter sub-graph', async () => {
    const from = pane.root.peek();
    const crumb: Crumb = { root: from, title: graph.label(from), view: await view.saveState() };
    batch(() => {
      pane.crumbs.value = [...pane.crumbs.peek(), crumb];
      pane.root.value = layer;
      pane.selection.value = [];
    });
    await view.setRoot(layer);
  });
}

/** Goes back to a bread crumb, and to the view that was left there. */
export async function goBack(pane: Pane, index = pane.crumbs.peek().length - 1): Promise<void> {
  const view = pane.view.peek(), crumb = pane.crumbs.peek()[index];
  if (!view || !crumb) return;
  if (crumb.ref && !sameRef(crumb.ref, pane.ref.peek())) {
    const graph = crumb.view ?? undefined;
    await showGraph(pane, crumb.ref, { state: graph, crumbs: pane.crumbs.peek().slice(0, index) });
    return;
  }
  await pane.change('Leave sub-graph', async () => {
    batch(() => {
      pane.crumbs.value = pane.crumbs.peek().slice(0, index);
      pane.root.value = crumb.root;
    });
    await view.setRoot(crumb.root);
    if (crumb.view) await view.restoreState(crumb.view);
  });
}

/** The graphs of the file that a node of graph JSON leads to. */
export const subgraphsOf = (pane: Pane, node: number): readonly string[] => pane.looks.peek()?.subgraphs.find((s) => s.node === node)?.graphs ?? [];

/** Shows another graph of the file, by its id; the bread crumbs lead back. */
export async function openSubgraph(pane: Pane, id: string, beside: boolean): Promise<void> {
  const ref = pane.ref.peek(), graph = pane.graph.peek();
  if (!ref || !graph) return;
  if (!stages.peek().has(ref.model)) await loadStages(ref.model);
  const parts = stages.peek().get(ref.model)?.find((s) => s.stage === ref.stage)?.parts ?? [];
  // Of graphs with one id that of the same collection is meant.
  const same = parts.filter((p) => p.graph === id);
  const part = same.find((p) => p.collection === parts[ref.part]?.collection) ?? same[0];
  if (!part) throw new Problem(`The file has no graph ${id}.`, 'not_found');
  const root = pane.root.peek(), to = { ...ref, part: part.part };
  const title = parts[ref.part] ? partName(parts[ref.part]!) : graph.name;
  const crumb: Crumb = { ref, root, title: root ? graph.label(root) : title, view: await pane.view.peek()?.saveState() ?? null };
  const crumbs = [...pane.crumbs.peek().map((c) => ({ ...c, ref: c.ref ?? ref })), crumb];
  if (beside) openGraph(to, { where: 'right', pane, crumbs });
  else await showGraph(pane, to, { crumbs });
}

/** The menu of a call's icon: which function, here or in another pane (Alt). */
export function showCallMenu(pane: Pane, node: number, anchor: Anchor, alt: boolean): void {
  const graph = pane.graph.peek(), ref = pane.ref.peek();
  if (!graph || !ref) return;
  const layers = graph.callees(node);
  const enter = (layer: number, beside: boolean) => {
    if (beside) openGraph(ref, { where: 'right', pane, state: { root: graph.id(layer) }, crumbs: [{ root: 0, title: graph.label(0), view: null }] });
    else void enterLayer(pane, layer);
  };
  if (layers.length === 1 && alt) {
    enter(layers[0]!, true);
    return;
  }
  const others = subgraphsOf(pane, node);
  if (others.length) {
    const open = (id: string, beside: boolean) => void openSubgraph(pane, id, beside).catch(complain);
    if (others.length === 1 && alt) open(others[0]!, true);
    else showMenu(anchor, others.flatMap((id) => [
      { kind: 'item', text: `Show ${id}`, icon: 'graph', run: () => open(id, false) } as const,
      { kind: 'item', text: `Show ${id} beside`, icon: 'split', run: () => open(id, true) } as const,
    ]), 'Sub-graphs');
    return;
  }
  showMenu(anchor, layers.flatMap((layer) => [
    { kind: 'item', text: `Show ${graph.label(layer)}`, icon: 'graph', run: () => enter(layer, false) } as const,
    { kind: 'item', text: `Show ${graph.label(layer)} beside`, icon: 'split', run: () => enter(layer, true) } as const,
    { kind: 'item', text: `Locate ${graph.label(layer)}`, icon: 'locate', run: () => void pane.locate(layer) } as const,
  ]), 'Functions that are called');
}
