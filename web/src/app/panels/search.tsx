// The search panel: field, toggles, and the results as a tree by layer.

import { computed, signal, useSignal } from '@preact/signals';

import { registerCommands } from '../commands';
import { openPanel } from '../dock';
import { Icon, type IconName } from '../icons';
import { sentence } from '../notify';
import { panels } from '../panels';
import type { Hit } from '../source';
import { activePane } from '../store';
import { whole } from '../values';
import { VirtualList } from '../virtual';
import {
  clearSearch, current, found, goToHit, matchCase, places, PLACES, query, searching, searchProblem, within,
} from './search_state';

interface Row {
  node: number;
  depth: number;
  /** Index of the hit; -1: a layer that only holds hits. */
  hit: number;
  /** Hits in it. */
  inside: number;
}

/** Folded layers of the results. */
const folded = signal<ReadonlySet<number>>(new Set());

const rows = computed<Row[]>(() => {
  const now = found.value, graph = now?.pane.graph.value;
  if (!now || !graph) return [];
  const list: Row[] = [];
  const open: { layer: number; row: Row }[] = [];
  let skipTo = 0;
  now.hits.forEach((hit, index) => {
    while (open.length && !graph.inside(hit.node, open.at(-1)!.layer)) open.pop();
    if (hit.node < skipTo) {
      for (const o of open) o.row.inside++;
      return;
    }
    for (const layer of graph.layersAround(hit.node)) {
      if (open.some((o) => o.layer === layer)) continue;
      const row: Row = { node: layer, depth: open.length, hit: -1, inside: 0 };
      list.push(row);
      open.push({ layer, row });
      if (folded.value.has(layer)) {
        skipTo = graph.end[layer]!;
        break;
      }
    }
    for (const o of open) o.row.inside++;
    if (hit.node < skipTo) return;
    const row: Row = { node: hit.node, depth: open.length, hit: index, inside: 0 };
    list.push(row);
    if (graph.isLayer(hit.node)) {
      open.push({ layer: hit.node, row });
      if (folded.value.has(hit.node)) skipTo = graph.end[hit.node]!;
    }
  });
  return list;
});

const PLACE_ICONS: Record<string, { icon: IconName; title: string }> = {
  label: { icon: 'text', title: 'label' }, layers: { icon: 'layers', title: 'layer' }, attrs: { icon: 'table', title: 'attributes' },
  inputs: { icon: 'download', title: 'inputs' }, outputs: { icon: 'upload', title: 'outputs' }, id: { icon: 'link', title: 'id' },
  namespace: { icon: 'folder', title: 'layers around' }, weights: { icon: 'numbers', title: 'weight' },
};

function Where({ hit }: { hit: Hit }) {
  return (
    <span class="where">
      {hit.where.map((w) => PLACE_ICONS[w] && (
        <span key={w} title={w === 'weights' ? 'Is a weight or another constant' : `Matches in its ${PLACE_ICONS[w].title}`}><Icon name={PLACE_ICONS[w].icon} size={11} /></span>
      ))}
    </span>
  );
}

