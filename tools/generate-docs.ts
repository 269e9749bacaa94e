// Writes the pages of docs/reference that are made from the tables. With --check it writes nothing and fails when one is
// stale or missing, so that nobody reads an option, metric or error that the program does not have.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { referencePages } from './reference-pages.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    folder: { type: 'string', default: fileURLToPath(new URL('../docs/reference', import.meta.url)) },
  },
})

const pages = [...(await referencePages())]
const stale = pages.filter(([name, text]) => readPage(join(values.folder, name)) !== text)

if (values.check) {
  for (const [name] of stale) console.error(`${join(values.folder, name)} is stale: run node tools/generate-docs.ts`)
  console.log(`generate-docs: ${pages.length} pages checked, ${stale.length} stale`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  mkdirSync(values.folder, { recursive: true })
  for (const [name, text] of stale) writeFileSync(join(values.folder, name), text)
  console.log(`generate-docs: ${pages.length} pages, ${stale.length} written`)
}

function readPage(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
