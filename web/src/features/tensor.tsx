// The tensors that an execution kept: of the selected node's results the values, what is in them, how they differ from the
// golden run, and the file.

import { computed, effect, signal, untracked, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';

import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { panels, resultActions } from '../app/panels';
import { Problem } from '../app/source';
import { activePane, server, source, type Pane, type Wait } from '../app/store';
import { bytes, count, whole } from '../app/values';
import { sentence } from '../app/notify';
import { WaitCard } from '../app/wait';
import { nice } from './common';
import { here, isOf, keep, keeping, makeAgain, problem as executing, refresh, start, wait } from './executions';
import './features.css';
import { NumberGrid, type Cell } from './number_grid';
import { getTensor, getTensorWindow, tensorFile, type TensorInfo, type TensorRef, type Which } from './runs';

const out = signal(0);
const device = signal(0);
const which = signal<Which>('value');
const info = signal<TensorInfo | null>(null);
const problem = signal<Problem | null>(null);
const busy = signal(false);
/** While the value is made. */
const making = signal<Wait | null>(null);
/** Panels that show it: without one nothing is asked for. */
const shown = signal(0);

const nodeId = computed(() => {
  const pane = activePane.value, graph = pane?.graph.value, node = pane?.selected.value;
  return graph && node !== null && node !== undefined && !graph.isLayer(node) ? graph.id(node) : '';
});
// Another node begins with its first result.
effect(() => {
  void nodeId.value;
  out.value = 0;
  device.value = 0;
});
// By its number: lists that are asked for again have it as another object, and a tensor that is not there must not be asked
// for again and again.
const keptId = computed(() => keeping.value?.id ?? 0);
const asked = computed<TensorRef | null>(() => {
  const execution = keptId.value, id = nodeId.value;
  return execution && id ? { execution, id, out: out.value, device: device.value, which: which.value } : null;
});

effect(() => {
  const what = asked.value, on = shown.value > 0;
  info.value = null;
  problem.value = null;
  busy.value = false;
  making.value = null;
  if (!what || !on) return;
  const abort = new AbortController();
  busy.value = true;
  getTensor(what, abort.signal, (w) => { if (!abort.signal.aborted) making.value = w; }).then((t) => { info.value = t; busy.value = false; }).catch((thrown: unknown) => {
    if (abort.signal.aborted) return;
    busy.value = false;
    if (what.which !== 'value') {
      which.value = 'value'; // a node without golden
      return;
    }
    problem.value = Problem.of(thrown);
    // It may have had to make room meanwhile.
    const model = untracked(() => activePane.value?.ref.value?.model);
    if (model) refresh(model).catch(() => {});
  });
  return () => abort.abort();
});

function numberText(v: Cell): string {
  return typeof v === 'string' ? v : Number.isInteger(v) && Math.abs(v) < 1e9 ? String(v) : Math.abs(v) >= 1e6 || (Math.abs(v) < 1e-4 && v !== 0) ? v.toExponential(4) : v.toPrecision(6);
}

function Histogram({ t }: { t: TensorInfo }) {
  const tip = useSignal('');
  const { min, max, count: n } = t.statistics, most = Math.max(1, ...t.bins), wide = t.bins.length;
  return (
    <svg class="histogram" viewBox={`0 0 ${wide} 40`} preserveAspectRatio="none" role="img" aria-label={`Histogram of ${count(n, 'value')} from ${nice(min)} to ${nice(max)}`}>
      <title>{tip.value}</title>
      {t.bins.map((k, i) => (
        <g key={i} onPointerEnter={() => { tip.value = `${nice(min + ((max - min) * i) / wide)} to ${nice(min + ((max - min) * (i + 1)) / wide)}: ${whole(k)}`; }}>
          <rect x={i} y={0} width={1} height={40} fill="transparent" />
          <rect x={i + 0.05} y={40 - (39 * k) / most - (k ? 1 : 0)} width={0.9} height={(39 * k) / most + (k ? 1 : 0)} class="bin" />
        </g>
      ))}
    </svg>
  );
}

function Statistics({ t }: { t: TensorInfo }) {
  const s = t.statistics;
  const parts: [string, string][] = [
    ['min', nice(s.min)], ['max', nice(s.max)], ['mean', nice(s.mean)], ['deviation', nice(s.deviation)],
    ['zeros', whole(s.zeros)], ['NaN', whole(s.nans)], ['infinite', whole(s.infinities)],
  ];
  if (t.accuracy) parts.push(['PCC', t.accuracy.pcc.toFixed(6)], ['max error', nice(t.accuracy.absolute)], ['relative', nice(t.accuracy.relative)]);
  return (
    <dl class="statistics" aria-label="Statistics">
      {parts.map(([name, value]) => <div key={name} class={(name === 'NaN' || name === 'infinite') && value !== '0' ? 'odd' : ''}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** The slice of the leading dimensions, and its values. */
function Values({ t, of }: { t: TensorInfo; of: TensorRef }) {
  const leading = t.shape.slice(0, Math.max(0, t.shape.length - 2));
  const index = useSignal<number[]>(leading.map(() => 0));
  const active = useSignal<[number, number]>([0, 0]);
  const slice = index.value.length === leading.length ? index.value : leading.map(() => 0), key = slice.join(',');
  const read = useMemo(() => async (at: { row: number; rows: number; column: number; columns: number }, abort: AbortSignal) =>
    (await getTensorWindow(of, slice, at, abort)).rows, [of, key]);
  if (t.statistics.count === 0) return <p class="empty">It has no elements.</p>;
  const height = t.shape.length > 1 ? t.shape[t.shape.length - 2]! : 1, width = t.shape.length ? t.shape[t.shape.length - 1]! : 1;
  const largest = Math.max(Math.abs(t.statistics.min), Math.abs(t.statistics.max)) || 1;
  const set = (i: number, to: number) => { index.value = slice.map((k, d) => (d === i ? Math.min(leading[i]! - 1, Math.max(0, Math.floor(to) || 0)) : k)); };
  return (
    <>
      <div class="row-bar slices">
        <span class="mono muted">[</span>
        {leading.map((n, i) => (
          <label key={i} title={`Dimension ${i}: 0 to ${n - 1}`}><input type="number" min={0} max={n - 1} aria-label={`Index of dimension ${i}`} value={slice[i]} disabled={n <= 1}
            onInput={(e) => set(i, Number(e.currentTarget.value))} /></label>
        ))}
        <span class="mono muted">{leading.length > 0 && ', '}{t.shape.length > 1 ? `${active.value[0]}, ` : ''}{t.shape.length ? active.value[1] : ''}]</span>
      </div>
      <NumberGrid height={height} width={width} read={read} text={numberText} active={active} label={`Values, ${height} rows and ${width} columns`}
        shade={(v) => (typeof v === 'string' ? 0 : v / largest)} />
    </>
  );
}

function Missing({ pane }: { pane: Pane }) {
  const before = here.value.find((x) => x.settings.keep && isOf(x, pane)), model = pane.ref.value!.model;
  if (wait.value) return <WaitCard wait={wait.value} />;
  return (
    <div class="empty">
      {executing.value && <p class="error-text" role="alert">{sentence(executing.value.message)}</p>}
      <p>{before ? 'No execution of what the pane shows has its tensors in memory any longer: they had to make room, did not fit, or the server was started anew.' : 'No execution of what the pane shows has kept its tensors.'}</p>
      {before && <button class="primary" title="Same settings and inputs, same numbers" onClick={() => void makeAgain(before, model)}><Icon name="play" size={13} /> Run the last one again</button>}
      <button class={before ? '' : 'primary'} onClick={() => { keep.value = true; void start(pane); }}><Icon name="play" size={13} /> Execute and keep them</button>
    </div>
  );
}

function Panel() {
  const pane = activePane.value, what = asked.value, t = info.value;
  useEffect(() => { shown.value++; return () => { shown.value--; }; }, []);
  if (!pane?.ref.value) return <p class="empty">No graph is open.</p>;
  if (source().kind !== 'server' || server.value?.execution === false) return <p class="empty">Nothing is executed here.</p>;
  if (!keeping.value) return <Missing pane={pane} />;
  if (!what) return <p class="empty">Select an op or an argument: its values are shown here.</p>;
  const file = tensorFile(what);
  return (
    <div class="panel values" aria-busy={busy.value}>
      <div class="panel-bar">
        <b class="clip" title={what.id}>{pane.graph.value!.label(pane.selected.value!)}</b>
        {t && t.outs > 1 && <label>Result <input type="number" min={0} max={t.outs - 1} value={out.value} onChange={(e) => { out.value = Math.min(t.outs - 1, Math.max(0, Number(e.currentTarget.value))); }} /></label>}
        {t && t.devices > 1 && <label>Device <input type="number" min={0} max={t.devices - 1} value={device.value} onChange={(e) => { device.value = Math.min(t.devices - 1, Math.max(0, Number(e.currentTarget.value))); }} /></label>}
        {t && <span class="mono muted">{`${t.shape.join('x')}${t.shape.length ? 'x' : ''}${t.dtype}`}, {bytes(t.bytes)}</span>}
        {busy.value && <span class="spinner" aria-label="Looking at it" />}
        <span class="grow" />
        {t?.accuracy && (
          <select aria-label="Which values" value={which.value} onChange={(e) => { which.value = e.currentTarget.value as Which; }}>
            <option value="value">values</option><option value="golden">golden</option><option value="difference">difference</option>
          </select>
        )}
        {t && file && which.value !== 'difference' && <a href={file} download title="Save the whole tensor as .npy"><Icon name="download" size={12} /> .npy</a>}
      </div>
      {making.value && <WaitCard wait={making.value} />}
      {problem.value && <p class="error-text compile-note" role="alert">{sentence(problem.value.message)}</p>}
      {t && <>
        <div class="tensor-about"><Statistics t={t} /><Histogram t={t} /></div>
        <Values key={`${what.execution} ${what.id} ${what.out} ${what.device}`} t={t} of={what} />
      </>}
    </div>
  );
}

panels.add({ id: 'tensor', title: 'Tensor', icon: 'numbers', side: 'bottom', size: 320, order: 28, shortcut: 'Shift+V', help: 'The values of the selected op, as an execution kept them.', component: Panel });

/** Beside each result in the inspector, once an execution kept it. */
function ShowValues({ pane, node, out: result }: { pane: Pane; node: number; out: number }) {
  if (!keeping.value || activePane.value !== pane || pane.graph.value?.isLayer(node)) return null;
  return (
    <button class="icon-button small" aria-label={`Values of result ${result}`} title="Its values in the last execution"
      onClick={() => { openPanel('tensor'); out.value = result; }}><Icon name="table" size={13} /></button>
  );
}
resultActions.add({ id: 'values', component: ShowValues });

registerCommands({
  id: 'tensor.show', title: 'Show values', group: 'Compile', icon: 'numbers', help: 'Opens the values of the node, as an execution kept them.', menus: ['node'], order: 450,
  when: (c) => !!keeping.value && c.node !== null && !!c.pane?.graph.value && !c.pane.graph.value.isLayer(c.node),
  run: (c) => {
    c.pane!.select([c.node!]);
    openPanel('tensor');
  },
});
