// The panel of node data: runs, legend, tables; the colours on the graph; values on nodes and in the inspector.

import { computed, signal, useComputed, useSignal } from '@preact/signals';

import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { complain } from '../app/notify';
import { confirm } from '../app/overlay';
import { dropTakers, inspectorSections, nodeLines, panels, styleLayers, urlStates, type InspectorContext } from '../app/panels';
import { kept, registerSettings } from '../app/settings';
import { activePane, type Pane } from '../app/store';
import { count, whole } from '../app/values';
import { VirtualList } from '../app/virtual';
import { chooseFiles, colourNumber, nice, textOn } from './common';
import {
  activeData, addNodeData, colouring, colouringOf, dataOf, removeRun, setColouring, show, textsIn, type LayerSum, type RunData, type Value,
} from './node_data_state';
import './features.css';

/* --- on the graph ------------------------------------------------------------------------------------------------- */

styleLayers.add({
  id: 'nodedata', title: 'Node data', order: 20,
  colours: (pane) => {
    const data = colouringOf(pane), graph = pane.graph.value;
    if (!data || !graph) return null;
    const fill = new Uint32Array(graph.n), text = new Uint32Array(graph.n);
    for (const [node, v] of data.values) {
      const colour = v.colour ? colourNumber(v.colour) : 0;
      if (!colour) continue;
      fill[node] = colour;
      if ((colour & 255) > 127) text[node] = textOn(colour);
    }
    const bars = [...data.layers.values()].filter((l) => l.layer !== 0 && l.bars.length)
      .map((l) => ({ node: l.layer, pieces: l.bars.map((b) => ({ share: b.share, color: b.colour })) }));
    return { fill, text, bars };
  },
});

const hideEmpty = kept('hideEmptyData', false);
registerSettings({ id: 'hideEmptyData', title: 'Hide node data without a value', group: 'Inspector', kind: 'switch', value: hideEmpty,
  help: 'On nodes in the graph it is left out always.' });

function shown(value: Value): string {
  return typeof value === 'number' ? nice(value) : show(value);
}

/** What a run says about a node: its value, of a layer what the values inside add up to. */
function valueOf(data: RunData, node: number, pane: Pane, table = false): string | null {
  const value = data.values.get(node);
  if (value) return shown(value.value);
  const layer = data.layers.get(node);
  if (!layer) return null;
  const counts = table ? data.options.showLabelCountColumnsInChildrenStatsTable : data.options.showExpandedSummaryOnGroupNode;
  const texts = counts && layer.sum === undefined ? textsIn(data, node, pane.graph.peek()?.end[node] ?? 0) : '';
  if (texts) return texts;
  return layer.sum === undefined ? count(layer.count, 'value') : `Σ ${nice(layer.sum)}`;
}

nodeLines.add({
  id: 'nodedata', title: 'Node data', order: 50, when: (pane) => !!dataOf.value.get(pane)?.length,
  lines: (pane, nodes) => {
    const runs = dataOf.value.get(pane) ?? [];
    return nodes.map((node) => runs.flatMap((data) => {
      const value = valueOf(data, node, pane);
      return value === null ? [] : [{ key: data.run.name, value }];
    }));
  },
});

function InspectorData({ pane, node }: InspectorContext) {
  const runs = dataOf.value.get(pane) ?? [];
  return (
    <div role="table" aria-label="Node data">
      {runs.map((data) => {
        const value = data.values.get(node!), layer = value ? undefined : data.layers.get(node!);
        if (hideEmpty.value && !value && !layer) return null;
        return (
          <div key={data.run.id} class="row-kv" role="row">
            <div class="row-key" role="rowheader">{data.run.name}</div>
            <div class="row-value" role="cell">
              {value?.colour && <span class="swatch" style={{ background: value.colour }} />}
              {value ? shown(value.value) : layer ? sums(layer) : <span class="muted">no value</span>}
            </div>
          </div>
        );
      })}
    </div>
  );
}

function sums(layer: LayerSum): string {
  if (layer.sum === undefined) return count(layer.count, 'value');
  return `sum ${nice(layer.sum)}, average ${nice(layer.avg!)}, ${nice(layer.min!)} to ${nice(layer.max!)}`;
}

