// Measures the page in headless Chromium, which draws in software; prints "what<TAB>value<TAB>unit" lines.
//
//   node viewer.mjs PROGRAM LAYERS-100000 LAYERS-20000 FLAT-5000 FLAT-50000
//
// Times are from the start of the navigation to the moment the first frame of the graph was drawn (the mark
// `graph-drawn` of web/src/engine/view.ts). Each model is given to the server first, and read by it while the page loads.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const [program, layers100k, layers20k, flat5k, flat50k] = process.argv.slice(2);
process.env.TTX_PROGRAM = program;
const { Server } = await import('../tests/web/harness.mjs');
const { chromium } = await import('../tests/web/node_modules/playwright-core/index.mjs');

const server = await new Server().start([dirname(layers100k)]);
const browser = await chromium.launch({ executablePath: process.env.TTX_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const print = (what, value, unit) => console.log(`${what}\t${value}\t${unit}`);

/** Opens a page on a model; gives the page and the milliseconds to the first frame. */
async function open(file) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ['longtask'] });
  });
  const { id } = await server.api('POST', '/models', { path: file });
  await page.goto(`${server.url}/?model=${id}`);
  await page.waitForFunction(() => performance.getEntriesByName('graph-drawn').length > 0, null, { polling: 20, timeout: 60000 });
  const ms = await page.evaluate(() => performance.getEntriesByName('graph-drawn')[0].startTime);
  await page.waitForFunction(() => globalThis.ttxTest?.ready(), null, { timeout: 30000 });
  return { page, context, ms };
}

/** Calls a function in the page with the view of the first pane. */
const withView = (page, run, ...args) =>
  page.evaluate(([text, rest]) => ttxTest.withView(0, new Function('view', 'args', `return (${text})(view, ...args)`), rest), [run.toString(), args]);

/** Private memory of the largest page process. */
async function pageBytes() {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  let most = 0;
  for (const p of processInfo.filter((i) => i.type === 'renderer')) {
    const line = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${p.id}/status`, 'utf8'));
    most = Math.max(most, Number(line?.[1] ?? 0) * 1024);
  }
  return most;
}

/** Longest piece of work of the main thread since last asked, in ms; below 50 there is no record of it. */
const longest = (page) => page.evaluate(() => Math.max(0, ...longTasks.splice(0)));

try {
  {
    const { page, context, ms } = await open(layers100k);
    print('100k nodes in layers: navigation to first frame', ms, 'ms');
    print('100k nodes in layers: memory of the page', (await pageBytes()) / 1e6, 'MB');
    print('100k nodes in layers: longest task of the main thread', await longest(page), 'ms');
    const all = await withView(page, async (view) => {
      const start = performance.now();
      await view.expandAll();
      return performance.now() - start;
    });
    print('100k nodes in layers: open all', all, 'ms');
    print('100k nodes in layers: memory with all open', (await pageBytes()) / 1e6, 'MB');
    await context.close();
  }
  {
    const { page, context, ms } = await open(layers20k);
    print('20k nodes in layers: navigation to first frame', ms, 'ms');
    await longest(page);
    const all = await withView(page, async (view) => {
      const drawn = new Promise((done) => view.on('drawn', done)), start = performance.now();
      await view.expandAll();
      await drawn;
      return performance.now() - start;
    });
    print('20k nodes in layers: open all, to the drawn frame', all, 'ms');
    for (const zoom of [0.02, 0.1, 0.5]) {
      // Where most is to be seen: around the middle of the drawing.
      const rate = await withView(page, async (view, z) => {
        const frame = () => new Promise(requestAnimationFrame), wait = (ms) => new Promise((r) => setTimeout(r, ms));
        const { w, h } = view.world, rates = {};
        view.setCamera({ x: w / 2, y: h / 2, zoom: z });
        await wait(500);
        for (const [what, step] of [['pan', (k) => view.panBy(9 * Math.cos(k / 15), 14 * Math.sin(k / 25))],
          ['zoom', (k) => view.zoomBy(k % 80 < 40 ? 1.02 : 1 / 1.02, { x: 600, y: 400 }, false)]]) {
          await view.stats();
          const start = performance.now();
          for (let k = 0; performance.now() - start < 1500; k++) {
            step(k);
            await frame();
          }
          const { frames, longestFrameMs } = await view.stats();
          rates[what] = [(frames / (performance.now() - start)) * 1000, longestFrameMs];
        }
        return rates;
      }, zoom);
      for (const what of ['pan', 'zoom']) {
        print(`20k nodes, all open, zoom ${zoom}: ${what}`, rate[what][0], 'frames/s');
        print(`20k nodes, all open, zoom ${zoom}: ${what}, longest frame`, rate[what][1], 'ms');
      }
    }
    print('20k nodes: longest task of the main thread meanwhile', await longest(page), 'ms');
    await context.close();
  }
  for (const [name, file] of [['5k', flat5k], ['50k', flat50k]]) {
    const { context, ms } = await open(file);
    print(`flat ${name} nodes: navigation to first frame`, ms, 'ms');
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}
