// The text of the stage beside the graph: what is selected in the graph is marked in the text, a click in the text selects
// in the graph. Long texts are read piece by piece around what is looked at.

import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { LayerKind, type CompactGraph } from '../../engine/graph';
import * as api from '../api';
import { registerCommands } from '../commands';
import { openPanel } from '../dock';
import type { Marked, Reader } from '../editor';
import { editors } from '../editors';
import { Icon } from '../icons';
import { complain, sentence } from '../notify';
import { panels } from '../panels';
import { isCancel, Problem, sameRef, type GraphRef } from '../source';
import { kept } from '../settings';
import { activePane, source, type Pane } from '../store';
import { nextTask } from '../turn';

/** Bytes read at once, and held at most: beyond that the text is read anew around the place. */
const PIECE = 1 << 18;
const HELD = 12 << 20;

const follow = kept('textFollow', true);

/** What of a text the reader has: bytes [begin, end) of total. */
interface Held {
  ref: GraphRef;
  begin: number;
  end: number;
  total: number;
  /** The byte where the part begins: before it there are only line breaks. */
  first: number;
}

class TextWindow {
  held: Held | null = null;
  private busy = false;
  private abort = new AbortController();

  constructor(private readonly reader: Reader) {}

  stop(): void {
    this.abort.abort();
  }

  private get(ref: GraphRef, range: Parameters<typeof api.getText>[1]): Promise<api.TextRange> {
    return api.getText(ref, range, { signal: this.abort.signal });
  }

  /** Whole lines only: cut after the last line break unless the text ends there. */
  private static whole(t: api.TextRange): { text: string; end: number } {
    if (t.end >= t.total) return { text: t.text, end: t.total };
    const cut = t.text.lastIndexOf('\n') + 1;
    if (!cut) return { text: t.text, end: t.end };
    return { text: t.text.slice(0, cut), end: t.end - new TextEncoder().encode(t.text.slice(cut)).length };
  }

  /** Reads the text so that a line is in it. */
  async show(ref: GraphRef, line: number): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    this.held = null;
    let t = await this.get(ref, line <= 2000 ? { from: 0, to: PIECE } : { line: Math.max(1, line - 1500), lines: 4000 });
    if (line > 2000 && t.line > line) t = await this.get(ref, { line, lines: 4000 });
    const { text, end } = TextWindow.whole(t);
    // Parts of a file begin with line breaks for the parts before them: the numbers are right, the emptiness is not read.
    const skip = t.begin === 0 && t.first > 0 ? t.first : 0;
    this.reader.set(skip ? text.slice(skip) : text, skip ? skip + 1 : t.line);
    this.held = { ref, begin: skip || t.begin, end, total: t.total, first: t.first };
  }

  /** Reads on at an end that has come into sight. */
  async more(end: 'top' | 'bottom'): Promise<void> {
    const held = this.held;
    if (!held || this.busy) return;
    if (end === 'bottom' ? held.end >= held.total : held.begin <= held.first) return;
    if (held.end - held.begin > HELD) return;
    this.busy = true;
    try {
      if (end === 'bottom') {
        const t = await this.get(held.ref, { from: held.end, to: held.end + PIECE });
        if (this.held !== held) return;
        const piece = TextWindow.whole(t);
        this.reader.append(piece.text);
        held.end = piece.end;
      } else {
        const last = this.reader.lines.first - 1, first = Math.max(1, last - 4000);
        const t = await this.get(held.ref, { line: first, lines: last - first + 1 });
        if (this.held !== held || t.end !== held.begin) return;
        this.reader.prepend(t.text, first);
        held.begin = t.begin;
      }
    } catch (thrown) {
      if (!isCancel(thrown)) throw thrown;
    } finally {
      this.busy = false;
    }
  }
}

/** Layers made of locations and the like stand nowhere in the text. */
function standsInText(graph: CompactGraph, node: number): boolean {
  return !graph.isLayer(node) || graph.layerKind[node] === LayerKind.Module || graph.layerKind[node] === LayerKind.Function;
}

