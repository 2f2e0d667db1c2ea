#!/usr/bin/env node
// Runs the browser tests.
//
//   node tests/web/run.mjs [--shots FOLDER] [--seconds N] [--slow N] [--file NAME]... [TEXT...]
//
// TEXT limits them to cases with it in their name, --file to files test_NAME.mjs; --shots writes the pictures that cases
// take; --slow makes the threads of pages N times slower, which finds cases that count on luck. TTX_PROGRAM is the
// program to test (default build/tt-explorer).
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runAll } from "./harness.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { shots: { type: "string" }, seconds: { type: "string", default: "240" }, slow: { type: "string", default: "1" }, file: { type: "string", multiple: true } },
  allowPositionals: true,
});
for (const name of readdirSync(here).sort()) {
  if (/^test_\w+\.mjs$/.test(name) && (!values.file || values.file.includes(name.slice(5, -4))))
    await import(pathToFileURL(join(here, name)).href);
}
process.exitCode = (await runAll({ filters: positionals, shots: values.shots ?? null, seconds: Number(values.seconds), slow: Number(values.slow) })) ? 1 : 0;
