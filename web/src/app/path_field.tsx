// The field for paths: completes as one types, with the paths opened before when it is empty.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import * as api from './api';
import { Icon } from './icons';
import { isCancel } from './source';
import { pathHistory } from './start_page';
import { bytes } from './values';

interface Choice {
  path: string;
  folder: boolean;
  size: number;
  past: boolean;
}
const SHOWN = 12;

export function PathField({ open }: { open: (paths: string) => void }) {
  const text = useSignal('');
  const choices = useSignal<readonly Choice[]>([]);
  const shown = useSignal(false);
  const active = useSignal(-1);
  const abort = useRef(new AbortController());
  const input = useRef<HTMLInputElement>(null);
  // The keyboard comes here with the page, and back from dialogs: what could be chosen is shown when it is used.
  useEffect(() => {
    if (document.activeElement === document.body) input.current!.focus({ preventScroll: true });
  }, []);

  /** The path that is being typed is the last of those separated by commas. */
  const split = () => {
    const comma = text.peek().lastIndexOf(',') + 1;
    return { before: text.peek().slice(0, comma), last: text.peek().slice(comma).trimStart() };
  };
  const complete = async () => {
    abort.current.abort();
    abort.current = new AbortController();
    const { last } = split();
    const past = pathHistory.peek().filter((p) => p.startsWith(last)).slice(0, last ? 3 : SHOWN)
      .map((path) => ({ path, folder: false, size: 0, past: true }));
    if (!last && past.length) {
      choices.value = past;
      return;
    }
    try {
      const { files } = await api.getFiles(last, { signal: abort.current.signal });
      choices.value = [...past, ...files.filter((f) => !past.some((p) => p.path === f.path)).map((f) => ({ ...f, past: false }))].slice(0, 200);
    } catch (thrown) {
      if (!isCancel(thrown)) choices.value = past;
    }
  };
  const put = (choice: Choice) => {
    const { before } = split();
    text.value = `${before}${before ? ' ' : ''}${choice.path}${choice.folder ? '/' : ''}`;
    active.value = -1;
    input.current!.focus();
    if (choice.folder) void complete();
    else shown.value = false;
  };
  const submit = () => {
    if (!text.peek().trim()) return;
    open(text.peek());
    text.value = '';
    shown.value = false;
  };
  const list = choices.value;
  return (
    <form class="path-form" onSubmit={(e) => { e.preventDefault(); submit(); }}>
      <div class="field grow">
        <Icon name="folder" size={14} />
        <input ref={input} id="path" type="text" value={text.value} placeholder="/path/to/model.mlir, several separated by commas" autocomplete="off"
          spellcheck={false} role="combobox" aria-label="Path of a model" aria-expanded={shown.value && list.length > 0} aria-controls="path-choices"
          aria-autocomplete="list" aria-activedescendant={active.value >= 0 ? `path-choice-${active.value}` : undefined}
          onClick={() => {
            shown.value = true;
            void complete();
          }}
          onBlur={() => setTimeout(() => { shown.value = false; }, 150)}
          onInput={(e) => { text.value = e.currentTarget.value; shown.value = true; active.value = -1; void complete(); }}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown' && !shown.value) {
              shown.value = true;
              void complete();
            } else if (e.key === 'ArrowDown') active.value = Math.min(list.length - 1, active.value + 1);
            else if (e.key === 'ArrowUp') active.value = Math.max(-1, active.value - 1);
            else if (e.key === 'Tab' && shown.value && list.length && text.value && !e.shiftKey && (active.value >= 0 || list.length === 1)) put(list[Math.max(0, active.value)]!);
            else if (e.key === 'Enter' && active.value >= 0 && shown.value) {
              const choice = list[active.value]!;
              put(choice);
              if (!choice.folder) submit();
            } else if (e.key === 'Escape' && shown.value) shown.value = false;
            else return;
            e.preventDefault();
            e.stopPropagation();
          }} />
        {shown.value && list.length > 0 && (
          <div id="path-choices" class="choices" role="listbox" aria-label="Paths">
            {list.map((c, i) => (
              <div key={`${c.path}${c.past}`} id={`path-choice-${i}`} role="option" aria-selected={i === active.value}
                ref={(el) => { if (i === active.value) el?.scrollIntoView({ block: 'nearest' }); }}
                class={`option ${i === active.value ? 'active' : ''}`} onPointerDown={(e) => { e.preventDefault(); put(c); }}>
                <Icon name={c.past ? 'clock' : c.folder ? 'folder' : 'file'} size={13} />
                <span class="option-text">{c.path}{c.folder && '/'}</span>
                {c.past ? (
                  <button type="button" class="icon-button small" aria-label="Remove from the history" title="Remove from the history"
                    onPointerDown={(e) => { e.preventDefault(); e.stopPropagation(); pathHistory.value = pathHistory.peek().filter((p) => p !== c.path); void complete(); }}>
                    <Icon name="close" size={11} />
                  </button>
                ) : !c.folder && <span class="muted">{bytes(c.size)}</span>}
              </div>
            ))}
          </div>
        )}
      </div>
      <button class="primary" disabled={!text.value.trim()}>Open</button>
    </form>
  );
}
