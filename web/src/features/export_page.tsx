// The model as a page of its own, which opens from disk without a server: with the compilation that is shown, and with node
// data.

import { signal } from '@preact/signals';

import { registerCommands } from '../app/commands';
import { complain, say } from '../app/notify';
import { Dialog, showOverlay } from '../app/overlay';
import { refreshRuns, runLists, settingsText } from '../app/run_list';
import { kept } from '../app/settings';
import { isCancel } from '../app/source';
import { source, type Pane, type Wait } from '../app/store';
import { bytes, when, whole } from '../app/values';
import { WaitCard } from '../app/wait';
import { fileName, save } from './common';
import { runsOf } from './node_data_state';

const withData = kept('export.data', true);
const withStages = kept('export.stages', true);
/** The compilation to take along, by model; else the one that is shown, else the last. */
const chosen = signal('');
const wait = signal<Wait | null>(null);

async function take(pane: Pane, run: string, close: () => void): Promise<void> {
  const model = pane.ref.peek()!.model, name = fileName(pane.model.peek()?.name ?? 'model', 'html'), abort = new AbortController();
  wait.value = { text: run ? 'Compiling and packing' : 'Packing', done: 0, total: 0, cancel: () => abort.abort() };
  try {
    const page = await source().bytes(`/models/${encodeURIComponent(model)}/export`, {
      signal: abort.signal, query: { run: run || undefined, data: withData.peek() || undefined },
      progress: (done, total) => { wait.value = { ...wait.peek()!, text: 'Fetching', done, total }; },
    });
    save(name, new Blob([page], { type: 'text/html' }));
    say(`${name} was made: ${bytes(page.byteLength)}.`);
    close();
  } catch (thrown) {
    if (!isCancel(thrown)) complain(thrown);
  } finally {
    wait.value = null;
  }
}

function ExportDialog({ pane, close }: { pane: Pane; close: () => void }) {
  const ref = pane.ref.value!, list = runLists.value.get(ref.model) ?? [], data = runsOf.value.get(ref.model)?.length ?? 0;
  const run = list.find((r) => r.id === chosen.value) ?? list.find((r) => r.id === ref.run) ?? list[0];
  const end = () => { wait.peek()?.cancel?.(); close(); };
  return (
    <Dialog title="Save as a page" close={end} width={460} footer={<>
      <button onClick={end}>Cancel</button>
      <button class="primary" disabled={!!wait.value} onClick={() => void take(pane, withStages.value && run ? run.id : '', close)}>Save</button>
    </>}>
      <div class="form">
        <p>One file with the model and the explorer inside. It opens from disk, with no server and no network.</p>
        <label class="form-row"><span><input type="checkbox" disabled={!run} checked={withStages.value && !!run}
          onChange={(e) => { withStages.value = e.currentTarget.checked; }} /> The stages of a compilation</span></label>
        {run ? (
          <select aria-label="Compilation" disabled={!withStages.value} value={run.id} onChange={(e) => { chosen.value = e.currentTarget.value; }}>
            {list.map((r) => <option key={r.id} value={r.id}>{settingsText(r.settings)} · {when(r.created)}{r.state === 'failed' ? ' · failed' : ''}</option>)}
          </select>
        ) : <p class="muted">The model has not been compiled.</p>}
        <label class="form-row"><span><input type="checkbox" disabled={!data} checked={withData.value && data > 0}
          onChange={(e) => { withData.value = e.currentTarget.checked; }} /> Node data and measurements</span>
          <span class="muted">{data === 1 ? 'one run' : `${whole(data)} runs`}</span></label>
        {wait.value && <WaitCard wait={wait.value} />}
      </div>
    </Dialog>
  );
}

registerCommands({
  id: 'page.save', title: 'Save as a page…', group: 'File', icon: 'download', menus: ['app', 'canvas', 'tab'], order: 504,
  help: 'A single file that opens from disk without a server: the model, the stages of its compilation, node data.',
  when: (c) => !!c.pane?.graph.value && source().kind === 'server',
  run: (c) => {
    refreshRuns(c.pane!.ref.peek()!.model).catch(complain);
    showOverlay((close) => <ExportDialog pane={c.pane!} close={close} />);
  },
});
