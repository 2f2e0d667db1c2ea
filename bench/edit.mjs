// Measures one edit of an override in headless Chromium: from the change event of the field in the inspector to the first
// frame of the new stage's graph; prints "what<TAB>value<TAB>unit" lines.
//
//   node edit.mjs PROGRAM MODEL.mlir [TRACE]
//
// With TRACE each edit's requests and marks are told on standard error: when they began and ended after the event.
import { dirname } from 'node:path';

const [program, model, trace] = process.argv.slice(2);
process.env.TTX_PROGRAM = program;
const { Server } = await import('../tests/web/harness.mjs');
const { chromium } = await import('../tests/web/node_modules/playwright-core/index.mjs');

const EDITS = 12;
const server = await new Server().start([dirname(model)]);
const browser = await chromium.launch({ executablePath: process.env.TTX_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'] });

try {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.addInitScript(() => {
    addEventListener('change', (e) => {
      if (e.target instanceof HTMLSelectElement && e.target.closest('.override-field')) performance.mark('edit');
    }, true);
    performance.setResourceTimingBufferSize(10000);
  });
  const { id } = await server.api('POST', '/models', { path: model });
  await page.goto(`${server.url}/?model=${id}`);
  await page.waitForFunction(() => globalThis.ttxTest?.ready(), null, { timeout: 30000 });
  const drawn = () => page.evaluate(() => performance.getEntriesByName('graph-drawn').length);
  const moreDrawn = (n) => page.waitForFunction((m) => performance.getEntriesByName('graph-drawn').length > m, n, { polling: 20, timeout: 30000 });
  await page.keyboard.press('c');
  const before = await drawn();
  await page.locator('button.primary', { hasText: 'Compile' }).click();
  await moreDrawn(before);
  await page.waitForFunction(() => ttxTest.ready());
  await page.evaluate(() => ttxTest.run('graph.expandAll', 0));
  await page.waitForFunction(() => ttxTest.ready());
  await page.keyboard.press('Control+f');
  await page.getByLabel('Search the graph').fill('ttnn.matmul');
  await page.locator('.count', { hasText: /^\d+ match/ }).first().waitFor();
  await page.keyboard.press('Enter');
  const field = page.getByLabel('output_layout data_type');
  await field.waitFor();
  const times = [];
  for (let i = 0; i < EDITS; i++) {
    await page.waitForFunction(() => ttxTest.ready());
    await field.waitFor();
    const was = await field.inputValue(), n = await drawn();
    const options = await field.locator('option:not([disabled])').evaluateAll((all) => all.map((o) => o.value).filter((v) => v));
    await field.selectOption(options.filter((v) => v !== was)[i % (options.length - 1)]);
    await moreDrawn(n);
    const [ms, log] = await page.evaluate(() => {
      const at = performance.getEntriesByName('edit').at(-1).startTime;
      const end = performance.getEntriesByName('graph-drawn').at(-1).startTime;
      const requests = performance.getEntriesByType('resource').filter((e) => e.startTime >= at && e.startTime <= end)
        .map((e) => `${(e.startTime - at).toFixed(1)}-${(e.responseEnd - at).toFixed(1)} ${new URL(e.name).pathname.slice(-40)}`);
      return [end - at, requests];
    });
    times.push(ms);
    if (trace) console.error(`${ms.toFixed(1)} ms\n  ${log.join('\n  ')}`);
  }
  times.sort((a, b) => a - b);
  console.log(`edit to the drawn frame, median\t${times[times.length >> 1].toFixed(1)}\tms`);
  console.log(`edit to the drawn frame, best\t${times[0].toFixed(1)}\tms`);
} finally {
  await browser.close();
  await server.stop();
}
