// Bundles the page:
//
//   node build.mjs --out DIR [--wasm engine.wasm [--wasm core.wasm]] [--depfile FILE --target NAME]
//
// DIR then has index.html and, named by the hash of their content so that browsers may keep them for ever, the page's
// script and style, the scripts of its docking area and its editors, the engine's worker and its WebAssembly; and
// element.js, the custom element for other pages; and the examples. The depfile names all that went in, for ninja.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const WEB = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    wasm: { type: 'string', multiple: true, default: [] },
    depfile: { type: 'string' },
    target: { type: 'string' },
    readable: { type: 'boolean' }, // for debugging: not minified
  },
});
const OUT = resolve(options.out);

// dockview-core brings its style only inside a script that also has its twenty themes; the page has its own theme.
const dockviewStyle = {
  name: 'dockview-style',
  setup(b) {
    b.onResolve({ filter: /^dockview\.css$/ }, () => ({ path: 'dockview.css', namespace: 'dockview' }));
    b.onLoad({ filter: /.*/, namespace: 'dockview' }, () => {
      const file = join(WEB, 'node_modules/dockview-core/dist/dockview-core.js');
      const found = /s\.textContent = ("(?:[^"\\]|\\.)*")/.exec(readFileSync(file, 'utf8'));
      if (!found) return { errors: [{ text: `no style in ${file}` }] };
      const css = JSON.parse(found[1]).replace(/[^{}]*\.dockview-theme-[^{}]*\{[^{}]*\}/g, '');
      return { contents: css, loader: 'css' };
    });
  },
};

const common = {
  bundle: true,
  write: false,
  metafile: true,
  minify: !options.readable,
  legalComments: 'none',
  target: ['es2022'],
  logLevel: 'warning',
  absWorkingDir: WEB,
  nodePaths: [join(WEB, 'node_modules')],
};
const inputs = new Set([fileURLToPath(import.meta.url), join(WEB, 'package-lock.json'), join(WEB, 'tsconfig.json')]);

async function bundle(entry, more = {}) {
  const done = await build({ ...common, entryPoints: [entry], outdir: OUT, ...more });
  for (const path of Object.keys(done.metafile.inputs))
    if (!path.includes(':') && !path.includes('node_modules')) inputs.add(join(WEB, path));
  return done.outputFiles;
}

const written = {};
function put(name, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  const dot = name.lastIndexOf('.');
  written[name] = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
  writeFileSync(join(OUT, written[name]), contents);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

// The examples of the start page: the files, and what their first line says they are.
const FOLDER = join(WEB, '../examples');
mkdirSync(join(OUT, 'examples'));
const examples = readdirSync(FOLDER).filter((name) => name.endsWith('.mlir')).sort().map((name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  inputs.add(join(FOLDER, name));
  writeFileSync(join(OUT, 'examples', name), text);
  return { name, about: /^\/\/ *([^.,:;\n]*)/.exec(text)?.[1] ?? '' };
});

const page = await bundle('src/main.tsx', {
  format: 'iife', jsx: 'automatic', jsxImportSource: 'preact', plugins: [dockviewStyle], define: { EXAMPLES: JSON.stringify(examples) },
});
for (const file of page) put(file.path.endsWith('.css') ? 'app.css' : 'app.js', file.contents);
put('dock.js', (await bundle('src/app/dockview.ts', { format: 'iife', globalName: 'ttxDockview' }))[0].contents);
put('editor.js', (await bundle('src/app/editor.ts', { format: 'iife', globalName: 'ttxEditor' }))[0].contents);
put('boot.js', (await bundle('src/boot.ts', { format: 'iife' }))[0].contents);
put('worker.js', (await bundle('src/engine/worker.ts', { format: 'iife' }))[0].contents);
// Other pages name it in their text, so it has one name for ever.
writeFileSync(join(OUT, 'element.js'), (await bundle('src/element/element.ts', { format: 'iife' }))[0].contents);
put('page.js', (await bundle('src/page/main.ts', { format: 'iife' }))[0].contents); // of exported pages
for (const file of options.wasm) put(basename(file), readFileSync(file));

const template = join(WEB, 'index.html');
const icon = join(WEB, 'icon.svg');
inputs.add(template).add(icon);
for (const file of options.wasm) inputs.add(resolve(file));
put('icon.svg', readFileSync(icon));
writeFileSync(join(OUT, 'index.html'), readFileSync(template, 'utf8')
  .replace(/\{\{(.+?)\}\}/g, (_, name) => written[name] ?? ''));

if (options.depfile) {
  const names = [...inputs].filter(existsSync).map((p) => relative(process.cwd(), p).replaceAll(' ', '\\ '));
  writeFileSync(options.depfile, `${options.target}: ${names.join(' ')}\n`);
}
