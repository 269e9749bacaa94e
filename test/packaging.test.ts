// What is published works where it is installed: built, packed, installed together in an empty folder, and used from there.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

interface PackedPackage {
  readonly name: string
  readonly filename: string
  readonly files: readonly { path: string }[]
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly engines: { readonly node: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'postern-packaging-'))
const app = join(folder, 'app')
const run = promisify(execFile)
// One step of building, packing or installing takes a few seconds; a slow machine may need ten times that.
const stepTimeoutMs = 100_000

const packages = globSync('packages/*/package.json', { cwd: root })
  .map((file) => ({ path: dirname(file), manifest: readJson(join(root, file)) }))
  .filter(({ manifest }) => manifest.private !== true)
  .toSorted((a, b) => a.path.localeCompare(b.path))
const names = packages.map(({ manifest }) => manifest.name)

let packed: readonly PackedPackage[] = []

function readJson(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8'))
}

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  const { stdout } = await run('npm', [...args, ...quiet], { cwd, timeout: stepTimeoutMs, maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

/** Runs Node in the folder of the installed packages, as a stranger would: without the source condition. */
async function nodeInApp(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: app, timeout: stepTimeoutMs })
  return stdout
}

test('every package says which Node it needs, in its manifest and its read-me, and depends on none that needs a newer one', () => {
  const floors = new Map(packages.map(({ manifest }) => [manifest.name, floorOf(manifest)]))
  for (const { path, manifest } of packages) {
    const floor = floorOf(manifest)
    assert.match(
      readFileSync(join(root, path, 'README.md'), 'utf8'),
      new RegExp(`Node ${floor} or newer`),
      manifest.name,
    )
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      assert.ok((floors.get(name) ?? 0) <= floor, `${manifest.name} needs Node ${floor}, ${name} a newer one`)
    }
  }
})

function floorOf({ engines }: Manifest): number {
  return Number(/^>=(\d+)$/.exec(engines.node)?.[1])
}

before(async () => {
  await run(process.execPath, [join(root, 'tools/build.ts')], { cwd: root, timeout: stepTimeoutMs })
  const paths = packages.map(({ path }) => `./${path}`)
  const report = await npm(root, 'pack', ...paths, '--pack-destination', folder, '--json')
  // npm 11 lists the packages, npm 12 names them.
  packed = Object.values(JSON.parse(report))
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
  await npm(app, 'install', ...packed.map(({ filename }) => join(folder, basename(filename))))
})

after(() => rmSync(folder, { recursive: true, force: true }))

describe('packed packages', () => {
  test('every publishable package is packed, with licence, read-me, types and no test', () => {
    assert.deepEqual(packed.map(({ name }) => name).toSorted(), names.toSorted())
    for (const { name, files } of packed) {
      const paths = files.map(({ path }) => path)
      for (const needed of ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts']) {
        assert.ok(paths.includes(needed), `${name} has no ${needed}`)
      }
      const unwanted = paths.filter((path) => /\.(test|contract)\.|tsbuildinfo/.test(path))
      assert.deepEqual(unwanted, [], name)
    }
  })

  test('publint finds nothing to warn about', async () => {
    for (const { path } of packages) {
      const { messages, pkg } = await publint({ pkgDir: join(root, path), level: 'warning', strict: true })
      assert.deepEqual(
        messages.map((message) => formatMessage(message, pkg)),
        [],
        path,
      )
    }
  })

  test('the types are found the way the code is', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    for (const { filename } of packed) {
      const tarball = join(folder, basename(filename))
      await nodeInApp(attw, tarball, '--profile', 'esm-only', '--no-emoji')
    }
  })
})

describe('installed packages', () => {
  test('every package can be imported, and required from CommonJS', async () => {
    for (const name of names) {
      await nodeInApp('--input-type=module', '--eval', `await import('${name}')`)
      await nodeInApp('--input-type=commonjs', '--eval', `require('${name}')`)
    }
  })

  test('a program in TypeScript sees their types', async () => {
    const lines = names.map((name, index) => `import * as package${index} from '${name}'\nvoid package${index}\n`)
    writeFileSync(join(app, 'consumer.ts'), lines.join(''))
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const typeRoots = ['--typeRoots', join(root, 'node_modules/@types'), '--skipLibCheck']
    await nodeInApp(join(root, 'node_modules/typescript/bin/tsc'), ...flags, ...typeRoots, 'consumer.ts')
  })

  test('postern --help lists the commands', async () => {
    const help = await nodeInApp(join(app, 'node_modules/.bin/postern'), '--help')
    for (const command of ['up', 'bridge', 'server', 'token']) assert.match(help, new RegExp(`^ *${command}\\b`, 'm'))
  })

  test('postern up starts a relay with a data folder, says where it is, and stops cleanly', async () => {
    const ports = ['--data-port', '0', '--management-port', '0']
    const args = ['up', '--json', '--data', join(folder, 'data'), ...ports]
    const relay = spawn(process.execPath, [join(app, 'node_modules/.bin/postern'), ...args], {
      cwd: app,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(relay, 'exit')
    try {
      const lines = createInterface({ input: relay.stdout })
      const [line]: string[] = await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })
      assert.match(JSON.parse(line ?? '').data, /^https:\/\/localhost:\d+$/)
      relay.kill('SIGTERM')
      assert.deepEqual(await exited, [0, null])
    } finally {
      relay.kill('SIGKILL')
    }
  })
})
