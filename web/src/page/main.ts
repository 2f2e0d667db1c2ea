// The first script of an exported page (src/cli/export.c): unpacks the parts that stand in the page as base64 of gzip, and
// starts the app over them.

import type {} from '../app/platform';
import { PageSource, type PageInfo } from './source';

async function unpack(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const element = document.getElementById(`ttx-${id}`);
  if (!element) throw new Error(`The page has no part ${id}.`);
  const packed = Uint8Array.from(atob(element.textContent.trim()), (c) => c.charCodeAt(0));
  element.remove();
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

async function start(): Promise<void> {
  const info = JSON.parse(document.getElementById('ttx-info')!.textContent) as PageInfo;
  const [style, dock, app, editor, worker, engine, core] = await Promise.all(['style', 'dock', 'app', 'editor', 'worker', 'engine', 'core'].map(unpack));
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
  const sheet = document.createElement('style');
  sheet.textContent = text(style);
  document.head.append(sheet);
  globalThis.ttxPage = { source: await PageSource.open(core!, info, unpack), worker: text(worker), wasm: engine!.buffer, editor: text(editor) };
  for (const part of [dock, app]) {
    const script = document.createElement('script');
    script.textContent = text(part);
    document.body.append(script);
  }
}

start().catch((thrown: unknown) => {
  const app = document.getElementById('app')!;
  app.textContent = `This page could not be opened. ${thrown instanceof Error ? thrown.message : String(thrown)}`;
});
