// Colours for MLIR text, and plainer ones for the sources it came from: token by token, so that a text may begin and end
// anywhere and be of any length.

import { HighlightStyle, StreamLanguage, syntaxHighlighting, type StringStream } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';

const KEYWORDS = new Set([
  'module', 'func', 'private', 'public', 'nested', 'attributes', 'loc', 'dense', 'dense_resource', 'array', 'true', 'false', 'unit',
  'strided', 'affine_map', 'affine_set', 'external', 'to', 'step', 'iter_args', 'return', 'callsite', 'fused', 'at', 'opaque', 'unknown',
]);
const TYPES = new Set(['tensor', 'memref', 'vector', 'tuple', 'complex', 'none', 'index', 'token']);

/** One token; gives the name of its tag. */
function mlirToken(stream: StringStream): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.match(/^"[\w$]+(?:\.[\w$]+)+"(?=\()/)) return 'function';
  if (stream.peek() === '"') {
    stream.next();
    for (let ch = stream.next(); ch !== undefined && ch !== '"'; ch = stream.next()) if (ch === '\\') stream.next();
    return 'string';
  }
  if (stream.match(/^%[\w$.-]+(?:#\d+)?/)) return 'variableName';
  if (stream.match(/^@(?:"[^"]*"|[\w$.-]+)/)) return 'labelName';
  if (stream.match(/^\^[\w$.-]+/)) return 'labelName';
  if (stream.match(/^![\w$.-]+/)) return 'typeName';
  if (stream.match(/^#[\w$.-]+/)) return 'attributeName';
  // A shape: 1x128x?xbf16 and the like, inside <...>
  if (stream.match(/^(?:(?:\d+|\?|\*)x)+(?:[a-zA-Z]\w*)?/)) return 'typeName';
  if (stream.match(/^[-+]?(?:0x[\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)/)) return 'number';
  const word = stream.match(/^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*/) as RegExpMatchArray | null;
  if (word) {
    const text = word[0];
    if (text.includes('.')) return 'function';
    if (TYPES.has(text) || /^(?:[su]?i|b?f|bf|f8E\w+|tf)\d+\w*$/.test(text)) return 'typeName';
    if (KEYWORDS.has(text)) return 'keyword';
    return stream.match(/^\s*=(?!=)/, false) ? 'propertyName' : null;
  }
  if (stream.match('->')) return 'operator';
  stream.next();
  return null;
}

const CODE_WORDS = new Set(('and as assert async auto await bool break case catch char class const continue def default del do double elif else ' +
  'enum except extern false False finally float for from global if import in int is lambda None nonlocal not or pass raise return self ' +
  'static struct switch true True try typedef using void while with yield').split(' '));

/** Python and languages like C, well enough to read. */
function codeToken(stream: StringStream, state: { quote: string }): string | null {
  if (state.quote) {
    if (stream.skipTo(state.quote)) {
      stream.match(state.quote);
      state.quote = '';
    } else {
      stream.skipToEnd();
    }
    return 'string';
  }
  if (stream.eatSpace()) return null;
  if (stream.match('#') || stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  const long = stream.match(/^(?:"""|''')/) as RegExpMatchArray | null;
  if (long) {
    state.quote = long[0];
    return 'string';
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return 'string';
  if (stream.match(/^\d[\w.]*/)) return 'number';
  if (stream.match(/^@[\w.]+/)) return 'labelName';
  const word = stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null;
  if (word) return CODE_WORDS.has(word[0]) ? 'keyword' : stream.peek() === '(' ? 'function' : null;
  stream.next();
  return null;
}

const tokenTable = { function: tags.function(tags.variableName) };
const mlir = StreamLanguage.define({ name: 'mlir', token: mlirToken, tokenTable, languageData: { commentTokens: { line: '//' } } });
const code = StreamLanguage.define<{ quote: string }>({
  name: 'code', startState: () => ({ quote: '' }), token: codeToken, tokenTable,
});

/** Classes instead of colours, so that the style sheet has the themes. */
const style = HighlightStyle.define([
  { tag: tags.comment, class: 'tok-comment' },
  { tag: tags.string, class: 'tok-string' },
  { tag: tags.number, class: 'tok-number' },
  { tag: tags.keyword, class: 'tok-keyword' },
  { tag: tags.typeName, class: 'tok-type' },
  { tag: tags.variableName, class: 'tok-value' },
  { tag: tags.function(tags.variableName), class: 'tok-op' },
  { tag: tags.labelName, class: 'tok-symbol' },
  { tag: tags.attributeName, class: 'tok-attr' },
  { tag: tags.propertyName, class: 'tok-key' },
]);

export const mlirColours: Extension = [mlir, syntaxHighlighting(style)];
export const codeColours: Extension = [code, syntaxHighlighting(style)];
