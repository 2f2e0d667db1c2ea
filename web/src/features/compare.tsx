// The panel that compares two panes: how their selections go together, and the list of differences, coloured in both.

import { computed, signal, useSignal } from '@preact/signals';

import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon, type IconName } from '../app/icons';
import { complain, say } from '../app/notify';
import { dropTakers, panels, styleLayers, urlStates } from '../app/panels';
import type { CompactGraph } from '../engine/graph';
import { panes, type Pane } from '../app/store';
import { engineTheme } from '../app/theme';
import { valueText, whole } from '../app/values';
import { VirtualList } from '../app/virtual';
import { chooseFiles, colourNumber, colourText } from './common';
import {
  changes, comparing, differences, diffOn, mapping, readMapping, setSide, sides, swapSides, sync, type Change, type Differences,
} from './compare_state';
import './features.css';

const RED = 0xd64545ff, GREEN = 0x2e9e5bff, AMBER = 0xd9902fff;
const WASH = 0x66; // alpha of fills

/** How the ops inside each layer differ, as bars: in a pane of the comparison. */
function bars(graph: CompactGraph, marked: ReadonlyMap<number, number>) {
  const counts = new Map<number, Map<number, number>>();
  for (const [node, colour] of marked)
    for (const layer of graph.layersAround(node)) {
      let of = counts.get(layer);
      if (!of) counts.set(layer, (of = new Map()));
      of.set(colour, (of.get(colour) ?? 0) + 1);
    }
  return [...counts].filter(([layer]) => layer !== 0).map(([node, of]) => {
    let ops = 0;
    for (let n = node + 1; n < graph.end[node]!; n++) ops += graph.isLayer(n) ? 0 : 1;
    return { node, pieces: [...of].map(([colour, n]) => ({ share: n / Math.max(1, ops), color: colourText(colour) })) };
  });
}

styleLayers.add({
  id: 'diff', title: 'Differences', order: 40,
  colours: (pane) => {
    const d = diffOn.value ? differences.value : null, graph = pane.graph.value;
    if (!d || !graph || (pane !== d.left && pane !== d.right)) return null;
    const isLeft = pane === d.left;
    const marked = new Map<number, number>();
    for (const [l, r] of d.changed) marked.set(isLeft ? l : r, AMBER);
    for (const n of isLeft ? d.removed : d.added) marked.set(n, isLeft ? RED : GREEN);
    const fill = new Uint32Array(graph.n), border = new Uint32Array(graph.n);
    for (const [node, colour] of marked) {
      if (node >= graph.n) return null; // of the graph before
      border[node] = colour;
      fill[node] = ((colour & 0xffffff00) | WASH) >>> 0;
    }
    const text = colourNumber(engineTheme.value.text); // the washes let the background through
    return { fill, border, text: fill.map((colour) => (colour ? text : 0)), bars: bars(graph, marked) };
  },
});

/* --- list --------------------------------------------------------------------------------------------------------- */

type Kind = 'changed' | 'removed' | 'added';
interface Row {
  kind: Kind;
  left: number | null;
  right: number | null;
}

const hiddenKinds = signal<readonly Kind[]>([]);
const KINDS: readonly { id: Kind; title: string; icon: IconName; colour: number }[] = [
  { id: 'changed', title: 'changed', icon: 'edit', colour: AMBER },
  { id: 'removed', title: 'only left', icon: 'minus', colour: RED },
  { id: 'added', title: 'only right', icon: 'plus', colour: GREEN },
];

const rows = computed<Row[]>(() => {
  const d = differences.value;
  if (!d) return [];
  const all: Row[] = [
    ...d.changed.map(([left, right]): Row => ({ kind: 'changed', left, right })), ...d.removed.map((left): Row => ({ kind: 'removed', left, right: null })),
    ...d.added.map((right): Row => ({ kind: 'added', left: null, right })),
  ];
  return all.filter((r) => !hiddenKinds.value.includes(r.kind));
});
const current = signal(-1);
const scrollTo = signal(-1);

function show(index: number): void {
  const d = differences.peek(), row = rows.peek()[index];
  if (!d || !row) return;
  current.value = index;
  scrollTo.value = index;
  if (row.left !== null) void d.left.locate(row.left, { select: true });
  if (row.right !== null) void d.right.locate(row.right, { select: true });
}

function changeOf(d: Differences, row: Row): Change | undefined {
  return row.left === null ? undefined : changes.value.get(d.left.graph.value?.id(row.left) ?? '');
}

