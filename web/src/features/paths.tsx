// The ways between two nodes: a panel with both ends and the list of paths; the one chosen stands out.

import { computed, signal, useSignal } from '@preact/signals';

import { registerCommands, type CommandContext } from '../app/commands';
import { closePanel, isPanelOpen, openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { panels } from '../app/panels';
import { activePane, type Pane } from '../app/store';
import { engineTheme } from '../app/theme';
import { whole } from '../app/values';
import { VirtualList } from '../app/virtual';
import { getPaths, type Paths } from './analyses';
import { following } from './common';
import { NodeLink } from '../app/panels/inspector_parts';

const LIMIT = 500;

interface Ends {
  pane: Pane;
  from: number | null;
  to: number | null;
}
const ends = signal<Ends | null>(null);
const kind = signal<'shortest' | 'all'>('shortest');
const found = signal<Paths | null>(null);
/** Index of the path that stands out; -1: all of them. */
const chosen = signal(-1);
const asking = signal(false);

/** The ends, while their pane still shows the graph. */
const live = computed(() => {
  const now = ends.value, graph = now?.pane.graph.value;
  return now && graph ? { ...now, graph } : null;
});

function setEnd(pane: Pane, which: 'from' | 'to', node: number | null): void {
  const now = ends.peek();
  const before = now?.pane === pane ? now : { pane, from: null, to: null };
  ends.value = { ...before, pane, [which]: node };
  chosen.value = -1;
}

following(
  () => {
    const now = live.value, ref = now?.pane.ref.value;
    if (!now || !ref || now.from === null || now.to === null || !isPanelOpen('paths')) return null;
    return { ...now, ref, from: now.from, to: now.to, kind: kind.value };
  },
  async ({ pane, ref, graph, from, to, kind: which }, abort) => {
    asking.value = true;
    try {
      const paths = await getPaths(ref, from, to, which, LIMIT, abort);
      if (pane.graph.peek() !== graph) return;
      found.value = paths;
      chosen.value = paths.paths.length === 1 ? 0 : -1;
    } finally {
      asking.value = false;
    }
  },
  () => { found.value = null; },
);

let marked: Pane | null = null;
following(
  () => {
    const now = live.value, paths = found.value, theme = engineTheme.value;
    return now && isPanelOpen('paths') ? { ...now, paths, at: chosen.value, theme } : null;
  },
  async ({ pane, graph, paths, at, theme, from, to }) => {
    if (marked && marked !== pane) marked.mark('paths', null);
    marked = pane;
    const one = paths?.paths[at];
    const nodes = one ?? paths?.between ?? [];
    const on = new Set(nodes);
    const edges: number[] = [];
    for (const node of nodes) {
      const before = one ? one[one.indexOf(node) - 1] : undefined;
      for (let e = graph.inStart[node]!; e < graph.inStart[node + 1]!; e++) {
        const s = graph.edgeSource[e]!;
        if (one ? s === before : on.has(s)) edges.push(e);
      }
    }
    pane.mark('paths', {
      keep: nodes.length ? nodes : undefined,
      highlights: [
        { nodes, edges, color: theme.accent },
        { nodes: from === null ? [] : [from], color: theme.input, width: 3 },
        { nodes: to === null ? [] : [to], color: theme.output, width: 3 },
      ],
    });
  },
  () => {
    marked?.mark('paths', null);
    marked = null;
  },
);

function End({ which, title }: { which: 'from' | 'to'; title: string }) {
  const now = live.value, pane = activePane.value;
  const node = now?.[which] ?? null, selected = pane?.selected.value ?? null;
  return (
    <div class="path-end">
      <span class="muted">{title}</span>
      <span class="grow clip">{now && node !== null ? <NodeLink pane={now.pane} node={node} /> : <span class="muted">not chosen</span>}</span>
      <button disabled={!pane || selected === null || selected === 0} title="Take the selected node" onClick={() => setEnd(pane!, which, selected)}>
        Selection
      </button>
    </div>
  );
}

/** What there is to say about the result. */
function summary(paths: Paths): string {
  if (paths.steps === null) return 'No path leads from the first to the second.';
  const steps = `${whole(paths.steps)} ${paths.steps === 1 ? 'step' : 'steps'}`;
  const many = paths.count === null ? 'Very many paths' : paths.count === 1 ? 'One path' : `${whole(paths.count)} paths`;
  const listed = paths.complete ? '' : `; the first ${whole(paths.paths.length)} are listed`;
  return `${many}, the shortest with ${steps}${listed}.`;
}

function PathsPanel() {
  const scrollTo = useSignal(-1);
  const now = live.value, paths = found.value;
  const list = paths?.paths ?? [];
  const swap = () => {
    const e = ends.peek();
    if (e) ends.value = { ...e, from: e.to, to: e.from };
  };
  const choose = (i: number, go: boolean) => {
    chosen.value = i;
    const path = list[i];
    if (go && path && now) now.pane.view.peek()?.fit(path, true);
  };
  return (
    <div class="panel paths">
      <div class="panel-bar column">
        <End which="from" title="From" />
        <End which="to" title="To" />
      </div>
      <div class="panel-bar toggles">
        {(['shortest', 'all'] as const).map((k) => (
          <button key={k} class={`toggle ${kind.value === k ? 'on' : ''}`} aria-pressed={kind.value === k} onClick={() => { kind.value = k; }}>
            {k === 'shortest' ? 'Shortest' : 'All'}
          </button>
        ))}
        <span class="grow" />
        <button class="icon-button small" title="Swap the ends" aria-label="Swap the ends" disabled={!now} onClick={swap}><Icon name="sync" size={13} /></button>
        <button class="icon-button small" title="Done" aria-label="Clear the paths" onClick={() => { ends.value = null; closePanel('paths'); }}>
          <Icon name="close" size={13} />
        </button>
      </div>
      <div class="panel-bar count" role="status">
        {asking.value ? <span class="muted">Looking…</span>
          : paths ? summary(paths)
          : <span class="muted">Choose two nodes or layers: select one and press “Selection”, or use the menu of a node.</span>}
      </div>
      {now && list.length > 0 && (
        <VirtualList class="grow" count={list.length + 1} rowHeight={24} label="Paths" active={chosen.value + 1} scrollTo={scrollTo}
          onActive={(i) => choose(i - 1, false)} onTake={(i) => choose(i - 1, true)}
          row={(i) => (
            <div class={`list-row ${chosen.value === i - 1 ? 'current' : ''}`} role="option" aria-selected={chosen.value === i - 1}
              onClick={() => choose(i - 1, true)}>
              {i === 0 ? <span>All paths together, {whole(paths!.between.length)} nodes</span> : <>
                <span class="muted number">{i}</span>
                <span class="clip" title={list[i - 1]!.map((n) => now.graph.label(n)).join(' → ')}>
                  {list[i - 1]!.slice(0, 12).map((n) => now.graph.label(n).replace(/^\w+\./, '')).join(' → ')}
                </span>
                <span class="muted">{whole(list[i - 1]!.length - 1)}</span>
              </>}
            </div>
          )} />
      )}
    </div>
  );
}

panels.add({
  id: 'paths', title: 'Paths', icon: 'trace', side: 'left', size: 300, order: 60, help: 'The ways between two nodes.', component: PathsPanel,
});

const onNode = (c: CommandContext): boolean => !!c.pane?.graph.value && c.node !== null && c.node !== 0;
registerCommands(
  { id: 'paths.from', title: 'Paths from here…', group: 'Selection', icon: 'trace', menus: ['node', 'layer'], order: 410, when: onNode,
    shortcut: 'Shift+P', help: 'Then choose where they lead to.',
    run: (c) => { setEnd(c.pane!, 'from', c.node); openPanel('paths'); } },
  { id: 'paths.to', title: 'Paths to here', group: 'Selection', icon: 'trace', menus: ['node', 'layer'], order: 411, shortcut: 'P', when: onNode,
    help: 'From the node chosen before.',
    run: (c) => { setEnd(c.pane!, 'to', c.node); openPanel('paths'); } },
);
