// Checks the import rules of .dependency-cruiser.mjs, and that the check itself works: every source file was looked at, and
// a violation of each rule, planted in a copy of the sources, is reported.
// Why: a cruiser that cannot parse TypeScript, or cannot resolve a package, looks at nothing and reports "no violations".
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { plants } from './boundary-plants.ts'

/** What is read of the cruiser's JSON report. */
interface Report {
  readonly modules: readonly { source: string; dependencies: readonly { resolved: string }[] }[]
  readonly summary: {
    readonly violations: readonly { from: string; to: string; rule: { name: string } }[]
    readonly ruleSetUsed: { readonly forbidden: readonly { name: string }[] }
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const folders = ['packages', 'test', 'tools', 'bench', 'fuzz', 'examples']
const foreign = ['**/node_modules', '**/dist', 'test/interop/fixture']

const [inSources, inCheck] = await Promise.all([checkSources(), checkTheCheck()])
const problems = [...inSources, ...inCheck]
for (const problem of problems) console.error(`✖ ${problem}`)
process.exitCode = problems.length > 0 ? 1 : 0

async function checkSources(): Promise<string[]> {
  const expected = globSync(`{${folders.join(',')}}/**/*.ts`, { cwd: root, exclude: foreign })
  const { modules, summary } = await cruise(root)
  const seen = new Set(modules.map(({ source }) => source))
  const missing = expected.filter((file) => !seen.has(file))
  const across = modules.flatMap(({ source, dependencies }) =>
    dependencies.filter(
      ({ resolved }) => packageOf(resolved) && packageOf(source) && packageOf(resolved) !== packageOf(source),
    ),
  )
  console.log(
    `${expected.length - missing.length} of ${expected.length} files, ${across.length} imports across packages`,
  )
  return [
    ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} imports ${to}`),
    ...missing.map((file) => `not looked at: ${file}`),
    ...(across.length === 0 ? ['no import across packages was resolved: the cruiser does not see the workspace'] : []),
  ]
}

function packageOf(file: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(file)?.[1]
}

async function checkTheCheck(): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'postern-boundaries-'))
  try {
    copySources(copy)
    for (const plant of plants) {
      if (plant.target !== undefined) writeMissing(join(copy, plant.target), targetText(plant.rule, plant.file))
      writeMissing(join(copy, plant.file), `import '${plant.imports}'\n`)
    }
    const { violations, ruleSetUsed } = (await cruise(copy)).summary
    const unseen = plants.filter(
      ({ rule, file }) => !violations.some((one) => one.rule.name === rule && [one.from, one.to].includes(file)),
    )
    console.log(`${plants.length - unseen.length} of ${plants.length} planted violations were reported`)
    const unplanted = ruleSetUsed.forbidden.filter(({ name }) => !plants.some(({ rule }) => rule === name))
    return [
      ...unplanted.map(({ name }) => `rule ${name} has no planted violation in tools/boundary-plants.ts`),
      ...unseen.map(({ rule, file }) => `rule ${rule} did not report the violation planted in ${file}`),
    ]
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Sources, manifests, and a node_modules whose workspace links lead into the copy. */
function copySources(copy: string): void {
  for (const name of ['package.json', '.dependency-cruiser.mjs']) cpSync(join(root, name), join(copy, name))
  for (const folder of folders) mkdirSync(join(copy, folder))
  mkdirSync(join(copy, 'node_modules/@postern'), { recursive: true })
  for (const file of globSync('packages/*/{package.json,src/**/*.ts}', { cwd: root, exclude: foreign })) {
    cpSync(join(root, file), join(copy, file))
  }
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && name !== '@postern') {
      symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name))
    }
  }
  for (const name of readdirSync(join(copy, 'packages'))) {
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@postern', name))
  }
}

function targetText(rule: string, importer: string): string {
  return rule === 'no-cycles'
    ? `import './${importer.slice(importer.lastIndexOf('/') + 1)}'\n`
    : 'export const target = 1\n'
}

function writeMissing(file: string, text: string): void {
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function cruise(cwd: string): Promise<Report> {
  const args = [
    cruiser,
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'json',
    ...folders.filter((name) => existsSync(join(cwd, name))),
  ]
  // The report of the whole workspace is a few megabytes; with this output type the exit code does not tell violations.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 256 * 1024 * 1024 })
  return JSON.parse(stdout)
}
