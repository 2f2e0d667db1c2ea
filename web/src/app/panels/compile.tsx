// Compiling: settings, the runs of the model, and the stages of a run, one per pass; a click shows a stage in the graph
// with the view kept, so that stepping through them shows what each pass has done.

import { useRef } from 'preact/hooks';
import { batch, signal, useSignal, useSignalEffect } from '@preact/signals';

import * as api from '../api';
import { registerCommands, type Command } from '../commands';
import { jobNews } from '../events';
import { place, sentence } from '../notify';
import { Icon } from '../icons';
import { panels } from '../panels';
import { wantedRef } from '../open';
import { changedStages, fetchRun, keepRun, listRun, refreshRuns, runLists, settingsText, showStage } from '../run_list';
import { kept } from '../settings';
import { isCancel, Problem, type Job, type Run, type RunSettings, type RunStage, type SystemFile } from '../source';
import { activePane, runs, source, type Pane, type Wait } from '../store';
import { count, duration, when, whole } from '../values';
import { VirtualList } from '../virtual';
import { WaitCard } from '../wait';

const level = kept('compileLevel', 0);
const device = kept('compileDevice', '');
const mesh = kept('compileMesh', '');
const options = kept('compileOptions', '');
const systems = kept<SystemFile[]>('compileSystems', []);
const onlyChanged = kept('compileChanged', true);

const FROM_FILE = 'from file';
const DEVICES = [
  { id: '', title: 'Wormhole (mock)' }, { id: 'arch:blackhole', title: 'Blackhole (mock)' },
  { id: 'n150', title: 'n150' }, { id: 'n300', title: 'n300' }, { id: 'p100', title: 'p100' }, { id: 'p150', title: 'p150' },
];

/** A system descriptor is some hundred bytes per chip; a file of another kind should not be read whole. */
const SYSTEM_BYTES = 1 << 20, SYSTEMS_KEPT = 4;

