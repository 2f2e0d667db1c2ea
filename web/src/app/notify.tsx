// Messages in a corner of the page: what went wrong, as a sentence with a cure; what was done. Errors stay until they
// are closed, the rest goes by itself.

import { signal } from '@preact/signals';

import { Icon } from './icons';
import { isCancel, Problem } from './source';

export interface Notice {
  id: number;
  kind: 'info' | 'error';
  text: string;
  hint?: string;
  action?: { title: string; run: () => void };
}

const INFO_MS = 4000;
const MOST = 5;
export const notices = signal<readonly Notice[]>([]);
let next = 1;

function add(notice: Omit<Notice, 'id'>): number {
  const id = next++;
  const rest = notices.peek().filter((n) => n.text !== notice.text || n.kind !== notice.kind);
  notices.value = [...rest.slice(-(MOST - 1)), { id, ...notice }];
  return id;
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((n) => n.id !== id);
}

/** Says that something was done, for a few seconds. */
export function say(text: string, action?: Notice['action']): void {
  const id = add({ kind: 'info', text, action });
  setTimeout(() => dismiss(id), action ? 3 * INFO_MS : INFO_MS);
}

/** One line about where a problem is: "model.mlir, line 3, column 5". */
export function place(problem: Problem): string {
  const { file, line, column } = problem.detail;
  if (line === undefined) return '';
  return `${file && file !== 'body' ? `${file}, ` : ''}line ${line}${column === undefined ? '' : `, column ${column}`}`;
}

/** Tells the user about anything that was thrown; cancelling is no problem. */
export function complain(thrown: unknown): void {
  if (isCancel(thrown)) return;
  const problem = Problem.of(thrown);
  if (!(thrown instanceof Problem)) console.error(thrown);
  const where = place(problem);
  add({ kind: 'error', text: sentence(problem.message) + (where ? ` (${where})` : ''), hint: problem.detail.hint });
}

/** With a capital letter and a full stop. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

export function Notices() {
  return (
    <div class="notices" role="log" aria-live="polite" aria-label="Messages">
      {notices.value.map((n) => (
        <div key={n.id} class={`notice ${n.kind}`} role={n.kind === 'error' ? 'alert' : 'status'}>
          <Icon name={n.kind === 'error' ? 'error' : 'info'} />
          <div class="notice-text">
            <div>{n.text}</div>
            {n.hint && <div class="muted">{sentence(n.hint)}</div>}
          </div>
          {n.action && (
            <button class="link" onClick={() => { n.action!.run(); dismiss(n.id); }}>{n.action.title}</button>
          )}
          <button class="icon-button" aria-label="Close the message" onClick={() => dismiss(n.id)}><Icon name="close" size={12} /></button>
        </div>
      ))}
    </div>
  );
}
