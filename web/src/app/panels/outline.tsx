// The outline: the model as a tree of layers and ops, of any size. It follows the graph's selection, and selecting in it
// selects in the graph.

import { computed, effect, signal, useSignal, useSignalEffect } from '@preact/signals';

import type { CompactGraph } from '../../engine/graph';
import { kept } from '../settings';
import { Icon } from '../icons';
import { panels } from '../panels';
import { activePane } from '../store';
import { nextTask } from '../turn';
import { whole } from '../values';
import { VirtualList } from '../virtual';

const withOps = kept('outlineOps', true);
const filter = signal('');
/** Open layers of each graph. */
const open = new WeakMap<CompactGraph, ReturnType<typeof signal<ReadonlySet<number>>>>();

function opened(graph: CompactGraph) {
  let set = open.get(graph);
  if (!set) {
    // A single layer around everything says nothing when it is closed.
    const first = new Set([0]);
    for (let at = 0, only = graph.children(0); only.length === 1 && graph.isLayer(only[0]!); only = graph.children(at)) first.add((at = only[0]!));
    open.set(graph, (set = signal<ReadonlySet<number>>(first)));
  }
  return set;
}

interface Row {
  node: number;
  depth: number;
}

/** The graph that is outlined: a task behind the pane's, so that not all that shows it is made in one. */
const graphNow = signal<CompactGraph | null>(null);
effect(() => {
  const graph = activePane.value?.graph.value ?? null;
  let gone = false;
  void nextTask().then(() => { if (!gone) graphNow.value = graph; });
  return () => { gone = true; };
});

const rows = computed<Row[]>(() => {
  const graph = graphNow.value;
  if (!graph) return [];
  const words = filter.value.trim().toLowerCase();
  const list: Row[] = [];
  const depth = new Uint16Array(graph.n);
  if (words) {
    // Labels repeat: each is looked at once.
    const verdict = new Map<number, boolean>();
    const keep = new Uint8Array(graph.n);
    for (let i = graph.n - 1; i > 0; i--) {
      const label = graph.labelNumber(i);
      let hit = verdict.get(label);
      if (hit === undefined) verdict.set(label, (hit = graph.label(i).toLowerCase().includes(words)));
      if ((hit && (withOps.value || graph.isLayer(i))) || keep[i]) keep[i] = keep[graph.parent[i]!] = 1;
    }
    for (let i = 1; i < graph.n; i++) {
      depth[i] = depth[graph.parent[i]!]! + 1;
      if (keep[i]) list.push({ node: i, depth: depth[i]! - 1 });
    }
    return list;
  }
  const isOpen = opened(graph).value!;
  for (let i = 1; i < graph.n;) {
    depth[i] = depth[graph.parent[i]!]! + 1;
    const layer = graph.isLayer(i);
    if (layer || withOps.value) list.push({ node: i, depth: depth[i]! - 1 });
    i = layer && !isOpen.has(i) ? graph.end[i]! : i + 1;
  }
  return list;
});

/** Where a node is in the rows, which are in the order of numbers; -1: not there. */
function rowOf(list: readonly Row[], node: number): number {
  let low = 0, high = list.length - 1;
  while (low <= high) {
    const mid = (low + high) >> 1;
    if (list[mid]!.node === node) return mid;
    if (list[mid]!.node < node) low = mid + 1;
    else high = mid - 1;
  }
  return -1;
}