inspectorSections.add({
  id: 'nodedata', title: 'Node data', order: 50, when: (c) => c.node !== null &&
    !!dataOf.value.get(c.pane)?.some((data) => !hideEmpty.value || data.values.has(c.node!) || data.layers.has(c.node!)), component: InspectorData,
});

/* --- loading ------------------------------------------------------------------------------------------------------ */

async function loadFiles(pane: Pane | null, files: readonly File[]): Promise<void> {
  if (!pane) return;
  for (const file of files) {
    try {
      await addNodeData(pane, file.name, await file.text());
    } catch (thrown) {
      complain(thrown);
    }
  }
  if (files.length) openPanel('nodedata');
}

dropTakers.add({
  id: 'nodedata', order: 50,
  accepts: (file, head) => /\.json$/i.test(file.name) && /"results"\s*:/.test(head) && !/"nodes"\s*:/.test(head.slice(0, 400)),
  take: (file, pane) => loadFiles(pane, [file]),
});

const load = async () => loadFiles(activePane.peek(), await chooseFiles('.json,application/json', true));

registerCommands(
  { id: 'nodedata.load', title: 'Load node data…', group: 'Node data', icon: 'chart', help: 'JSON with values per node, as Model Explorer takes it.',
    when: (c) => !!c.pane?.graph.value, run: load },
  { id: 'nodedata.colours', title: 'Colour by node data', group: 'Node data', icon: 'palette', shortcut: 'Shift+D',
    help: 'Goes on to the next run, and at the end to none.',
    when: () => activeData.value.length > 0, checked: (c) => !!c.pane && !!colouringOf(c.pane),
    run: (c) => {
      const runs = activeData.peek(), model = c.pane!.ref.peek()!.model;
      const at = runs.findIndex((d) => d.run.id === colouring.peek().get(model));
      setColouring(model, runs[at + 1]?.run.id ?? null);
    } },
);

/* --- panel -------------------------------------------------------------------------------------------------------- */

type Tab = 'summary' | 'children' | 'nodes';
const tab = signal<Tab>('summary');

function Legend({ data }: { data: RunData }) {
  if (data.gradient.length) {
    const stops = data.gradient.map((s) => `${s.colour || 'transparent'} ${s.value * 100}%`).join(', ');
    return (
      <div class="legend-gradient" role="img" aria-label={`From ${nice(data.min)} to ${nice(data.max)}`}>
        <span>{nice(data.min)}</span>
        <span class="gradient" style={{ background: `linear-gradient(to right in srgb, ${stops})` }} />
        <span>{nice(data.max)}</span>
      </div>
    );
  }
  if (!data.thresholds.length) return null;
  return (
    <ul class="legend-steps plain" aria-label="Colours">
      {data.thresholds.map((s, i) => (
        <li key={i}><span class="swatch" style={{ background: s.colour || 'transparent' }} />≤ {nice(s.value)}</li>
      ))}
    </ul>
  );
}

/** Why a run colours nothing here. */
function whyEmpty(pane: Pane, data: RunData): string {
  if (!data.unbound) return 'It has no values.';
  const what = pane.ref.value?.run ? 'stage' : 'graph';
  return `No node of this ${what} has one of its keys: they are ids, names or locations of another stage or model, or of a part that was optimized away.`;
}

