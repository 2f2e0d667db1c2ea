// CodeMirror as this page uses it: a reader of text with marked lines, and a small editor.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, RangeSetBuilder, StateEffect, StateField, type Extension } from '@codemirror/state';
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, type DecorationSet } from '@codemirror/view';

export { codeColours, mlirColours } from './mlir_language';

/** Lines that are marked: numbers of the document, from 1, inclusive. */
export interface Marked {
  from: number;
  to: number;
  kind: 'selected' | 'error' | 'found';
}
/** Marks of larger ranges stop here: more lines than a screen has. */
const MARKED_MOST = 400;

const setMarked = StateEffect.define<readonly Marked[]>();
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, transaction) {
    let now = old.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMarked)) continue;
      const builder = new RangeSetBuilder<Decoration>();
      const doc = transaction.state.doc;
      for (const m of [...effect.value].sort((a, b) => a.from - b.from))
        for (let line = Math.max(1, m.from); line <= Math.min(m.to, doc.lines, m.from + MARKED_MOST); line++)
          builder.add(doc.line(line).from, doc.line(line).from, Decoration.line({ class: `cm-marked-${m.kind}` }));
      now = builder.finish();
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class Reader {
  readonly view: EditorView;
  private readonly numbers = new Compartment();
  private firstLine = 1;

  constructor(host: HTMLElement, options: { colours: Extension; label: string; onClick?: (line: number, column: number) => void; onEdge?: (end: 'top' | 'bottom') => void }) {
    this.view = new EditorView({
      parent: host,
      state: EditorState.create({
        extensions: [
          this.numbers.of(lineNumbers()), options.colours, marked, drawSelection(), bracketMatching(), highlightSelectionMatches(),
          search({ top: true }), keymap.of([...searchKeymap, ...defaultKeymap]),
          EditorState.readOnly.of(true), EditorView.editable.of(false),
          EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': options.label, 'aria-readonly': 'true', role: 'textbox', 'aria-multiline': 'true' }),
          EditorView.domEventHandlers({
            click: (event, view) => {
              const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
              if (at === null || !view.state.selection.main.empty) return;
              const line = view.state.doc.lineAt(at);
              options.onClick?.(this.firstLine + line.number - 1, at - line.from);
            },
          }),
        ],
      }),
    });
    this.view.scrollDOM.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = this.view.scrollDOM;
      if (scrollTop < clientHeight) options.onEdge?.('top');
      else if (scrollTop + 2 * clientHeight > scrollHeight) options.onEdge?.('bottom');
    });
  }

  get lines(): { first: number; last: number } {
    return { first: this.firstLine, last: this.firstLine + this.view.state.doc.lines - 1 };
  }

  /** Shows a text whose first line has this number. */
  set(text: string, firstLine: number): void {
    this.firstLine = firstLine;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      effects: this.numbers.reconfigure(lineNumbers({ formatNumber: (n) => String(n + this.firstLine - 1) })),
    });
  }

  append(text: string): void {
    this.view.dispatch({ changes: { from: this.view.state.doc.length, insert: text } });
  }

  /** More text before the first line; what is in sight stays where it is. */
  prepend(text: string, firstLine: number): void {
    const { scrollDOM } = this.view;
    const before = scrollDOM.scrollHeight;
    this.firstLine = firstLine;
    this.view.dispatch({
      changes: { from: 0, insert: text },
      effects: this.numbers.reconfigure(lineNumbers({ formatNumber: (n) => String(n + this.firstLine - 1) })),
    });
    this.view.requestMeasure({ read: () => scrollDOM.scrollHeight, write: (now) => { scrollDOM.scrollTop += now - before; } });
  }

  /** Marks lines, and brings the first into sight. */
  mark(ranges: readonly Marked[], scroll: boolean): void {
    const doc = this.view.state.doc;
    const local = ranges.map((m) => ({ ...m, from: m.from - this.firstLine + 1, to: m.to - this.firstLine + 1 }))
      .filter((m) => m.to >= 1 && m.from <= doc.lines);
    const first = local[0];
    this.view.dispatch({
      effects: [
        setMarked.of(local),
        ...(scroll && first ? [EditorView.scrollIntoView(doc.line(Math.max(1, first.from)).from, { y: 'center' })] : []),
      ],
    });
  }

  /** Whether a line is in sight. */
  sees(line: number): boolean {
    const n = line - this.firstLine + 1;
    if (n < 1 || n > this.view.state.doc.lines) return false;
    const block = this.view.lineBlockAt(this.view.state.doc.line(n).from);
    const { scrollTop, clientHeight } = this.view.scrollDOM;
    return block.top >= scrollTop && block.bottom <= scrollTop + clientHeight;
  }

  lineText(line: number): string {
    const n = line - this.firstLine + 1;
    return n >= 1 && n <= this.view.state.doc.lines ? this.view.state.doc.line(n).text : '';
  }

  destroy(): void {
    this.view.destroy();
  }
}

/** An editor for a short text. */
export function makeEditor(host: HTMLElement, colours: Extension, text: string, label: string, onChange: (text: string) => void): EditorView {
  return new EditorView({
    parent: host,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), colours, drawSelection(), bracketMatching(), highlightActiveLine(), marked,
        keymap.of([...historyKeymap, ...defaultKeymap]), EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of((u) => { if (u.docChanged) onChange(u.state.doc.toString()); }),
      ],
    }),
  });
}

/** Marks a line of an editor made by makeEditor. */
export function markError(view: EditorView, line: number): void {
  const at = Math.min(Math.max(1, line), view.state.doc.lines);
  view.dispatch({
    effects: [setMarked.of([{ from: at, to: at, kind: 'error' }]), EditorView.scrollIntoView(view.state.doc.line(at).from, { y: 'center' })],
  });
}
