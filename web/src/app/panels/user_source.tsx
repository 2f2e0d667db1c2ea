// The user's own source at the place that the selected op's location names.

import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import * as api from '../api';
import { registerCommands } from '../commands';
import { openPanel } from '../dock';
import { nodeInfo } from '../node_info';
import type { Reader } from '../editor';
import { editors } from '../editors';
import { complain, sentence } from '../notify';
import { panels } from '../panels';
import { isCancel, Problem } from '../source';
import { activePane } from '../store';
import { valueText } from '../values';

const AROUND = 400;

function UserSource() {
  const host = useRef<HTMLDivElement>(null);
  const reader = useSignal<Reader | null>(null);
  const place = useSignal<api.UserSource | null>(null);
  const note = useSignal('Select a node to see the source it came from.');
  useEffect(() => {
    let r: Reader | null = null, gone = false;
    editors().then((all) => {
      if (!gone) reader.value = r = new all.Reader(host.current!, { colours: all.codeColours, label: 'Source of the model' });
    }).catch(complain);
    return () => {
      gone = true;
      r?.destroy();
    };
  }, []);
  useSignalEffect(() => {
    const r = reader.value, pane = activePane.value, ref = pane?.ref.value, node = pane?.selected.value ?? null;
    if (!r || !ref || node === null || !pane?.graph.value) return;
    let gone = false;
    const none = 'The location of this node names no file.';
    nodeInfo(ref, node).then(async (info) => {
      if (gone) return;
      // "file":line:column, somewhere in the location
      if (!info.attrs.some((a) => /loc|source/i.test(a.key) && /"[^"]+":\d+/.test(valueText(a.value)))) {
        place.value = null;
        note.value = none;
        return;
      }
      const found = await api.getUserSource(ref, node, AROUND);
      if (gone) return;
      place.value = found;
      note.value = found.readable ? '' : `${found.file}, line ${found.line}, cannot be read here. Start the server with --root and the folder of that file.`;
      if (!found.readable || found.text === undefined) return;
      r.set(found.text, found.first_line ?? 1);
      r.mark([{ from: found.line, to: found.line, kind: 'selected' }], true);
    }, (thrown) => {
      if (gone || isCancel(thrown)) return;
      place.value = null;
      const problem = Problem.of(thrown);
      note.value = problem.detail.status === 404 ? none : sentence(problem.message);
    });
    return () => { gone = true; };
  });
  const at = place.value;
  return (
    <div class="panel text">
      <div class="panel-bar"><span class="grow ellipsis" title={at?.path ?? at?.file}>{at ? `${at.file}, line ${at.line}` : 'No place'}</span></div>
      {note.value && <p class="empty">{note.value}</p>}
      <div ref={host} class="editor grow" hidden={!!note.value} />
    </div>
  );
}

panels.add({
  id: 'source', title: 'Source', icon: 'code', side: 'beside', order: 60,
  help: 'The file and line of your own source that the selected op came from.', component: UserSource,
});
registerCommands({
  id: 'source.show', title: 'Show the source it came from', group: 'Selection', icon: 'code', menus: ['node'], order: 306,
  when: (c) => c.node !== null && !!c.pane?.graph.value,
  run: (c) => {
    c.pane!.select([c.node!]);
    openPanel('source');
  },
});