function Details({ d, row }: { d: Differences; row: Row }) {
  const change = changeOf(d, row);
  if (row.kind !== 'changed') return null;
  if (!change) return <p class="muted">The attributes of both are in the inspector.</p>;
  return (
    <table class="data diff-details">
      <thead><tr><th>{change.what.join(', ')}</th><th>Left</th><th>Right</th></tr></thead>
      <tbody>
        {change.attrs.map((a) => (
          <tr key={a.key}><td>{a.key}</td><td class="left">{a.left === undefined ? '–' : valueText(a.left)}</td>
            <td class="right">{a.right === undefined ? '–' : valueText(a.right)}</td></tr>
        ))}
        {!change.attrs.length && <tr><td colSpan={3} class="muted">{change.what.includes('inputs') ? 'Its inputs come from other nodes.' : 'No attribute differs.'}</td></tr>}
      </tbody>
    </table>
  );
}

function List({ d }: { d: Differences }) {
  const list = rows.value, row = list[current.value];
  const counts: Record<Kind, number> = { changed: d.changed.length, removed: d.removed.length, added: d.added.length };
  return <>
    <div class="panel-bar toggles" role="group" aria-label="Kinds of differences">
      {KINDS.map((k) => {
        const on = !hiddenKinds.value.includes(k.id);
        return (
          <button key={k.id} class={`toggle ${on ? 'on' : ''}`} aria-pressed={on} disabled={!counts[k.id]}
            onClick={() => { hiddenKinds.value = on ? [...hiddenKinds.value, k.id] : hiddenKinds.value.filter((x) => x !== k.id); current.value = -1; }}>
            <span class="swatch" style={{ background: colourText(k.colour) }} />{whole(counts[k.id])} {k.title}
          </button>
        );
      })}
    </div>
    <div class="panel-bar count" role="status"><span class="muted">{whole(d.same)} {d.same === 1 ? 'node is' : 'nodes are'} equal.</span>
      <span class="grow" />
      <button class="icon-button small" title="Previous difference (Shift+F7)" aria-label="Previous difference" disabled={!list.length}
        onClick={() => show(Math.max(0, current.peek() - 1))}><Icon name="up" size={13} /></button>
      <button class="icon-button small" title="Next difference (F7)" aria-label="Next difference" disabled={!list.length}
        onClick={() => show(Math.min(list.length - 1, current.peek() + 1))}><Icon name="down" size={13} /></button>
    </div>
    {list.length === 0 && <p class="muted empty">{d.changed.length + d.removed.length + d.added.length ? 'All kinds are hidden.' : 'The graphs are equal.'}</p>}
    {list.length > 0 && (
      <VirtualList class="grow" count={list.length} rowHeight={24} label="Differences" active={current.value} scrollTo={scrollTo} onActive={show} onTake={show}
        row={(i) => {
          const r = list[i]!, side = r.left !== null ? d.left : d.right, node = r.left ?? r.right!, graph = side.graph.value;
          if (!graph || node >= graph.n) return null;
          const kind = KINDS.find((k) => k.id === r.kind)!, change = changeOf(d, r);
          return (
            <div class={`list-row ${i === current.value ? 'current' : ''}`} role="option" aria-selected={i === current.value} title={graph.id(node)}
              onClick={() => show(i)}>
              <span style={{ color: colourText(kind.colour) }} aria-label={kind.title}><Icon name={kind.icon} size={12} /></span>
              <span class="clip">{graph.label(node)} <span class="muted">{graph.namespace(graph.parent[node]!)}</span></span>
              {change && <span class="muted">{change.what.join(', ')}</span>}
            </div>
          );
        }} />
    )}
    {row && <div class="details"><Details d={d} row={row} /></div>}
  </>;
}

/* --- panel -------------------------------------------------------------------------------------------------------- */

/** Without the model's name where all have the same: what follows is what tells them apart. */
function shortTitles(list: readonly Pane[]): string[] {
  const parts = list.map((p) => p.title.value.split(' · ')), first = parts[0]?.[0];
  return parts.map((p) => (p.length > 1 && parts.every((o) => o[0] === first) ? p.slice(1) : p).join(' · '));
}

function Side({ which, pane }: { which: 'left' | 'right'; pane: Pane }) {
  const drawn = panes.value.filter((p) => p.graph.value), titles = shortTitles(drawn);
  return (
    <label class="side"><span>{which === 'left' ? 'Left' : 'Right'}</span>
      <select value={pane.id} onChange={(e) => setSide(which, e.currentTarget.value)}>
        {drawn.map((p, i) => <option key={p.id} value={p.id}>{titles[i]}</option>)}
      </select>
    </label>
  );
}

async function loadMapping(files: readonly File[]): Promise<void> {
  const file = files[0];
  if (!file) return;
  try {
    mapping.value = readMapping(file.name, await file.text());
    sync.value = 'file';
    say(`Selections follow ${file.name}.`);
  } catch (thrown) {
    complain(thrown);
  }
}

