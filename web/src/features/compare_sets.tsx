// Named sets of overrides side by side: what each is estimated to take, in all and for the ops that differ most.

import { useSignal } from '@preact/signals';

import { Icon } from '../app/icons';
import { complain } from '../app/notify';
import { compileModel } from '../app/panels/compile';
import type { Run } from '../app/source';
import { bytes, count, duration } from '../app/values';
import { compareRuns, type ComparedOp, type ComparedRuns, type NamedSet } from './runs';

/** As many as the server compares at once, less the run without overrides. */
const MOST_SETS = 15;
const ROWS = 30;

/** One number per run, those that differ from the run without overrides in bold. */
function Numbers({ values, show }: { values: readonly number[]; show: (value: number) => string }) {
  return <>{values.map((v, i) => <td key={i} class="num">{i > 0 && v !== values[0] ? <strong>{show(v)}</strong> : show(v)}</td>)}</>;
}

function OpRow({ op }: { op: ComparedOp }) {
  return <tr><td class="mono" title={op.identity}>{op.op} <span class="muted">{op.name}</span></td><Numbers values={op.us} show={(us) => us.toFixed(1)} /></tr>;
}

export function CompareSets({ run, sets }: { run: Run; sets: readonly NamedSet[] }) {
  const table = useSignal<{ of: string; names: readonly string[]; compared: ComparedRuns } | null>(null);
  const busy = useSignal(false);
  const { overrides: _, ...settings } = run.settings;
  const taken = sets.slice(0, MOST_SETS), of = JSON.stringify([run.model, settings, taken]);
  const compare = async (): Promise<void> => {
    busy.value = true;
    try {
      const made: string[] = [];
      for (const overrides of [undefined, ...taken.map((n) => n.overrides as unknown as Record<string, unknown>)]) {
        const done = await compileModel(run.model, overrides ? { ...settings, overrides } : settings, null);
        if (!done) return;
        made.push(done.id);
      }
      table.value = { of, names: ['none', ...taken.map((n) => n.name)], compared: await compareRuns(run.model, made, ROWS) };
    } finally {
      busy.value = false;
    }
  };
  if (!taken.length) return null;
  const here = table.value?.of === of ? table.value : null;
  if (!here)
    return <div class="row-bar compile-note"><button disabled={busy.value} onClick={() => void compare().catch(complain)}
      title="Compiles with each of them, and lists what ops are estimated to take in each"><Icon name="diff" size={13} /> Compare named sets</button></div>;
  const { runs, ops } = here.compared, differing = ops.filter((op) => op.us.some((us) => us !== op.us[0]));
  return (
    <div class="scroll compared-sets">
      <table class="data" aria-label="Named sets compared">
        <thead><tr><th title="By the cost model: estimates, not measurements, in microseconds">estimate</th>{here.names.map((name, i) => <th key={i} class="num clip" title={name}>{name}</th>)}</tr></thead>
        <tbody>
          <tr><td>all ops</td><Numbers values={runs.map((r) => r.us)} show={duration} /></tr>
          <tr><td>L1 per core</td><Numbers values={runs.map((r) => r.peak_l1)} show={bytes} /></tr>
          {differing.map((op) => <OpRow key={op.identity} op={op} />)}
        </tbody>
      </table>
      {differing.length === 0 && <p class="compile-note muted">No op is estimated to take more or less with any of them.</p>}
      {differing.length === ROWS && <p class="compile-note muted">The {count(ROWS, 'op')} that differ most.</p>}
    </div>
  );
}
