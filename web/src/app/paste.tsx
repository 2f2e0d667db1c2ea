// The dialog for pasted MLIR: an editor with colours, a name, and the reader's errors at their lines.

import { useSignal } from '@preact/signals';
import type { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'preact/hooks';

import * as api from './api';
import { editors } from './editors';
import { complain, place, sentence } from './notify';
import { noteModel, openGraph, refOf } from './open';
import { Dialog, showOverlay } from './overlay';
import { Problem } from './source';
import { panes } from './store';

export function openPaste(text: string): void {
  showOverlay((close) => <Paste text={text} close={close} />);
}

/** A name for a text: that of its module or of its first function. */
function guessName(text: string): string {
  const m = /module\s+@([\w.$-]+)/.exec(text) ?? /func\.func\s+(?:\w+\s+)?@([\w.$-]+)/.exec(text);
  return m ? `${m[1]}.mlir` : '';
}

function Paste({ text, close }: { text: string; close: () => void }) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<{ view: EditorView; mark: (view: EditorView, line: number) => void } | null>(null);
  const content = useSignal(text);
  const name = useSignal(guessName(text));
  const named = useRef(false);
  const problem = useSignal<Problem | null>(null);
  const busy = useSignal(false);
  useEffect(() => {
    let gone = false;
    editors().then((all) => {
      if (gone) return;
      const view = all.makeEditor(host.current!, all.mlirColours, text, 'MLIR text', (now) => {
        content.value = now;
        if (!named.current) name.value = guessName(now);
      });
      editor.current = { view, mark: all.markError };
      view.focus();
    }).catch(complain);
    return () => {
      gone = true;
      editor.current?.view.destroy();
    };
  }, []);
  const open = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const given = name.peek().trim();
      const model = await api.openText(content.peek(), given ? (/\.\w+$/.test(given) ? given : `${given}.mlir`) : 'pasted.mlir');
      // Opening keeps the bytes; only loading reads them. Errors belong here, beside the text.
      const stage = (await api.getStages(model.id))[0];
      if (stage && !stage.parts.some((part) => part.readable)) {
        api.deleteModel(model.id).catch(() => {});
        const { message, file, line, column } = stage.diagnostics.find((d) => d.severity === 'error') ?? { message: 'This is no MLIR.' };
        throw new Problem(message, 'unreadable', { file, line, column });
      }
      noteModel(model);
      close();
      openGraph(refOf(model.id), { where: panes.peek().length ? 'within' : 'here' });
    } catch (thrown) {
      const it = Problem.of(thrown);
      problem.value = it;
      if (it.detail.line !== undefined && editor.current) editor.current.mark(editor.current.view, it.detail.line);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title="Paste MLIR" close={close} width={860} class="paste"
      footer={<>
        <label class="inline">Name <input type="text" value={name.value} placeholder="pasted.mlir" spellcheck={false}
          onInput={(e) => { named.current = true; name.value = e.currentTarget.value; }} /></label>
        <span class="grow" />
        <button onClick={close}>Cancel</button>
        <button class="primary" disabled={!content.value.trim() || busy.value} onClick={() => void open()}>{busy.value ? 'Opening…' : 'Open'}</button>
      </>}>
      <div ref={host} class="editor paste-editor" />
      {problem.value && (
        <p class="error-text" role="alert">{place(problem.value) && <b>{place(problem.value)}: </b>}{sentence(problem.value.message)}
          {problem.value.detail.hint && ` ${sentence(problem.value.detail.hint)}`}</p>
      )}
    </Dialog>
  );
}