function Runs({ pane, runs }: { pane: Pane; runs: readonly RunData[] }) {
  const model = pane.ref.value!.model;
  return (
    <ul class="plain runs" aria-label="Runs">
      {runs.map((data) => {
        const on = colouring.value.get(model) === data.run.id;
        return (
          <li key={data.run.id} class={on ? 'on' : ''}>
            <button class={`icon-button small ${on ? 'on' : ''}`} aria-pressed={on} title={on ? 'Do not colour the graph' : 'Colour the graph by this run'}
              aria-label={`Colour by ${data.run.name}`} onClick={() => setColouring(model, on ? null : data.run.id)}>
              <Icon name={on ? 'eye' : 'eyeOff'} size={14} />
            </button>
            <span class="grow clip" title={data.run.name}>{data.run.name}
              <span class="muted"> {whole(data.values.size)} {data.values.size === 1 ? 'node' : 'nodes'}
                {data.unbound > 0 && `, ${whole(data.unbound)} without a node here`}</span></span>
            <button class="icon-button small" title="Delete the run" aria-label={`Delete ${data.run.name}`}
              onClick={async () => {
                if (await confirm(`Delete the run ${data.run.name}?`, 'Delete')) await removeRun(data.run).catch(complain);
              }}><Icon name="trash" size={13} /></button>
            {on && data.values.size > 0 && <Legend data={data} />}
            {data.values.size === 0 && <span class="muted why">{whyEmpty(pane, data)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Min, max, sum and average of each run over the whole graph. */
function Summary({ runs }: { runs: readonly RunData[] }) {
  return (
    <table class="data">
      <thead><tr><th>Run</th><th class="num">Values</th><th class="num">Min</th><th class="num">Max</th><th class="num">Sum</th><th class="num">Average</th></tr></thead>
      <tbody>
        {runs.filter((data) => !data.options.hideInAggregatedStatsTable).map((data) => {
          const all = data.layers.get(0);
          return (
            <tr key={data.run.id}>
              <td>{data.run.name}</td><td class="num">{whole(all?.count ?? 0)}</td>
              {(['min', 'max', 'sum', 'avg'] as const).map((k) => <td key={k} class="num">{all?.[k] === undefined || data.options.hideAggregatedStats?.includes(k) ? '–' : nice(all[k])}</td>)}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/* ---- tables of nodes --------------------------------------------------------------------------------------------- */

/** The number that a column sorts and shows for a node. */
function numberOf(data: RunData, node: number): number | null {
  const value = data.values.get(node)?.value;
  if (typeof value === 'number') return value;
  return value === undefined ? data.layers.get(node)?.sum ?? null : null;
}

interface Order {
  /** 'node', or the id of a run. */
  by: 'node' | number;
  down: boolean;
}

function NodeTable({ pane, runs, nodes, share }: { pane: Pane; runs: readonly RunData[]; nodes: readonly number[]; share: number | null }) {
  const order = useSignal<Order>({ by: runs[0]?.run.id ?? 'node', down: true });
  const filter = useSignal('');
  const active = useSignal(-1);
  const graph = pane.graph.value!;
  let pattern: RegExp | null = null, wrong = false;
  try {
    pattern = filter.value.trim() ? new RegExp(filter.value, 'i') : null;
  } catch {
    wrong = true;
  }
  const { by, down } = order.value;
  const rows = pattern ? nodes.filter((n) => pattern.test(graph.id(n)) || pattern.test(graph.label(n))) : [...nodes];
  const key = runs.find((d) => d.run.id === by);
  if (key) {
    const of = new Map(rows.map((n) => [n, numberOf(key, n)]));
    rows.sort((a, b) => {
      const x = of.get(a) ?? null, y = of.get(b) ?? null;
      if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
      return (down ? y - x : x - y) || a - b;
    });
  } else if (down) {
    rows.sort((a, b) => graph.label(b).localeCompare(graph.label(a)) || a - b);
  } else {
    rows.sort((a, b) => graph.label(a).localeCompare(graph.label(b)) || a - b);
  }
  const columns = `minmax(180px, 2fr) ${runs.map(() => (share === null ? '110px' : '110px 64px')).join(' ')}`;
  const head = (id: Order['by'], text: string, num = false) => (
    <button class={`th ${num ? 'num' : ''}`} aria-sort={by === id ? (down ? 'descending' : 'ascending') : undefined} title={`Sort by ${text}`}
      onClick={() => { order.value = { by: id, down: by === id ? !down : id !== 'node' }; }}>
      <span class="clip">{text}</span>{by === id && <Icon name={down ? 'down' : 'up'} size={10} />}
    </button>
  );
  return (
    <div class="node-table">
      <div class="panel-bar">
        <div class="field grow"><Icon name="filter" size={13} />
          <input type="text" value={filter.value} placeholder="Filter by name, a regular expression" aria-label="Filter the table" aria-invalid={wrong}
            spellcheck={false} onInput={(e) => { filter.value = e.currentTarget.value; }} /></div>
        <span class="muted">{whole(rows.length)} {rows.length === 1 ? 'row' : 'rows'}</span>
      </div>
      <VirtualList class="grow" role="grid" count={rows.length} rowHeight={24} label="Values by node" active={active.value} headerHeight={24}
        minWidth={180 + runs.length * (share === null ? 110 : 174)} rowKey={(i) => rows[i]!}
        onActive={(i) => { active.value = i; }} onTake={(i) => void pane.locate(rows[i]!, { select: true })}
        header={<div class="tr head" style={{ gridTemplateColumns: columns }}>
          {head('node', 'Node')}
          {runs.map((d) => <>{head(d.run.id, d.run.name, true)}{share !== null && <span class="th num muted">%</span>}</>)}
        </div>}
        row={(i) => {
          const node = rows[i]!;
          return (
            <div class={`tr ${i === active.value ? 'active' : ''}`} role="row" style={{ gridTemplateColumns: columns }} title={graph.id(node)}
              onClick={(e) => { active.value = i; void pane.locate(node, { select: e.altKey }); }}>
              <span class="clip"><Icon name={graph.isLayer(node) ? 'layers' : 'graph'} size={11} /> {graph.label(node)}
                <span class="muted"> {graph.namespace(graph.parent[node]!)}</span></span>
              {runs.map((d) => {
                const value = d.values.get(node), whole = share === null ? undefined : d.layers.get(share)?.sum;
                const mine = numberOf(d, node);
                return <>
                  <span class="num">{value?.colour && <span class="swatch" style={{ background: value.colour }} />}{valueOf(d, node, pane, share !== null) ?? ''}</span>
                  {share !== null && <span class="num muted">{whole && mine !== null ? `${((100 * mine) / whole).toFixed(1)}` : ''}</span>}
                </>;
              })}
            </div>
          );
        }} />
    </div>
  );
}

/** The layer whose children are listed: the selected one, that around the selected node, or the one shown. */
const tableLayer = computed(() => {
  const pane = activePane.value, graph = pane?.graph.value;
  if (!pane || !graph) return 0;
  const node = pane.selected.value;
  return node === null ? pane.root.value : graph.isLayer(node) ? node : graph.parent[node]!;
});

function Children({ pane, runs }: { pane: Pane; runs: readonly RunData[] }) {
  const graph = pane.graph.value!, layer = tableLayer.value;
  const nodes = useComputed(() => graph.children(tableLayer.value).filter((n) => runs.some((d) => d.values.has(n) || d.layers.has(n))));
  return <>
    <div class="panel-bar muted">In {layer ? graph.namespace(layer) : 'the whole graph'}</div>
    <NodeTable pane={pane} runs={runs.filter((d) => !d.options.hideInChildrenStatsTable)} nodes={nodes.value} share={layer} />
  </>;
}

function NodeData() {
  const pane = activePane.value, runs = activeData.value;
  const all = useComputed(() => {
    const found = new Set<number>();
    for (const d of activeData.value) for (const n of d.values.keys()) found.add(n);
    return [...found].sort((a, b) => a - b);
  });
  if (!pane?.graph.value) return <div class="panel"><p class="muted empty">No graph.</p></div>;
  return (
    <div class="panel node-data">
      <div class="panel-bar">
        <button onClick={() => void load()}><Icon name="upload" size={13} /> Load node data…</button>
        {runs.length > 0 && <div class="toggles" role="tablist" aria-label="Tables">
          {([['summary', 'Summary'], ['children', 'Children'], ['nodes', 'All nodes']] as const).map(([id, title]) => (
            <button key={id} role="tab" class={`toggle ${tab.value === id ? 'on' : ''}`} aria-selected={tab.value === id} onClick={() => { tab.value = id; }}>
              {title}
            </button>
          ))}
        </div>}
      </div>
      {runs.length === 0 ? <p class="muted empty">Values per node from a JSON file: drop it on the page or load it here.</p> : (
        <div class="node-data-body">
          <Runs pane={pane} runs={runs} />
          <div class="node-data-table">
            {tab.value === 'summary' ? <Summary runs={runs} />
              : tab.value === 'children' ? <Children pane={pane} runs={runs} />
              : <NodeTable pane={pane} runs={runs} nodes={all.value} share={null} />}
          </div>
        </div>
      )}
    </div>
  );
}

panels.add({
  id: 'nodedata', title: 'Node data', icon: 'chart', side: 'bottom', size: 260, order: 20, help: 'Values on nodes: runs, legend, tables.',
  component: NodeData,
});

urlStates.add({
  id: 'nodedata', save: () => (colouring.value.size ? Object.fromEntries(colouring.value) : undefined),
  restore: (state) => {
    for (const [model, run] of Object.entries(state as Record<string, unknown>)) if (typeof run === 'number') setColouring(model, run);
  },
});
