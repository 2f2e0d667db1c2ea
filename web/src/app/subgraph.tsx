// Sub-graphs: a layer, or the function behind a call, shown as a graph of its own, with bread crumbs that lead back.

import { batch } from '@preact/signals';

import { showMenu, type Anchor } from './overlay';
import { openGraph } from './open';
import type { Crumb, Pane } from './store';

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
  await pane.change('Leave sub-graph', async () => {
    batch(() => {
      pane.crumbs.value = pane.crumbs.peek().slice(0, index);
      pane.root.value = crumb.root;
    });
    await view.setRoot(crumb.root);
    if (crumb.view) await view.restoreState(crumb.view);
  });
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
  showMenu(anchor, layers.flatMap((layer) => [
    { kind: 'item', text: `Show ${graph.label(layer)}`, icon: 'graph', run: () => enter(layer, false) } as const,
    { kind: 'item', text: `Show ${graph.label(layer)} beside`, icon: 'split', run: () => enter(layer, true) } as const,
    { kind: 'item', text: `Locate ${graph.label(layer)}`, icon: 'locate', run: () => void pane.locate(layer) } as const,
  ]), 'Functions that are called');
}
