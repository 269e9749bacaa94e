import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { chainOrigin } from '../audit-chain.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

test('the stores find their workers as compiled JavaScript too', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'postern-compiled-'))
  t.after(() => rm(root, { recursive: true }))
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await symlink(await findModules(), join(root, 'node_modules'))
  await compile('storage', join(root, 'dist', 'storage'))
  await compile('domain', join(root, 'dist', 'domain'))

  const compiled = (name: string): string =>
    JSON.stringify(pathToFileURL(join(root, 'dist/storage/sqlite', `${name}.js`)).href)
  const dataDir = JSON.stringify(join(root, 'data'))
  const code = `
    import { SqliteStore } from ${compiled('sqlite-store')}
    import { SqliteAuditStore } from ${compiled('sqlite-audit-store')}
    const store = await SqliteStore.open({ dataDir: ${dataDir} })
    const audit = await SqliteAuditStore.open({ dataDir: ${dataDir} })
    console.log(JSON.stringify([await store.list(), await store.integrityCheck(), await audit.verify()]))
    await store.close()
    await audit.close()`
  const args = [...process.execArgv, '--input-type=module', '--eval', code]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
  assert.deepEqual(JSON.parse(stdout), [[], [], { count: 0, head: chainOrigin }])
})

/** What `tsc -b` writes for one folder: the same modules as .js, with imports of .js. */
async function compile(folder: string, target: string): Promise<void> {
  for (const name of await readdir(join(source, folder), { recursive: true })) {
    if (!name.endsWith('.ts') || /\.(test|contract)\.ts$/.test(name)) continue
    const { outputText } = ts.transpileModule(await readFile(join(source, folder, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2024,
        rewriteRelativeImportExtensions: true,
      },
    })
    const file = join(target, name.replace(/\.ts$/, '.js'))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, outputText)
  }
}

/** The workspace's node_modules, where the packages that the store imports are found. */
async function findModules(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve('zod'))
  return entry.slice(0, entry.lastIndexOf('node_modules') + 'node_modules'.length)
}
