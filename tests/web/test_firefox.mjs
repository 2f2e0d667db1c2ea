// The page in Firefox, where there is one (TTX_FIREFOX, else Debian's).
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { firefox } from "playwright-core";
import { equal, ok, ROOT, Skip, test } from "./harness.mjs";

const BROWSER = process.env.TTX_FIREFOX ?? "/usr/bin/firefox-esr";

test("firefox: a model opens, its layers too, the panels say the same, and nothing is complained about", async (t) => {
  if (!existsSync(BROWSER)) throw new Skip(`no ${BROWSER}`);
  const { id } = await t.server.api("POST", "/models", { path: resolve(ROOT, "examples/mnist.mlir") });
  const browser = await firefox.launch({ executablePath: BROWSER, channel: "moz-firefox" });
  try {
    const page = await browser.newPage(), problems = [];
    page.on("pageerror", (e) => problems.push(String(e.stack ?? e)));
    page.on("console", (m) => m.type() === "error" && problems.push(m.text()));
    const ready = async () => {
      for (const until = Date.now() + 15000; !(await page.evaluate("globalThis.ttxTest?.ready()"));) {
        ok(Date.now() < until, "the page is not ready");
        await new Promise((done) => setTimeout(done, 100));
      }
    };
    await page.goto(`${t.server.url}/?model=${id}`);
    await ready();
    await page.evaluate('ttxTest.run("graph.expandAll")');
    await ready();
    const graph = await page.evaluate("ttxTest.graph(0)");
    equal(graph.expanded, ["layer:Inputs", "layer:fc1", "layer:fc2", "layer:fc3"]);
    equal(graph.boxes.filter((b) => b.label === "ttir.matmul").length, 3);
    await page.evaluate('ttxTest.run("panel.ops")');
    await ready();
    equal(await page.evaluate("document.querySelector(\".table-foot span\").textContent"), "11 ops");
    equal(problems, []);
  } finally {
    await browser.close();
  }
}, { seconds: 60 });
