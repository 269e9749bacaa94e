// Builds what is published: tsc writes packages/*/dist from nothing, so that no file of an earlier build is packed.
// usage: node tools/build.ts
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const projects = globSync('packages/*/tsconfig.json', { cwd: root }).map(dirname).toSorted()

for (const project of projects) rmSync(join(root, project, 'dist'), { recursive: true, force: true })

const compiler = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '--build', ...projects], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// npm packs a licence only from the package's own folder.
for (const project of projects) {
  const { private: isPrivate } = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8'))
  if (isPrivate !== true) copyFileSync(join(root, 'LICENSE'), join(root, project, 'LICENSE'))
}
console.log(`built ${projects.join(', ')}`)