function Outline() {
  const scrollTo = useSignal(-1);
  const active = useSignal(-1);
  const pane = activePane.value, graph = graphNow.value, list = rows.value;

  // What is selected in the graph is shown here: the layers around it open.
  useSignalEffect(() => {
    const node = activePane.value?.selection.value.at(-1), graph = graphNow.value;
    if (node === undefined || !graph || node >= graph.n || node === 0) return;
    if (!filter.peek()) {
      const set = opened(graph), around = graph.layersAround(node);
      if (around.some((l) => !set.peek()!.has(l))) set.value = new Set([...set.peek()!, ...around]);
    }
    const at = rowOf(rows.peek(), node);
    active.value = at;
    scrollTo.value = at;
  });

  if (!pane || !graph) return <p class="empty">No graph is open.</p>;
  const isOpen = opened(graph).value!;
  const selected = new Set(pane.selection.value);
  const toggle = (node: number, all: boolean) => {
    const set = opened(graph), next = new Set(set.peek());
    const on = !next.has(node);
    for (let i = node; i < (all ? graph.end[node]! : node + 1); i++)
      if (graph.isLayer(i)) on ? next.add(i) : next.delete(i);
    set.value = next;
  };
  const choose = (row: Row | undefined) => {
    if (row) void pane.locate(row.node, { select: true });
  };
  return (
    <div class="panel outline">
      <div class="panel-bar">
        <div class="field grow">
          <Icon name="filter" size={13} />
          <input type="text" placeholder="Filter" aria-label="Filter the outline" value={filter.value} spellcheck={false}
            onInput={(e) => { filter.value = e.currentTarget.value; }} />
        </div>
        <button class={`icon-button small ${withOps.value ? 'on' : ''}`} aria-pressed={withOps.value} aria-label="Ops too" title="Ops too"
          onClick={() => { withOps.value = !withOps.value; }}><Icon name="group" size={14} /></button>
        <button class="icon-button small" aria-label="Fold all" title="Fold all" onClick={() => { opened(graph).value = new Set([0]); }}><Icon name="collapse" size={14} /></button>
      </div>
      {list.length === 0 ? <p class="empty">{filter.value ? 'Nothing matches.' : 'The graph is empty.'}</p> : (
        <VirtualList class="grow" role="tree" label="Outline of the model" count={list.length} rowHeight={22} active={active.value} scrollTo={scrollTo}
          rowKey={(i) => list[i]!.node}
          onActive={(i) => { active.value = i; choose(list[i]); }}
          onTake={(i) => { const row = list[i]; if (row && graph.isLayer(row.node)) void pane.change('Expand or collapse', () => pane.view.peek()?.toggle(row.node)); }}
          onKey={(e) => {
            const row = list[active.peek()];
            if (!row || (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight')) return;
            e.preventDefault();
            e.stopPropagation();
            const layer = graph.isLayer(row.node), is = layer && opened(graph).peek()!.has(row.node);
            if (layer && is === (e.key === 'ArrowLeft')) toggle(row.node, e.altKey);
            else if (e.key === 'ArrowLeft' && graph.parent[row.node]) choose({ node: graph.parent[row.node]!, depth: 0 });
          }}
          row={(i) => {
            const row = list[i]!, node = row.node, layer = graph.isLayer(node);
            return (
              <div role="treeitem" aria-level={row.depth + 1} aria-selected={selected.has(node)} aria-expanded={layer ? isOpen.has(node) || !!filter.value : undefined}
                class={`tree-row ${selected.has(node) ? 'selected' : ''} ${i === active.value ? 'active' : ''} ${layer ? 'layer' : ''} ${pane.hovered.value === node ? 'hovered' : ''}`}
                style={{ paddingLeft: `${4 + Math.min(row.depth, 24) * 12}px` }} title={graph.id(node)}
                onClick={() => { active.value = i; choose(row); }}
                onDblClick={() => { if (layer) toggle(node, false); }}>
                {layer ? (
                  <button class="twist" tabIndex={-1} aria-label={isOpen.has(node) ? 'Fold' : 'Unfold'} title="Alt: with all below"
                    onClick={(e) => { e.stopPropagation(); toggle(node, e.altKey); }}>
                    <Icon name={isOpen.has(node) || filter.value ? 'down' : 'right'} size={11} />
                  </button>
                ) : <span class="twist" />}
                <span class="tree-label">{graph.label(node)}</span>
                {layer && <span class="muted">{whole(graph.end[node]! - node - 1)}</span>}
              </div>
            );
          }} />
      )}
    </div>
  );
}

panels.add({
  id: 'outline', title: 'Outline', icon: 'outline', side: 'left', size: 300, order: 10, shortcut: 'O',
  help: 'The model as a tree of layers and ops.', component: Outline,
});
