// What the manifest promises is there: files, commands, the server's settings.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("..", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const manifest = JSON.parse(read("package.json"));
const source = read("src/extension.ts");

test("every file that the manifest names is there and can be read", () => {
  const { languages, grammars, snippets } = manifest.contributes;
  const files = [manifest.icon, ...languages.map((l) => l.configuration), ...grammars.map((g) => g.path), ...snippets.map((s) => s.path)];
  for (const file of files) {
    assert.ok(existsSync(new URL(file, root)), file);
    if (file.endsWith(".json")) JSON.parse(read(file));
  }
  assert.ok(existsSync(new URL(manifest.main, root)), "npm run build comes first");
});

test("every command of the manifest is registered, and every setting read", () => {
  for (const { command } of manifest.contributes.commands) {
    assert.ok(source.includes(`"${command}"`), command);
  }
  const settings = Object.keys(manifest.contributes.configuration.properties);
  assert.ok(settings.includes("synx.server.path") && settings.includes("synx.server.arguments"));
  for (const name of ["path", "arguments"]) {
    const { default: value } = manifest.contributes.configuration.properties[`synx.server.${name}`];
    assert.ok(source.includes(`"${name}", ${JSON.stringify(value)}`), `the default of ${name} is the manifest's`);
  }
});

test("snippets are studies that can be begun: every body has a place for the cursor or ends as it is", () => {
  for (const [name, { prefix, body }] of Object.entries(JSON.parse(read("snippets/synx.json")))) {
    const text = [body].flat().join("\n");
    assert.match(prefix, /^[a-z]+$/, name);
    assert.equal(text.split("{").length, text.split("}").length, `${name}: braces`);
  }
});