function Search() {
  const active = useSignal(0);
  const scrollTo = useSignal(-1);
  const now = found.value, list = rows.value, graph = now?.pane.graph.value;
  const at = current.value;
  const shownHit = at >= 0 ? list.findIndex((r) => r.hit === at) : -1;
  const step = (by: number) => {
    goToHit(current.value < 0 && by < 0 ? -1 : current.value + by);
    const i = rows.peek().findIndex((r) => r.hit === current.peek());
    if (i >= 0) scrollTo.value = active.value = i;
  };
  const fold = (node: number) => {
    const next = new Set(folded.peek());
    if (!next.delete(node)) next.add(node);
    folded.value = next;
  };
  const take = (row: Row | undefined, select: boolean) => {
    if (!row || !now) return;
    if (row.hit >= 0) current.value = row.hit;
    void now.pane.locate(row.node, { select });
  };
  const problem = searchProblem.value;
  return (
    <div class="panel search">
      <div class="panel-bar">
        <div class="field grow">
          <Icon name="search" size={14} />
          <input data-autofocus type="text" value={query.value} placeholder="Search: words, regular expressions, key:value" spellcheck={false}
            aria-label="Search the graph" aria-invalid={!!problem}
            title={'Words are regular expressions that must all match.\n"quoted" is meant as it is, -word must not match.'}
            onInput={(e) => { query.value = e.currentTarget.value; }}
            onKeyDown={(e) => {
              if (e.ctrlKey || e.metaKey || e.altKey) return; // of the page
              if (e.key === 'Enter') step(e.shiftKey ? -1 : 1);
              else if (e.key === 'Escape' && query.peek()) clearSearch();
              else if (e.key === 'ArrowDown') e.currentTarget.closest('.search')?.querySelector<HTMLElement>('.virtual')?.focus();
              else return;
              e.preventDefault();
              e.stopPropagation();
            }} />
          <button class={`icon-button small case ${matchCase.value ? 'on' : ''}`} aria-pressed={matchCase.value} aria-label="Mind upper and lower case"
            title="Mind upper and lower case" onClick={() => { matchCase.value = !matchCase.value; }}>Aa</button>
          {query.value && <button class="icon-button small" aria-label="Clear the search" title="Clear (Escape)" onClick={clearSearch}><Icon name="close" size={12} /></button>}
        </div>
      </div>
      <div class="panel-bar toggles" role="group" aria-label="Where to search">
        {PLACES.map((p) => {
          const on = places.value.includes(p.id);
          return (
            <button key={p.id} class={`toggle ${on ? 'on' : ''}`} aria-pressed={on}
              title={p.id === 'weights' ? 'Constants and parameters. Alone and without words it lists them all.' : undefined}
              onClick={() => { places.value = on ? places.value.filter((x) => x !== p.id) : [...places.value, p.id]; }}>{p.title}</button>
          );
        })}
      </div>
      {within.value !== null && activePane.value?.graph.value && (
        <div class="panel-bar"><span class="chip">in {activePane.value.graph.value.label(within.value)}
          <button class="icon-button small" aria-label="Search everywhere" onClick={() => { within.value = null; }}><Icon name="close" size={11} /></button></span></div>
      )}
      <div class="panel-bar count" role="status">
        {problem ? <span class="error-text">{sentence(problem.message)}</span>
          : now ? (
            <>
              <span>{now.total === 0 ? 'Nothing matches.' : at >= 0 ? `${whole(at + 1)} of ${whole(now.total)}`
                : `${whole(now.total)} ${now.total === 1 ? 'match' : 'matches'}`}
                {now.hits.length < now.total && <span class="muted"> (the first {whole(now.hits.length)} are listed)</span>}</span>
              <span class="grow" />
              <button class="icon-button small" disabled={!now.total} aria-label="Previous match" title="Previous match (Shift+F3)" onClick={() => step(-1)}><Icon name="up" size={13} /></button>
              <button class="icon-button small" disabled={!now.total} aria-label="Next match" title="Next match (F3)" onClick={() => step(1)}><Icon name="down" size={13} /></button>
              <button class="icon-button small" disabled={!now.total} aria-label="Select all matches" title="Select all matches"
                onClick={() => now.pane.select(now.hits.map((h) => h.node))}><Icon name="check" size={13} /></button>
            </>
          )
          : <span class="muted">{searching.value ? 'Searching…' : query.value.trim() ? '' : 'Words must all match; "as it is", -not'}</span>}
        {searching.value && now && <span class="spinner" aria-label="Searching" />}
      </div>
      {now && graph && list.length > 0 && (
        <VirtualList class="grow" role="tree" count={list.length} rowHeight={24} label="Results" active={active.value} scrollTo={scrollTo}
          rowKey={(i) => list[i]!.node}
          onActive={(i) => { active.value = i; take(list[i], false); }} onTake={(i) => take(list[i], true)}
          onKey={(e) => {
            const row = list[active.peek()];
            if (!row || (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight')) return;
            e.preventDefault();
            e.stopPropagation();
            if (row.inside && folded.peek().has(row.node) === (e.key === 'ArrowRight')) fold(row.node);
          }}
          row={(i) => {
            const row = list[i]!, hit = row.hit >= 0 ? now.hits[row.hit]! : null;
            const isOpen = !folded.value.has(row.node);
            return (
              <div role="treeitem" aria-level={row.depth + 1} aria-selected={i === shownHit} aria-expanded={row.inside ? isOpen : undefined}
                class={`tree-row ${i === shownHit ? 'current' : ''} ${i === active.value ? 'active' : ''} ${hit ? '' : 'holder'}`}
                style={{ paddingLeft: `${4 + Math.min(row.depth, 16) * 12}px` }} title={graph.id(row.node)}
                onClick={(e) => { active.value = i; take(row, !e.altKey); }}>
                {row.inside ? (
                  <button class="twist" tabIndex={-1} aria-label={isOpen ? 'Fold' : 'Unfold'} onClick={(e) => { e.stopPropagation(); fold(row.node); }}>
                    <Icon name={isOpen ? 'down' : 'right'} size={11} />
                  </button>
                ) : <span class="twist" />}
                <span class="tree-label">{graph.label(row.node)}</span>
                {hit?.name && <span class="muted clip">{hit.name}</span>}
                {row.inside > 0 && <span class="muted">{whole(row.inside)}</span>}
                {hit && <Where hit={hit} />}
              </div>
            );
          }} />
      )}
    </div>
  );
}

panels.add({
  id: 'search', title: 'Search', icon: 'search', side: 'left', size: 300, order: 20,
  help: 'Finds nodes by label, attributes, inputs and outputs.', component: Search,
});

registerCommands(
  { id: 'search.open', title: 'Search the graph', group: 'Search', shortcut: 'Ctrl+F', icon: 'search', when: (c) => !!c.pane,
    run: () => openPanel('search') },
  { id: 'search.next', title: 'Next match', group: 'Search', shortcut: ['F3', 'N'], when: () => !!found.value?.total,
    run: () => goToHit(current.peek() + 1) },
  { id: 'search.previous', title: 'Previous match', group: 'Search', shortcut: ['Shift+F3', 'Shift+N'], when: () => !!found.value?.total,
    run: () => goToHit(current.peek() < 0 ? -1 : current.peek() - 1) },
  { id: 'search.clear', title: 'Clear the search', group: 'Search', when: () => query.value !== '', run: clearSearch },
  { id: 'search.within', title: 'Search in this layer', group: 'Search', icon: 'search', menus: ['layer'], order: 310,
    when: (c) => c.node !== null && c.node !== 0 && !!c.pane?.graph.value?.isLayer(c.node),
    run: (c) => {
      within.value = c.node;
      openPanel('search');
    } },
);
