#!/usr/bin/env node
// Makes the pictures of the user guide (docs/guide/images) by using the program as the guide tells: make screenshots
//
// It needs what the browser tests need (tests/web), whose harness it uses.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { chromium } from "../tests/web/node_modules/playwright-core/index.mjs";
import { ROOT, Server } from "../tests/web/harness.mjs";

const FOLDER = join(ROOT, "docs/guide/images");
const SIZE = { width: 1440, height: 860 };

// The checksum of PNG's chunks.
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// A picture in 256 colours: its most frequent ones, every other pixel in the nearest of them. A third of the bytes.
async function smaller(page, png) {
  const { width, height, palette, pixels } = await page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const colours = new Uint32Array(data.buffer), counts = new Map();
    for (const c of colours) counts.set(c, (counts.get(c) ?? 0) + 1);
    const kept = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([c]) => c);
    const part = (c, i) => (c >>> (8 * i)) & 255;
    const near = new Map(kept.map((c, i) => [c, i]));
    for (const c of counts.keys()) {
      if (near.has(c)) continue;
      let best = 0, least = Infinity;
      kept.forEach((k, i) => {
        const d = (part(c, 0) - part(k, 0)) ** 2 + (part(c, 1) - part(k, 1)) ** 2 + (part(c, 2) - part(k, 2)) ** 2;
        if (d < least) [best, least] = [i, d];
      });
      near.set(c, best);
    }
    return {
      width: bitmap.width, height: bitmap.height, palette: kept.flatMap((c) => [part(c, 0), part(c, 1), part(c, 2)]),
      pixels: Array.from(colours, (c) => String.fromCharCode(near.get(c))).join(""),
    };
  }, png.toString("base64"));
  const rows = Buffer.alloc((width + 1) * height); // a 0 before each row: no filter
  const indices = Buffer.from(pixels, "latin1");
  for (let y = 0; y < height; y++) indices.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]), frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("PLTE", Buffer.from(palette)),
    chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}

const server = await new Server().start([join(ROOT, "examples")]);
const browser = await chromium.launch({
  executablePath: process.env.TTX_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb"],
});
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
  page.setDefaultTimeout(15000);
  const ready = () => page.waitForFunction(() => globalThis.ttxTest?.ready(), null, { polling: 50 });
  const panel = (id) => page.locator(`[data-panel="${id}"]`);
  const button = (id, name) => panel(id).getByRole("button", { name, exact: true });
  const open = (name) => page.getByRole("button", { name: new RegExp(`^${name}`) }).first().click();
  // Messages that come and go are not what a picture is for.
  const shot = async (name) => {
    for (const close = page.getByLabel("Close the message").first(); await close.count();) await close.click();
    await page.mouse.move(SIZE.width / 2, 5);
    await ready();
    await page.waitForTimeout(400);
    const bytes = await smaller(page, await page.screenshot());
    writeFileSync(join(FOLDER, `${name}.png`), bytes);
    console.log(`docs/guide/images/${name}.png ${bytes.length} bytes`);
  };

  await page.goto(server.url);
  await page.getByText("mnist.mlir").first().waitFor();
  await shot("start");

  await page.getByText("mnist.mlir").first().click();
  await ready();
  await page.keyboard.press("m"); // without the minimap there is more to see
  await open("Search");
  await page.getByLabel("Search the graph").fill("ttir.matmul");
  await panel("search").getByRole("treeitem").filter({ has: page.getByText("ttir.matmul", { exact: true }) }).nth(2).click();
  await shot("find");

  await open("Compile");
  await button("compile", "Compile").click();
  await panel("compile").getByText("ttnn-deallocate").waitFor();
  await shot("compile");
  const first = panel("compile").locator('div[role="option"]').first();
  await first.hover();
  await first.getByRole("button", { name: /beside/ }).click();
  await page.waitForFunction(() => document.querySelectorAll(".graph-pane").length === 2);
  await shot("beside");
  await page.keyboard.press("Alt+w");
  await ready();

  await open("Execute");
  await button("execute", "Execute").click();
  await panel("execute").getByText(/agree with PCC|falls below/).waitFor(); // accuracy comes last
  await page.getByText(/^Executed\./).first().waitFor(); // the message that shot() closes
  await shot("execute");
  await open("Node data");
  await panel("nodedata").getByRole("button", { name: /time \(us\)/ }).first().click();
  await shot("nodes");
  await open("Node data");

  for (const [key, value] of [["data_type", "bfp_bf8"], ["buffer_type", "l1"], ["tensor_memory_layout", "block_sharded"]]) {
    const run = await panel("compile").getByLabel("Run").inputValue();
    if ((await page.getByLabel(`output_layout ${key}`).inputValue()) === value) continue;
    await page.getByLabel(`output_layout ${key}`).selectOption(value);
    await page.waitForFunction((before) => document.querySelector('[aria-label="Run"]')?.value !== before, run);
    await ready();
    await page.waitForTimeout(300);
  }
  await shot("override");
  await button("execute", "Execute").click();
  await panel("execute").getByText(/% *\)|\(.*%\)/).first().waitFor();
  await panel("execute").getByText(/agree with PCC|falls below/).waitFor();
  await shot("compare");
  await open("Overrides");
  await panel("overrides").getByLabel("Name of the set").fill("sharded in L1");
  await button("overrides", "Keep").click();
  await panel("overrides").getByLabel("Named set").waitFor();
  await shot("named");
  await open("Execute");
  await button("overrides", "Differences").click();
  await panel("compare").getByText(/[1-9]\d* changed/).waitFor();
  await shot("differences");
} finally {
  await browser.close();
  await server.stop();
}
