// Messages in a corner of the page: what went wrong, as a sentence with a cure; what was done. Errors stay until they
// are closed, the rest goes by itself.

import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { Icon } from './icons';
import { isCancel, Problem } from './source';
import { activePane, onStartPage, panes } from './store';

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

/** Rows of panels lie at the lower edge of the page, and graphs have room to spare: messages stand at the foot of the active
 * graph, over what it says of its size; without a graph that has room for them, in the middle of the page's lower edge. */
function placeNotices(box: HTMLElement): void {
  const pane = onStartPage.peek() ? null : activePane.peek();
  const r = pane && document.querySelector(`.canvas[data-pane="${CSS.escape(pane.id)}"]`)?.getBoundingClientRect();
  const fits = !!r && r.width >= LEAST_ROOM && r.height >= LEAST_ROOM / 2;
  box.style.left = fits ? `${r.left + 10}px` : '';
  box.style.bottom = fits ? `${innerHeight - r.bottom + 36}px` : '';
  box.style.transform = fits ? 'none' : '';
  box.style.maxWidth = fits ? `${Math.min(440, r.width - 20)}px` : '';
}
const LEAST_ROOM = 260;

export function Notices() {
  const box = useRef<HTMLDivElement>(null);
  const any = notices.value.length > 0, pane = activePane.value, start = onStartPage.value;
  useLayoutEffect(() => {
    if (!any) return;
    const element = box.current!, place = () => placeNotices(element);
    place();
    const observer = new ResizeObserver(place);
    for (const canvas of document.querySelectorAll('.canvas')) observer.observe(canvas);
    addEventListener('resize', place);
    return () => {
      observer.disconnect();
      removeEventListener('resize', place);
    };
  }, [any, pane, start, panes.value]);
  return (
    <div ref={box} class="notices" role="log" aria-live="polite" aria-label="Messages">
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
