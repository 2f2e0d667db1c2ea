// The picker at the lower edge of a selected op whose results several ops read: a click lists them, choosing goes there.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';

import type { CompactGraph } from '../engine/graph';
import { registerCommands } from './commands';
import { Icon } from './icons';
import { showMenu, type Anchor, type MenuItem } from './overlay';
import type { Pane } from './store';

interface Reader {
  out: number;
  node: number;
}

/** Who reads a node, by result, each reader of a result once. */
function readersOf(graph: CompactGraph, node: number): Reader[] {
  const { start, edges } = graph.out;
  const list: Reader[] = [], seen = new Set<number>();
  for (let k = start[node]!; k < start[node + 1]!; k++) {
    const edge = edges[k]!, out = graph.edgeOut[edge]!, to = graph.edgeTarget[edge]!, key = out * graph.n + to;
    if (!seen.has(key)) list.push({ out, node: to });
    seen.add(key);
  }
  return list.sort((a, b) => a.out - b.out || a.node - b.node);
}

/** More than these are a task for the inspector's list. */
const MOST = 60;

/** Lists the readers of a node, or goes to the only one. */
function pickReader(pane: Pane, node: number, anchor: Anchor): void {
  const graph = pane.graph.peek();
  if (!graph) return;
  const readers = readersOf(graph, node), results = new Set(readers.map((r) => r.out));
  const go = (to: number) => void pane.locate(to, { select: true });
  if (readers.length === 1) return go(readers[0]!.node);
  const items: MenuItem[] = [];
  readers.slice(0, MOST).forEach((r, i) => {
    if (results.size > 1 && r.out !== readers[i - 1]?.out) items.push({ kind: 'title', text: `Result ${r.out}` });
    const around = graph.namespace(graph.parent[r.node]!);
    items.push({ kind: 'item', text: around ? `${graph.label(r.node)} · ${around}` : graph.label(r.node), run: () => go(r.node) });
  });
  if (readers.length > MOST) items.push({ kind: 'title', text: `${readers.length - MOST} more are in the inspector` });
  showMenu(anchor, items, `Readers of ${graph.label(node)}`);
}

/** Shown while an op with several readers is selected and nothing moves. */
export function FanOut({ pane }: { pane: Pane }) {
  const at = useSignal<{ node: number; x: number; y: number } | null>(null);
  const graph = pane.graph.value, view = pane.view.value, node = pane.selected.value;
  const count = useMemo(() => (graph && node !== null && node < graph.n && !graph.isLayer(node) ? readersOf(graph, node).length : 0), [graph, node]);
  useEffect(() => {
    at.value = null;
    if (!view || node === null || count < 2) return;
    let gone = false;
    const place = () => void view.screenRect(node).then((r) => {
      if (!gone) at.value = r && r.w > 24 ? { node, x: r.x + r.w / 2, y: r.y + r.h } : null;
    }, () => {});
    place();
    const stops = [view.on('drawn', place), view.on('camera', () => { at.value = null; place(); })];
    // The middle of the view stays where it is when its room changes, so the camera does not tell.
    const observer = new ResizeObserver(place);
    observer.observe(view.host);
    return () => {
      gone = true;
      observer.disconnect();
      for (const stop of stops) stop();
    };
  }, [view, node, count, pane.moved.value]);
  const now = at.value;
  if (!now || now.node !== node) return null;
  return (
    <button class="fan-out" style={{ left: `${now.x}px`, top: `${now.y}px` }} aria-haspopup="menu" aria-label={`${count} readers`}
      title={`${count} ops read it: go to one (J)`} onClick={(e) => pickReader(pane, now.node, e.currentTarget)}>
      {count}<Icon name="down" size={10} />
    </button>
  );
}

registerCommands({
  id: 'graph.reader', title: 'Go to a reader of the op', group: 'Selection', shortcut: 'J', icon: 'down', menus: ['node'], order: 110,
  help: 'Lists the ops that read its results; goes to the only one.',
  when: (c) => {
    const graph = c.pane?.graph.value;
    return !!graph && c.node !== null && !graph.isLayer(c.node) && graph.out.start[c.node + 1]! > graph.out.start[c.node]!;
  },
  run: async (c) => {
    const view = c.pane!.view.peek(), rect = await view?.screenRect(c.node!), host = view?.host.getBoundingClientRect();
    pickReader(c.pane!, c.node!, rect && host ? { x: host.left + rect.x + rect.w / 2, y: host.top + rect.y + rect.h } : { x: 120, y: 120 });
  },
});
