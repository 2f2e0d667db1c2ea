// The commands of a graph pane.

import { registerCommands, type CommandContext } from './commands';
import { closePane, cycleGroups, maximizePane } from './dock';
import { canRedo, canUndo, redo, redoTitle, undo, undoTitle } from './history';
import { say } from './notify';
import { openGraph, reloadPane } from './open';
import { openLayerPopup } from './popup';
import { legendShown, minimapShown } from './settings';
import { activePane, panes, type Pane } from './store';
import { enterLayer, goBack, openSubgraph, subgraphsOf } from './subgraph';

const drawn = (c: CommandContext): boolean => !!c.pane?.view.value && !!c.pane.graph.value;
const onNode = (c: CommandContext): boolean => drawn(c) && c.node !== null;
const onLayer = (c: CommandContext): boolean => drawn(c) && c.node !== null && c.node !== 0 && !!c.pane?.graph.value?.isLayer(c.node);

function change(c: CommandContext, title: string, action: (pane: Pane) => unknown): Promise<void> {
  return c.pane!.change(title, () => action(c.pane!));
}

/** What graph.copyId and the like put onto the clipboard. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages without a secure address have no clipboard: the old way.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  say(`${what} copied.`);
}

function arrow(direction: 'up' | 'down' | 'left' | 'right', key: string): Parameters<typeof registerCommands>[0] {
  return {
    id: `graph.select.${direction}`, title: `Select the next node ${direction === 'up' || direction === 'down' ? direction : `to the ${direction}`}`,
    group: 'Selection', shortcut: key, when: (c) => drawn(c) && c.pane!.selection.value.length > 0,
    help: 'Follows the edges where there are some.',
    run: async (c) => {
      const next = await c.pane!.view.peek()!.moveSelection(direction);
      if (next !== null) c.pane!.select([next]);
    },
  };
}

function pan(direction: string, key: string, dx: number, dy: number): Parameters<typeof registerCommands>[0] {
  return {
    id: `graph.pan.${direction}`, title: `Move the view ${direction}`, group: 'View', shortcut: `Shift+${key}`, when: drawn,
    run: (c) => c.pane!.view.peek()!.panBy(dx, dy),
  };
}

registerCommands(
  // ---- layers
  { id: 'graph.expandAll', title: 'Expand all layers', group: 'Layers', shortcut: 'Shift+E', icon: 'expand', menus: ['toolbar', 'canvas'],
    order: 100, when: drawn, run: (c) => change(c, 'Expand all', (p) => p.view.peek()!.expandAll()) },
  { id: 'graph.collapseAll', title: 'Collapse all layers', group: 'Layers', shortcut: 'Shift+C', icon: 'collapse',
    menus: ['toolbar', 'canvas'], order: 101, when: drawn,
    run: (c) => change(c, 'Collapse all', async (p) => {
      await p.view.peek()!.collapseAll();
      p.view.peek()!.fit(undefined, true);
    }) },
  { id: 'graph.flatten', title: 'Flatten all layers', group: 'Layers', shortcut: 'Shift+F', icon: 'flatten', menus: ['toolbar', 'canvas'],
    order: 102, help: 'Shows ops only, without layers; what is computed once (const_eval) stays in its own.', when: drawn, checked: (c) => !!c.pane?.flat.value,
    run: (c) => change(c, 'Flatten', async (p) => {
      const on = !p.flat.peek();
      await p.view.peek()!.setFlatten(on);
      p.flat.value = on;
    }) },
  { id: 'graph.toggle', title: 'Expand or collapse the layer', group: 'Layers', shortcut: 'Enter', icon: 'expand', menus: ['layer'],
    when: onLayer, run: (c) => change(c, 'Expand or collapse', (p) => p.view.peek()!.toggle(c.node!)) },
  { id: 'graph.expandDeep', title: 'Expand with sub-layers', group: 'Layers', shortcut: 'Alt+Enter', icon: 'expand', menus: ['layer'],
    order: 1, when: onLayer, run: (c) => change(c, 'Expand with sub-layers', (p) => p.view.peek()!.expand(c.node!, { deep: true })) },
  { id: 'graph.collapseDeep', title: 'Collapse with sub-layers', group: 'Layers', icon: 'collapse', menus: ['layer'], order: 2,
    when: onLayer, run: (c) => change(c, 'Collapse with sub-layers', (p) => p.view.peek()!.collapse(c.node!, { deep: true })) },
  { id: 'graph.collapseParent', title: 'Collapse the layer around', group: 'Layers', shortcut: 'Backspace', icon: 'collapse',
    menus: ['node', 'layer'], order: 3, when: (c) => onNode(c) && c.pane!.graph.value!.parent[c.node!] !== c.pane!.root.value,
    run: (c) => change(c, 'Collapse', async (p) => {
      const parent = p.graph.peek()!.parent[c.node!]!;
      await p.view.peek()!.collapse(parent);
      p.selection.value = [parent];
    }) },
  { id: 'graph.leftRight', title: 'Lay out left to right', group: 'Layers', icon: 'right', menus: ['layer', 'canvas'], order: 110,
    when: (c) => drawn(c) && (c.node === null || onLayer(c)),
    run: (c) => change(c, 'Lay out left to right', (p) => p.view.peek()!.setDirection(c.node ?? p.root.peek(), true)) },
  { id: 'graph.topDown', title: 'Lay out top to bottom', group: 'Layers', icon: 'down', menus: ['layer', 'canvas'], order: 111,
    when: (c) => drawn(c) && (c.node === null || onLayer(c)),
    run: (c) => change(c, 'Lay out top to bottom', (p) => p.view.peek()!.setDirection(c.node ?? p.root.peek(), false)) },
  { id: 'graph.enter', title: 'Show as a graph of its own', group: 'Layers', icon: 'graph', menus: ['layer', 'node'], order: 200,
    help: 'A layer, or the function or graph that an op leads to. The bread crumbs lead back.',
    when: (c) => onLayer(c) || (onNode(c) && (c.pane!.graph.value!.callees(c.node!).length > 0 || subgraphsOf(c.pane!, c.node!).length > 0)),
    run: (c) => {
      const graph = c.pane!.graph.peek()!, others = subgraphsOf(c.pane!, c.node!);
      if (others.length) return openSubgraph(c.pane!, others[0]!, false);
      return enterLayer(c.pane!, graph.isLayer(c.node!) ? c.node! : graph.callees(c.node!)[0]!);
    } },
  { id: 'graph.back', title: 'Back to the graph around', group: 'Layers', shortcut: 'Alt+ArrowUp', icon: 'up', menus: ['canvas'], order: 201,
    when: (c) => drawn(c) && c.pane!.crumbs.value.length > 0, run: (c) => goBack(c.pane!) },
  { id: 'graph.popup', title: 'Show the layer in a popup', group: 'Layers', shortcut: 'Shift+Enter', icon: 'popup', menus: ['layer'],
    order: 202, when: onLayer, run: (c) => openLayerPopup(c.pane!, c.node!) },
  { id: 'graph.beside', title: 'Show the layer beside', group: 'Layers', icon: 'split', menus: ['layer'], order: 203, when: onLayer,
    run: (c) => {
      const graph = c.pane!.graph.peek()!;
      openGraph(c.pane!.ref.peek()!, { where: 'right', pane: c.pane, state: { root: graph.id(c.node!) },
        crumbs: [{ root: 0, title: graph.label(0), view: null }] });
    } },

  // ---- selection
  arrow('up', 'ArrowUp'), arrow('down', 'ArrowDown'), arrow('left', 'ArrowLeft'), arrow('right', 'ArrowRight'),
  { id: 'graph.deselect', title: 'Deselect', group: 'Selection', shortcut: 'Escape', when: (c) => drawn(c) && c.pane!.selection.value.length > 0,
    run: (c) => c.pane!.select([]) },
  { id: 'graph.selectParent', title: 'Select the layer around', group: 'Selection', shortcut: 'Shift+Backspace', icon: 'up',
    menus: ['node', 'layer'], order: 300, when: (c) => onNode(c) && c.pane!.graph.value!.parent[c.node!] !== c.pane!.root.value,
    run: (c) => c.pane!.select([c.pane!.graph.peek()!.parent[c.node!]!]) },
  { id: 'graph.selectFirst', title: 'Select the first node', group: 'Selection', shortcut: 'Home', when: drawn,
    run: async (c) => {
      const p = c.pane!, seen = await p.view.peek()!.visibleNodes(1);
      const first = seen.nodes[0];
      if (first !== undefined) await p.locate(first, { select: true });
    } },
  { id: 'graph.locate', title: 'Locate the selection', group: 'Selection', shortcut: 'L', icon: 'locate', menus: ['node', 'layer'],
    order: 301, when: onNode, run: (c) => c.pane!.locate(c.node!) },
  { id: 'graph.copyId', title: 'Copy the id', group: 'Selection', shortcut: 'Ctrl+Shift+C', icon: 'copy', menus: ['node', 'layer'],
    order: 302, when: onNode, run: (c) => copy(c.pane!.graph.peek()!.id(c.node!), 'The id was') },

  // ---- view
  { id: 'view.fit', title: 'Fit the graph', group: 'View', shortcut: 'Space', icon: 'fit', menus: ['toolbar', 'canvas'], order: 200,
    when: drawn, run: (c) => change(c, 'Fit', (p) => p.view.peek()!.fit(undefined, true)) },
  { id: 'view.fitSelection', title: 'Fit the selection', group: 'View', shortcut: 'Shift+Space', icon: 'fit', menus: ['node', 'layer'],
    order: 303, when: (c) => drawn(c) && c.pane!.selection.value.length > 0,
    run: (c) => change(c, 'Fit the selection', (p) => p.view.peek()!.fit(p.selection.peek(), true)) },
  { id: 'view.zoomIn', title: 'Zoom in', group: 'View', shortcut: ['+', '=', 'Ctrl++', 'Ctrl+='], icon: 'zoomIn', when: drawn,
    run: (c) => c.pane!.view.peek()!.zoomBy(1.4, undefined, true) },
  { id: 'view.zoomOut', title: 'Zoom out', group: 'View', shortcut: ['-', 'Ctrl+-'], icon: 'zoomOut', when: drawn,
    run: (c) => c.pane!.view.peek()!.zoomBy(1 / 1.4, undefined, true) },
  { id: 'view.actual', title: 'Zoom to actual size', group: 'View', shortcut: ['0', 'Ctrl+0'], when: drawn,
    run: (c) => {
      const view = c.pane!.view.peek()!;
      view.setCamera({ ...view.camera, zoom: 1 }, true);
    } },
  pan('up', 'ArrowUp', 0, 120), pan('down', 'ArrowDown', 0, -120), pan('left', 'ArrowLeft', 120, 0), pan('right', 'ArrowRight', -120, 0),
  { id: 'view.minimap', title: 'Minimap', group: 'View', shortcut: 'M', icon: 'map', menus: ['toolbar', 'canvas'], order: 201,
    help: 'A small picture of the whole graph; drag in it to move.', checked: () => minimapShown.value,
    run: () => { minimapShown.value = !minimapShown.peek(); } },
  { id: 'view.legend', title: 'Legend of colours', group: 'View', shortcut: 'K', icon: 'palette', menus: ['canvas'], order: 202,
    checked: () => legendShown.value, run: () => { legendShown.value = !legendShown.peek(); } },
  { id: 'view.undo', title: 'Undo the change of the view', group: 'View', shortcut: 'Ctrl+Z', icon: 'undo', when: () => canUndo.value,
    run: () => {
      const title = undoTitle.peek();
      undo();
      say(`Undone: ${title}.`);
    } },
  { id: 'view.redo', title: 'Redo the change of the view', group: 'View', shortcut: ['Ctrl+Shift+Z', 'Ctrl+Y'], icon: 'redo',
    when: () => canRedo.value, run: () => {
      const title = redoTitle.peek();
      redo();
      say(`Done again: ${title}.`);
    } },

  // ---- panes
  { id: 'pane.splitRight', title: 'Split to the right', group: 'Panes', shortcut: 'Ctrl+\\', icon: 'split', menus: ['toolbar', 'tab'],
    order: 300, when: drawn, run: (c) => split(c.pane!, 'right') },
  { id: 'pane.splitDown', title: 'Split downwards', group: 'Panes', shortcut: 'Ctrl+Shift+\\', icon: 'splitDown', menus: ['tab'],
    order: 301, when: drawn, run: (c) => split(c.pane!, 'below') },
  { id: 'pane.maximize', title: 'Maximize the pane, or back', group: 'Panes', shortcut: 'Alt+M', icon: 'fit', menus: ['tab'], order: 302,
    when: (c) => !!c.pane, run: (c) => maximizePane(c.pane!) },
  { id: 'pane.close', title: 'Close the pane', group: 'Panes', shortcut: 'Alt+W', icon: 'close', menus: ['tab'], order: 303,
    when: (c) => !!c.pane, run: (c) => closePane(c.pane!) },
  { id: 'pane.reload', title: 'Load the graph again', group: 'Panes', shortcut: 'Alt+R', icon: 'reset', menus: ['tab'], order: 304,
    when: (c) => !!c.pane?.ref.value, run: (c) => reloadPane(c.pane!) },
  { id: 'pane.next', title: 'Next pane', group: 'Panes', shortcut: 'F6', when: () => panes.value.length > 0, run: () => cycleGroups(1) },
  { id: 'pane.previous', title: 'Previous pane', group: 'Panes', shortcut: 'Shift+F6', when: () => panes.value.length > 0,
    run: () => cycleGroups(-1) },
);

async function split(pane: Pane, where: 'right' | 'below'): Promise<void> {
  const state = await pane.view.peek()!.saveState();
  const other = openGraph(pane.ref.peek()!, { where, pane, state, crumbs: pane.crumbs.peek() });
  activePane.value = other;
}
