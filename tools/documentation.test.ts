import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pages = globSync(['*.md', '{docs,packages,bench,deploy,examples,.changeset}/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules', '**/dist'],
})

const read = (page: string): string => readFileSync(join(root, page), 'utf8')

test('every relative link in a page leads to a file', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#\s]+)/g)]
      .map(([, target = '']) => ({ page, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  )
  assert.ok(links.length > 20, `only ${links.length} links were found`)
  const broken = links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target)))
  assert.deepEqual(broken, [])
})

test('every path that ARCHITECTURE.md tells to open exists', () => {
  const text = read('ARCHITECTURE.md')
  const paths = [...text.matchAll(/(?:packages|tools|docs)\/[\w./*-]+/g)].map(([path]) => path.replace(/\.$/, ''))
  assert.ok(paths.length > 20, `only ${paths.length} paths were found`)
  const gone = paths.filter((path) => globSync(path, { cwd: root }).length === 0)
  assert.deepEqual(gone, [])
})

test('every script that the pages name is in package.json', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'))
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([a-z:]+)/g)].map(([, script = '']) => script))
  assert.ok(named.length > 10)
  assert.deepEqual(
    named.filter((script) => !(script in scripts)),
    [],
  )
})
