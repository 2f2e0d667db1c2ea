// Executing what a pane shows: settings, progress, log; the executions of the model; of one of them a timeline, the
// memory in use and a table of ops, compared with another when one is chosen. All lead to the graph.

import { batch, computed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';

import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { complain, say, sentence } from '../app/notify';
import { dropTakers, panels } from '../app/panels';
import { activePane, server, source, type Pane } from '../app/store';
import { engineTheme } from '../app/theme';
import { bytes, count, duration, when } from '../app/values';
import { VirtualList } from '../app/virtual';
import { WaitCard } from '../app/wait';
import { chooseFiles, nice, save } from './common';
import { choose, chosen, golden, growing, here, isOf, keep, keepMb, keeping, lists, loaded, log, logOpen, numbers, makeAgain, openTraces, other, place, problem, refresh, repeat, seed, start, threads, wait } from './executions';
import './features.css';
import { Inputs, uploading } from './inputs';
import { deleteExecution, getResults, resultFile, traceFile, type ExecutedOp, type Execution, type ResultInfo } from './runs';

/** Shows the node of an op in the pane. */
function locate(op: Pick<ExecutedOp, 'id'>): void {
  if (!op.id) {
    say('No node of the graph has the location of this op of the trace.');
    return;
  }
  const pane = activePane.peek(), node = pane?.graph.peek()?.find(op.id);
  if (pane && node !== undefined) void pane.locate(node, { select: true });
  else say('The pane shows another graph than the one that was executed.');
}

const selectedId = computed(() => {
  const pane = activePane.value, node = pane?.selected.value, graph = pane?.graph.value;
  return node !== null && node !== undefined && graph ? graph.id(node) : '';
});

/* --- timeline and memory --------------------------------------------------------------------------------------------- */

/** Ops as bars over time above, memory in use below. Wheel zooms, drag pans, click locates. */
function Timeline({ run }: { run: Execution }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const range = useSignal<[number, number] | null>(null);
  const tip = useSignal('');
  const drag = useRef<{ x: number; range: [number, number]; moved: boolean } | null>(null);
  // Those that the last run has run (what is computed once is done by then), by when they began.
  const ops = useMemo(() => run.ops.flatMap((o) => (o.start_us !== undefined && o.last_us ? [{ ...o, start_us: o.start_us, last_us: o.last_us, live: o.live ?? 0 }] : [])).sort((a, b) => a.start_us - b.start_us), [run]);
  const end = Math.max(1e-3, ...ops.map((o) => o.start_us + o.last_us));
  const [from, to] = range.value ?? [0, end];
  const theme = engineTheme.value, picked = selectedId.value;
  useLayoutEffect(() => {
    const c = canvas.current;
    if (!c) return;
    const draw = () => {
      const ratio = devicePixelRatio, w = c.clientWidth, h = c.clientHeight;
      c.width = w * ratio;
      c.height = h * ratio;
      const g = c.getContext('2d')!;
      g.scale(ratio, ratio);
      g.clearRect(0, 0, w, h);
      const scale = w / (to - from), lane = h * 0.45, most = Math.max(1, ...ops.map((o) => o.live)), slowest = Math.max(...ops.map((o) => o.last_us));
      g.font = '11px system-ui, sans-serif';
      g.textBaseline = 'middle';
      g.beginPath();
      g.moveTo(0, h);
      for (const o of ops) {
        const x = (o.start_us - from) * scale, right = (o.start_us + o.last_us - from) * scale, y = h - 2 - (o.live / most) * (h - lane - 16);
        g.lineTo(x, y);
        g.lineTo(right, y);
      }
      g.lineTo((end - from) * scale, h);
      g.fillStyle = 'rgba(64, 128, 220, 0.25)';
      g.fill();
      for (const o of ops) {
        const x = (o.start_us - from) * scale, width = Math.max(1, o.last_us * scale - 0.5);
        if (x > w || x + width < 0) continue;
        g.fillStyle = o.id && o.id === picked ? '#1f6fd6' : `hsl(${48 - 48 * (o.last_us / slowest)} 90% 55%)`;
        g.fillRect(x, 14, width, lane - 14);
        if (width > 46) {
          g.fillStyle = o.id && o.id === picked ? '#fff' : '#1f1f1f';
          g.save();
          g.beginPath();
          g.rect(x + 3, 14, width - 6, lane - 14);
          g.clip();
          g.fillText(o.op.replace(/^.*?\./, ''), x + 4, 14 + (lane - 14) / 2);
          g.restore();
        }
      }
      g.fillStyle = typeof theme.text === 'string' ? theme.text : '#888';
      g.fillText(duration(from), 2, 6);
      const last = duration(to);
      g.fillText(last, w - g.measureText(last).width - 2, 6);
      if (most > 1) g.fillText(`memory, at most ${bytes(most)}`, 4, lane + 9);
    };
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(c);
    return () => watch.disconnect();
  }, [ops, from, to, theme, picked]);
  const at = (e: MouseEvent) => from + (e.offsetX / canvas.current!.clientWidth) * (to - from);
  const opAt = (us: number) => ops.find((o) => us >= o.start_us && us <= o.start_us + Math.max(o.last_us, (to - from) / 400));
  const limit = (a: number, b: number): [number, number] => {
    const width = Math.min(end, Math.max(end / 1e5, b - a)), first = Math.min(Math.max(0, a), end - width);
    return [first, first + width];
  };
  return (
    <canvas ref={canvas} class="timeline" role="img" tabIndex={0} aria-label="Timeline of the execution: ops over time, and the memory in use" title={tip.value}
      onWheel={(e) => {
        e.preventDefault();
        const t = at(e), k = Math.exp(e.deltaY * 0.002);
        range.value = limit(t - (t - from) * k, t + (to - t) * k);
      }}
      onPointerDown={(e) => { e.currentTarget.setPointerCapture(e.pointerId); drag.current = { x: e.offsetX, range: [from, to], moved: false }; }}
      onPointerMove={(e) => {
        const d = drag.current;
        if (d) {
          const by = ((d.x - e.offsetX) / canvas.current!.clientWidth) * (d.range[1] - d.range[0]);
          d.moved ||= Math.abs(d.x - e.offsetX) > 3;
          if (d.moved) range.value = limit(d.range[0] + by, d.range[1] + by);
        } else {
          const o = opAt(at(e));
          tip.value = o ? `${o.op} ${o.id || (o.loc ?? 'without location')}\n${duration(o.last_us)}${o.live ? `, ${bytes(o.live)} in use` : ''}` : '';
        }
      }}
      onPointerUp={(e) => {
        const o = drag.current && !drag.current.moved ? opAt(at(e)) : undefined;
        drag.current = null;
        if (o) locate(o);
      }}
      onDblClick={() => { range.value = null; }}
      onKeyDown={(e) => {
        const by = (to - from) * 0.2;
        if (e.key === 'ArrowLeft') range.value = limit(from - by, to - by);
        else if (e.key === 'ArrowRight') range.value = limit(from + by, to + by);
        else if (e.key === '+') range.value = limit(from + by, to - by);
        else if (e.key === '-') range.value = limit(from - by, to + by);
        else if (e.key === 'Home') range.value = null;
        else return;
        e.preventDefault();
      }} />
  );
}

/* --- table ----------------------------------------------------------------------------------------------------------- */

/** `other`: the title of the same of the execution it is compared with; `alone`: left out beside another. */
type Column = { id: string; title: string; other?: string; alone?: boolean; value: (o: ExecutedOp) => number | undefined; text?: ((v: number) => string) | undefined };
const COLUMNS: readonly Column[] = [
  { id: 'us', title: 'Time (us)', other: 'Other (us)', value: (o) => o.us }, { id: 'live', title: 'Memory', other: 'Other', value: (o) => o.live, text: bytes },
  { id: 'moved', title: 'Moved', alone: true, value: (o) => (o.read === undefined && o.written === undefined ? undefined : (o.read ?? 0) + (o.written ?? 0)), text: bytes }, { id: 'gflops', title: 'GFLOP/s', alone: true, value: (o) => (o.us && o.flops !== undefined ? o.flops / o.us / 1e3 : undefined) },
  { id: 'pcc', title: 'PCC', other: 'Other PCC', value: (o) => o.pcc, text: (v) => v.toFixed(6) }, { id: 'absolute', title: 'Max error', value: (o) => o.absolute },
];

/** Which of several devices its accuracy is of: the one that agrees least. */
function onDevice(op: ExecutedOp): string {
  return op.devices === undefined ? '' : ` on device ${op.device ?? 0} of ${op.devices}`;
}

/** Why an op has no PCC, as a sentence. */
function noAccuracy(op: ExecutedOp, run: Execution): string {
  if (run.settings.trace) return 'The trace says nothing about it.';
  if (!run.settings.golden) return 'Accuracy was not asked for.';
  return op.no_accuracy ? sentence(`No accuracy: ${op.no_accuracy}`) : 'No accuracy.';
}

function Table({ run, against }: { run: Execution; against: Execution | null }) {
  const sort = useSignal<{ id: string; down: boolean }>({ id: '', down: true });
  const active = useSignal(-1);
  const old = new Map((against?.ops ?? []).map((o) => [o.id, o]));
  const columns = COLUMNS.filter((c) => !against || !c.alone).flatMap((c): Column[] => (against && c.other
    ? [c, { id: `other ${c.id}`, title: c.other, text: c.text, value: (o) => { const was = old.get(o.id); return was && c.value(was); } }] : [c]));
  const by = columns.find((c) => c.id === sort.value.id);
  const ops = by ? [...run.ops].sort((a, b) => ((by.value(b) ?? -Infinity) - (by.value(a) ?? -Infinity)) * (sort.value.down ? 1 : -1)) : run.ops;
  const values = activePane.value && here.value.some((x) => x === keeping.value && loaded.value.get(x.id) === run);
  const grid = { gridTemplateColumns: `minmax(120px, 2fr) minmax(70px, 1fr) ${columns.map(() => 'minmax(62px, 1fr)').join(' ')}${values ? ' 24px' : ''}` };
  return (
    <div class="node-table">
      <div class="tr head" style={grid}>
        <button class="th" onClick={() => { sort.value = { id: '', down: true }; }} title="In order of execution">Op</button><span class="th">Kernel</span>
        {columns.map((c) => <button key={c.id} class="th num" onClick={() => { sort.value = { id: c.id, down: sort.value.id === c.id ? !sort.value.down : true }; }}>{c.title}{sort.value.id === c.id && (sort.value.down ? ' ▾' : ' ▴')}</button>)}
      </div>
      <VirtualList class="grow" label="Executed ops" count={ops.length} rowHeight={24} active={active.value} rowKey={(i) => `${ops[i]!.id} ${i}`}
        onActive={(i) => { active.value = i; locate(ops[i]!); }} onTake={(i) => locate(ops[i]!)}
        row={(i) => {
          const o = ops[i]!;
          return (
            <div role="option" aria-selected={o.id === selectedId.value} class={`tr ${o.id === selectedId.value ? 'active' : ''}`} style={grid} onClick={() => { active.value = i; locate(o); }}>
              <span class={`clip ${o.id ? '' : 'muted'}`} title={o.id || (o.loc ? `No node has the location ${o.loc}` : 'The trace names no location for it')}>{o.op}</span><span class="clip muted">{o.kernel}</span>
              {columns.map((c) => { const v = c.value(o); return <span key={c.id} class="num" title={c.id !== 'pcc' ? undefined : v === undefined ? noAccuracy(o, run) : o.devices === undefined ? undefined : `The lowest of all devices,${onDevice(o)}`}>{v === undefined ? '–' : (c.text ?? nice)(v)}</span>; })}
              {values && <button class="icon-button small" aria-label={`Values of ${o.op}`} title="Its values" onClick={(e) => { e.stopPropagation(); active.value = i; locate(o); openPanel('tensor'); }}><Icon name="table" size={12} /></button>}
            </div>
          );
        }} />
    </div>
  );
}

/** The op that is the most in something. */
function most(run: Execution, of: (o: ExecutedOp) => number | undefined): ExecutedOp | undefined {
  let found: ExecutedOp | undefined, value = -Infinity;
  for (const o of run.ops) {
    const v = of(o) ?? -Infinity;
    if (v > value) [found, value] = [o, v];
  }
  return found;
}

const EXTREMES: readonly { id: string; title: string; of: (o: ExecutedOp) => number | undefined; text: (o: ExecutedOp) => string }[] = [
  { id: 'slowest', title: 'slowest', of: (o) => o.us, text: (o) => duration(o.us!) },
  { id: 'memory', title: 'most memory', of: (o) => o.live, text: (o) => bytes(o.live!) },
  { id: 'accuracy', title: 'lowest PCC', of: (o) => (o.pcc === undefined ? undefined : -o.pcc), text: (o) => o.pcc!.toFixed(6) + onDevice(o) },
];

/** What to look at first, each leading to its op; with another execution the same of that, and the change. */
function Extremes({ run, against }: { run: Execution; against: Execution | null }) {
  const change = against && against.us > 0 ? ((run.us - against.us) / against.us) * 100 : null;
  return (
    <p class="compile-note extremes">
      {change !== null && <span>time <span class="muted">{duration(against!.us)} → </span><strong>{duration(run.us)}</strong> <span class="muted">({change > 0 ? '+' : ''}{change.toFixed(1)}%)</span></span>}
      {EXTREMES.map((p) => {
        const o = most(run, p.of), was = against ? most(against, p.of) : undefined;
        return o && (
          <span key={p.title}>{p.title} {was && <span class="muted">{p.text(was)} → </span>}<strong>{p.text(o)}</strong>{' '}
            <button class="link" title={`Locate ${o.id}`} onClick={() => locate(o)}>{o.op}</button></span>
        );
      })}
    </p>
  );
}

/* --- accuracy and tensors --------------------------------------------------------------------------------------------- */

function Place({ run, id, children }: { run: Execution; id: string; children?: string }) {
  const op = run.ops.find((o) => o.id === id);
  return <button class="link" title={id} onClick={() => locate({ id })}>{children ?? op?.op ?? id}{op?.pcc !== undefined && ` (PCC ${op.pcc.toFixed(6)}${onDevice(op)})`}</button>;
}

/** Accuracy and tensors of the last execution are still being made: in the one line that then says how accurate it is. */
function Growing() {
  const now = wait.value;
  if (!growing.value || !now) return null;
  return (
    <p class="compile-note growing" role="status">{now.text}{now.total > 0 && <span class="muted"> {Math.round((now.done / now.total) * 100)} %</span>}{' '}
      <button class="link" title="Times and memory stay" onClick={() => now.cancel?.()}>Cancel</button></p>
  );
}

/** Where accuracy falls, with the way there; or why there is none. */
function Accuracy({ run }: { run: Execution }) {
  const d = run.divergence;
  if (growing.value && growing.value === chosen.value) return null;
  if (run.settings.trace) return run.notes?.length ? <p class="compile-note muted">{run.notes.map((n) => sentence(n)).join(' ')}</p> : null;
  if (!run.settings.golden) return <p class="compile-note muted">Accuracy was not asked for: check it and execute again.</p>;
  if (!d) return <p class="compile-note muted">No accuracy: the golden run did not come to its end. Execute again for it.</p>;
  if (!d.compared) {
    const why = [...new Set(run.ops.map((o) => o.no_accuracy).filter(Boolean))];
    return <p class="compile-note muted">No op could be compared with the source{why.length > 0 && `: ${why.join('; ')}`}.</p>;
  }
  const without = run.ops.length - d.compared;
  return (
    <p class="compile-note" role="group" aria-label="Divergence">
      {d.bad === 0
        ? <>All {count(d.compared, 'compared op')} agree with PCC {d.pcc} or better.</>
        : <><Icon name="warning" size={12} /> Accuracy falls below {d.pcc} first at {d.first && <Place run={run} id={d.first} />}
          {d.origin && d.origin !== d.first && <>, along the graph at <Place run={run} id={d.origin} /></>}
          : {d.bad} of {count(d.compared, 'compared op')} are below, {d.origins} of them read good values only.</>}
      {d.fall && <> Largest fall: <Place run={run} id={d.fall} />, by {nice(d.fall_by)}.</>}
      {without > 0 && <span class="muted"> {count(without, 'step')} without accuracy say why where they have none.</span>}
    </p>
  );
}

/** Whether the tensors can be looked at, and if not why. */
function Kept({ run }: { run: Execution }) {
  const x = here.value.find((e) => loaded.value.get(e.id) === run);
  if (x && x.id === growing.value) return run.settings.keep ? <span class="muted">Its tensors follow.</span> : null;
  if (x && x.kept > 0) {
    const fits = activePane.value && isOf(x, activePane.value);
    return <span class="muted">{run.kept?.makes ? `Tensors are made when they are looked at, ${bytes(x.kept)} stay for that` : `All tensors are kept, ${bytes(x.kept)}`}: <button class="link" disabled={!fits} onClick={() => openPanel('tensor')}>look at them</button>{!fits && ' in the stage that was executed'}.</span>;
  }
  if (!run.settings.keep || source().kind === 'page') return null;
  const model = activePane.value?.ref.value?.model;
  if (run.kept?.why || !x || !model) return <span class="muted">Its tensors are not in memory: {run.kept?.why ?? 'they had to make room'}.</span>;
  return (
    <span class="muted">Its tensors are not in memory any longer: they had to make room, or the server was started anew.{' '}
      <button class="link" disabled={!!wait.value} title="Runs it once more with the same settings and inputs, which gives the same numbers" onClick={() => void makeAgain(x, model)}>Run again</button></span>
  );
}

/** Which arguments had values of files. */
function Given({ run }: { run: Execution }) {
  const some = run.inputs ?? [], most = 4;
  if (!some.length) return null;
  const text = (all: typeof some) => all.map((i) => `${i.name || i.argument} of ${i.file}`).join(', ');
  return <span class="muted" title={text(some)}>Inputs: {text(some.slice(0, most))}{some.length > most && ` and ${some.length - most} more`}; the others of seed {run.settings.seed ?? 0}. </span>;
}

/** The times, to save. */
function TraceFiles({ run }: { run: Execution }) {
  const x = here.value.find((e) => loaded.value.get(e.id) === run);
  const json = x && !run.settings.trace ? traceFile(x.id, 'chrome') : null, csv = json && traceFile(x!.id, 'csv');
  if (!json || !csv) return null;
  return <span class="muted"> Trace: <a href={json} download title="Chrome trace JSON of the last run; Perfetto opens it"><Icon name="download" size={12} /> .json</a> <a href={csv} download title="The same as a table">.csv</a></span>;
}

/** What the function gave, to save. */
function Results({ run }: { run: Execution }) {
  const x = here.value.find((e) => loaded.value.get(e.id) === run), id = x && x.kept > 0 ? x.id : 0;
  const results = useSignal<readonly ResultInfo[]>([]);
  useEffect(() => {
    results.value = [];
    if (!id) return;
    const abort = new AbortController();
    getResults(id, abort.signal).then((all) => { results.value = all; }).catch(() => {}); // it has made room meanwhile
    return () => abort.abort();
  }, [id]);
  const all = id ? resultFile(id, null) : null;
  if (!all || !results.value.length) return null;
  return (
    <span class="muted"> Results: <a href={all} download title="Save all results as .npz"><Icon name="download" size={12} /> .npz</a>
      {results.value.slice(0, 8).map((r) => <a key={r.result} href={resultFile(id, r.result)!} download title={`Save result ${r.result} ${r.name} as .npy`}>{' '}{r.result} <span class="mono">{[...r.shape, r.dtype].join('x')}</span></a>)}
      {results.value.length > 8 && ' …'}</span>
  );
}

/* --- panel ----------------------------------------------------------------------------------------------------------- */

function Choice({ label, value, none, without, set }: { label: string; value: number; none?: string; without?: number; set: (n: number) => void }) {
  return (
    <select aria-label={label} value={String(value)} onChange={(e) => set(Number(e.currentTarget.value))}>
      {none && <option value="0">{none}</option>}
      {here.value.filter((x) => x.id !== without).map((x) => <option key={x.id} value={x.id}>{`${duration(x.us)} · ${place(x.settings)} · ${when(x.created)}`}</option>)}
    </select>
  );
}

function Log() {
  const filter = useSignal('');
  const lines = logOpen.value ? log.value.split('\n').filter((l) => l && l.toLowerCase().includes(filter.value.toLowerCase())) : [];
  if (!log.value) return null;
  return (
    <details class="execute-log" open={logOpen.value} onToggle={(e) => { logOpen.value = e.currentTarget.open; }}>
      <summary>Log</summary>
      <div class="row-bar"><input type="search" class="grow" placeholder="Filter" aria-label="Filter the log" value={filter.value} onInput={(e) => { filter.value = e.currentTarget.value; }} />
        <button onClick={() => save('execution.log', log.peek(), 'text/plain')}><Icon name="download" size={12} /> Save</button></div>
      <pre>{lines.join('\n')}</pre>
    </details>
  );
}

const askForTraces = async (pane: Pane) => openTraces(pane, await chooseFiles('.json,.csv,application/json,text/csv', true));

// As profile_sniff of the server sees it: whatever it then refuses, it says why.
dropTakers.add({
  id: 'traces', order: 40,
  accepts: (file, head) => (/\.json$/i.test(file.name) ? /"traceEvents"|"actual_pcc"|"debug_str"/.test(head) : /\.csv$/i.test(file.name)),
  take: async (file, pane) => {
    openPanel('execute');
    if (pane) await openTraces(pane, [file]);
  },
});

function Panel() {
  const pane = activePane.value;
  if (!pane?.ref.value) return <p class="empty">No graph is open.</p>;
  const alone = source().kind === 'page'; // it can only show what was taken along
  if (alone && !here.value.length) return <p class="empty">This page holds no executions.</p>;
  if (!alone && server.value && !server.value.execution) return <p class="empty">This server does not execute models: it was started with --no-model-execution.</p>;
  const run = shownRun();
  const against = here.value.some((x) => x.id === other.value) && other.value !== chosen.value ? loaded.value.get(other.value) ?? null : null;
  return (
    <div class="panel execute">
      <div class="execute-head">
        {!alone && <form class="compile-form" onSubmit={(e) => { e.preventDefault(); void start(pane); }}>
          <label title="How often it is timed. Empty: once to warm up, then three times, or fewer once a second has passed">Runs <input type="number" min={0} max={1000} value={repeat.value || ''} placeholder="auto" onChange={(e) => { repeat.value = Math.min(1000, Math.max(0, Math.floor(Number(e.currentTarget.value)) || 0)); }} /></label>
          <label>Threads <input type="number" min={0} max={256} value={threads.value || ''} placeholder="all" onChange={(e) => { threads.value = Number(e.currentTarget.value); }} /></label>
          <label>Numbers
            <select value={numbers.value} onChange={(e) => { numbers.value = e.currentTarget.value; }}>
              <option value="as-written">as written</option><option value="f32">f32</option><option value="f64">f64</option>
            </select></label>
          <label title="Of the values that arguments have without a file: the same seed gives the same values">Seed <input type="number" min={0} value={seed.value} onChange={(e) => { seed.value = Math.min(2 ** 53, Math.max(0, Math.floor(Number(e.currentTarget.value)) || 0)); }} /></label>
          <label class="check" title="Runs the source in f32 as well and compares every op with it"><input type="checkbox" checked={golden.value} onChange={(e) => { golden.value = e.currentTarget.checked; }} /> accuracy</label>
          <label class="check" title="The tensors of all ops can be looked at: those of a small model stay in the server's memory, of a larger one they are made then"><input type="checkbox" checked={keep.value} onChange={(e) => { keep.value = e.currentTarget.checked; }} /> tensors</label>
          <label title="More than this does not stay in memory">MB at most <input type="number" min={1} max={4096} aria-label="Megabytes of kept tensors" disabled={!keep.value} value={keepMb.value} onChange={(e) => { keepMb.value = Math.min(4096, Math.max(1, Number(e.currentTarget.value))); }} /></label>
          <button class="primary" data-autofocus disabled={!!wait.value || !!uploading.value}><Icon name="play" size={13} /> Execute</button>
          <button type="button" class="icon-button" title="Open a trace or measurement of another tool: Chrome trace JSON, CSV of the profilers, results of ttrt" aria-label="Open a trace" disabled={!!wait.value}
            onClick={() => void askForTraces(pane).catch(complain)}><Icon name="upload" size={13} /></button>
        </form>}
        <div class="execute-line">
          {here.value.length > 0 && <>
            <div class="execute-choice"><label>Execution <Choice label="Execution" value={chosen.value} set={(n) => void choose(n).catch(complain)} /></label>
            {!alone && <button class="icon-button" type="button" title="Delete this execution" aria-label="Delete this execution" disabled={!run}
              onClick={() => { const n = chosen.peek(), model = pane.ref.peek()!.model; void deleteExecution(n).then(() => refresh(model)).then(() => choose(lists.peek().get(model)?.[0]?.id ?? 0)).catch(complain); }}><Icon name="trash" size={13} /></button>}</div>
            <div class="execute-choice"><label>Compared with <Choice label="Compared with" value={against ? other.value : 0} none="nothing" without={chosen.value} set={(n) => void choose(n, other).catch(complain)} /></label></div>
          </>}
          {!alone && <Inputs />}
          <Log />
        </div>
      </div>
      {wait.value && !growing.value && <WaitCard wait={wait.value} />}
      {problem.value && <p class="error-text compile-note" role="alert">{sentence(problem.value.message)}</p>}
      {run && <>
        <p class="compile-note">{place(run.settings)}: <strong>{duration(run.us)}</strong>
          {run.most_us > run.least_us && <span class="muted"> (median of {run.runs ?? run.settings.repeat}, {duration(run.least_us)} to {duration(run.most_us)})</span>}
          , {count(run.ops.length, 'op')}{run.settings.trace ? `, ${run.settings.format}` : `, arguments ${bytes(run.memory['arguments'] ?? 0)}, intermediate values ${bytes(run.memory['planned'] ?? 0)}`}.
          {' '}<Given run={run} /><Kept run={run} /><Results run={run} /><TraceFiles run={run} /></p>
        <Growing />
        <Accuracy run={run} />
        <Extremes run={run} against={against} />
        <Timeline run={run} />
        <Table run={run} against={against} />
      </>}
      {!run && !wait.value && !problem.value && <p class="empty">Execute what the pane shows on this machine's processor: times, memory and accuracy of every op.</p>}
    </div>
  );
}

panels.add({ id: 'execute', title: 'Execute', icon: 'play', side: 'bottom', size: 390, order: 27, shortcut: 'X', help: 'Execute the model, or the stage that is shown.', component: Panel });

/** The execution that the panel shows, when it is one of the active pane's model. */
const shownRun = (): Execution | null => (here.value.some((x) => x.id === chosen.value) ? loaded.value.get(chosen.value) ?? null : null);

const WHERE: Record<string, string> = { slowest: 'Locate the slowest op', memory: 'Locate the memory peak', accuracy: 'Locate the least accurate op' };
registerCommands(...EXTREMES.map((p) => ({
  id: `execute.${p.id}`, title: WHERE[p.id]!, group: 'Compile', icon: 'locate' as const, help: 'Of the execution that is shown.',
  when: () => !!shownRun(), run: () => { const o = most(shownRun()!, p.of); if (o) locate(o); },
})));

registerCommands({
  id: 'execute.start', title: 'Execute', group: 'Compile', icon: 'play', shortcut: 'Ctrl+Enter', help: 'Executes what the pane shows.',
  when: (c) => !!c.pane?.graph.value && server.value?.execution !== false && source().kind === 'server',
  run: async (c) => {
    batch(() => openPanel('execute', false));
    await start(c.pane!);
  },
}, {
  id: 'execute.trace', title: 'Open a trace…', group: 'Compile', icon: 'upload', help: 'Times, memory or accuracy that another tool measured, on the nodes and on the timeline.',
  when: (c) => !!c.pane?.graph.value && !server.value?.read_only && source().kind === 'server',
  run: async (c) => {
    openPanel('execute', false);
    await askForTraces(c.pane!);
  },
});
