// Keyboard shortcuts: from the commands' table to what is pressed.

import { allCommands, canRun, commandsVersion, runCommand, type Command } from './commands';
import { closeOverlay, hasOverlay } from './overlay';
import { activePane } from './store';

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

interface Chord {
  key: string;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

function parse(text: string): Chord {
  const parts = text.split('+');
  // "Ctrl++" is Ctrl and the plus
  const key = parts.at(-1) || '+';
  const has = (name: string) => parts.slice(0, -1).includes(name);
  return { key: key === 'Space' ? ' ' : key.length === 1 ? key.toLowerCase() : key, ctrl: has('Ctrl'), alt: has('Alt'), shift: has('Shift') };
}

/** Whether what is typed is meant for a field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|range|color|file)$/.test(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

let table: { chord: Chord; command: Command }[] = [];
let tableVersion = -1;

function chords(): typeof table {
  if (tableVersion !== commandsVersion.peek()) {
    tableVersion = commandsVersion.peek();
    table = allCommands().flatMap((command) => [command.shortcut ?? []].flat().map((s) => ({ chord: parse(s), command })));
  }
  return table;
}

function matches(chord: Chord, event: KeyboardEvent): boolean {
  const ctrl = event.ctrlKey || (MAC && event.metaKey);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // For signs such as "?" Shift only says how they are typed.
  const sign = chord.key.length === 1 && !/[a-z0-9 ]/.test(chord.key);
  return key === chord.key && ctrl === chord.ctrl && event.altKey === chord.alt && (sign || event.shiftKey === chord.shift);
}

/** Keys that controls use themselves when they have the focus. */
function belongsToControl(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  const onButton = !!target.closest('button, a[href], summary, [role=tab], [role=menuitem]');
  if (onButton && (event.key === ' ' || event.key === 'Enter')) return true;
  return !!target.closest('[role=listbox], [role=tree], [role=grid], [role=menu], [role=tablist], .resizer') && /^(Arrow|Page|Home|End|Enter| )/.test(event.key);
}

/** Listens to the keyboard of the whole page. */
export function startKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === 'Escape' && closeOverlay()) {
      event.preventDefault();
      return;
    }
    const typing = isTyping(event.target);
    for (const { chord, command } of chords()) {
      if (!matches(chord, event)) continue;
      const modified = chord.ctrl || chord.alt || /^F\d/.test(chord.key);
      if (typing && !modified) continue;
      if (!modified && (hasOverlay() || belongsToControl(event))) continue;
      const pane = activePane.peek();
      const context = { pane, node: pane?.selected.peek() ?? null, event };
      if (!canRun(command, context)) continue;
      event.preventDefault();
      runCommand(command, context);
      return;
    }
    // The browser's own search would only look through what happens to be in the document.
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && !typing) event.preventDefault();
  });
}

const NAMES: Record<string, string> = {
  ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', Delete: 'Del', ' ': 'Space',
};
const MAC_NAMES: Record<string, string> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };

/** A shortcut as people read it: "Ctrl+K", on a Mac "⌘K". Of several the first. */
export function shortcutText(shortcut: string | readonly string[] | undefined): string {
  const first = typeof shortcut === 'string' ? shortcut : shortcut?.[0];
  if (!first) return '';
  const parts = first.endsWith('++') ? [...first.slice(0, -2).split('+'), '+'] : first.split('+');
  if (MAC) return parts.map((p) => MAC_NAMES[p] ?? NAMES[p] ?? p).join('');
  return parts.map((p) => NAMES[p] ?? p).join('+');
}