/** Takes a system descriptor from a file: it is one of the devices from now on, and chosen. */
async function addSystem(file: File): Promise<void> {
  if (file.size > SYSTEM_BYTES) throw new Problem(`${file.name} is too large for a system descriptor`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  const made = { name: file.name, base64: btoa(text) };
  batch(() => {
    systems.value = [made, ...systems.peek().filter((s) => s.name !== made.name)].slice(0, SYSTEMS_KEPT);
    device.value = `file:${made.name}`;
  });
}

/** What a choice of the list of devices says in settings. A file that is not kept any more: the first of the list. */
function targetOf(choice: string): Pick<RunSettings, 'device' | 'arch' | 'system'> {
  if (choice.startsWith('arch:')) return { arch: choice.slice(5) };
  if (!choice.startsWith('file:')) return choice ? { device: choice } : {};
  const system = systems.value.find((s) => `file:${s.name}` === choice);
  return system ? { system } : {};
}

/** The option that a note says would help: "... the option NAME=VALUE brings the module up to date". */
const cureOf = (message: string): string | null => /\bthe option ([\w-]+=[\w-]+) brings\b/.exec(message)?.[1] ?? null;

/** "name=value name=value" as settings of a run have it; what is no such pair is named. */
function readOptions(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter(Boolean).map((word) => word.replace(/^--/, ''));
  const wrong = pairs.find((pair) => pair.indexOf('=') < 1);
  if (wrong) throw new Problem(`An option is written name=value, and "${wrong}" is not`);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** What goes wrong, with its notes, and what is to be known besides. */
function toldOf(run: Run): Run['diagnostics'] {
  let of = '';
  return run.diagnostics.filter((d) => {
    if (d.severity !== 'note') of = d.severity;
    return d.severity !== 'note' || of === 'error';
  });
}

/** A run that could not be kept is asked for again so often: there may be room by then. */
const KEEP_MS = 3000;

/** The run whose stages are listed, by model. */
const chosen = signal<ReadonlyMap<string, string>>(new Map());
const wait = signal<Wait | null>(null);
const problem = signal<Problem | null>(null);

export function noteRun(run: Run): void {
  batch(() => {
    runs.value = new Map(runs.peek()).set(run.id, run);
    chosen.value = new Map(chosen.peek()).set(run.model, run.id);
  });
}

/** Runs the compiler and waits for it; the wait can be cancelled. `made` shows what is to be seen of the run: at once, what
 * it asks for is on its way before the page does what follows from there being another run. Without it the run is listed, and
 * what is shown stays. */
export async function compileModel(model: string, settings: RunSettings, made: ((run: Run) => void) | null): Promise<Run | null> {
  const abort = new AbortController();
  let job: Job | null = null;
  const cancel = () => {
    abort.abort();
    if (job) api.cancelJob(job.id).catch(() => {});
  };
  const timer = setTimeout(() => { wait.value = { text: 'Compiling', done: 0, total: 0, cancel }; }, 100);
  problem.value = null;
  try {
    let answer = await api.startRun(model, settings, { signal: abort.signal });
    while (!('stages' in answer)) {
      for await (job of jobNews(answer, abort.signal)) wait.value = { text: job.message || 'Compiling', done: job.done, total: job.total, cancel };
      if (job?.state === 'failed') throw new Problem(job.error ?? 'The compiler failed.', 'failed');
      if (job?.state === 'cancelled') return null;
      answer = await api.startRun(model, settings, { signal: abort.signal });
    }
    const run = answer;
    batch(() => {
      if (made) {
        noteRun(run);
        made(run);
      }
      listRun(run);
    });
    return run;
  } catch (thrown) {
    if (!isCancel(thrown)) problem.value = Problem.of(thrown);
    return null;
  } finally {
    clearTimeout(timer);
    wait.value = null;
  }
}

/** The stages that are listed: all, or those that differ from the one before. */
function stagesOf(run: Run): RunStage[] {
  return onlyChanged.value ? changedStages(run) : run.stages;
}

function Compile() {
  const file = useRef<HTMLInputElement>(null);
  const active = useSignal(-1);
  const scrollTo = useSignal(-1);
  const pane = activePane.value, ref = pane?.ref.value;
  const model = ref?.model ?? null;

  useSignalEffect(() => {
    const now = activePane.value?.ref.value;
    if (!now) return;
    // A pane of a run (from a link, say) brings its run along; else the last one of the model is listed.
    const wanted = now.run ?? chosen.peek().get(now.model);
    const get = async () => {
      const list = runLists.peek().get(now.model) ?? await refreshRuns(now.model);
      const id = wanted ?? list[0]?.id;
      const before = chosen.peek().get(now.model);
      if (!id) return;
      await fetchRun(now.model, id);
      // Unless another was chosen meanwhile.
      if (before !== id && chosen.peek().get(now.model) === before) chosen.value = new Map(chosen.peek()).set(now.model, id);
    };
    get().catch((thrown) => { if (!isCancel(thrown)) problem.value = Problem.of(thrown); });
  });
  useSignalEffect(() => {
    const of = activePane.value?.ref.value?.model, run = runs.value.get(chosen.value.get(of ?? '') ?? '');
    if (!run?.unkept) return;
    const timer = setTimeout(() => void keepRun(run), KEEP_MS);
    return () => clearTimeout(timer);
  });
  useSignalEffect(() => {
    const now = activePane.value?.ref.value, run = now?.run ? runs.value.get(now.run) : undefined;
    if (!now || !run) return;
    const at = stagesOf(run).findIndex((s) => s.stage === now.stage);
    active.value = at;
    scrollTo.value = at;
  });
  if (!pane || !ref || !model) return <p class="empty">No graph is open.</p>;
  if (pane.model.value && !pane.model.value.format.startsWith('mlir')) return <p class="empty">Only MLIR can be compiled.</p>;

  const run = runs.value.get(chosen.value.get(model) ?? '') ?? null;
  const list = run ? stagesOf(run) : [];
  const compile = () => {
    let given: Record<string, string>;
    try { given = readOptions(options.value); } catch (thrown) {
      problem.value = Problem.of(thrown);
      return;
    }
    void compileModel(model, {
      level: level.value, ...targetOf(device.value),
      ...(mesh.value.trim() ? { mesh: mesh.value.trim() } : {}), ...(Object.keys(given).length ? { options: given } : {}), ...(ref.run || !ref.part ? {} : { part: ref.part }),
    }, (done) => {
      const last = done.stages.at(-1);
      if (last) showStage(pane, done, last.stage, false);
    });
  };
  const cure = (option: string) => {
    const name = option.slice(0, option.indexOf('=') + 1);
    options.value = [...options.value.split(/\s+/).filter((word) => word && !word.startsWith(name)), option].join(' ');
    compile();
  };
  const take = (i: number, beside: boolean) => {
    const stage = list[i];
    if (run && stage) showStage(pane, run, stage.stage, beside);
  };
  return (
    <div class="panel compile">
      {source().kind === 'server' && <form class="compile-form" onSubmit={(e) => { e.preventDefault(); compile(); }}>
        <label title="Optimization level: 2 chooses memory layouts">Level
          <select value={String(level.value)} onChange={(e) => { level.value = Number(e.currentTarget.value); }}>
            {[0, 1, 2].map((n) => <option key={n} value={n}>{n}</option>)}
          </select></label>
        <label>Device
          <select value={device.value} title="What the module is compiled for: a built-in board, or a system descriptor (.ttsys) from a file"
            onChange={(e) => {
              const chosen = e.currentTarget.value;
              if (chosen !== FROM_FILE) { device.value = chosen; return; }
              e.currentTarget.value = device.value; // until a file is chosen
              file.current!.click();
            }}>
            {DEVICES.map((d) => <option key={d.id} value={d.id}>{d.title}</option>)}
            {systems.value.map((s) => <option key={s.name} value={`file:${s.name}`}>{s.name}</option>)}
            <option value={FROM_FILE}>From file…</option>
          </select>
          <input ref={file} type="file" accept=".ttsys" hidden aria-label="System descriptor"
            onChange={(e) => {
              const [chosen] = e.currentTarget.files ?? [];
              e.currentTarget.value = '';
              if (chosen) addSystem(chosen).catch((thrown) => { problem.value = Problem.of(thrown); });
            }} /></label>
        <label>Mesh <input type="text" value={mesh.value} placeholder="1x1" size={4} spellcheck={false} onChange={(e) => { mesh.value = e.currentTarget.value; }} /></label>
        <label class="grow" title="Options of the vendor's pipeline by their names there, separated by blanks">Options <input type="text" value={options.value} placeholder="none" size={10}
          spellcheck={false} onChange={(e) => { options.value = e.currentTarget.value; }} /></label>
        <button class="primary" data-autofocus disabled={!!wait.value}><Icon name="play" size={13} /> Compile</button>
      </form>}
      {wait.value && <WaitCard wait={wait.value} />}
      {problem.value && <p class="error-text compile-note" role="alert">{sentence(problem.value.message)}{problem.value.detail.hint && ` ${sentence(problem.value.detail.hint)}`}</p>}
      {run && (
        <>
          <div class="panel-bar">
            <select class="grow" aria-label="Run" value={run.id}
              onChange={(e) => { void fetchRun(model, e.currentTarget.value).then(noteRun, (thrown) => { problem.value = Problem.of(thrown); }); }}>
              {(runLists.value.get(model) ?? []).map((r) => <option key={r.id} value={r.id}>{settingsText(r.settings)} · {when(r.created)}{r.state === 'failed' ? ' · failed' : ''}</option>)}
            </select>
            <button class={`toggle ${onlyChanged.value ? 'on' : ''}`} aria-pressed={onlyChanged.value} title="Only the passes that changed something"
              onClick={() => { onlyChanged.value = !onlyChanged.value; }}>Changed</button>
          </div>
          {run.unkept && <p class="compile-note error-text" role="alert">{sentence(`This run is not kept when the server ends: ${run.unkept}`)}</p>}
          {toldOf(run).map((d, i) => (
            <p key={i} class={`compile-note ${d.severity === 'error' ? 'error-text' : 'muted'}`}>
              {sentence(d.message)}{place(new Problem('', '', d)) && <span class="mono"> {place(new Problem('', '', d))}</span>}
              {!run.ok && cureOf(d.message) && <> <button disabled={!!wait.value} onClick={() => cure(cureOf(d.message)!)}>Compile with it</button></>}
            </p>
          ))}
          <VirtualList class="grow" label="Stages" count={list.length} rowHeight={26} active={active.value} scrollTo={scrollTo} rowKey={(i) => list[i]!.stage}
            onActive={(i) => { active.value = i; take(i, false); }} onTake={(i, e) => take(i, e.altKey)}
            row={(i) => {
              const s = list[i]!, before = run.stages[s.stage - 1];
              const more = before ? s.ops - before.ops : 0;
              const on = ref.run === run.id && ref.stage === s.stage;
              return (
                <div role="option" aria-selected={on} class={`option ${on ? 'active' : ''}`} title={`${s.pass || 'input'}. Click: show here. Alt+click: show beside.`}
                  onClick={(e) => { active.value = i; take(i, e.altKey); }}>
                  <span class="stage-number muted">{s.stage}</span>
                  <span class={`option-text ${s.changed || s.stage === 0 ? '' : 'muted'}`}>{s.pass || 'input'}</span>
                  {s.failed && <Icon name="error" size={13} />}
                  <span class="muted">{whole(s.ops)}{more ? ` (${more > 0 ? '+' : '−'}${whole(Math.abs(more))})` : ''}</span>
                  <button class="icon-button small" aria-label={`Show ${s.pass || 'input'} beside`} title="Show beside" onClick={(e) => { e.stopPropagation(); take(i, true); }}><Icon name="split" size={13} /></button>
                </div>
              );
            }} />
          <div class="table-foot"><span>{count(run.stages.length, 'stage')}</span><span class="muted">{duration(run.us)}</span>
            {!run.ok && <span class="error-text">a pass failed</span>}</div>
        </>
      )}
      {!run && !wait.value && <p class="empty">{source().kind === 'server' ? 'Compile the model to see its stages, one per pass.'
        : 'This page holds no compilation of the model; tt-explorer export --level 0 makes one that does.'}</p>}
    </div>
  );
}

panels.add({
  id: 'compile', title: 'Compile', icon: 'layers', side: 'left', size: 300, order: 25, shortcut: 'C',
  help: 'Compile the model and step through its stages.', component: Compile,
});

/** Steps to another stage of the run a pane shows: to(where it is now, the last there is). */
function step(pane: Pane, to: (at: number, last: number) => number): void {
  const ref = wantedRef(pane), run = ref?.run ? runs.peek().get(ref.run) : undefined;
  if (!ref || !run) return;
  const list = stagesOf(run), last = list.length - 1;
  const at = list.findIndex((s) => s.stage >= ref.stage);
  const next = list[to(at < 0 ? last : at, last)];
  if (next && next.stage !== ref.stage) showStage(pane, run, next.stage, false);
}

const stepCommand = (id: string, title: string, shortcut: string, icon: 'left' | 'right', to: (at: number, last: number) => number): Command => ({
  id: `compile.${id}`, title, group: 'Compile', shortcut, icon, when: (c) => !!c.pane?.ref.value?.run, run: (c) => step(c.pane!, to),
});

registerCommands(
  stepCommand('next', 'Next stage', 'Alt+ArrowRight', 'right', (at) => at + 1),
  stepCommand('previous', 'Previous stage', 'Alt+ArrowLeft', 'left', (at) => at - 1),
  stepCommand('first', 'First stage', 'Alt+Shift+ArrowLeft', 'left', () => 0),
  stepCommand('last', 'Last stage', 'Alt+Shift+ArrowRight', 'right', (_, last) => last),
);
