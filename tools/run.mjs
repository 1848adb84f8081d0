// Runs one of the repository's commands:
// `node tools/run.mjs demo|test|check|build|redis|format|generate|conformance|failures|torture|fuzz|
// bench|ci`.
// Each must work as the first command after a clone, so this file needs nothing but Node and
// installs the dependencies when they are missing. That is why it is plain JavaScript.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const parent = process.ppid;

const packages = [
  'packages/session-core',
  'packages/session-memory',
  'packages/session-redisjson',
  'packages/session-conformance',
  'packages/session-cache',
  'packages/session-telemetry',
  'packages/session-board',
  'packages/session-encryption',
  'packages/agents-adapter',
];

// Workspaces are used as source, so that nothing must be built first.
const typescript = ['--conditions=@agent-sessions/source', '--import', 'tsx'];
const build = [
  ['node_modules/typescript/bin/tsc', '-b', ...packages],
  [...typescript, 'tools/build.ts'],
];
const jestNodeOptions = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

/** Each command is a list of steps: arguments of `node`. The user's own follow those of the last. */
const commands = {
  demo: [[...typescript, 'examples/demo.ts']],
  redis: [[...typescript, 'tools/redis.ts']],
  test: [['node_modules/jest/bin/jest.js']],
  build,
  check: [
    ['node_modules/typescript/bin/tsc', '-b', 'packages', 'examples', 'tools', 'bench'],
    ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
    ['node_modules/oxfmt/bin/oxfmt', '--check'],
    [...typescript, 'tools/generate.ts', '--check'],
  ],
  format: [['node_modules/oxfmt/bin/oxfmt', '--write']],
  generate: [[...typescript, 'tools/generate.ts']],
  failures: [[...typescript, 'tools/failures.ts']],
  conformance: [[...typescript, 'tools/conformance.ts']],
  ci: [[...typescript, 'tools/ci.ts']],
  torture: [[...typescript, 'tools/torture/run.ts']],
  fuzz: [[...typescript, 'tools/fuzz/run.ts']],
  // The packages as they are published: what makes source run without a build has its price.
  bench: [...build, ['--max-old-space-size=8192', '--import', 'tsx', 'bench/bench.ts']],
};

const [name = '', ...args] = process.argv.slice(2);
const steps = Object.hasOwn(commands, name) ? commands[name] : undefined;

if (!isNodeNewEnough()) {
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
} else if (steps === undefined) {
  fail(`Usage: node tools/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
} else {
  await installDependencies();
  const env = { ...process.env };
  if (name === 'test') env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} ${jestNodeOptions}`.trim();
  // All steps run even if one fails: whoever checks wants to see everything that is wrong.
  for (const step of steps) {
    const own = step === steps.at(-1) ? args : [];
    const code = await run(process.execPath, [...step, ...own], env);
    process.exitCode = process.exitCode || code;
  }
}

function isNodeNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

function fail(line) {
  console.error(line);
  process.exitCode = 1;
}

async function installDependencies() {
  const marker = 'node_modules/.installed-package-lock.sha256';
  const hash = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (textOf(marker) === hash) return;
  // Somebody ran npm by hand: it writes its own lock file after ours, so a newer one is up to date.
  const byHand = modifiedAt('node_modules/.package-lock.json') >= modifiedAt('package-lock.json');
  if (!byHand) {
    console.error('Installing dependencies (npm ci): package-lock.json is new here.');
    // npm says where it lies when it started us; otherwise it is on the PATH.
    const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
      ? [process.execPath, process.env.npm_execpath]
      : ['npm'];
    const quiet = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    // Its output goes to standard error: that of `npm run redis` is the URL and nothing else.
    const code = await run(npm[0], [...npm.slice(1), ...quiet], process.env, ['inherit', 2, 2]);
    if (code !== 0) {
      console.error('npm ci failed: nothing was run.');
      process.exit(code);
    }
  }
  mkdirSync('node_modules', { recursive: true });
  writeFileSync(marker, hash);
}

/** Resolves to the exit code; where a signal ended the command, ends us by the same signal. */
function run(file, argv, env, stdio = 'inherit') {
  const child = spawn(file, argv, { stdio, env });
  const forward = (signal) => {
    // Ctrl-C in a terminal reaches the child without us; twice would cut its clean-up short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  // When npm is ended by SIGTERM, its shell ends without telling us, and nobody else would.
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) {
      child.kill('SIGTERM');
    }
  }, 500);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      clearInterval(watch);
      console.error(`Could not run ${file}: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      for (const each of signals) process.off(each, forward);
      if (signal === null) resolve(code);
      else process.kill(process.pid, signal);
    });
  });
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