function Compare() {
  const now = sides.value, d = differences.value, busy = useSignal(false);
  if (!now) {
    return <div class="panel compare"><p class="muted empty">Two graphs are needed: split the pane, or open another model beside.</p></div>;
  }
  const modes: readonly (readonly [string, string, string])[] = [
    ['off', 'Off', 'Selections are independent'], ['id', 'Ids', 'Nodes with equal ids are selected together'],
    ['content', 'Content', 'Nodes that the comparison matched are selected together'], ['file', 'File', 'A navigation mapping says what belongs together'],
    ['stages', 'Stages', 'What an op came from and became in a compile run'],
  ];
  return (
    <div class="panel compare">
      <div class="panel-bar compare-form">
        <Side which="left" pane={now.left} />
        <button class="icon-button swap" title="Swap the sides" aria-label="Swap the sides" onClick={swapSides}><Icon name="sync" size={14} /></button>
        <Side which="right" pane={now.right} />
        <span class="muted">Selection</span>
        <div class="toggles" role="radiogroup" aria-label="Selections go together">
          {modes.map(([id, title, help]) => (
            <button key={id} role="radio" class={`toggle ${sync.value === id ? 'on' : ''}`} aria-checked={sync.value === id} title={help}
              onClick={async () => {
                if (id !== 'file' || mapping.peek()) sync.value = id;
                else {
                  busy.value = true;
                  await loadMapping(await chooseFiles('.json,application/json'));
                  busy.value = false;
                }
              }}>{title}</button>
          ))}
        </div>
      </div>
      {sync.value === 'file' && mapping.value && (
        <div class="panel-bar"><span class="clip grow" title={mapping.value.name}>{mapping.value.name}</span>
          <button class="link" onClick={async () => loadMapping(await chooseFiles('.json,application/json'))}>Another…</button></div>
      )}
      <div class="panel-bar">
        <button data-autofocus class={diffOn.value ? 'on' : 'primary'} aria-pressed={diffOn.value} onClick={() => { diffOn.value = !diffOn.value; current.value = -1; }}>
          <Icon name="diff" size={13} /> {diffOn.value ? 'Hide differences' : 'Show differences'}
        </button>
        {comparing.value && <span class="spinner" aria-label="Comparing" />}
      </div>
      {diffOn.value && d && <List d={d} />}
    </div>
  );
}

panels.add({
  id: 'compare', title: 'Compare', icon: 'diff', side: 'right', size: 320, order: 60, help: 'Two graphs: selections that go together, differences.',
  component: Compare,
});

dropTakers.add({
  id: 'mapping', order: 41, accepts: (file, head) => /\.json$/i.test(file.name) && /"sync_navigation"|"mappingEntries"/.test(head),
  take: async (file) => {
    await loadMapping([file]);
    openPanel('compare');
  },
});

const canCompare = () => sides.value !== null;
registerCommands(
  { id: 'diff.toggle', title: 'Show the differences of two panes', group: 'Compare', icon: 'diff', shortcut: 'Shift+X', menus: ['tab'], order: 310,
    help: 'Colours what was added, removed and changed, and lists it.', when: canCompare, checked: () => diffOn.value,
    run: () => {
      diffOn.value = !diffOn.peek();
      if (diffOn.peek()) openPanel('compare');
    } },
  { id: 'diff.next', title: 'Next difference', group: 'Compare', shortcut: 'F7', when: () => rows.value.length > 0,
    run: () => show(Math.min(rows.peek().length - 1, current.peek() + 1)) },
  { id: 'diff.previous', title: 'Previous difference', group: 'Compare', shortcut: 'Shift+F7', when: () => rows.value.length > 0,
    run: () => show(Math.max(0, current.peek() - 1)) },
  { id: 'sync.next', title: 'Selections go together: next way', group: 'Compare', icon: 'sync', shortcut: 'Alt+S',
    help: 'Off, by ids, by content, by the stages of a run.', when: () => panes.value.length > 1, checked: () => sync.value !== 'off',
    run: () => {
      const ways = ['off', 'id', 'content', 'stages'], next = ways[(ways.indexOf(sync.peek()) + 1) % ways.length]!;
      sync.value = next;
      say({
        off: 'Selections are independent.', id: 'Nodes with equal ids are selected together.', content: 'Matching nodes are selected together.',
        stages: 'What an op came from and became is selected with it.',
      }[next]!);
    } },
);

urlStates.add({
  id: 'compare', save: () => (diffOn.value ? { diff: true } : undefined),
  restore: (state) => { diffOn.value = (state as { diff?: boolean }).diff === true; },
});
