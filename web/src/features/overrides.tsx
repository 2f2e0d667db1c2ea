// Overriding the compiler: the fields of an op with their legal values in the inspector, and the panel of all that is
// overridden. The set belongs to the run that is shown: an edit compiles again, and the pane goes to the same stage of the
// new run; undo shows the run before.

import { batch, effect, signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { registerCommands, type CommandContext } from '../app/commands';
import { frontPane, openPanel } from '../app/dock';
import { record } from '../app/history';
import { Icon } from '../app/icons';
import { complain, say, sentence } from '../app/notify';
import { nodeInfo } from '../app/node_info';
import { openGraph, PATIENCE_MS, wantedRef } from '../app/open';
import { inspectorSections, panels, type InspectorContext } from '../app/panels';
import { compileModel, noteRun } from '../app/panels/compile';
import { showStage } from '../app/run_list';
import { isCancel, Problem, type Run } from '../app/source';
import { activePane, panes, runs, server, source, type Pane } from '../app/store';
import { queue } from '../app/turn';
import { bytes, count, duration, valueText } from '../app/values';
import { chooseFiles, fileName, save } from './common';
import { CompareSets } from './compare_sets';
import { diffOn, setSide } from './compare_state';
import './features.css';
import {
  addNamedSet, changeNamedSet, convertOverrides, deleteNamedSet, estimateOf, getFields, getNamedSets, getSuggestions, overridesOf, resultsOf, type Field,
  type FieldsOfOp, type NamedSet, type OverrideSet, type Suggestion,
} from './runs';

/** The run that a pane shows a stage of. */
function runOf(pane: Pane | null): Run | null {
  const ref = pane?.ref.value;
  return (ref?.run && runs.value.get(ref.run)) || null;
}

/** The stage of another run that is the same pass again; its last one when that has gone. */
function sameStage(from: Run, stage: number, to: Run): number {
  const pass = from.stages[stage];
  const again = to.stages.find((s) => s.pass === pass?.pass && s.number === pass.number);
  return again?.stage ?? to.stages.at(-1)!.stage;
}

/** What estimates and differences are told against: the run without overrides, or the first there was. */
const base = signal<Run | null>(null);

/** That run, when it is of the same model and settings. */
function baseOf(run: Run): Run | null {
  const was = base.value;
  const rest = (r: Run): string => JSON.stringify(Object.entries(r.settings).filter(([key]) => key !== 'overrides').sort());
  return was && was.id !== run.id && was.model === run.model && rest(was) === rest(run) ? was : null;
}

/** An edit is under way that the user waits for. */
const busy = signal(false);

/** Compiles with another set, and shows the same stage of that. False when there is nothing to show. */
async function apply(pane: Pane, run: Run, set: OverrideSet, title: string): Promise<boolean> {
  const stage = wantedRef(pane)!.stage;
  const { overrides: _, ...settings } = run.settings;
  const timer = setTimeout(() => { busy.value = true; }, PATIENCE_MS);
  try {
    const done = await compileModel(run.model, Object.keys(set).length ? { ...settings, overrides: set as unknown as Record<string, unknown> } : settings, (made) => {
      if (!Object.keys(overridesOf(run)).length || !baseOf(run)) base.value = run;
      showStage(pane, made, sameStage(run, stage, made), false);
    });
    if (!done) return false;
    const go = (to: Run, at: number) => {
      noteRun(to);
      showStage(pane, to, at, false);
    };
    record({ title, undo: () => go(run, stage), redo: () => go(done, sameStage(run, stage, done)) });
    const problems = resultsOf(done).filter((r) => r.state !== 'applied');
    if (problems.length) say(`${count(problems.length, 'override is', 'overrides are')} not applied.`, { title: 'Why', run: () => openPanel('overrides') });
    return true;
  } finally {
    clearTimeout(timer);
    busy.value = false;
  }
}

const edits = queue();
/** Edits made while the compiler runs wait for it. Gives what the edit gives: false when it came to nothing, which is told. */
function inTurn(edit: () => Promise<boolean>): Promise<boolean> {
  return edits(edit).catch((thrown: unknown) => {
    complain(thrown);
    return false;
  });
}

/** One edit of the set that the pane's run has when its turn comes: an edit before it may have made another. */
function edit(pane: Pane, run: Run, next: (set: OverrideSet) => OverrideSet, title: string): Promise<boolean> {
  return inTurn(() => {
    const shown = runs.peek().get(wantedRef(pane)?.run ?? ''), now = shown?.model === run.model ? shown : run;
    return apply(pane, now, next(copyOf(overridesOf(now))), title);
  });
}

function copyOf(set: OverrideSet): OverrideSet {
  return structuredClone(set);
}

/** The set as the vendor's options can say it: by the names of locations, where a run has told those of the ops. */
function byLocation(run: Run): OverrideSet {
  const next: OverrideSet = {};
  for (const [name, entry] of Object.entries(overridesOf(run))) {
    const location = entry.bind === 'identity' ? resultsOf(run).find((r) => r.target === entry.target && r.location)?.location : undefined;
    const to = location ?? name;
    const attributes = [...(next[to]?.attributes ?? []), ...entry.attributes];
    next[to] = location ? { bind: 'name', named_location: location, attributes } : { ...entry, attributes };
  }
  return next;
}

/** The set with one setting changed; value null takes it out. */
function changed(set: OverrideSet, identity: string, key: string, value: string | null): OverrideSet {
  const next = copyOf(set);
  const name = Object.keys(next).find((k) => next[k]!.bind === 'identity' && next[k]!.target === identity) ?? identity;
  const entry = next[name] ?? { bind: 'identity' as const, target: identity, attributes: [] };
  entry.attributes = entry.attributes.filter((a) => a.key !== key);
  if (value !== null) entry.attributes.push({ key, value });
  if (entry.attributes.length) next[name] = entry;
  else delete next[name];
  return next;
}

/* --- the inspector -------------------------------------------------------------------------------------------------- */

const GROUPS: Record<string, string> = {
  output_layout: 'Output layout', conv2d_config: 'Conv2d', conv3d_config: 'Conv3d', matmul_program_config: 'Matmul program', compute_config: 'Compute kernel',
  weight: 'Weights', reshard: 'Reshard an operand',
};

/** How long after the last key a choice made by typing counts: a closed list changes with every letter. */
const TYPED_MS = 500;

/** Stays enabled while the compiler runs, so that the keyboard stays in it, and shows what was chosen until the answer
 * is there. `set` tells whether there is one. */
function Control({ field, set }: { field: Field; set: (value: string | null) => Promise<boolean> }) {
  const label = `${field.group} ${field.key}`;
  const shown = useSignal<string | null>(null);
  const typing = useRef<{ at: number; timer: number; value: string | null }>({ at: 0, timer: 0, value: null });
  useEffect(() => { if (typing.current.value === null) shown.value = null; }, [field]);
  const commit = (): void => {
    const { value } = typing.current;
    clearTimeout(typing.current.timer);
    typing.current.value = null;
    if (value !== null) void set(value).then((done) => { if (!done && shown.peek() === value) shown.value = null; });
  };
  const choose = (value: string): void => {
    clearTimeout(typing.current.timer);
    typing.current.value = shown.value = value;
    if (performance.now() - typing.current.at > 100) commit();
    else typing.current.timer = window.setTimeout(commit, TYPED_MS);
  };
  if (field.control === 'number' && field.why)
    return <input aria-label={label} value={field.value} disabled placeholder={field.why} title={sentence(field.why)} />;
  if (field.control === 'number' && !field.options.length)
    return <input type="number" aria-label={label} value={field.value} min={field.min} max={field.max} step={field.step} placeholder="default"
      onChange={(e) => void set(e.currentTarget.value === '' ? null : e.currentTarget.value)} />;
  return (
    <select aria-label={label} value={shown.value ?? field.value} data-autofocus onBlur={commit} onChange={(e) => choose(e.currentTarget.value)}
      onKeyDown={() => { typing.current.at = performance.now(); }}>
      {!field.options.some((o) => o.value === field.value) && <option value={field.value}>{field.value || 'default'}</option>}
      {field.options.map((o) => <option key={o.value} value={o.value} disabled={!o.legal && o.value !== field.value} title={o.why}>{o.legal ? o.value : `${o.value} – ${o.why ?? 'not legal'}`}</option>)}
    </select>
  );
}

/** Fields show what an op has where overrides are applied; what passes behind that, the optimizer above all, chose for it
 * instead is said: nothing of it was set. */
function ChosenSince({ op, own, has }: { op: FieldsOfOp; own: (key: string) => boolean; has: ReadonlyMap<string, string> }) {
  const other = op.fields.filter((f) => {
    const now = f.group === 'output_layout' && !own(`${f.group}.${f.key}`) ? has.get(f.key) : undefined;
    return now !== undefined && now !== f.value;
  });
  if (!other.length) return null;
  return <p class="muted chosen-since">The compiler chose {other.map((f) => `${f.key} ${has.get(f.key)!}`).join(', ')} here. What is set below is kept instead.</p>;
}

function OpFields({ pane, run, op, has }: { pane: Pane; run: Run; op: FieldsOfOp; has: ReadonlyMap<string, string> }) {
  const mine = Object.values(overridesOf(run)).find((e) => e.bind === 'identity' && e.target === op.identity)?.attributes ?? [];
  const groups = [...new Set(op.fields.map((f) => f.group))];
  const set = (key: string, value: string | null) =>
    edit(pane, run, (now) => changed(now, op.identity, key, value), value === null ? `Reset ${key}` : `Set ${key} to ${value}`);
  return (
    <div class="override-op">
      <div class="row-bar"><span class="mono clip grow" title={op.identity}>{op.op}</span><span class="muted clip">{op.name}</span>
        {mine.length > 0 && <button class="link" onClick={() => void edit(pane, run, (next) => {
          for (const k of Object.keys(next)) if (next[k]!.bind === 'identity' && next[k]!.target === op.identity) delete next[k];
          return next;
        }, 'Reset an op')}>Reset op</button>}</div>
      <ChosenSince op={op} own={(key) => mine.some((a) => a.key === key)} has={has} />
      {groups.map((group) => {
        const fields = op.fields.filter((f) => f.group === group);
        return (
          <details key={group} open={group === 'output_layout' || fields.some((f) => mine.some((a) => a.key === `${group}.${f.key}`))}>
            <summary>{GROUPS[group] ?? group}</summary>
            {fields.map((f) => {
              const key = `${f.group}.${f.key}`, own = mine.some((a) => a.key === key);
              return (
                <label key={key} class={`override-field ${own ? 'own' : ''}`} title={f.help}>
                  <span class="clip">{f.key}</span>
                  <Control field={f} set={(value) => set(key, value)} />
                  <button class="icon-button small" disabled={!own || busy.value} title="Back to the compiler's choice" aria-label={`Reset ${f.key}`}
                    onClick={(e) => { e.preventDefault(); void set(key, null); }}><Icon name="reset" size={12} /></button>
                </label>
              );
            })}
          </details>
        );
      })}
      {op.fields.length === 0 && <p class="muted">Nothing about this op can be overridden.</p>}
    </div>
  );
}

const NOTHING: ReadonlyMap<string, string> = new Map();

function Fields({ pane, node }: InspectorContext) {
  const fields = useSignal<readonly FieldsOfOp[] | null>(null);
  const has = useSignal<{ op: string; values: ReadonlyMap<string, string> } | null>(null);
  const problem = useSignal<Problem | null>(null);
  const asked = useSignal({ pane, node });
  if (asked.peek().pane !== pane || asked.peek().node !== node) asked.value = { pane, node };
  const known = useComputed(() => runOf(asked.value.pane) !== null);
  useSignalEffect(() => {
    const { pane: p, node: n } = asked.value, ref = p.graph.value && p.drawn;
    if (!ref?.run || n === null || !known.value) return;
    const abort = new AbortController();
    const here = nodeInfo(ref, n).then((info) => ({ op: info.label, values: new Map(info.attrs.map((a) => [a.key, valueText(a.value)])) }), () => null);
    getFields(ref, n, abort.signal).then(async (got) => {
      const now = await here;
      if (!abort.signal.aborted) batch(() => { fields.value = got.ops; has.value = now; problem.value = null; });
    },
      (thrown) => { if (!isCancel(thrown)) { problem.value = Problem.of(thrown); fields.value = null; } });
    return () => abort.abort();
  });
  const run = runOf(pane);
  if (!run) return null;
  if (problem.value) return <p class="muted">{sentence(problem.value.message)}</p>;
  if (!fields.value) return <p class="muted">…</p>;
  if (!fields.value.length) return <p class="muted">This node became no op that could be overridden.</p>;
  return <>{Object.keys(overridesOf(run)).length > 0 && <Estimates pane={pane} run={run} />}{fields.value.map((op) => <OpFields key={op.identity} pane={pane} run={run} op={op} has={fields.value!.length === 1 && has.value?.op === op.op ? has.value.values : NOTHING} />)}</>;
}

inspectorSections.add({
  id: 'overrides', title: 'Overrides', order: 15,
  when: (c) => source().kind === 'server' && c.node !== null && c.node !== 0 && !!c.pane.ref.value?.run && !c.pane.graph.value?.isLayer(c.node), component: Fields,
});

/* --- the panel ------------------------------------------------------------------------------------------------------ */

/** "3.1 ms → 2.8 ms" of two estimates. */
function Estimates({ pane, run }: { pane: Pane; run: Run }) {
  const was = baseOf(run);
  const now = estimateOf(run), old = was ? estimateOf(was) : undefined;
  if (!now) return null;
  const percent = old && old.us ? ((now.us - old.us) / old.us) * 100 : 0;
  return (
    <p class="compile-note" title="By the cost model: an estimate, not a measurement.">
      Estimate: {old && <span class="muted">{duration(old.us)} → </span>}<strong>{duration(now.us)}</strong>
      {old && <span class="muted"> ({percent > 0 ? '+' : ''}{percent.toFixed(1)}%)</span>}
      , L1 per core {old && <span class="muted">{bytes(old.peak_l1)} → </span>}{bytes(now.peak_l1)}
      {was && <> <button class="link" title="The same stage without the overrides beside this one, with what is different coloured and listed"
        onClick={() => void showDifferences(pane, run, was).catch(complain)}>Differences</button></>}
    </p>
  );
}

/** Shows the same stage of another run in a second pane, as the left side of the comparison. */
async function showDifferences(pane: Pane, run: Run, was: Run): Promise<void> {
  const ref = pane.ref.peek()!, other = panes.peek().find((p) => p !== pane);
  const state = await pane.view.peek()?.saveState();
  const beside = openGraph({ ...ref, run: was.id, stage: sameStage(run, ref.stage, was) }, { pane: other ?? pane, where: other ? 'here' : 'right', state });
  frontPane(pane);
  setSide('left', beside.id);
  setSide('right', pane.id);
  diffOn.value = true;
  openPanel('compare');
}

async function saveJson(pane: Pane, run: Run): Promise<void> {
  const set = source().kind === 'page' ? overridesOf(run) : (await convertOverrides({ overrides: overridesOf(run) })).overrides;
  save(fileName(pane.model.peek()?.name ?? 'model', 'overrides.json'), JSON.stringify(set, null, 2));
}

async function copyOptions(run: Run): Promise<void> {
  const forms = await convertOverrides({ overrides: byLocation(run) });
  await navigator.clipboard.writeText(forms.options);
  say(forms.left_out ? `Copied. Not expressible as options: ${forms.left_out.trim().replaceAll('\n', ', ')}.` : 'The option string is copied.');
}

async function importFile(pane: Pane, run: Run): Promise<void> {
  const [file] = await chooseFiles('.json,.txt');
  if (!file) return;
  const text = await file.text();
  let json: unknown;
  try { json = JSON.parse(text); } catch { json = null; }
  const forms = await convertOverrides(json !== null ? { overrides: json } : { options: text });
  await edit(pane, run, (now) => ({ ...now, ...forms.overrides }), 'Import overrides');
}

/* Named sets: kept with the model, for every page and after a restart. */

const named = signal<ReadonlyMap<string, readonly NamedSet[]>>(new Map());

async function refreshNamed(model: string): Promise<void> {
  named.value = new Map(named.peek()).set(model, await getNamedSets(model));
}

const sameSet = (a: OverrideSet, b: OverrideSet): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The name of the set that a run has, when it was given one. */
export function setName(model: string, set: OverrideSet): string | undefined {
  return named.value.get(model)?.find((n) => sameSet(n.overrides, set))?.name;
}

effect(() => {
  const model = activePane.value?.ref.value?.model;
  if (model && server.value && source().kind === 'server' && !named.peek().has(model)) refreshNamed(model).catch(() => {});
});

/** A field for the name, the names there are below it: one is taken by a click, a name saves what is set now. */
function Named({ pane, run }: { pane: Pane; run: Run }) {
  const typed = useSignal<string | null>(null);
  const list = named.value.get(run.model) ?? [];
  const set = overridesOf(run), now = list.find((n) => sameSet(n.overrides, set));
  const name = (typed.value ?? now?.name ?? '').trim();
  const taken = list.find((n) => n.name === name);
  const keep = async (): Promise<void> => {
    if (taken) await changeNamedSet(taken.id, set);
    else await addNamedSet(run.model, name, set);
    typed.value = null;
    await refreshNamed(run.model);
    say(`The overrides are kept as ${name}.`);
  };
  const some = Object.keys(set).length > 0;
  if (!some && !list.length) return null;
  return (
    <form class="row-bar compile-note" onSubmit={(e) => { e.preventDefault(); if (name && some && (!now || taken !== now)) void keep().catch(complain); }}>
      {list.length > 0 && <select aria-label="Named set" value={now ? String(now.id) : ''} disabled={busy.value} title="Sets that were given a name: one of them is compiled with at once"
        onChange={(e) => {
          const chosen = list.find((n) => n.id === Number(e.currentTarget.value));
          typed.value = null;
          if (chosen) void edit(pane, run, () => copyOf(chosen.overrides), `Take ${chosen.name}`);
        }}>
        {!now && <option value="">named sets</option>}
        {list.map((n) => <option key={n.id} value={n.id}>{n.name}</option>)}
      </select>}
      {some && <>
        <input type="text" class="grow" data-autofocus aria-label="Name of the set" placeholder="Name these overrides" value={typed.value ?? now?.name ?? ''} spellcheck={false} maxLength={80}
          onInput={(e) => { typed.value = e.currentTarget.value; }} />
        <button disabled={!name || (!!now && taken === now)} title={taken && taken !== now ? `Replaces what ${name} is now` : 'Keeps the set with the model'}>{taken && taken !== now ? 'Replace' : 'Keep'}</button>
      </>}
      {now && <button type="button" class="icon-button small" title={`Forget the name ${now.name}`} aria-label={`Forget ${now.name}`}
        onClick={() => void deleteNamedSet(now.id).then(() => refreshNamed(run.model)).catch(complain)}><Icon name="trash" size={12} /></button>}
    </form>
  );
}

/** What the cost model would do, at the click of a button. */
function Suggestions({ pane, run }: { pane: Pane; run: Run }) {
  const list = useSignal<{ run: string; found: readonly Suggestion[] } | null>(null);
  const here = list.value?.run === run.id ? list.value.found : null;
  if (!here)
    return <div class="row-bar compile-note"><button onClick={() => void getSuggestions(run.model, run.id).then((found) => { list.value = { run: run.id, found }; }, complain)}
      title="The single overrides that would save most by the cost model"><Icon name="ruler" size={13} /> Suggest</button></div>;
  if (!here.length) return <p class="compile-note muted">By the cost model no single override saves anything.</p>;
  return (
    <ul class="plain suggestions">
      {here.map((s) => (
        <li key={s.identity} class="override-row">
          <div class="row-bar"><span class="mono clip grow" title={s.identity}>{s.op} <span class="muted">{s.name}</span></span>
            <span class="muted" title="Estimate, with what moves tensors to and from the op">{duration(s.before_us)} → {duration(s.after_us)}</span>
            <button class="link" disabled={busy.value} onClick={() => void edit(pane, run, (now) =>
              s.settings.reduce((next, one) => changed(next, s.identity, `${one.group}.${one.key}`, one.value), now), 'Take a suggestion')}>Take</button></div>
          <div>{s.settings.map((one) => `${one.key} = ${one.value}`).join(', ')}{s.changes_numbers && <span class="muted"> (less exact)</span>}</div>
        </li>
      ))}
    </ul>
  );
}

function Panel() {
  const pane = activePane.value, run = runOf(pane);
  const alone = source().kind === 'page'; // nothing can be compiled there
  if (!pane || !run) return <p class="empty">{alone ? 'Show a stage of the compilation' : 'Compile the model and show one of its stages'}: what is overridden in that run is listed here.</p>;
  const set = overridesOf(run), results = resultsOf(run);
  const rows = Object.entries(set).flatMap(([name, entry]) => entry.attributes.map((a) => ({ name, entry, ...a })));
  const without = (row: (typeof rows)[number]) => (next: OverrideSet): OverrideSet => {
    const entry = next[row.name];
    if (!entry) return next;
    entry.attributes = entry.attributes.filter((a) => a.key !== row.key);
    if (!entry.attributes.length) delete next[row.name];
    return next;
  };
  return (
    <div class="panel overrides">
      <div class="panel-bar">
        {!alone && <button onClick={() => void importFile(pane, run).catch(complain)} title="JSON of this or today's tool, or the vendor's option string">Import…</button>}
        <button disabled={!rows.length} onClick={() => void saveJson(pane, run).catch(complain)} title="Saves the set as a file">JSON</button>
        {!alone && <button disabled={!rows.length} onClick={() => void copyOptions(run).catch(complain)} title="Copies the option string of the vendor's pipeline">Options</button>}
        <span class="grow" />
        {!alone && <button disabled={!rows.length || busy.value} onClick={() => void edit(pane, run, () => ({}), 'Reset all overrides')}>Reset all</button>}
      </div>
      {!alone && <Named pane={pane} run={run} />}
      <Estimates pane={pane} run={run} />
      {!alone && <CompareSets run={run} sets={named.value.get(run.model) ?? []} />}
      {!alone && <Suggestions pane={pane} run={run} />}
      {rows.length === 0 && <p class="empty">{alone ? 'Nothing was overridden.' : 'Nothing is overridden. Select an op of a stage: the inspector has its fields.'}</p>}
      <ul class="plain scroll grow">
        {rows.map((row) => {
          const key = row.key.includes('.') ? row.key.slice(row.key.indexOf('.') + 1) : row.key;
          const target = row.entry.target ?? row.entry.named_location ?? row.name;
          const result = results.find((r) => r.target === target && r.key === key && r.value === row.value && r.state !== 'applied') ??
            results.find((r) => r.target === target && r.key === key && r.value === row.value);
          return (
            <li key={`${row.name} ${row.key}`} class="override-row">
              <div class="row-bar"><span class="mono clip grow" title={target}>{target}</span>
                <span class={`chip ${result?.state ?? ''}`}>{result?.state ?? '…'}</span>
                {!alone && <button class="icon-button small" disabled={busy.value} title="Take it out" aria-label={`Remove ${key} of ${target}`} onClick={() => void edit(pane, run, without(row), `Reset ${key}`)}><Icon name="trash" size={12} /></button>}</div>
              <div><span class="muted">{key}</span> = <strong>{row.value}</strong></div>
              {result?.why && <p class="muted">{sentence(result.why)}{result.nearest?.length ? ` Legal ones near it: ${result.nearest.join(', ')}.` : ''}</p>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

panels.add({ id: 'overrides', title: 'Overrides', icon: 'edit', side: 'right', size: 320, order: 26, help: 'What is overridden in the run that is shown.', component: Panel });

const overridden = (c: CommandContext): boolean => !!c.pane && Object.keys(runOf(c.pane) ? overridesOf(runOf(c.pane)!) : {}).length > 0;
const editable = (c: CommandContext): boolean => source().kind === 'server' && overridden(c);

registerCommands(
  { id: 'overrides.edit', title: 'Override the selected op', group: 'Compile', icon: 'edit', shortcut: 'E', menus: ['node'], order: 320,
    help: 'The keyboard goes to its fields in the inspector.', when: (c) => source().kind === 'server' && c.node !== null && c.node !== 0 && !!c.pane?.ref.value?.run,
    run: () => openPanel('inspector') },
  { id: 'overrides.json', title: 'Save the overrides as JSON', group: 'Compile', icon: 'download', when: overridden, run: (c) => saveJson(c.pane!, runOf(c.pane)!) },
  { id: 'overrides.options', title: 'Copy the overrides as options', group: 'Compile', icon: 'copy', when: editable, run: (c) => copyOptions(runOf(c.pane)!) },
  { id: 'overrides.differences', title: 'Show what the overrides change', group: 'Compile', icon: 'diff',
    when: (c) => overridden(c) && !!baseOf(runOf(c.pane)!), run: (c) => showDifferences(c.pane!, runOf(c.pane)!, baseOf(runOf(c.pane)!)!) },
  { id: 'overrides.reset', title: 'Reset all overrides', group: 'Compile', icon: 'reset', when: editable,
    run: async (c) => { await apply(c.pane!, runOf(c.pane)!, {}, 'Reset all overrides'); } },
);
