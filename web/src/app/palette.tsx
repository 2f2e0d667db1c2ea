// The command palette (Ctrl+K): all commands, and the nodes of the graph by label.

import { useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';

import { allCommands, canRun, runCommand, type Command, type CommandContext } from './commands';
import { Icon } from './icons';
import { shortcutText } from './keys';
import { showOverlay } from './overlay';
import { openGraph, refOf } from './open';
import { activePane, models, type Pane } from './store';
import { VirtualList } from './virtual';

type Entry =
  | { kind: 'command'; command: Command; score: number }
  | { kind: 'model'; id: string; title: string; score: number }
  | { kind: 'node'; node: number; title: string; detail: string; score: number };

const recent: string[] = [];
const RECENT = 5;
const NODES = 50;

export function openPalette(): void {
  const pane = activePane.peek();
  const context = { pane, node: pane?.selected.peek() ?? null };
  showOverlay((close) => <Palette context={context} close={close} />);
}

/** How well what was typed fits: its letters in order, better at the beginnings of words and side by side. -1: not at all. */
export function fit(typed: string, title: string): number {
  if (!typed) return 0;
  const text = title.toLowerCase();
  const whole = text.indexOf(typed);
  if (whole >= 0) return 1000 - whole - text.length / 100 + (whole === 0 || /\W/.test(text[whole - 1]!) ? 500 : 0);
  let score = 0, at = -1;
  for (const ch of typed) {
    if (ch === ' ') continue;
    const next = text.indexOf(ch, at + 1);
    if (next < 0) return -1;
    score += next === at + 1 ? 4 : next === 0 || /\W/.test(text[next - 1]!) ? 3 : 0;
    at = next;
  }
  return score - text.length / 100;
}

function nodesOf(pane: Pane | null, typed: string): Entry[] {
  const graph = pane?.graph.peek();
  if (!graph || typed.length < 2) return [];
  const verdict = new Map<number, number>();
  const found: Entry[] = [];
  for (let i = 1; i < graph.n && found.length < NODES; i++) {
    const label = graph.labelNumber(i);
    let score = verdict.get(label);
    if (score === undefined) {
      const text = graph.label(i).toLowerCase(), at = text.indexOf(typed);
      verdict.set(label, (score = at < 0 ? -1 : 100 - at - text.length / 100));
    }
    if (score >= 0) found.push({ kind: 'node', node: i, title: graph.label(i), detail: graph.namespace(graph.isLayer(i) ? graph.parent[i]! : i), score });
  }
  return found;
}

function Palette({ context, close }: { context: CommandContext; close: () => void }) {
  const text = useSignal('');
  const active = useSignal(0);
  const scrollTo = useSignal(-1);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => { input.current!.focus(); }, []); // also out of a field
  const typed = text.value.trim().toLowerCase();
  const entries = useMemo<Entry[]>(() => {
    const commands = allCommands().filter((c) => c.id !== 'app.palette' && canRun(c, context))
      .map((command): Entry => ({ kind: 'command', command, score: Math.max(fit(typed, command.title), fit(typed, `${command.group} ${command.title}`) - 50) + (recent.includes(command.id) ? 5 : 0) }))
      .filter((e) => e.score >= 0);
    if (!typed) return commands.sort((a, b) => b.score - a.score);
    const opened = models.peek().map((m): Entry => ({ kind: 'model', id: m.id, title: m.name, score: fit(typed, m.name) - 100 })).filter((e) => e.score > 0);
    return [...commands, ...opened, ...nodesOf(context.pane, typed)].sort((a, b) => b.score - a.score);
  }, [typed]);
  const take = (entry: Entry | undefined, alt: boolean) => {
    if (!entry) return;
    close();
    if (entry.kind === 'command') {
      recent.unshift(entry.command.id);
      recent.length = Math.min(recent.length, RECENT);
      runCommand(entry.command, context);
    } else if (entry.kind === 'model') {
      openGraph(refOf(entry.id), { where: alt ? 'right' : 'here' });
    } else {
      void context.pane?.locate(entry.node, { select: true });
    }
  };
  const at = Math.min(active.value, entries.length - 1);
  return (
    <div class="backdrop high" onPointerDown={(e) => { if (e.target === e.currentTarget) close(); }}>
      <div class="palette" role="dialog" aria-modal="true" aria-label="Commands">
        <div class="field">
          <Icon name="command" />
          <input ref={input} type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Command, model or node"
            placeholder="Command, model or node" value={text.value} spellcheck={false}
            onInput={(e) => { text.value = e.currentTarget.value; active.value = 0; scrollTo.value = 0; }}
            onKeyDown={(e) => {
              if (e.key === 'ArrowDown') active.value = (at + 1) % Math.max(1, entries.length);
              else if (e.key === 'ArrowUp') active.value = (at - 1 + entries.length) % Math.max(1, entries.length);
              else if (e.key === 'PageDown') active.value = Math.min(entries.length - 1, at + 10);
              else if (e.key === 'PageUp') active.value = Math.max(0, at - 10);
              else if (e.key === 'Enter') take(entries[at], e.altKey);
              else return;
              scrollTo.value = active.value;
              e.preventDefault();
              e.stopPropagation();
            }} />
        </div>
        <div class="palette-list" style={{ height: `${Math.min(14, Math.max(1, entries.length)) * 28}px` }}>
          {entries.length === 0 ? <p class="empty">Nothing fits.</p> : (
            <VirtualList id="palette-list" count={entries.length} rowHeight={28} label="Commands" active={at} scrollTo={scrollTo}
              row={(i) => {
                const entry = entries[i]!;
                const on = i === at;
                const props = { role: 'option' as const, 'aria-selected': on, class: `option ${on ? 'active' : ''}`, onClick: (e: MouseEvent) => take(entry, e.altKey) };
                if (entry.kind === 'command') {
                  return (
                    <div {...props} title={entry.command.help}><Icon name={entry.command.icon ?? 'command'} size={14} />
                      <span class="option-text">{entry.command.title}</span><span class="muted">{entry.command.group}</span>
                      {entry.command.shortcut && <kbd>{shortcutText(entry.command.shortcut)}</kbd>}</div>
                  );
                }
                return entry.kind === 'model'
                  ? <div {...props}><Icon name="file" size={14} /><span class="option-text">{entry.title}</span><span class="muted">model</span></div>
                  : <div {...props}><Icon name="graph" size={14} /><span class="option-text">{entry.title}</span><span class="muted ellipsis">{entry.detail}</span></div>;
              }} />
          )}
        </div>
      </div>
    </div>
  );
}