function Text() {
  const host = useRef<HTMLDivElement>(null);
  const reader = useSignal<{ reader: Reader; window: TextWindow } | null>(null);
  const problem = useSignal<Problem | null>(null);
  const where = useSignal('');
  /** The node that was selected by a click in the text: the text stays where it is. */
  const mine = useRef<number | null>(null);

  useEffect(() => {
    let it: TextWindow | null = null, r: Reader | null = null, gone = false;
    editors().then(async (all) => {
      if (gone) return;
      const made = r = new all.Reader(host.current!, {
        colours: all.mlirColours, label: 'Text of the stage',
        onClick: (line, column) => void clicked(line, column, made, mine).catch(complain),
        onEdge: (end) => void it?.more(end).catch(complain),
      });
      await nextTask(); // making it is a task of its own
      if (gone) return;
      it = new TextWindow(made);
      reader.value = { reader: made, window: it };
    }).catch(complain);
    return () => {
      gone = true;
      it?.stop();
      r?.destroy();
    };
  }, []);

  useSignalEffect(() => {
    const both = reader.value, pane = activePane.value, ref = pane?.ref.value, graph = pane?.graph.value;
    const failed = pane?.problem.value?.detail.line;
    const node = pane?.selected.value ?? null, on = follow.value;
    if (!both || !pane || !ref || (!graph && failed === undefined)) return;
    problem.value = null;
    let gone = false;
    const mark = async () => {
      const held = both.window.held;
      const fresh = !held || !sameRef(held.ref, ref);
      let marks: Marked[] = [];
      if (failed !== undefined) {
        marks = [{ from: failed, to: failed, kind: 'error' }];
      } else if (node !== null && graph && node < graph.n && standsInText(graph, node)) {
        const lines = await api.getLinesOfOp(ref, node);
        marks = [{ from: lines.line, to: lines.end_line - (lines.end_column <= 1 ? 1 : 0), kind: 'selected' }];
      }
      if (gone) return;
      const line = marks[0]?.from ?? 1;
      const { first, last } = both.reader.lines;
      if (fresh || (marks.length && on && (line < first || line > last))) await both.window.show(ref, line);
      if (gone) return;
      both.reader.mark(marks, on && marks.length > 0 && mine.current !== node && (fresh || !both.reader.sees(line)));
      where.value = marks[0] ? (marks[0].to > marks[0].from ? `lines ${marks[0].from}–${marks[0].to}` : `line ${marks[0].from}`) : '';
      mine.current = null;
    };
    mark().catch((thrown) => { if (!gone && !isCancel(thrown)) problem.value = Problem.of(thrown); });
    return () => { gone = true; };
  });

  const pane = activePane.value, ref = pane?.ref.value;
  const file = ref ? source().url(`/models/${ref.model}/file`) : null;
  return (
    <div class="panel text">
      <div class="panel-bar">
        <span class="grow ellipsis">{pane?.title.value} <span class="muted">{where.value}</span></span>
        <button class={`icon-button small ${follow.value ? 'on' : ''}`} aria-pressed={follow.value} aria-label="Follow the selection" title="Follow the selection"
          onClick={() => { follow.value = !follow.value; }}><Icon name="locate" size={14} /></button>
        {file && <a class="icon-button small" href={file} download={pane?.model.value?.name ?? 'model.mlir'} aria-label="Download the file" title="Download the file"><Icon name="download" size={14} /></a>}
      </div>
      {problem.value && <p class="empty">{sentence(problem.value.message)}{problem.value.detail.hint && ` ${sentence(problem.value.detail.hint)}`}</p>}
      <div ref={host} class="editor grow" hidden={!!problem.value} />
    </div>
  );
}

/** Selects the op at a place of the text. */
async function clicked(line: number, column: number, reader: Reader, mine: { current: number | null }): Promise<void> {
  const pane: Pane | null = activePane.peek(), ref = pane?.ref.peek();
  if (!pane || !ref || !pane.graph.peek()) return;
  const { ops, around } = await api.getOpsOfLines(ref, line, line);
  let node = ops.find((op) => op.node)?.node ?? around ?? 0;
  if (ops.length > 1) {
    // Several ops on one line: the last that begins before the place. Offsets are bytes; those of a line grow alike.
    const lead = new TextEncoder().encode(reader.lineText(line).slice(0, column)).length;
    const first = ops[0]!;
    const indent = new TextEncoder().encode(/^\s*/.exec(reader.lineText(line))![0]).length;
    const hit = ops.filter((op) => op.node && op.begin - first.begin + indent <= lead).at(-1);
    if (hit) node = hit.node;
  }
  if (!node) return;
  mine.current = node;
  await pane.locate(node, { select: true });
}

panels.add({
  id: 'text', title: 'Text', icon: 'text', side: 'beside', order: 50, shortcut: 'T',
  help: 'The text of the stage, linked with the graph both ways.', component: Text,
});

registerCommands({
  id: 'text.show', title: 'Show in the text', group: 'Selection', icon: 'text', menus: ['node', 'layer'], order: 305,
  when: (c) => c.node !== null && !!c.pane?.graph.value,
  run: (c) => {
    c.pane!.select([c.node!]);
    openPanel('text');
  },
});
