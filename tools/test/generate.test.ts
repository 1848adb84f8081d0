import { expect, test } from '@jest/globals';

import { sourceFiles, staleModules } from '../generate/generated-modules.ts';
import { lintLua } from '../generate/lint-lua.ts';
import { luaFaults, luaModule } from '../generate/lua.ts';

const root = process.cwd();

test('generated modules are what their sources make', async () => {
  expect(await staleModules(root)).toEqual([]);
});

test('the scripts are without faults', () => {
  const scripts = sourceFiles(root, '.lua');
  expect(scripts).toContain('packages/session-redisjson/src/scripts/commit.lua');
  expect(scripts.flatMap((path) => luaFaults(root, path))).toEqual([]);
});

test('a script is exported under its name, with no line less', () => {
  const module = luaModule(root, 'packages/session-redisjson/src/scripts/delete.lua');
  expect(module).toContain('export const deleteScript = {');
  expect(module).toContain("\n\n\nlocal stored = redis.call('JSON.GET', KEYS[1],");
});

test.each([
  ['what is no Lua', 'local a = 1\nreturn a +', "2: <expression> expected near '<eof>'"],
  ['a goto, which Redis does not know', 'goto done\n::done::', "1: '=' expected near 'done'"],
  ['a global that is not there', 'return KEYS[1] .. key', '1: key is not there'],
  ['a function of Lua that Redis has not', 'return os.time()', '1: os is not there'],
  ['a local that is gone', 'do local a = 1; redis.log(a) end\nreturn a', '2: a is not there'],
  ['a global that is set', 'count = 1', '1: count is set, and is no local'],
  ['a global function', '\nfunction f() end', '2: f is set, and is no local'],
  ['a local that is never read', 'local a\na = 1', '1: a is never read'],
  ['a parameter that is never read', 'local function f(x) end\nf()', '1: x is never read'],
  ['a variable of a loop', 'for i, v in ipairs(KEYS) do redis.log(v) end', '1: i is never read'],
])('the linter of scripts finds %s', (_, text, fault) => {
  expect(lintLua(text)).toEqual([fault]);
});

test('the linter knows locals, members and the names in tables from globals', () => {
  const script = `
    local function twice(n) if n > 0 then return twice(n - 1) end return {os = n, [n] = n} end
    local io = twice(2)
    repeat local done = io.os == 0 until done
    for _, v in pairs(io) do io.os = v end
    return io`;
  expect(lintLua(script)).toEqual([]);
});
