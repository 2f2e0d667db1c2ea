// CodeMirror is half of the page's code: it is a script of its own (editor.ts), fetched when the page has nothing else to do.
// It is read and run when an editor is first wanted: that is one long piece of work, which most users need never wait for.

import { effect } from '@preact/signals';

import { editorScript } from './platform';
import { Problem } from './source';
import { panes } from './store';
import { nextTask } from './turn';

type Editors = typeof import('./editor');

declare global {
  /** What the script leaves. */
  var ttxEditor: Editors | undefined;
}

let loading: Promise<Editors> | null = null;

/** The editors; throws Problem. */
export function editors(): Promise<Editors> {
  return (loading ??= new Promise<Editors>((done, failed) => {
    const script = editorScript();
    const loaded = () => {
      if (globalThis.ttxEditor) {
        void nextTask().then(() => done(globalThis.ttxEditor!)); // not in the task that has begun it
        return;
      }
      loading = null; // the next one who wants it tries again
      script.remove();
      failed(new Problem('The editor could not be loaded.', 'offline', { hint: 'Try again when the server is there.' }));
    };
    script.onload = script.onerror = loaded;
    document.body.append(script);
    if (!script.src) loaded();
  }));
}

/** Fetches them once what is opened first has been drawn. */
export function prepareEditors(): void {
  const { src } = editorScript();
  if (!src) return; // the page has it in itself
  let begun = false;
  effect(() => {
    if (begun || !panes.value.every((p) => p.graph.value || p.problem.value)) return;
    begun = true;
    requestIdleCallback(() => { fetch(src).then((r) => r.blob()).catch(() => {}); }); // whoever wants them is told
  });
}
