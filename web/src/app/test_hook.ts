// What the tests in a browser read and do: globalThis.ttxTest. Structure only: names, places, counts.

import { commandById, runCommand } from './commands';
import { hasBusyPanels } from './busy';
import { isLoading, openGraph } from './open';
import { styleLayers } from './panels';
import type { GraphRef } from './source';
import { panes, onStartPage, type Pane } from './store';
import { urlShown } from './url_state';

interface Box {
  id: string;
  label: string;
  x: number;
  y: number;
  w: number;
  h: number;
  expanded: boolean;
}

let frames = 0;
let lastChange = 0;
const watched = new WeakSet<object>();

function watch(pane: Pane): void {
  const view = pane.view.peek();
  if (!view || watched.has(view)) return;
  watched.add(view);
  view.on('drawn', () => { frames++; lastChange = performance.now(); });
  view.on('camera', () => { lastChange = performance.now(); });
}

/** Nothing has moved for so long. */
const STILL_MS = 60;

/** The layers that are open and not inside a closed one. */
function expandedOf(pane: Pane): number[] {
  const view = pane.view.peek(), graph = pane.graph.peek(), root = pane.root.peek();
  const open: number[] = [];
  for (let i = root + 1; view && graph && i < graph.end[root]!;) {
    const layer = graph.isLayer(i), is = layer && view.isExpanded(i);
    if (is) open.push(i);
    i = layer && !is ? graph.end[i]! : i + 1;
  }
  return open;
}

async function boxesOf(pane: Pane): Promise<Box[]> {
  const view = pane.view.peek(), graph = pane.graph.peek();
  if (!view || !graph) return [];
  const seen = await view.visibleNodes();
  // Open layers, which are not among the nodes that are seen.
  const open = expandedOf(pane).filter((layer) => layer !== pane.root.peek());
  const rects = [...seen.rects, ...(await view.screenRects(open))];
  const nodes = [...seen.nodes, ...open];
  const host = view.host.getBoundingClientRect();
  return nodes.map((node, i) => ({
    id: graph.id(node), label: graph.label(node), x: host.left + rects[4 * i]!, y: host.top + rects[4 * i + 1]!, w: rects[4 * i + 2]!,
    h: rects[4 * i + 3]!, expanded: graph.isLayer(node) && view.isExpanded(node),
  }));
}

const hook = {
  ready(): boolean {
    if (!urlShown()) return false;
    for (const pane of panes.peek()) {
      watch(pane);
      if (isLoading(pane) || pane.wait.peek()) return false;
      if (!pane.graph.peek() && !pane.problem.peek()) return false;
    }
    return (panes.peek().length > 0 || onStartPage.peek()) && !hasBusyPanels() && performance.now() - lastChange > STILL_MS;
  },
  run(id: string, ...args: unknown[]): boolean {
    const pane = panes.peek()[typeof args[0] === 'number' ? args[0] : 0] ?? null;
    if (!commandById(id)) throw new Error(`there is no command ${id}`);
    lastChange = performance.now();
    return runCommand(id, { pane, node: pane?.selected.peek() ?? null });
  },
  async graph(index = 0) {
    const pane = panes.peek()[index], view = pane?.view.peek(), graph = pane?.graph.peek();
    if (!pane || !view || !graph) return null;
    const boxes = await boxesOf(pane);
    return {
      nodes: graph.n, visible: boxes.length, selection: pane.selection.peek().map((n) => graph.id(n)),
      expanded: expandedOf(pane).map((n) => graph.id(n)), camera: view.camera, boxes, root: pane.root.peek(), problem: pane.problem.peek()?.message ?? null,
    };
  },
  async box(index: number, id: string): Promise<Box | null> {
    const pane = panes.peek()[index], view = pane?.view.peek(), graph = pane?.graph.peek(), node = graph?.find(id);
    if (!view || !graph || node === undefined) return null;
    const r = await view.screenRect(node);
    if (!r) return null;
    const host = view.host.getBoundingClientRect();
    return { id, label: graph.label(node), x: host.left + r.x, y: host.top + r.y, w: r.w, h: r.h, expanded: graph.isLayer(node) && view.isExpanded(node) };
  },
  /** Opens a graph beside the others. */
  open(ref: GraphRef, where: 'right' | 'below'): void {
    openGraph(ref, { where });
  },
  /** Brings a node into sight, as it is when it is there already and nothing lies over it: a message, the minimap. */
  async reveal(index: number, id: string): Promise<void> {
    const view = panes.peek()[index]?.view.peek(), node = panes.peek()[index]?.graph.peek()?.find(id);
    const rect = view && node !== undefined ? await view.screenRect(node) : null;
    if (!view || node === undefined || !rect) return;
    const x = rect.x + rect.w / 2, y = rect.y + (view.isExpanded(node) ? 8 : rect.h / 2);
    const host = view.host.getBoundingClientRect(), there = document.elementFromPoint(host.left + x, host.top + y);
    if (!view.host.contains(there)) await view.reveal(node);
  },
  withView(index: number, run: (view: unknown, args: unknown) => unknown, args: unknown): unknown {
    return run(panes.peek()[index]?.view.peek(), args);
  },
  /** What a feature has marked, nodes by their ids. */
  mark(index: number, feature: string): unknown {
    const pane = panes.peek()[index], graph = pane?.graph.peek(), mark = pane?.marks.peek().get(feature);
    if (!graph || !mark) return null;
    const ids = (nodes: Iterable<number>) => Array.from(nodes, (n) => graph.id(n)).sort();
    return {
      keep: mark.keep && ids(mark.keep), highlights: mark.highlights?.map((h) => ({ nodes: ids(h.nodes ?? []), color: h.color })),
      edges: mark.edges?.map((e) => ({ from: graph.id(e.from), to: graph.id(e.to), label: e.label })),
    };
  },
  /** The colour that features give a node, "#rrggbbaa"; empty: none. */
  style(index: number, part: 'fill' | 'border' | 'text', id: string): string {
    const pane = panes.peek()[index], node = pane?.graph.peek()?.find(id);
    if (!pane || node === undefined) throw new Error(`there is no node ${id}`);
    for (const layer of styleLayers.all().reverse()) {
      const colour = layer.colours(pane)?.[part]?.[node];
      if (colour) return `#${colour.toString(16).padStart(8, '0')}`;
    }
    return '';
  },
  /** The pieces of the bar on a node. */
  bars(index: number, id: string): unknown {
    const pane = panes.peek()[index], node = pane?.graph.peek()?.find(id);
    if (!pane || node === undefined) throw new Error(`there is no node ${id}`);
    return styleLayers.all().flatMap((layer) => layer.colours(pane)?.bars ?? []).find((b) => b.node === node)?.pieces ?? null;
  },
  frames: () => frames,
};

declare global {
  var ttxTest: typeof hook | undefined;
}

export function startTestHook(): void {
  globalThis.ttxTest = hook;
}
